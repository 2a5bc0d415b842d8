//! The datasets that the project ships, by their names.

use std::path::{Path, PathBuf};

use super::{DatasetName, shipped};
use chainrule::error::{Error, Result};

/// The folder of a dataset that the project ships: in a folder `data`, which is looked for in the current
/// folder, then in the program's folder and those above it, then where the library was built and above.
/// So a program that was installed finds the data of the project that it was built in, as long as that
/// is there. The error tells every place.
///
/// ```
/// use chainrule_train::data::shipped_folder;
/// assert!(shipped_folder("iris")?.join("train.csv").is_file());
/// assert!(shipped_folder("none").unwrap_err().to_string().contains("give the path of the files"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// There is no such folder.
pub fn shipped_folder(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    let above = program.ancestors().skip(1).chain(built.ancestors());
    first_below(&[Path::new("")].into_iter().chain(above).collect::<Vec<_>>(), name)
}

/// The folder of a dataset below the first of `places` that has it.
fn first_below(places: &[&Path], name: &str) -> Result<PathBuf> {
    let folder = Path::new("data").join(name);
    if let Some(found) = places.iter().map(|place| place.join(&folder)).find(|path| path.is_dir()) {
        return Ok(found);
    }
    let mut looked: Vec<String> = Vec::new();
    for place in places {
        let path = std::path::absolute(place.join(&folder)).unwrap_or_else(|_| place.join(&folder));
        let path = path.display().to_string();
        if !looked.contains(&path) {
            looked.push(path);
        }
    }
    let message = format!(
        "there is no such folder; looked for, in this order: {}; run from the project, or give the path of the files instead of `{name}`",
        looked.join(", ")
    );
    Err(Error::file(folder, message))
}

/// Whether `name` could mean data: a shipped dataset or a part of one, or a path.
///
/// ```
/// use chainrule_train::data::is_dataset;
/// assert!(is_dataset("mnist:test") && is_dataset("/") && !is_dataset("x * m * t"));
/// ```
#[must_use]
pub fn is_dataset(name: &str) -> bool {
    let stem = DatasetName::of(name).stem;
    is_shipped(stem) || Path::new(stem).exists()
}

/// The path of a dataset by name, with the part that it names.
///
/// ```
/// use chainrule_train::data::located;
/// assert!(located("iris:train")?.to_string_lossy().ends_with("iris:train"));
/// assert_eq!(located("new.csv")?.to_string_lossy(), "new.csv");
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`shipped_folder`].
pub fn located(name: &str) -> Result<PathBuf> {
    let named = DatasetName::of(name);
    match is_shipped(named.stem) {
        true => Ok(named.at(shipped_folder(named.stem)?.display()).into()),
        false => Ok(name.into()),
    }
}

/// Whether the project ships a dataset of this name.
#[must_use]
pub fn is_shipped(name: &str) -> bool {
    shipped().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_counts_and_an_error_names_all_of_them_in_order() {
        let temporary = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| temporary.path().join(name));
        let places = [&*c, &*a, &*b, &*a];
        let error = first_below(&places, "iris").unwrap_err().to_string();
        let looked = [&c, &a, &b].map(|place| place.join("data/iris").display().to_string());
        assert!(error.contains(&format!("in this order: {};", looked.join(", "))), "{error}");
        for place in [&b, &a] {
            std::fs::create_dir_all(place.join("data/iris")).unwrap();
            assert_eq!(first_below(&places, "iris").unwrap(), place.join("data/iris"));
        }
    }

    #[test]
    fn data_is_looked_for_here_then_above_the_program_then_where_it_was_built() {
        let error = shipped_folder("none").unwrap_err().to_string();
        let list = error.split_once("in this order: ").and_then(|(_, rest)| rest.split_once(';'));
        let looked: Vec<&str> = list.unwrap().0.split(", ").collect();
        let program = std::env::current_exe().unwrap();
        let below = |place: &Path| place.join("data/none").display().to_string();
        let first = [&*std::env::current_dir().unwrap(), program.parent().unwrap()].map(below);
        assert_eq!(looked[..2], first);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().last().unwrap();
        assert!(looked.contains(&&*below(root)), "{error}");
    }
}

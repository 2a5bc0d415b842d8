//! The datasets that the project ships, by their names.

use std::path::{Path, PathBuf};

use super::shipped;
use chainrule::error::{Error, Result};

/// The folder of a dataset that the project ships: in the folder `data` below the current folder, above
/// the program, or where the library was built.
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
    let places = [Path::new("")].into_iter().chain(program.ancestors()).chain(built.ancestors());
    let mut folders = places.map(|place| place.join("data").join(name));
    folders.find(|folder| folder.is_dir()).ok_or_else(|| {
        let message = format!(
            "this folder of the project was not found; run from the project, or give the path of the files instead of `{name}`"
        );
        Error::file(Path::new("data").join(name), message)
    })
}

/// Whether `name` could mean data: a shipped dataset or a part of one, or a path.
///
/// ```
/// use chainrule_train::data::is_dataset;
/// assert!(is_dataset("mnist:test") && is_dataset("/") && !is_dataset("x * m * t"));
/// ```
#[must_use]
pub fn is_dataset(name: &str) -> bool {
    let stem = name.split(':').next().unwrap_or(name);
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
    let (stem, part) = match name.split_once(':') {
        Some((stem, part)) if is_shipped(stem) => (stem, format!(":{part}")),
        _ => (name, String::new()),
    };
    match is_shipped(stem) {
        true => Ok(PathBuf::from(format!("{}{part}", shipped_folder(stem)?.display()))),
        false => Ok(PathBuf::from(name)),
    }
}

/// Whether the project ships a dataset of this name.
#[must_use]
pub fn is_shipped(name: &str) -> bool {
    shipped().any(|known| known == name)
}

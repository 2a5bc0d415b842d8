//! What a name or path holds: which kind of data, in which parts.

use std::path::{Path, PathBuf};

use super::extension::{self, listed};
use super::pictures::{extensions, is_picture};
use super::{DataPart, DatasetName, formats, images, mnist, npz};
use crate::limits::is_pipe;
use chainrule::error::{Error, Result};
use chainrule::nearest;

/// The datasets that the project ships, and whether each is a table.
const SHIPPED: [(&str, bool); 3] = [("mnist", false), ("iris", true), ("wine", true)];

/// The names of the datasets that the project ships.
///
/// ```
/// assert_eq!(chainrule_train::data::shipped().collect::<Vec<_>>(), ["mnist", "iris", "wine"]);
/// ```
pub fn shipped() -> impl Iterator<Item = &'static str> {
    SHIPPED.into_iter().map(|(name, _)| name)
}

/// The end of a message that there is no such dataset or file: of the datasets, and of what lies in the
/// folder, the nearest, or nothing.
///
/// ```
/// assert_eq!(chainrule_train::data::did_you_mean("minst"), "; did you mean `mnist`?");
/// assert_eq!(chainrule_train::data::did_you_mean("somewhere/else.csv"), "");
/// ```
#[must_use]
pub fn did_you_mean(name: &str) -> String {
    near(name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn near(name: &str) -> Option<String> {
    let path = Path::new(name);
    let file = path.file_name()?.to_string_lossy();
    let folder = path.parent()?;
    let is_bare = folder.as_os_str().is_empty();
    let entries = std::fs::read_dir(if is_bare { Path::new(".") } else { folder });
    let mut known: Vec<String> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    known.sort_unstable();
    if is_bare {
        known.extend(shipped().map(str::to_owned));
    }
    let near = nearest(&file, known.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

/// Whether a dataset's name or path is that of a table rather than of images.
pub(crate) fn is_table(name: &str) -> bool {
    let stem = DatasetName::of(name).stem;
    let folder_has = |extension| Path::new(stem).join(format!("train.{extension}")).is_file();
    SHIPPED.contains(&(stem, true))
        || is_pipe(Path::new(stem))
        || formats::extensions().any(|known| extension::of(Path::new(stem)) == known)
        || formats::extensions().any(folder_has)
}

/// What a name or path turned out to be, and its parts.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) contents: Contents,
    pub(super) train: PathBuf,
    pub(super) test: Option<PathBuf>,
    pub(super) part: Option<DataPart>,
}

/// The kind of data.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Contents {
    Idx,
    Images,
    Table,
}

/// The folder of a shipped dataset by its name.
pub(super) type Shipped<'a> = dyn Fn(&str) -> Result<PathBuf> + 'a;

/// Finds a dataset by name or path.
pub(super) fn locate(name: &str, folder_of: &Shipped<'_>) -> Result<Located> {
    let DatasetName { stem, part } = DatasetName::of(name);
    let path =
        if shipped().any(|known| known == stem) { folder_of(stem)? } else { PathBuf::from(stem) };
    let (contents, train, test) = parts(&path)?;
    if part == Some(DataPart::Test) && test.is_none() {
        return Err(Error::file(path, "has no test part of its own"));
    }
    Ok(Located { contents, train, test, part })
}

fn parts(path: &Path) -> Result<(Contents, PathBuf, Option<PathBuf>)> {
    if !path.is_dir() {
        let contents = if is_picture(path) { Contents::Images } else { Contents::Table };
        if !path.exists() {
            let names = shipped().collect::<Vec<_>>().join("`, `");
            let message = format!(
                "there is no such file or folder, and no dataset of that name; the project ships `{names}`{}",
                did_you_mean(&path.to_string_lossy())
            );
            return Err(Error::file(path, message));
        }
        let test = (contents == Contents::Table && npz::has_test(path)).then(|| path.into());
        return Ok((contents, path.into(), test));
    }
    if mnist::has(path, mnist::TRAIN) || mnist::has(path, mnist::TEST) {
        return Ok((
            Contents::Idx,
            path.into(),
            mnist::has(path, mnist::TEST).then(|| path.into()),
        ));
    }
    for extension in formats::extensions() {
        let file = |part: &str| path.join(format!("{part}.{extension}"));
        if file("train").is_file() {
            let test = Some(file("test")).filter(|test| test.is_file());
            return Ok((Contents::Table, file("train"), test));
        }
    }
    let (train, test) = (path.join("train"), path.join("test"));
    if train.is_dir() && test.is_dir() {
        return Ok((Contents::Images, train, Some(test)));
    }
    if images::has_classes(path) || images::has_images(path) {
        return Ok((Contents::Images, path.into(), None));
    }
    let images = listed(extensions(), "or");
    let message = format!(
        "holds no data that can be read: a folder of data has IDX files under MNIST's names, \
         a folder of {images} images for each class, or the files train.csv and test.csv"
    );
    Err(Error::file(path, message))
}

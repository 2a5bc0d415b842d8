//! What a name or path holds: which kind of data, in which parts.

use std::path::{Path, PathBuf};

use super::{formats, images, mnist};
use chainrule::error::{Error, Result};

/// The names of the datasets that the project ships.
pub const SHIPPED: [&str; 3] = ["mnist", "iris", "wine"];

/// What a name or path turned out to be, and its parts.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) kind: Kind,
    pub(super) train: PathBuf,
    pub(super) test: Option<PathBuf>,
    pub(super) part: Option<Part>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Idx,
    Images,
    Table,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    Train,
    Test,
}

/// The folder of a shipped dataset by its name.
pub(super) type Shipped<'a> = dyn Fn(&str) -> Result<PathBuf> + 'a;

/// Finds a dataset by name or path.
pub(super) fn locate(name: &str, shipped: &Shipped<'_>) -> Result<Located> {
    let (stem, part) = match name.rsplit_once(':') {
        Some((stem, "train")) if !Path::new(name).exists() => (stem, Some(Part::Train)),
        Some((stem, "test")) if !Path::new(name).exists() => (stem, Some(Part::Test)),
        _ => (name, None),
    };
    let path = if SHIPPED.contains(&stem) { shipped(stem)? } else { PathBuf::from(stem) };
    let (kind, train, test) = parts(&path)?;
    if part == Some(Part::Test) && test.is_none() {
        return Err(Error::file(path, "has no test part of its own"));
    }
    Ok(Located { kind, train, test, part })
}

fn parts(path: &Path) -> Result<(Kind, PathBuf, Option<PathBuf>)> {
    if !path.is_dir() {
        let kind = if images::is_image(path) { Kind::Images } else { Kind::Table };
        if !path.exists() {
            let names = SHIPPED.join("`, `");
            let message = format!(
                "there is no such file or folder, and no dataset of that name; the project ships `{names}`"
            );
            return Err(Error::file(path, message));
        }
        return Ok((kind, path.into(), None));
    }
    if mnist::has(path, mnist::TRAIN) || mnist::has(path, mnist::TEST) {
        return Ok((Kind::Idx, path.into(), mnist::has(path, mnist::TEST).then(|| path.into())));
    }
    for extension in formats::extensions() {
        let file = |part: &str| path.join(format!("{part}.{extension}"));
        if file("train").is_file() {
            let test = Some(file("test")).filter(|test| test.is_file());
            return Ok((Kind::Table, file("train"), test));
        }
    }
    let (train, test) = (path.join("train"), path.join("test"));
    if train.is_dir() && test.is_dir() {
        return Ok((Kind::Images, train, Some(test)));
    }
    if images::has_classes(path) || images::has_images(path) {
        return Ok((Kind::Images, path.into(), None));
    }
    let message = "holds no data that can be read: a folder of data has IDX files under MNIST's names, \
                   a folder of .png or .jpg images for each class, or the files train.csv and test.csv";
    Err(Error::file(path, message))
}

//! Finding datasets by name.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chainrule::Error;
use chainrule::data::Dataset;

/// The training and the test part of a dataset: `mnist`, or a folder of IDX files.
pub fn load(name: &str) -> Result<(Dataset, Dataset)> {
    if name == "mnist" {
        return Ok(Dataset::mnist(&shipped("mnist")?)?);
    }
    let path = Path::new(name);
    match path.is_dir() {
        true => Ok(Dataset::mnist(path)?),
        false => bail!(crate::Usage(format!(
            "there is no dataset `{name}`: give `mnist`, or a folder of IDX files under MNIST's names"
        ))),
    }
}

/// A dataset by name, or one part of it: `NAME:train` or `NAME:test` (the default).
pub fn load_part(name: &str) -> Result<Dataset> {
    match name.rsplit_once(':') {
        Some((name, "train")) => Ok(load(name)?.0),
        Some((name, "test")) => Ok(load(name)?.1),
        _ => Ok(load(name)?.1),
    }
}

/// Whether `name` could mean a dataset rather than an expression.
pub fn is_dataset(name: &str) -> bool {
    name == "mnist" || Path::new(name).is_dir()
}

/// The folder of a dataset that the project carries: below the current folder, above the program, or
/// where the program was built.
pub fn shipped(name: &str) -> chainrule::Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [Path::new("")].into_iter().chain(program.ancestors()).chain(built.ancestors());
    let mut folders = places.map(|place| place.join("data").join(name));
    match folders.find(|folder| folder.is_dir()) {
        Some(folder) => Ok(folder),
        None => Err(Error::Mismatch(format!(
            "the folder data/{name} of the project was not found; run from the project, or give the folder of the files instead of `{name}`"
        ))),
    }
}

//! Finding data: by name, by path, or as a run's own.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use chainrule::Error;
use chainrule_train::Config;
use chainrule_train::data::{Examples, Loaded, Preparation, shipped as shipped_names, tables};

/// The data that a configuration names.
pub fn load(config: &Config) -> Result<Loaded> {
    known(&config.dataset)?;
    Ok(config.source().load(&shipped)?)
}

/// The data that a run's own configuration names: an error speaks of that file.
pub fn own(folder: &Path, config: &Config) -> Result<Loaded> {
    load(config).map_err(|error| {
        let file = folder.join("config.toml");
        let (file, data) = (file.display(), &config.dataset);
        match Path::new(data).is_relative() && !is_dataset(data) {
            true => anyhow!(
                "{file}: there is no dataset `{data}` here; run this in the folder where the run was trained, or write the path from the root into that file"
            ),
            false => anyhow!("{file}: {error:#}"),
        }
    })
}

/// Whatever the library calls it: here a file and not the call's words are at fault.
pub fn of_file(error: &Error) -> anyhow::Error {
    anyhow!("{error}")
}

/// The examples that a run's model is asked about: those of `name`, which may be a part such as
/// `mnist:train`, or the run's own test part, else its validation part, else what it was trained on.
pub fn part(
    folder: &Path,
    config: &Config,
    preparation: Option<&Preparation>,
    name: Option<&str>,
) -> Result<Box<dyn Examples>> {
    let Some(name) = name else {
        let loaded = own(folder, config)?;
        return Ok(loaded.test.or(loaded.validation).unwrap_or(loaded.train));
    };
    known(name)?;
    let preparation = preparation.ok_or_else(|| {
        anyhow!("{} has no data.json, which tells how inputs are prepared", folder.display())
    })?;
    // Other data is prepared as the run's own was.
    Ok(preparation.load(&located(name)?, true)?)
}

/// The path of a dataset by name, with the part that it names.
pub fn located(name: &str) -> Result<PathBuf> {
    let (stem, part) = match name.split_once(':') {
        Some((stem, part)) if is_shipped(stem) => (stem, format!(":{part}")),
        _ => (name, String::new()),
    };
    match is_shipped(stem) {
        true => Ok(PathBuf::from(format!("{}{part}", shipped(stem)?.display()))),
        false => Ok(PathBuf::from(name)),
    }
}

fn is_shipped(name: &str) -> bool {
    shipped_names().any(|known| known == name)
}

/// Whether `name` could mean data rather than an expression.
pub fn is_dataset(name: &str) -> bool {
    let stem = name.split(':').next().unwrap_or(name);
    is_shipped(stem) || Path::new(stem).exists()
}

/// Refuses a name that is neither a shipped dataset nor a path.
fn known(name: &str) -> Result<()> {
    if let Some((stem, part)) = name.split_once(':')
        && is_shipped(stem)
        && !["train", "test"].contains(&part)
    {
        let message =
            format!("`{stem}` has the parts `{stem}:train` and `{stem}:test`, but no `{part}`");
        return Err(crate::Usage(message).into());
    }
    match is_dataset(name) {
        true => Ok(()),
        false => Err(crate::Usage(format!(
            "there is no dataset `{name}`: give {}, or the path of a table ({}), of a folder of IDX files under MNIST's names, or of a folder with a folder of images per class",
            shipped_names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            tables()
        ))
        .into()),
    }
}

/// The folder of a dataset that the project carries: below the current folder, above the program, or
/// where the program was built.
pub fn shipped(name: &str) -> chainrule::Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [Path::new("")].into_iter().chain(program.ancestors()).chain(built.ancestors());
    let mut folders = places.map(|place| place.join("data").join(name));
    folders.find(|folder| folder.is_dir()).ok_or_else(|| Error::File {
        path: Path::new("data").join(name),
        message: format!(
            "this folder of the project was not found; run from the project, or give the path of the files instead of `{name}`"
        ),
    })
}

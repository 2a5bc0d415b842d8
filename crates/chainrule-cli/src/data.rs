//! Finding data by the words of a call.

use std::path::Path;

use anyhow::Result;
use chainrule_train::Config;
use chainrule_train::data::{
    DatasetName, Loaded, did_you_mean, is_dataset, is_pipe, is_shipped, shipped, tables,
};

use crate::print;

/// A dataset by the word of a call: `-` is standard input, and the name of a shipped one may be written in
/// any case.
pub fn named(word: &str) -> String {
    let lower = word.to_lowercase();
    let stem = lower.strip_suffix(":train").or(lower.strip_suffix(":test"));
    match word {
        "-" => "/dev/stdin".into(),
        _ if is_shipped(stem.unwrap_or(&lower)) && !Path::new(word).exists() => lower,
        _ => word.to_owned(),
    }
}

/// The data that a configuration names.
pub fn load(config: &Config) -> Result<Loaded> {
    let name = known(&config.dataset)?;
    if is_shipped(&name) && Path::new(&name).exists() {
        print::notice(&format!("{name} is the shipped dataset; what is here is ./{name}"));
    }
    Ok(config.load()?)
}

/// The dataset of a word, see [`named`].
///
/// # Errors
/// It is neither a shipped dataset nor a path.
pub fn known(word: &str) -> Result<String> {
    let name = named(word);
    if let (None, Some((stem, part))) = (DatasetName::of(&name).part, name.split_once(':'))
        && is_shipped(stem)
    {
        let message =
            format!("`{stem}` has the parts `{stem}:train` and `{stem}:test`, but no `{part}`");
        return Err(crate::Usage(message).into());
    }
    match is_dataset(&name) {
        true => Ok(name),
        false if is_path(&name) => {
            Err(crate::Usage(format!("there is no file `{name}`{}", did_you_mean(&name))).into())
        }
        false => Err(crate::Usage(format!(
            "there is no dataset `{name}`: give {}, or the path of a table ({}), of a folder of IDX files under MNIST's names, or of a folder with a folder of images per class{}",
            shipped().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            tables(),
            did_you_mean(&name)
        ))
        .into()),
    }
}

/// Whether a name is rather a path than that of a dataset.
fn is_path(name: &str) -> bool {
    let stem = name.split_once(':').map_or(name, |(stem, _)| stem);
    stem.contains(['/', '\\']) || Path::new(stem).extension().is_some()
}

/// Refuses a pipe where data is read more than once, as `what` does.
pub fn not_piped(name: &str, what: &str) -> Result<()> {
    match is_pipe(Path::new(name)) {
        false => Ok(()),
        true => Err(crate::Usage(format!(
            "`{name}` is a pipe, which is read but once, and {what} several times: save it to a file"
        ))
        .into()),
    }
}

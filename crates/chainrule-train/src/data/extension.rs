//! How the names of files end.

use std::path::Path;

/// The end of a file's name, in lower case; empty where it has none.
pub(super) fn of(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.map(str::to_ascii_lowercase).unwrap_or_default()
}

/// `.csv, .tsv or .parquet`.
pub(super) fn listed(extensions: impl Iterator<Item = &'static str>, last_word: &str) -> String {
    match extensions.collect::<Vec<_>>().split_last() {
        Some((last, [])) => format!(".{last}"),
        Some((last, others)) => format!(".{} {last_word} .{last}", others.join(", .")),
        None => String::new(),
    }
}

//! How the names of files end.

use std::path::Path;

/// The end of a file's name, in lower case, of a packed one that of what is packed; empty where it has
/// none.
pub(super) fn of(path: &Path) -> String {
    let extension = |path: &Path| path.extension()?.to_str().map(str::to_ascii_lowercase);
    match extension(path) {
        Some(packed) if packed == "gz" => {
            path.file_stem().and_then(|stem| extension(Path::new(stem))).unwrap_or(packed)
        }
        found => found.unwrap_or_default(),
    }
}

/// `.csv, .tsv or .parquet`.
pub(super) fn listed(extensions: impl Iterator<Item = &'static str>, last_word: &str) -> String {
    match extensions.collect::<Vec<_>>().split_last() {
        Some((last, [])) => format!(".{last}"),
        Some((last, others)) => format!(".{} {last_word} .{last}", others.join(", .")),
        None => String::new(),
    }
}

//! The formats of tables.

use std::path::Path;

use super::table::{Format, TableFile};
use super::{delimited, npy, parquet};
use chainrule::error::{Error, Result};

/// Every format that is read.
static FORMATS: [&dyn Format; 4] =
    [&delimited::COMMAS, &delimited::TABS, &parquet::Parquet, &npy::Numpy];

/// Opens a table by its name's extension.
pub(super) fn open(path: &Path) -> Result<TableFile> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.map(str::to_ascii_lowercase).unwrap_or_default();
    let known = |format: &&&dyn Format| format.extensions().contains(&extension.as_str());
    let Some(&format) = FORMATS.iter().find(known) else {
        let known = listed(&extensions().collect::<Vec<_>>(), "or");
        let message = format!("its format is unknown: a table is a {known} file");
        return Err(Error::file(path, message));
    };
    let (names, targets) = format.header(path)?;
    Ok(TableFile { path: path.into(), format, names, targets })
}

/// How the names of tables end.
pub(super) fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.extensions()).copied()
}

/// The files that can be read in chunks, in words.
pub(super) fn streamed() -> String {
    let formats = FORMATS.iter().filter(|format| format.can_stream());
    listed(&formats.flat_map(|format| format.extensions()).copied().collect::<Vec<_>>(), "and")
}

/// `.csv, .tsv or .parquet`.
fn listed(extensions: &[&str], last_word: &str) -> String {
    match extensions.split_last() {
        Some((last, [])) => format!(".{last}"),
        Some((last, others)) => format!(".{} {last_word} .{last}", others.join(", .")),
        None => String::new(),
    }
}

//! The formats of tables.

use std::path::Path;

use super::table::{Format, How, TableFile};
use super::{delimited, extension, fingerprint, npz, parquet};
use crate::limits::is_pipe;
use chainrule::error::{Error, Result};

/// Every format that is read.
static FORMATS: [&dyn Format; 4] =
    [&delimited::COMMAS, &delimited::TABS, &parquet::Parquet, &npz::Numpy];

/// Opens a table by its name's extension.
pub(super) fn open(path: &Path, how: &How) -> Result<TableFile> {
    let extension = extension::of(path);
    let known = |format: &&&dyn Format| format.extensions().contains(&extension.as_str());
    let found = FORMATS.iter().find(known);
    let format: Option<&'static dyn Format> = match is_pipe(path) {
        true if found.is_some_and(|format| !format.can_stream()) => {
            let message = "is a pipe, which is read but once, and only as text; save it to a file";
            return Err(Error::file(path, message));
        }
        true => Some(found.copied().unwrap_or(&delimited::COMMAS)),
        false => found.copied(),
    };
    let Some(format) = format else {
        let message = format!("its format is unknown: a table is a {} file", tables());
        return Err(Error::file(path, message));
    };
    // Before anything is read.
    let stamp = fingerprint::stamp(path);
    Ok(TableFile::new(path, stamp, format, format.header(path, how)?))
}

/// How the names of tables end.
pub(super) fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.extensions()).copied()
}

/// The files that are read as tables, in words.
///
/// ```
/// let tables = ".csv, .txt, .data, .tsv, .tab, .parquet, .npz or .npy";
/// assert_eq!(chainrule_train::data::tables(), tables);
/// ```
#[must_use]
pub fn tables() -> String {
    extension::listed(extensions(), "or")
}

/// The files that can be read in chunks, in words.
pub(super) fn streamed() -> String {
    let formats = FORMATS.iter().filter(|format| format.can_stream());
    extension::listed(formats.flat_map(|format| format.extensions()).copied(), "and")
}

//! What stands for the Parquet reader where the feature `parquet` is off: errors that say so.

use std::path::Path;

use super::table::{Chunk, Table, TableFile};
use chainrule::error::{Error, Result};

fn missing<T>(path: &Path) -> Result<T> {
    let message = "this program was built without Parquet; build it with \
                   `cargo build --release --features parquet`, or save the table as .csv";
    Err(Error::file(path, message))
}

pub(super) fn header(path: &Path) -> Result<Vec<String>> {
    missing(path)
}

pub(super) fn read(file: &TableFile) -> Result<Table> {
    missing(&file.path)
}

pub(super) fn scan(
    file: &TableFile,
    _: &mut dyn FnMut(&Table) -> Result<()>,
) -> Result<Vec<Chunk>> {
    missing(&file.path)
}

pub(super) fn chunk(file: &TableFile, _: &Chunk) -> Result<Table> {
    missing(&file.path)
}

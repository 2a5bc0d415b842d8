//! What stands for the Parquet reader where the feature `parquet` is off: an error that says so.

use std::path::Path;

use super::table::{Format, Head, How, Table, TableFile};
use chainrule::error::{Error, Result};

fn missing<T>(path: &Path) -> Result<T> {
    let message = "this program was built without Parquet; build it with \
                   `cargo build --release --features parquet`, or save the table as .csv";
    Err(Error::file(path, message))
}

/// Parquet files.
#[derive(Debug)]
pub(super) struct Parquet;

impl Format for Parquet {
    fn extensions(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn header(&self, path: &Path, _how: &How) -> Result<Head> {
        missing(path)
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        missing(&file.path)
    }

    fn can_stream(&self) -> bool {
        true
    }
}

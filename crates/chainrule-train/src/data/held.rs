//! A table while it is looked at: in memory or on disk.

use std::path::Path;

use super::table::{Chunk, Table, TableFile};
use super::{Examples, Preparation, Streamed, formats};
use chainrule::error::{Error, Result};

/// A table file of more bytes is streamed from disk.
const STREAMED: u64 = 256 << 20;

type Boxed = Box<dyn Examples>;

/// A table in memory, or one whose chunks are read again and again.
pub(super) enum Held {
    Memory(Table),
    Disk(TableFile),
}

impl Held {
    pub(super) fn new(file: TableFile, stream: bool) -> Result<Self> {
        let can_stream = file.format.can_stream();
        if stream && !can_stream {
            let message = format!("cannot be streamed; {} files can", formats::streamed());
            return Err(Error::file(file.path, message));
        }
        let size = std::fs::metadata(&file.path).map_or(0, |data| data.len());
        // What was unpacked is in memory already, and need not be a second time.
        let size = size.max(file.layout.text.in_memory().len() as u64);
        let disk = stream || (size > STREAMED && can_stream);
        Ok(if disk { Self::Disk(file) } else { Self::Memory(file.format.read(&file)?) })
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Memory(table) => &table.path,
            Self::Disk(file) => &file.path,
        }
    }

    pub(super) fn name(&self, column: usize) -> String {
        let names = match self {
            Self::Memory(table) => &table.names,
            Self::Disk(file) => &file.names,
        };
        names.get(column).cloned().unwrap_or_default()
    }

    /// Shows the rows to `visit`, with the number of the first one.
    pub(super) fn each(
        &self,
        visit: &mut dyn FnMut(&Table, u32) -> Result<()>,
    ) -> Result<Vec<Chunk>> {
        match self {
            Self::Memory(table) => visit(table, 0).map(|()| Vec::new()),
            Self::Disk(file) => {
                let mut first = 0;
                file.format.scan(file, &mut |table| {
                    visit(table, first)?;
                    first += table.len as u32;
                    Ok(())
                })
            }
        }
    }

    /// The examples of the two parts' rows.
    pub(super) fn parts(
        self,
        preparation: &Preparation,
        chunks: &[Chunk],
        train: Vec<u32>,
        validation: Vec<u32>,
    ) -> Result<(Boxed, Option<Boxed>)> {
        match self {
            Self::Memory(table) => {
                let columns = preparation.columns(&table.path, &table.names, true)?;
                let part = |rows: &[u32]| {
                    preparation.apply(&table, &columns, rows.iter().map(|&row| row as usize))
                };
                let validation = match validation.as_slice() {
                    [] => None,
                    rows => Some(Box::new(part(rows)?) as Boxed),
                };
                Ok((Box::new(part(&train)?), validation))
            }
            Self::Disk(file) => {
                let part = |rows| Streamed::new(&file, chunks, rows, preparation, true);
                let validation = match validation.is_empty() {
                    true => None,
                    false => Some(Box::new(part(validation)?) as Boxed),
                };
                Ok((Box::new(part(train)?), validation))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::super::fingerprint::{kept, stamp};
    use super::super::table::How;
    use super::*;

    #[test]
    fn bytes_decide_whether_a_file_has_changed_and_its_time_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let rows = |last: &str| format!("a,y\n1,0.5\n2,{last}\n");
        fs::write(&path, rows("1.5")).unwrap();
        let table = formats::open(&path, &How::default()).unwrap();
        let (digest, before) = (kept(&path).unwrap(), stamp(&path));
        // Another file of the same bytes.
        let copy = folder.path().join("copy.csv");
        fs::write(&copy, rows("1.5")).unwrap();
        fs::rename(&copy, &path).unwrap();
        assert_ne!(stamp(&path), before);
        table.check_same().unwrap();
        assert_eq!(kept(&path).unwrap(), digest);
        // Other bytes of the same length and time; the clock of files has ticks.
        std::thread::sleep(std::time::Duration::from_millis(50));
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&copy, rows("7.5")).unwrap();
        File::options().write(true).open(&copy).unwrap().set_modified(time).unwrap();
        fs::rename(&copy, &path).unwrap();
        let error = table.check_same().unwrap_err().to_string();
        assert!(error.contains("t.csv: has changed"), "{error}");
    }

    /// Its head is of other bytes than its digest, or none knows of which.
    #[test]
    fn a_file_that_is_replaced_before_it_is_hashed_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("t.csv"), folder.path().join("other.csv"));
        for is_hashed in [true, false] {
            fs::write(&path, "a,y\n1,0.5\n2,1.5\n").unwrap();
            fs::write(&other, "a,y\n1,0.5\n2,7.5\n").unwrap();
            let table = formats::open(&path, &How::default()).unwrap();
            table.check_same().unwrap();
            fs::rename(&other, &path).unwrap();
            if is_hashed {
                kept(&path).unwrap();
            }
            let error = table.check_same().unwrap_err().to_string();
            assert!(error.contains("t.csv: has changed"), "{error}");
        }
    }
}

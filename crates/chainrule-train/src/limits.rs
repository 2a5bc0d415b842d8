//! How much is taken of what comes from outside: every limit, with its reason, and what reads within it.

use std::collections::TryReserveError;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chainrule::error::{Error, Result};

/// Bytes of what is held as a whole, as it cannot be read in pieces: a text that is unpacked, that is not in UTF-8
/// or that comes through a pipe, and a picture's file.
pub(crate) const HELD: u64 = 1 << 30;

/// Bytes of a row of a table, and of a line of a run's journal: more are a file without ends of lines, or a quote that
/// never closes. A million numbers fit.
pub(crate) const ROW: u64 = 16 << 20;

/// Columns of a table: each costs some hundred bytes, however short its cells are.
pub(crate) const COLUMNS: usize = 1 << 20;

/// Bytes of a settings file: as many as names a million columns.
pub(crate) const SETTINGS: u64 = ROW;

/// Bytes of the header of an `.npy` file, which is a line.
pub(crate) const NPY_HEADER: usize = 1 << 16;

/// Bytes of the header of a safetensors file: the format's own limit.
pub(crate) const TENSORS_HEADER: u64 = 100_000_000;

/// Bytes of pixels that are believed of any picture's file, and how many of a larger one for each of its own: a
/// photograph has a tenth of them, and what has more was made to fill the memory.
pub(crate) const PIXELS: u64 = 64 << 20;
pub(crate) const PIXELS_OF_A_BYTE: u64 = 256;

/// Whether a path is that of a pipe or a device, which are read but once.
///
/// ```
/// use chainrule_train::data::is_pipe;
/// assert!(!is_pipe("/".as_ref()) && !is_pipe("gone.csv".as_ref()));
/// ```
#[must_use]
pub fn is_pipe(path: &Path) -> bool {
    // Standard input may be a file.
    path == Path::new("/dev/stdin")
        || path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Opens a file, and tells its length. What is none is refused before it is opened: a pipe waits for whoever writes
/// to it, and a device need not end.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    let fail = |error: io::Error| Error::file(path, error);
    let what = path.metadata().map_err(fail)?;
    if !what.is_file() {
        let found = if what.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(Error::file(path, format!("is {found}; a file is wanted here")));
    }
    Ok((File::open(path).map_err(fail)?, what.len()))
}

/// How long a pipe is waited for to which nobody writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens what is read but once. A pipe waits for whoever writes to it; nobody may come.
pub(crate) fn open_once(path: &Path) -> Result<File> {
    let (tell, opened) = mpsc::channel();
    let pipe = path.to_owned();
    // If nobody comes, it ends with the process. Where there is no other thread, this one waits.
    let waits = thread::Builder::new().spawn(move || tell.send(File::open(pipe)));
    let file = match waits {
        Ok(_) => opened.recv_timeout(PATIENCE).map_err(|_| {
            let wrong = "is a pipe to which nobody writes; begin what writes to it first";
            Error::file(path, wrong)
        })?,
        Err(_) => File::open(path),
    };
    file.map_err(|error| Error::file(path, error))
}

/// The bytes of a file of at most `most`; `remedy` is said of more.
pub(crate) fn whole(path: &Path, most: u64, remedy: &str) -> Result<Vec<u8>> {
    let (file, length) = open(path)?;
    match length > most {
        true => Err(too_long(path, most, remedy)),
        false => bounded(path, file, most, remedy),
    }
}

/// The text of a file of a run, of at most `most` bytes.
pub(crate) fn of_run(path: &Path, most: u64) -> Result<String> {
    utf8(path, whole(path, most, "; put the run's own back")?)
}

/// Bytes as text.
pub(crate) fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| Error::file(path, error.utf8_error()))
}

/// What can be read of `source`, if it is at most `most` bytes; `remedy` is said of more.
pub(crate) fn bounded(path: &Path, source: impl Read, most: u64, remedy: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = source.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    match bytes.len() as u64 > most {
        true => Err(too_long(path, most, remedy)),
        false => Ok(bytes),
    }
}

/// That a file has more bytes than are read.
pub(crate) fn too_long(path: &Path, most: u64, remedy: &str) -> Error {
    Error::file(path, format!("has more than {}{remedy}", in_words(most)))
}

/// A number of bytes that is a limit.
pub(crate) fn in_words(bytes: u64) -> String {
    match bytes {
        _ if bytes >= HELD => format!("{} GiB", bytes >> 30),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// What is said of a line with more bytes than the limit.
pub(crate) fn long_line(number: usize) -> String {
    format!("line {number} has more than {}; is it text with ends of lines?", in_words(ROW))
}

/// Looks at a line, with its number and whether an end of a line follows it.
type Visit<'v> = dyn FnMut(usize, &[u8], bool) -> Result<()> + 'v;

/// Shows each line of a file to `visit`.
pub(crate) fn lines(path: &Path, visit: &mut Visit<'_>) -> Result<()> {
    let (mut file, mut line) = (BufReader::new(open(path)?.0), Vec::new());
    for number in 1.. {
        line.clear();
        let read = (&mut file).take(ROW + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| unreadable(path, &error))? == 0 {
            break;
        }
        if line.len() as u64 > ROW {
            return Err(Error::file(path, long_line(number)));
        }
        let whole = line.pop_if(|last| *last == b'\n').is_some();
        visit(number, &line, whole)?;
    }
    Ok(())
}

/// The first line of a file; `None` where it cannot be read.
pub(crate) fn first_line(path: &Path) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(open(path).ok()?.0).take(ROW).read_until(b'\n', &mut line).ok()?;
    Some(line)
}

/// So many zeros.
pub(crate) fn zeros(count: usize) -> Result<Vec<u8>, String> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(count).map_err(|error| full(&error))?;
    zeros.resize(count, 0);
    Ok(zeros)
}

/// What is said of a table with so many columns.
pub(crate) fn too_wide(columns: usize) -> String {
    format!("has {columns} columns, and a table may have {COLUMNS}; leave some out")
}

/// What is said where there is no memory for what a file holds.
const FULL: &str = "it does not fit into memory";

/// As an error of a file, row or array.
pub(crate) fn full(_: &TryReserveError) -> String {
    FULL.to_owned()
}

/// The error of a file whose bytes could not be read, or be held.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::OutOfMemory => Error::file(path, FULL),
        _ => Error::file(path, error),
    }
}

/// Reads row after row, none of which may have more bytes than the limit.
pub(crate) struct Rows<R> {
    source: R,
    left: u64,
}

impl<R> Rows<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, left: ROW }
    }

    /// A row begins.
    pub(crate) fn begin(&mut self) {
        self.left = ROW;
    }
}

impl<R: Read> Read for Rows<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let message = format!(
                "the row that begins here has more than {}; is a quote not closed?",
                in_words(ROW)
            );
            return Err(io::Error::new(ErrorKind::FileTooLarge, message));
        }
        let most = target.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.source.read(&mut target[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<R: io::Seek> io::Seek for Rows<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

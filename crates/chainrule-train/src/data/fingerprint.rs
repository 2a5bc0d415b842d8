//! The digest of a file's bytes.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::limits::is_pipe;
use crate::system::{changed_at, file_id};
use chainrule::error::{Error, Result};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// What spares reading a file again: while that stays, so do its bytes. It decides nothing else, as a copy
/// has another time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stamp {
    length: u64,
    written: Option<SystemTime>,
    changed: Option<(i64, i64)>,
    id: Option<(u64, u64)>,
}

/// The digests of files that this process has read, as they were then.
static READ: LazyLock<Mutex<HashMap<(PathBuf, Stamp), String>>> = LazyLock::new(Mutex::default);

/// The file as it is now; `None` where there is none, and for a pipe, which is another after each reading.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok().filter(|_| !is_pipe(path))?;
    let (length, written) = (file.len(), file.modified().ok());
    Some(Stamp { length, written, changed: changed_at(&file), id: file_id(&file) })
}

/// The digest that a file had when it was so; `None` where [`kept`] has not read it.
pub(super) fn known(path: &Path, stamp: &Stamp) -> Option<String> {
    let read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.get(&(path.to_path_buf(), stamp.clone())).cloned()
}

/// The SHA-256 of a file, which is read again only if it seems to have changed; `None` for a pipe. Of a file that is
/// written to meanwhile it is of bytes that never stood together: whoever asks compares stamps.
pub(super) fn kept(path: &Path) -> Result<Option<String>> {
    kept_until(path, &AtomicBool::new(false))
}

/// As [`kept`], and `None` where `stopped` becomes true before the file is read.
pub(super) fn kept_until(path: &Path, stopped: &AtomicBool) -> Result<Option<String>> {
    let before = stamp(path);
    if let Some(known) = before.as_ref().and_then(|stamp| known(path, stamp)) {
        return Ok(Some(known));
    }
    let digest = of(path, stopped)?;
    // Of a file that is written to meanwhile nothing is known.
    if let (Some(digest), Some(before)) = (&digest, before)
        && stamp(path).as_ref() == Some(&before)
    {
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert((path.to_path_buf(), before), digest.clone());
    }
    Ok(digest)
}

/// The SHA-256 of a file; `None` for a pipe, and where `stopped` becomes true before it is read.
pub(super) fn of(path: &Path, stopped: &AtomicBool) -> Result<Option<String>> {
    let fail = |error: std::io::Error| Error::file(path, error);
    // Whoever opens a pipe takes from it, or waits.
    if is_pipe(path) {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(fail)?;
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk).map_err(fail)? {
            _ if stopped.load(Ordering::Relaxed) => return Ok(None),
            0 => return Ok(Some(hex(&digest.finalize()))),
            read => digest.update(&chunk[..read]),
        }
    }
}

/// What is read, and its digest: a pipe can be read but once.
pub(super) struct Hashed<R> {
    source: R,
    digest: Sha256,
}

impl<R: Read> Hashed<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, digest: Sha256::new() }
    }

    /// The SHA-256 of all that was read.
    pub(super) fn sha256(self) -> String {
        hex(&self.digest.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(target)?;
        self.digest.update(target.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

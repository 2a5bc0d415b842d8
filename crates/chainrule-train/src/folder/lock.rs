//! The lock of a run's folder: one training at a time.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{CONFIG, RUN, RunFolder};
use crate::system::file_id;
use chainrule::error::{Error, Result};

/// The file that is locked: made once, never replaced, and never read.
pub(super) const LOCK: &str = "run.lock";

/// How often a lock is taken again whose file went meanwhile.
const TRIES: usize = 8;

/// A folder kept for one training; see [`RunFolder::lock`].
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// The file that this made, as there was none.
    is_new: bool,
    /// Why the system locks no file here, where it does not.
    refused: Option<String>,
    file: File,
}

impl Lock {
    /// Takes the folder, which is there.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK);
        let under_way = || Error::file(folder, "another training is under way in this folder");
        for _ in 0..TRIES {
            let (file, is_new) = open(&path).map_err(|error| Error::file(&path, error))?;
            let refused = match file.try_lock() {
                Ok(()) => None,
                Err(TryLockError::WouldBlock) => return Err(under_way()),
                // Then the user takes care.
                Err(TryLockError::Error(error)) => Some(error.to_string()),
            };
            let lock = Self { path: path.clone(), is_new, refused, file };
            // Whoever had it may have given the folder up, and the file with it, since it was opened.
            if lock.is_there() {
                return Ok(lock);
            }
        }
        Err(under_way())
    }

    /// In words, that no other training is kept out, as the system locks no file here; `None` where it does.
    pub(in super::super) fn told(&self) -> Option<String> {
        let why = self.refused.as_ref()?;
        let path = self.path.display();
        Some(format!(
            "{path} cannot be locked ({why}): see to it that no other training is begun in this folder"
        ))
    }

    /// Whether a run may have been here before this lock.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Leaves the folder as if it had not been taken, if nothing had been in it.
    pub(super) fn give_up(self) {
        if self.is_new {
            // While it is locked: who has opened the file meanwhile finds that it is gone.
            let _ = fs::remove_file(&self.path);
        }
    }

    fn is_there(&self) -> bool {
        is_same(&self.file.metadata(), &fs::metadata(&self.path))
    }

    /// The file that is locked, for [`RunFolder::check_there`].
    pub(super) fn id(&self) -> Option<(u64, u64)> {
        self.file.metadata().ok().as_ref().and_then(file_id)
    }
}

fn open(path: &Path) -> std::io::Result<(File, bool)> {
    // Written to by nobody, but some file systems lock only what could be.
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            options.create(true).truncate(false).open(path).map(|file| (file, false))
        }
        Err(error) => Err(error),
    }
}

fn is_same(one: &std::io::Result<Metadata>, other: &std::io::Result<Metadata>) -> bool {
    matches!((one, other), (Ok(one), Ok(other)) if file_id(one) == file_id(other))
}

impl RunFolder {
    /// Keeps other trainings out of this folder for as long as the lock is held, or the process lives.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// let lock = folder.lock()?;
    /// assert!(folder.lock().unwrap_err().to_string().contains("under way"));
    /// drop(lock);
    /// assert!(folder.lock().is_ok());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another training is under way in it, or its file `run.lock` cannot be opened.
    pub fn lock(&self) -> Result<Lock> {
        Lock::take(&self.path)
    }

    /// An existing run's folder, kept for one training.
    pub(in super::super) fn open_locked(path: &Path) -> Result<(Self, Lock)> {
        // No file is made in a folder that is no run's, and its settings alone make it none.
        let folder = Self::open(path)?;
        match folder.has_files() {
            Ok(false) if !path.join(LOCK).exists() => {
                return Err(Error::file(path, format!("not a run's folder: it has no {RUN}")));
            }
            Err(name) => {
                return Err(Error::file(
                    path,
                    format!("not a run's folder: its {name} is no run's"),
                ));
            }
            Ok(_) => {}
        }
        let lock = folder.lock()?;
        // Until it was locked another run may have taken it.
        Ok((Self { taken: lock.id(), ..Self::open(path)? }, lock))
    }

    /// Checks that the folder which a training has taken is still there.
    ///
    /// # Errors
    /// It has been removed, or is another's.
    pub(in super::super) fn check_there(&self) -> Result<()> {
        self.check_locked()?;
        match self.taken.is_none() || self.path.join(CONFIG).exists() {
            true => Ok(()),
            false => Err(self.gone()),
        }
    }

    /// Checks that the file which a training has locked is still there: who removes a folder is not to find
    /// new files in it.
    pub(super) fn check_locked(&self) -> Result<()> {
        let Some(taken) = self.taken else { return Ok(()) };
        let now = fs::metadata(self.path.join(LOCK)).ok().as_ref().and_then(file_id);
        if now == Some(taken) { Ok(()) } else { Err(self.gone()) }
    }

    fn gone(&self) -> Error {
        Error::file(&self.path, "the run's folder was removed, moved or replaced while it trained")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_files_cannot_be_locked_that_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert_eq!(lock.told(), None);
        let refused = Some(ErrorKind::Unsupported.to_string());
        let told = Lock { refused, ..lock }.told().unwrap();
        assert!(told.contains("run.lock cannot be locked (unsupported)"), "{told}");
    }
}

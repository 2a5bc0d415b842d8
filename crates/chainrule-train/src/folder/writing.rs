//! Files and folders that appear whole or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::RunFolder;
use crate::system::{make_folder, staging_file, sync_folder};
use chainrule::error::{Error, Result};

/// How the names of files begin that are still being written.
pub(super) const WRITING: &str = ".writing-";

/// How those end that are written whole, before they take their own name.
const NEXT: &str = ".next";

impl RunFolder {
    /// Writes a file of the run that is made of the others, such as a picture. As it can be made again,
    /// nobody waits until it has reached the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_product(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = self.written(bytes).map_err(|error| self.unwritable(name, &error))?;
        self.place(file, name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.place(self.stage(name, bytes)?, name)?;
        self.sync()
    }

    /// Waits until the names of files have reached the disk, which are the folder's and not theirs.
    pub(super) fn sync(&self) -> Result<()> {
        let unwritable = |error| Error::file(&self.path, format!("cannot be written: {error}"));
        sync_folder(&self.path).map_err(unwritable)
    }

    /// The bytes on the disk, under a passing name.
    pub(super) fn stage(&self, name: &str, bytes: &[u8]) -> Result<NamedTempFile> {
        let synced = || -> std::io::Result<NamedTempFile> {
            let file = self.written(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        synced().map_err(|error| self.unwritable(name, &error))
    }

    fn written(&self, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
        let file = staging_file(&self.path, WRITING)?;
        file.as_file().write_all(bytes)?;
        Ok(file)
    }

    pub(super) fn place(&self, file: NamedTempFile, name: &str) -> Result<()> {
        self.check_locked()?;
        match file.persist(self.path.join(name)) {
            Ok(_) => Ok(()),
            Err(failed) => Err(self.unwritable(name, &failed.error)),
        }
    }

    pub(super) fn unwritable(&self, name: &str, error: &std::io::Error) -> Error {
        let own = name.strip_suffix(NEXT).unwrap_or(name);
        Error::file(self.path.join(own), format!("cannot be written: {error}"))
    }

    /// The names of the files in the folder.
    pub(in super::super) fn files(&self) -> Result<Vec<String>> {
        names(&self.path)
    }
}

/// The names of what is in a folder; none where there is no folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>> {
    let list = || -> std::io::Result<Vec<String>> {
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        fs::read_dir(folder)?.map(|entry| entry.map(name)).collect()
    };
    match folder.exists() {
        true => list().map_err(|error| Error::file(folder, error)),
        false => Ok(Vec::new()),
    }
}

/// The passing name of a file that is complete, before it takes its own.
pub(super) fn next(name: &str) -> String {
    format!("{name}{NEXT}")
}

/// Folders made for a run, outermost first. They go again unless the run keeps them.
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    /// Makes `path` and the folders above it, as far as they are missing.
    pub(super) fn all(path: &Path) -> Result<Self> {
        let mut made = Self(Vec::new());
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
        let missing: Vec<&Path> = path.ancestors().take_while(missing).collect();
        for folder in missing.into_iter().rev() {
            made.one(folder).map_err(|error| Error::file(path, error))?;
        }
        Ok(made)
    }

    /// Makes one folder; `false` where something has that name already.
    pub(super) fn one(&mut self, path: &Path) -> std::io::Result<bool> {
        match make_folder(path) {
            Ok(()) => self.0.push(path.into()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // What is not empty has become somebody's.
            let _ = fs::remove_dir(folder);
        }
    }
}

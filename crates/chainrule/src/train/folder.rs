//! A run's folder: configuration, checkpoints, metrics and what is made of them.
//!
//! Every file is written under another name and then renamed, so that a folder never holds half a
//! file. A folder that cannot be begun goes again.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use super::checkpoint::{self, Checkpoint};
use super::tensorboard::EVENTS;
use super::{Config, Epoch, Progress};
use crate::data::Preparation;
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::tensor::Real;

/// How the names of files begin that are still being written.
const WRITING: &str = ".writing-";

const CONFIG: &str = "config.toml";
const DATA: &str = "data.json";
const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const BEST: &str = "best.safetensors";
const METRICS: &str = "metrics.jsonl";

/// What is made of a run when it ends.
const PRODUCTS: [&str; 5] =
    ["README.md", "curves.svg", "curves.png", "confusion.svg", "confusion.png"];

/// The folder of one training run.
///
/// ```
/// use chainrule::train::{Config, RunFolder};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// use chainrule::train::Checkpoint;
/// let config = Config::default();
/// let folder = RunFolder::create(&path, &config, false)?;
/// let parameters = config.model(784, 10)?.initial::<f32>(0)?;
/// folder.save(&Checkpoint { parameters, ..Checkpoint::default() })?;
///
/// let folder = RunFolder::open(&path)?;
/// let checkpoint = folder.load::<f32>()?.unwrap();
/// assert_eq!((checkpoint.parameters.count(), checkpoint.epochs.len()), (39760, 0));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

/// A folder kept for one training; see [`RunFolder::lock`].
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl RunFolder {
    /// Makes the folder `path` and writes the configuration. With `force` an earlier run's folder is
    /// taken, and what that run left in it goes; files of others are never taken for a run's.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// RunFolder::create(&path, &Config::default(), false)?;
    /// let again = RunFolder::create(&path, &Config::default(), false);
    /// assert!(again.unwrap_err().to_string().contains("exists already"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The folder exists and `force` is not set or it is no run's, or it cannot be written.
    pub fn create(path: &Path, config: &Config, force: bool) -> Result<Self> {
        if path.is_file() {
            return Err(Error::file(path, "is a file; give the name of a folder"));
        }
        let folder = Self { path: path.into() };
        let free = names(path)?.iter().all(|name| name.starts_with(WRITING));
        let wrong = match (free, force, folder.config()) {
            (true, ..) | (false, true, Ok(_)) => None,
            (false, false, Ok(_)) => {
                Some("exists already; choose another --out, or overwrite it with --force")
            }
            (false, _, Err(_)) => Some(
                "exists already and is no run's folder, which --force would overwrite; choose another --out",
            ),
        };
        if let Some(wrong) = wrong {
            return Err(Error::file(path, wrong));
        }
        let _old = if free { None } else { Some(folder.lock()?) };
        let made = Made::all(path)?;
        Self::begin(path, config, made)
    }

    /// Makes the first free folder `<parent>/<name>-<number>` and writes the configuration. Of two
    /// runs that begin at once, each gets a folder of its own.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let runs = temporary.path();
    /// let first = RunFolder::create_numbered(runs, "mnist", &Config::default())?;
    /// let second = RunFolder::create_numbered(runs, "mnist", &Config::default())?;
    /// assert_eq!([first.path(), second.path()], [runs.join("mnist-1"), runs.join("mnist-2")]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A folder cannot be made or written.
    pub fn create_numbered(parent: &Path, name: &str, config: &Config) -> Result<Self> {
        let mut made = Made::all(parent)?;
        let mut numbers = 1_u64..;
        let path = loop {
            let path = parent.join(format!("{name}-{}", numbers.next().unwrap_or_default()));
            if made.one(&path).map_err(|error| Error::file(&path, error))? {
                break path;
            }
        };
        Self::begin(&path, config, made)
    }

    /// Writes the configuration, and removes what an earlier run left once there is room for it.
    fn begin(path: &Path, config: &Config, made: Made) -> Result<Self> {
        let folder = Self { path: path.into() };
        let text = config.to_toml().map_err(|error| Error::file(path, error))?;
        let config = folder.stage(CONFIG, text.as_bytes())?;
        // Without the first there is no checkpoint, so that what a kill leaves here can be resumed.
        let old = [MODEL, OPTIMIZER, BEST, METRICS, DATA].into_iter().chain(PRODUCTS);
        let passing = [MODEL, OPTIMIZER].map(next);
        let mut old: Vec<String> = old.map(str::to_owned).chain(passing).collect();
        old.extend(names(path)?.into_iter().filter(|name| name.starts_with(EVENTS)));
        for old in old.iter().map(|name| path.join(name)).filter(|old| old.exists()) {
            fs::remove_file(&old).map_err(|error| Error::file(&old, error))?;
        }
        folder.place(config, CONFIG)?;
        made.keep();
        Ok(folder)
    }

    /// An existing run's folder.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// assert!(RunFolder::open(&path).is_err());
    /// RunFolder::create(&path, &Config::default(), false)?;
    /// assert!(RunFolder::open(&path).is_ok());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The folder has no configuration.
    pub fn open(path: &Path) -> Result<Self> {
        match path.join(CONFIG).is_file() {
            true => Ok(Self { path: path.into() }),
            false => Err(Error::file(path, format!("not a run's folder: it has no {CONFIG}"))),
        }
    }

    /// The folder's path.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// assert_eq!(folder.path(), path);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other trainings out of this folder for as long as the lock is held, or the process lives.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
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
    /// Another training is under way in it.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.path.join(CONFIG);
        let file = File::open(&path).map_err(|error| Error::file(&path, error))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                Err(Error::file(&self.path, "another training is under way in this folder"))
            }
            // Where files cannot be locked, the user takes care.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Lock { _file: file }),
        }
    }

    /// The run's settings.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let config = Config { lr: 0.5, ..Config::default() };
    /// let folder = RunFolder::create(&path, &config, false)?;
    /// assert_eq!(folder.config()?, config);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The configuration is missing or bad.
    pub fn config(&self) -> Result<Config> {
        Config::read(&self.path.join(CONFIG))
    }

    /// Removes what a process that was killed left half written. No training may be under way here.
    ///
    /// # Errors
    /// The folder cannot be read or a file not be removed.
    pub fn tidy(&self) -> Result<()> {
        for name in names(&self.path)?.iter().filter(|name| name.starts_with(WRITING)) {
            let left = self.path.join(name);
            fs::remove_file(&left).map_err(|error| Error::file(&left, error))?;
        }
        Ok(())
    }

    /// How the data was prepared, which `predict` needs; `None` for a run that stopped before it knew.
    ///
    /// # Errors
    /// The file is bad.
    pub fn preparation(&self) -> Result<Option<Preparation>> {
        let path = self.path.join(DATA);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(|error| Error::file(&path, error))?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::file(&path, error))
    }

    /// Keeps how the data is prepared.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_preparation(&self, preparation: &Preparation) -> Result<()> {
        let text = serde_json::to_vec(preparation);
        self.write(DATA, &text.map_err(|error| Error::file(self.path.join(DATA), error))?)
    }

    /// Checks that data from which the run is to go on is prepared as its own was: that it has the same
    /// columns, classes, counts and means.
    ///
    /// # Errors
    /// The data has changed since the run began, or the file is bad.
    pub fn check_preparation(&self, preparation: &Preparation) -> Result<()> {
        let path = self.path.join(DATA);
        let bad = |error: serde_json::Error| Error::file(&path, error);
        let text = serde_json::to_vec(preparation).map_err(bad)?;
        // Read back as the file is, so that both are rounded alike.
        let now: Preparation = serde_json::from_slice(&text).map_err(bad)?;
        match self.preparation()? {
            Some(before) if before != now => {
                let message = "tells of other data than is there now: it has changed since the run \
                               began, and the model would not understand it; train a new run";
                Err(Error::file(path, message))
            }
            _ => Ok(()),
        }
    }

    /// Writes a checkpoint: the metrics so far, then the optimizer's state and the parameters. The two
    /// stand complete under passing names before the first takes its own, and each tells its place in
    /// the training, so that wherever the process ends, a pair is there.
    ///
    /// ```
    /// use chainrule::train::{Checkpoint, Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// # use chainrule::{Parameters, Tensor};
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(0.5_f32));
    /// folder.save(&Checkpoint { parameters, ..Checkpoint::default() })?;
    /// assert!(path.join("model.safetensors").exists());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save<T: Real>(&self, checkpoint: &Checkpoint<T>) -> Result<()> {
        let Checkpoint { parameters, state, progress, epochs } = checkpoint;
        let mut lines = Vec::new();
        for epoch in epochs {
            serde_json::to_writer(&mut lines, epoch)
                .map_err(|error| Error::file(self.path.join(METRICS), error))?;
            lines.push(b'\n');
        }
        self.write(METRICS, &lines)?;
        let passing = [OPTIMIZER, MODEL].map(next);
        self.write(&passing[0], &checkpoint::encode(state, progress)?)?;
        self.write(&passing[1], &checkpoint::encode(parameters, &progress.place())?)?;
        for (from, to) in passing.iter().zip([OPTIMIZER, MODEL]) {
            fs::rename(self.path.join(from), self.path.join(to))
                .map_err(|error| self.unwritable(to, &error))?;
        }
        Ok(())
    }

    /// The last checkpoint; `None` where there is none yet.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// assert!(folder.load::<f32>()?.is_none());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file is bad.
    pub fn load<T: Real>(&self) -> Result<Option<Checkpoint<T>>> {
        let mut fault = None;
        let mut pairs = Vec::new();
        for model in [MODEL.to_owned(), next(MODEL)] {
            let Some((parameters, place)) = self.read::<T, (u32, u64)>(&model, &mut fault)? else {
                continue;
            };
            for optimizer in [OPTIMIZER.to_owned(), next(OPTIMIZER)] {
                match self.read::<T, Progress>(&optimizer, &mut fault)? {
                    Some((state, progress)) if progress.place() == place => {
                        pairs.push((parameters.clone(), state, progress));
                    }
                    _ => {}
                }
            }
        }
        let latest = pairs.into_iter().max_by_key(|(.., progress)| progress.place());
        let Some((parameters, state, progress)) = latest else {
            // A first checkpoint that is not whole is none; a later one that is bad is an error.
            let (model, optimizer) = (self.path.join(MODEL), self.path.join(OPTIMIZER));
            return match (fault, model.exists()) {
                (Some(fault), true) => Err(fault),
                (None, true) if !optimizer.exists() => Err(Error::file(
                    &optimizer,
                    "is missing; without it the run can be used, but not gone on with",
                )),
                (None, true) => Err(Error::file(
                    &model,
                    format!(
                        "is not of the same step as {}: one of them comes from another checkpoint",
                        optimizer.display()
                    ),
                )),
                (_, false) => Ok(None),
            };
        };
        let epochs = self.epochs(progress.epoch as usize)?;
        Ok(Some(Checkpoint { parameters, state, progress, epochs }))
    }

    /// The parameters of the last checkpoint alone, which is all that scoring needs.
    ///
    /// # Errors
    /// The file is missing or bad.
    pub fn parameters<T: Real>(&self) -> Result<Parameters<T>> {
        self.read_parameters(MODEL, "has no checkpoint yet")
    }

    /// The parameters with the smallest validation loss.
    ///
    /// # Errors
    /// The file is missing, as in a run without a validation part, or bad.
    pub fn best<T: Real>(&self) -> Result<Parameters<T>> {
        self.read_parameters(
            BEST,
            "keeps no best parameters: only a run with a validation part does",
        )
    }

    fn read_parameters<T: Real>(&self, name: &str, missing: &str) -> Result<Parameters<T>> {
        let mut fault = None;
        let read = self.read::<T, (u32, u64)>(name, &mut fault)?;
        match (read, fault) {
            (Some((parameters, _)), _) => Ok(parameters),
            (None, Some(fault)) => Err(fault),
            (None, None) => Err(Error::file(&self.path, missing)),
        }
    }

    /// Keeps the parameters with the smallest validation loss.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_best<T: Real>(&self, checkpoint: &Checkpoint<T>) -> Result<()> {
        let bytes = checkpoint::encode(&checkpoint.parameters, &checkpoint.progress.place())?;
        self.write(BEST, &bytes)
    }

    /// The metrics of the first `count` epochs.
    fn epochs(&self, count: usize) -> Result<Vec<Epoch>> {
        let epochs = self.all_epochs()?;
        match epochs.len() >= count {
            true => Ok(epochs.into_iter().take(count).collect()),
            false => Err(Error::file(
                self.path.join(METRICS),
                format!("holds {} epochs, but the parameters have seen {count}", epochs.len()),
            )),
        }
    }

    /// The metrics of every epoch that is written down.
    ///
    /// # Errors
    /// The file is bad.
    pub fn all_epochs(&self) -> Result<Vec<Epoch>> {
        let path = self.path.join(METRICS);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(|error| Error::file(&path, error))?;
        let line = |(at, line): (usize, &str)| {
            let bad = |error| Error::file(&path, format!("line {}: {error}", at + 1));
            serde_json::from_str(line).map_err(bad)
        };
        text.lines().enumerate().map(line).collect()
    }

    /// The tensors and notes of a file; `None` where it does not exist, or is bad, which goes to
    /// `fault`.
    fn read<T: Real, N: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        fault: &mut Option<Error>,
    ) -> Result<Option<(Parameters<T>, N)>> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(|error| Error::file(&path, error))?;
        match checkpoint::decode(&bytes) {
            Ok(read) => Ok(Some(read)),
            Err(error) => {
                fault.get_or_insert(Error::file(&path, error));
                Ok(None)
            }
        }
    }

    /// Writes a file of the run that is made of the others, such as a picture.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_product(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.write(name, bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.place(self.stage(name, bytes)?, name)
    }

    /// The bytes on the disk, under a passing name.
    fn stage(&self, name: &str, bytes: &[u8]) -> Result<NamedTempFile> {
        let write = || -> std::io::Result<NamedTempFile> {
            let mut file = staging_file(&self.path)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        write().map_err(|error| self.unwritable(name, &error))
    }

    fn place(&self, file: NamedTempFile, name: &str) -> Result<()> {
        match file.persist(self.path.join(name)) {
            Ok(_) => Ok(()),
            Err(failed) => Err(self.unwritable(name, &failed.error)),
        }
    }

    fn unwritable(&self, name: &str, error: &std::io::Error) -> Error {
        // The error itself speaks of a passing name.
        let inner = error.get_ref().and_then(std::error::Error::source);
        let why = inner.map_or_else(|| error.to_string(), ToString::to_string);
        Error::file(self.path.join(name), format!("cannot be written: {why}"))
    }
}

/// The names of what is in a folder; none where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>> {
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
fn next(name: &str) -> String {
    format!("{name}.next")
}

/// Folders made for a run, outermost first. They go again unless the run keeps them.
struct Made(Vec<PathBuf>);

impl Made {
    /// Makes `path` and the folders above it, as far as they are missing.
    fn all(path: &Path) -> Result<Self> {
        let mut made = Self(Vec::new());
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
        let missing: Vec<&Path> = path.ancestors().take_while(missing).collect();
        for folder in missing.into_iter().rev() {
            made.one(folder).map_err(|error| Error::file(path, error))?;
        }
        Ok(made)
    }

    /// Makes one folder; `false` where something has that name already.
    fn one(&mut self, path: &Path) -> std::io::Result<bool> {
        match fs::create_dir(path) {
            Ok(()) => self.0.push(path.into()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn keep(mut self) {
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

/// A file to be renamed, with the mode that the user's umask leaves to a new file: a temporary file's
/// own mode would keep the run from everybody else.
fn staging_file(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(WRITING);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

//! How a run's folder begins: who may have it, and its first files.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::lock::{LOCK, Lock};
use super::writing::{Made, WRITING, names, next};
use super::{CONFIG, FOLDS, KEPT, MODEL, OPTIMIZER, PRODUCTS, RUN, RunFolder};
use crate::journal::VERSION;
use crate::{Config, Folds, tensorboard};
use chainrule::error::{Error, Result};

/// What a run's folder has from the first.
pub(in super::super) struct First<'f> {
    pub(in super::super) config: &'f Config,
    /// The settings that say nothing, by their keys.
    pub(in super::super) idle: &'f [&'f str],
    /// The cross-validation before the training.
    pub(in super::super) folds: Option<&'f Folds>,
}

/// Whether a file beside the settings is a run's, by its name.
fn is_runs(name: &str) -> bool {
    KEPT.iter().chain(&PRODUCTS).any(|own| *own == name)
        || [MODEL, OPTIMIZER].map(next).iter().any(|passing| passing == name)
        || tensorboard::is_own(name)
}

/// What a cross-validation has come to, as the folder keeps it.
#[derive(Serialize)]
struct Folded<'f> {
    version: u32,
    #[serde(flatten)]
    folds: &'f Folds,
}

impl RunFolder {
    /// Makes the folder `path` and writes the configuration. With `force` an earlier run's folder is
    /// taken, and what that run left in it goes; files of others are never taken for a run's.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// RunFolder::create(&path, &Config::default(), false)?;
    /// let again = RunFolder::create(&path, &Config::default(), false);
    /// assert!(again.unwrap_err().to_string().contains("exists already"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The folder exists and `force` is not set or it is no run's, another training is under way in it, or it
    /// cannot be written.
    pub fn create(path: &Path, config: &Config, force: bool) -> Result<Self> {
        Self::create_with(path, &First { config, idle: &[], folds: None }, force)
            .map(|(folder, _)| folder)
    }

    /// [`RunFolder::create`] with other first files; the folder is locked.
    pub(in super::super) fn create_with(
        path: &Path,
        first: &First<'_>,
        force: bool,
    ) -> Result<(Self, Lock)> {
        // No file is made in a folder that is not to be had.
        Self::check_free_at(path, force)?;
        let made = Made::all(path)?;
        Self::begin(path, first, force, made)
    }

    /// Checks that a run may begin in the folder `path` as it is now, without taking it.
    pub(in super::super) fn check_free_at(path: &Path, force: bool) -> Result<()> {
        if path.is_file() {
            return Err(Error::file(path, "is a file; give the name of a folder"));
        }
        Self::at(path).check_free(force, path.join(LOCK).exists())
    }

    /// Checks that a run may begin here: nothing is here, or a run that `force` is to overwrite.
    fn check_free(&self, force: bool, was_locked: bool) -> Result<()> {
        let names = names(&self.path)?;
        // A start that was killed may have left folds before there were settings.
        let is_left = |name: &String| {
            name.starts_with(WRITING) || name == LOCK || (was_locked && name == FOLDS)
        };
        if names.iter().all(is_left) {
            return Ok(());
        }
        let wrong = match self.no_runs(&names, was_locked) {
            None if force => return Ok(()),
            None => {
                "exists already; give another path (--out), or overwrite it by `force` (--force)"
                    .to_owned()
            }
            Some(why) => format!(
                "exists already and is no run's folder, as {why}, and `force` (--force) overwrites no other; give another path (--out)"
            ),
        };
        Err(Error::file(&self.path, wrong))
    }

    /// By what the folder with files of these names is seen to be no run's; `None` where it is one's.
    fn no_runs(&self, names: &[String], was_locked: bool) -> Option<String> {
        let strange = |name: &str| Some(format!("its {name} is no run's"));
        if !Self::is_at(&self.path) {
            return Some(format!("it has no {CONFIG}"));
        }
        if self.config().is_err() {
            return strange(CONFIG);
        }
        match self.has_files() {
            Ok(true) => return None,
            Ok(false) => {}
            Err(name) => return strange(name),
        }
        // An empty file is one of settings as well, but not as a run begins.
        if !was_locked || self.told_settings().is_ok_and(|told| told.is_empty()) {
            return Some(format!("it has no {RUN}"));
        }
        // What a start that was killed leaves has nothing beside, as an earlier run had gone by then.
        let is_later = |name: &&String| name.as_str() != FOLDS && is_runs(name);
        names.iter().find(is_later).and_then(|name| strange(name))
    }

    /// Makes the first free folder `<parent>/<name>-<number>` and writes the configuration. Of two
    /// runs that begin at once, each gets a folder of its own.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
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
        let first = First { config, idle: &[], folds: None };
        Self::create_numbered_with(parent, name, &first).map(|(folder, _)| folder)
    }

    /// [`RunFolder::create_numbered`] with other first files; the folder is locked.
    pub(in super::super) fn create_numbered_with(
        parent: &Path,
        name: &str,
        first: &First<'_>,
    ) -> Result<(Self, Lock)> {
        let mut made = Made::all(parent)?;
        let mut numbers = 1_u64..;
        let path = loop {
            let path = parent.join(format!("{name}-{}", numbers.next().unwrap_or_default()));
            if made.one(&path).map_err(|error| Error::file(&path, error))? {
                break path;
            }
        };
        Self::begin(&path, first, false, made)
    }

    /// Locks the folder, which is there, and writes the first files. A new one in which that fails goes again.
    fn begin(path: &Path, first: &First<'_>, force: bool, made: Made) -> Result<(Self, Lock)> {
        let lock = Lock::take(path)?;
        let folder = Self { taken: lock.id(), ..Self::at(path) };
        // Until it was locked another run may have taken it.
        let free = folder.check_free(force, !lock.is_new());
        match free.and_then(|()| folder.write_first(first)) {
            Ok(()) => {
                made.keep();
                Ok((folder, lock))
            }
            Err(error) => {
                lock.give_up();
                Err(error)
            }
        }
    }

    /// Writes the first files, and removes what an earlier run left once there is room for them.
    fn write_first(&self, first: &First<'_>) -> Result<()> {
        let path = &self.path;
        self.tidy()?;
        let text =
            first.config.to_toml_but(first.idle).map_err(|error| Error::file(path, error))?;
        let config = self.stage(CONFIG, text.as_bytes())?;
        let folds = first.folds.map(|folds| {
            let text = serde_json::to_vec(&Folded { version: VERSION, folds });
            self.stage(FOLDS, &text.map_err(|error| Error::file(path.join(FOLDS), error))?)
        });
        let folds = folds.transpose()?;
        // Without the first there is no checkpoint, so that what a kill leaves here can be resumed; until the
        // last has gone it is seen to be a run's.
        let order = |name: &String| KEPT.iter().position(|kept| kept == name);
        let mut old: Vec<String> = names(path)?.into_iter().filter(|name| is_runs(name)).collect();
        old.sort_by_key(|name| (*name == RUN, order(name).unwrap_or(KEPT.len())));
        for old in old.iter().map(|name| path.join(name)) {
            fs::remove_file(&old).map_err(|error| Error::file(&old, error))?;
        }
        // Before the configuration, which makes it a run's folder: what can be resumed has them.
        if let Some(folds) = folds {
            self.place(folds, FOLDS)?;
            self.sync()?;
        }
        self.place(config, CONFIG)?;
        self.sync()
    }
}

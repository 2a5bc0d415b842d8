//! A run's folder: configuration, checkpoints, metrics and what is made of them.
//!
//! Every file is written under another name and then renamed, so that a folder never holds half a
//! file; metrics, journal and TensorBoard's events grow by whole lines and records. A folder that cannot
//! be begun goes again.
//!
//! `run.json` tells the version of all files of the folder, and [`RunFolder::open`] refuses a later one
//! before anything else is read: `config.toml`, `metrics.jsonl` and `gradient_flow.jsonl` tell none of
//! their own. `data.json`, `model.json`, `scores.json`, `folds.json`, checkpoints and each line of the journal tell it again. Without `run.json` the
//! files are of version 1. What is made of a run for people and other tools is never read back.

mod writing;
mod sealed;
mod trained;
mod told;
mod lock;
mod begin;
mod checkpoints;
#[cfg(fuzzing)]
mod fuzzing;

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use super::{Config, FinalScores, Folds, Identity, ModelRecord, Place};
use super::{checkpoint, tensorboard};
use crate::data::{Preparation, did_you_mean};
use crate::limits::{self, SETTINGS};
use crate::system::folder_of;
pub(super) use begin::First;
use chainrule::error::{Error, Result};
pub use checkpoints::{Chosen, Which};
use lock::LOCK;
pub use lock::Lock;
use writing::{WRITING, names};

const CONFIG: &str = "config.toml";
const DATA: &str = "data.json";
const CODE: &str = "model.json";
const RUN: &str = "run.json";
const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const BEST: &str = "best.safetensors";
const SCORES: &str = "scores.json";
const FOLDS: &str = "folds.json";
const METRICS: &str = "metrics.jsonl";
const FLOW: &str = "gradient_flow.jsonl";
pub(super) const JOURNAL: &str = "events.jsonl";

/// What a run keeps beside its settings; last what tells whose all the others are.
const KEPT: [&str; 11] =
    [MODEL, OPTIMIZER, BEST, METRICS, SCORES, FOLDS, FLOW, JOURNAL, DATA, CODE, RUN];

/// What is made of a run when it ends.
const PRODUCTS: [&str; 5] =
    ["README.md", "curves.svg", "curves.png", "confusion.svg", "confusion.png"];

/// The folder of one training run.
///
/// ```
/// use chainrule_train::{Config, RunFolder};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// use chainrule_train::Checkpoint;
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
    identity: Option<Identity>,
    /// The file that is locked while a training writes here; see [`RunFolder::check_there`].
    taken: Option<(u64, u64)>,
    /// Whether its training goes on with data that has changed since.
    pub(super) takes_other_data: bool,
    /// Whether its training goes on with other rows, be they of other data or held out otherwise, and so with
    /// other means of their columns.
    pub(super) takes_other_rows: bool,
}

/// The run's folder that may have been meant: one of the same name in `runs`, or the nearest.
fn meant(path: &Path) -> String {
    let within = Path::new("runs").join(path);
    match within.join(CONFIG).is_file() {
        true => format!("; did you mean `{}`?", within.display()),
        false => did_you_mean(&path.to_string_lossy()),
    }
}

impl RunFolder {
    fn at(path: &Path) -> Self {
        Self {
            path: path.into(),
            identity: None,
            taken: None,
            takes_other_data: false,
            takes_other_rows: false,
        }
    }

    /// Whether a run's folder is there, be it damaged or not.
    pub(super) fn is_at(path: &Path) -> bool {
        path.join(CONFIG).is_file()
    }

    /// An existing run's folder.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// assert!(RunFolder::open(&path).is_err());
    /// RunFolder::create(&path, &Config::default(), false)?;
    /// assert!(RunFolder::open(&path).is_ok());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The folder has no configuration; a later version wrote it, as `run.json` tells of all its files; or that
    /// one is missing, though other files name the run.
    pub fn open(path: &Path) -> Result<Self> {
        match Self::is_at(path) {
            true => {
                let mut folder = Self::at(path);
                folder.identity = folder.read_json(RUN)?;
                folder.check_identified()?;
                Ok(folder)
            }
            false if path.exists() => {
                Err(Error::file(path, format!("not a run's folder: it has no {CONFIG}")))
            }
            false => Err(Error::file(path, format!("there is no such run{}", meant(path)))),
        }
    }

    /// Whether more of a run is here than its settings: what tells it from others or, as of version 1, a
    /// checkpoint. Else the name of the file in its place that is no run's, where there is one.
    pub(super) fn has_files(&self) -> Result<bool, &'static str> {
        let has = |name: &str| self.path.join(name).exists();
        let is_checkpoint =
            |name: &str| checkpoint::notes_of::<IgnoredAny>(&self.path.join(name)).is_some();
        if self.identity.is_some() {
            return Ok(true);
        }
        if has(RUN) {
            return self.read_json::<Identity>(RUN).map(|_| true).map_err(|_| RUN);
        }
        if !has(MODEL) || !has(OPTIMIZER) {
            return Ok(false);
        }
        match [MODEL, OPTIMIZER].into_iter().find(|name| !is_checkpoint(name)) {
            Some(strange) => Err(strange),
            None => Ok(true),
        }
    }

    /// The folder's path.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
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

    /// Whether a path is, or would be, one of the files that make the run.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// assert!(folder.owns(&path.join("model.safetensors")) && folder.owns(&path.join("config.toml")));
    /// assert!(!folder.owns(&path.join("export.safetensors")));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn owns(&self, path: &Path) -> bool {
        // Links lead to what would be written.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let folder = fs::canonicalize(folder_of(&path));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        matches!((folder, fs::canonicalize(&self.path)), (Ok(one), Ok(other)) if one == other)
            && (tensorboard::is_own(&name)
                || KEPT.iter().chain(&PRODUCTS).chain(&[CONFIG, LOCK]).any(|own| *own == name))
    }

    /// The folder's own name, without those above it.
    #[must_use]
    pub fn name(&self) -> String {
        let whole = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The run's settings, whose version `run.json` tells; of a model that code describes those that say
    /// something of it, and else the usual ones.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
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

    /// The settings that the configuration tells, by their keys.
    pub(super) fn told_settings(&self) -> Result<toml::Table> {
        let path = self.path.join(CONFIG);
        let text = limits::of_run(&path, SETTINGS)?;
        text.parse().map_err(|error: toml::de::Error| Error::file(&path, error))
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

    /// What tells this run from others; `None` for a run of version 1, or one that was killed before it
    /// was written.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The steps that are done at a place, over all epochs, of which those to come have so many each.
    pub(super) fn steps(&self, place: Place, of_epoch: u64) -> u64 {
        match &self.identity {
            Some(identity) => identity.steps(place, of_epoch),
            None => u64::from(place.epoch).saturating_mul(of_epoch).saturating_add(place.step),
        }
    }

    /// Keeps what tells this run from others, here and in every checkpoint from now on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn identify(&mut self, identity: Identity) -> Result<()> {
        let text = serde_json::to_vec(&identity);
        self.write(RUN, &text.map_err(|error| Error::file(self.path.join(RUN), error))?)?;
        self.identity = Some(identity);
        Ok(())
    }

    /// What is known of a model that code describes; `None` in a run of a model that settings do.
    ///
    /// # Errors
    /// The file is bad.
    pub fn model(&self) -> Result<Option<ModelRecord>> {
        self.read_json(CODE)
    }

    /// Keeps what is known of the model.
    pub(super) fn save_model(&self, model: &ModelRecord) -> Result<()> {
        self.write_json(CODE, model)
    }

    /// Checks that the settings here describe the model, whoever asks it something.
    ///
    /// # Errors
    /// Code does, or a file is bad.
    pub fn check_settings(&self) -> Result<()> {
        match self.model()? {
            None => Ok(()),
            Some(ModelRecord { name, .. }) => Err(Error::file(
                &self.path,
                format!(
                    "holds the model `{name}`, which is code and not settings: load it with `Session::open`"
                ),
            )),
        }
    }

    /// How the data was prepared, which `predict` needs; `None` for a run that stopped before it knew.
    ///
    /// # Errors
    /// The file is bad.
    pub fn preparation(&self) -> Result<Option<Preparation>> {
        self.read_json(DATA)
    }

    /// Keeps how the data is prepared.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_preparation(&self, preparation: &Preparation) -> Result<()> {
        self.write_json(DATA, preparation)
    }

    /// What the training has come to, if it has ended or been interrupted; `None` before, and in runs of an
    /// earlier version.
    ///
    /// # Errors
    /// The file is bad.
    pub fn final_scores(&self) -> Result<Option<FinalScores>> {
        self.read_json(SCORES)
    }

    /// Keeps what the training has come to.
    pub(super) fn save_final_scores(&self, scores: &FinalScores) -> Result<()> {
        self.write_json(SCORES, scores)
    }

    /// What the trainings of a cross-validation have come to, of which this is the run that learns from all
    /// examples; `None` in other runs.
    ///
    /// # Errors
    /// The file is bad.
    pub fn folds(&self) -> Result<Option<Folds>> {
        self.read_json(FOLDS)
    }
}

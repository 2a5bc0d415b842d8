//! What tells a run from every other.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::journal::VERSION;
use super::{Config, Place};
use crate::data::{DataPart, hex, is_shipped};
use chainrule::error::{Error, Result};
use chainrule::optim::Schedule;
use chainrule::settings::{Described, Value};

/// What a run is: an id of its own, and digests of what it was begun with. It stands in `run.json` and
/// in each checkpoint. No number of a training depends on it.
///
/// ```
/// use chainrule_train::{Config, Identity};
/// let config = Config::default();
/// let (one, other) = (Identity::new(&config, None)?, Identity::new(&config, None)?);
/// assert!(one.id != other.id && one.id.len() == 32);
/// assert_eq!(one.settings, other.settings);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of all files of the run's folder.
    pub version: u32,
    /// The run's id: 128 bits in hexadecimal digits.
    pub id: String,
    /// The SHA-256 of the settings as TOML.
    pub settings: String,
    /// The settings themselves; runs of earlier programs do not tell them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The SHA-256 of the data's files, where the data comes from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The folder that relative places of the data are from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether every file that is read back names the run; those of earlier programs do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named: bool,
    /// The program that began the run.
    pub program: String,
    /// Where the training went on with other settings or other data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// That a training went on with other settings or other data than it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where it stood.
    #[serde(flatten)]
    pub place: Place,
    /// The steps that were done, counted over all epochs, each by the length that it had then.
    pub steps: u64,
    /// What became what, a phrase each.
    pub what: Vec<String>,
    /// The SHA-256 of the settings before.
    pub settings: String,
    /// The parts held out from then on of which rows may have been learnt from before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learnt: Vec<DataPart>,
    /// Whether the scores before cannot be compared with those after, so that a new best epoch is looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub best_anew: bool,
}

impl Change {
    /// What it takes from the replay of steps; nothing where no step was done before.
    #[must_use]
    pub fn told_replay(&self) -> Option<String> {
        (self.steps > 0).then(|| "steps up to the last checkpoint cannot be replayed".to_owned())
    }
}

/// What a training goes on with that it had not.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// What became what, a phrase each.
    pub what: Vec<String>,
    /// The parts of the data whose rows may have been others before.
    pub parts: &'static [DataPart],
    /// See [`Change::best_anew`].
    pub best_anew: bool,
}

impl Differences {
    /// What differs in the settings, or by other data.
    pub(super) fn of(was: &Config, is: &Config, other_data: bool) -> Self {
        let changed = changed(was, is);
        let line = |(_, was, is): &(_, String, String)| format!("`{is}` in place of `{was}`");
        let mut what: Vec<String> = changed.iter().map(line).collect();
        what.extend(other_data.then(|| "other data".to_owned()));
        let parts: &[DataPart] = match (other_data, split(was) != split(is)) {
            (true, _) => &DataPart::JUDGING,
            (false, true) => &[DataPart::Validation],
            (false, false) => &[],
        };
        let is_scored_alike = changed.iter().all(|(key, ..)| OF_STEPS.contains(key));
        Self { what, parts, best_anew: !parts.is_empty() || !is_scored_alike }
    }
}

impl Identity {
    /// A new run with these settings, on data of this digest.
    ///
    /// # Errors
    /// A setting that no file can hold.
    pub fn new(config: &Config, data: Option<String>) -> Result<Self> {
        Ok(Self::of(config, config.to_toml()?, data))
    }

    /// A new run with the settings that the text tells.
    pub(super) fn of(config: &Config, text: String, data: Option<String>) -> Self {
        Self {
            version: VERSION,
            id: fresh_id(),
            settings: digest(&text),
            config: Some(text),
            data,
            from: from(config),
            named: true,
            program: PROGRAM.into(),
            changes: Vec::new(),
        }
    }

    /// The settings of the training, where they are told.
    ///
    /// # Errors
    /// They were altered.
    pub(super) fn config(&self) -> Result<Option<Config>> {
        let Some(text) = &self.config else { return Ok(None) };
        if digest(text) != self.settings {
            let message = "the digest of the settings does not fit: they were changed here";
            return Err(Error::Mismatch(message.into()));
        }
        Config::from_toml(text).map(Some)
    }

    /// Goes on with other settings, as the text tells them, or other data; the settings before are the
    /// identity's to add.
    pub(super) fn change(&mut self, change: Change, text: String, data: Option<&str>) {
        let settings = std::mem::replace(&mut self.settings, digest(&text));
        self.config = Some(text);
        self.data = data.map(str::to_owned);
        self.changes.push(Change { settings, ..change });
    }

    /// The steps that are done at a place, over all epochs, where those since the last change have so many:
    /// the ones before had perhaps others.
    pub(super) fn steps(&self, place: Place, of_epoch: u64) -> u64 {
        // The numbers are those of files, which may hold any.
        let Some(change) = self.changes.last() else {
            return u64::from(place.epoch).saturating_mul(of_epoch).saturating_add(place.step);
        };
        match u64::from(place.epoch.saturating_sub(change.place.epoch)) {
            0 => change.steps.saturating_add(place.step.saturating_sub(change.place.step)),
            epochs => {
                let rest = of_epoch.saturating_sub(change.place.step);
                let whole = (epochs - 1).saturating_mul(of_epoch);
                [rest, whole, place.step].into_iter().fold(change.steps, u64::saturating_add)
            }
        }
    }

    /// The epochs after which the best one is looked for.
    pub(super) fn best_after(&self) -> u32 {
        let last = self.changes.iter().rev().find(|change| change.best_anew);
        last.map_or(0, |change| change.place.epoch)
    }

    /// The parts that are held out and of which rows may have been learnt from before a change.
    #[must_use]
    pub fn learnt(&self) -> Vec<DataPart> {
        let is_learnt = |part: &DataPart| self.changes.iter().any(|of| of.learnt.contains(part));
        DataPart::JUDGING.into_iter().filter(is_learnt).collect()
    }

    /// What a checkpoint of this identity was trained with that this training was not at any time, as a copy of its
    /// folder may have gone on: each change is told before a checkpoint that follows it is written.
    pub(super) fn other_training(&self, of: &Self) -> Option<&'static str> {
        let (done, to_come) = self.changes.split_at_checked(of.changes.len()).unzip();
        if done != Some(of.changes.as_slice()) {
            return Some("after other changes");
        }
        let next: Option<&Change> = to_come.and_then(<[Change]>::first);
        match next {
            _ if next.map_or(&self.settings, |change| &change.settings) != &of.settings => {
                Some("with other settings")
            }
            None if self.data != of.data => Some("on other data"),
            _ => None,
        }
    }
}

fn digest(text: &str) -> String {
    hex(Sha256::digest(text).as_slice())
}

/// The settings that change no step, or those for which the digest of the data stands; the epochs not where a
/// schedule runs over them.
const FREE: [&str; 6] = ["dataset", "test", "epochs", "checkpoint_every", "gradient_flow", "top_k"];

/// The settings of steps alone: the same parameters have the same scores with all of them.
const OF_STEPS: [&str; 15] = [
    "epochs",
    "dropout",
    "init",
    "batch_size",
    "lr",
    "warmup",
    "accumulate",
    "clip_norm",
    "clip_value",
    "freeze",
    "optimizer",
    "schedule",
    "schedule_epochs",
    "early_stopping",
    "rates",
];

/// What chooses the rows that are held out of the training part.
pub(super) fn split(config: &Config) -> impl PartialEq + use<> {
    let stops_early = config.validation.is_none() && config.early_stopping.is_some();
    let share = (config.validation, config.folds.is_some(), stops_early);
    // Of each class its share is held out.
    (share, config.seed, config.target.clone(), config.task)
}

/// The settings of a training that differ, by their keys: as they were, and as they are.
pub(super) fn changed(was: &Config, is: &Config) -> Vec<(&'static str, String, String)> {
    let keys = Config::ENTRY.settings.iter().map(|setting| setting.name);
    let values = keys.zip(was.values().into_iter().zip(is.values()));
    let runs_over = |config: &Config| match config.schedule {
        Schedule::Cosine { .. } | Schedule::OneCycle { .. } => Some(config.schedule_length()),
        _ => None,
    };
    let is_free = |key: &str| match key {
        "epochs" => runs_over(was) == runs_over(is),
        key => FREE.contains(&key),
    };
    let differ = values.filter(|(key, (was, is))| was != is && !is_free(key));
    differ.map(|(key, (was, is))| (key, told(key, was), told(key, is))).collect()
}

/// A setting as a line of a file says it.
fn told(key: &str, value: Option<Value>) -> String {
    let table = value.map(|value| Value::Table(vec![(key.to_owned(), value)]));
    let line = table.and_then(|table| toml::to_string(&table).ok());
    line.map_or_else(|| format!("no {key}"), |line| line.trim().replace('\n', "; "))
}

/// The folder that the settings' places are from, where one is relative.
fn from(config: &Config) -> Option<String> {
    let named = (!is_shipped(&config.dataset)).then(|| Path::new(&config.dataset));
    let relative = named.into_iter().chain(config.test.as_deref()).any(Path::is_relative);
    let folder = std::env::current_dir().ok().filter(|_| relative)?;
    folder.to_str().map(str::to_owned)
}

/// This program and its version.
pub(super) const PROGRAM: &str = concat!("chainrule ", env!("CARGO_PKG_VERSION"));

/// An id that no other run has, on this machine or another.
fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut digest = Sha256::new();
    // Its keys come from the operating system's source of random numbers.
    digest.update(RandomState::new().build_hasher().finish().to_le_bytes());
    digest.update(RandomState::new().hash_one(now).to_le_bytes());
    digest.update(now.as_nanos().to_le_bytes());
    digest.update(std::process::id().to_le_bytes());
    digest.update(COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    hex(&digest.finalize()[..16])
}

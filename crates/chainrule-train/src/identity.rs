//! What tells a run from every other.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::journal::VERSION;
use super::{Config, Place};
use crate::data::{hex, is_shipped};
use chainrule::error::{Error, Result};
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
    /// The steps that were done, counted over all epochs.
    pub steps: u64,
    /// What became what, a phrase each.
    pub what: Vec<String>,
    /// The SHA-256 of the settings before.
    pub settings: String,
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

    /// Goes on with other settings or other data.
    pub(super) fn change(
        &mut self,
        (place, steps): (Place, u64),
        what: Vec<String>,
        text: String,
        data: Option<&str>,
    ) {
        let settings = std::mem::replace(&mut self.settings, digest(&text));
        self.config = Some(text);
        if let Some(data) = data {
            self.data = Some(data.to_owned());
        }
        self.changes.push(Change { place, steps, what, settings });
    }

    /// Whether the training had settings of this digest, now or before a change.
    pub(super) fn had(&self, settings: &str) -> bool {
        self.settings == settings || self.changes.iter().any(|change| change.settings == settings)
    }
}

fn digest(text: &str) -> String {
    hex(Sha256::digest(text).as_slice())
}

/// The settings that change no step, or those for which the digest of the data stands.
const FREE: [&str; 6] = ["dataset", "test", "epochs", "checkpoint_every", "gradient_flow", "top_k"];

/// The settings of a training that differ: as they were, and as they are.
pub(super) fn differences(was: &Config, is: &Config) -> Vec<(String, String)> {
    let keys = Config::ENTRY.settings.iter().map(|setting| setting.name);
    let values = keys.zip(was.values().into_iter().zip(is.values()));
    let differ = values.filter(|(key, (was, is))| was != is && !FREE.contains(key));
    differ.map(|(key, (was, is))| (told(key, was), told(key, is))).collect()
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

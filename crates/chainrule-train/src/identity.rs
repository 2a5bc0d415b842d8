//! What tells a run from every other.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Config;
use super::journal::VERSION;
use crate::data::{hex, is_shipped};
use chainrule::error::Result;

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
    /// The SHA-256 of the data's files, where the data comes from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The folder that relative places of the data are from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The program that began the run.
    pub program: String,
}

impl Identity {
    /// A new run with these settings, on data of this digest.
    ///
    /// # Errors
    /// A setting that no file can hold.
    pub fn new(config: &Config, data: Option<String>) -> Result<Self> {
        Ok(Self {
            version: VERSION,
            id: fresh_id(),
            settings: hex(Sha256::digest(config.to_toml()?).as_slice()),
            data,
            from: from(config),
            program: PROGRAM.into(),
        })
    }
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

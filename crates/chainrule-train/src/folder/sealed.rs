//! Files in JSON that tell whose they are: the version, the run and the digest of what they hold come first.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BEST, CODE, DATA, FOLDS, JOURNAL, MODEL, OPTIMIZER, RUN, RunFolder, SCORES};
use crate::Identity;
use crate::checkpoint;
use crate::data::hex;
use crate::journal::{self, VERSION};
use crate::limits::{self, HELD};
use chainrule::error::{Error, Result};

/// What a file tells of itself.
#[derive(Deserialize)]
struct Head {
    #[serde(default = "journal::first_version")]
    version: u32,
    run: Option<String>,
    sha256: Option<String>,
}

/// The text of a file that holds `rest`, which is the text of an object without its brace.
fn sealed(version: u32, run: &str, rest: &str) -> String {
    let digest = hex(&Sha256::digest(format!("{version} {run}\n{rest}")));
    format!("{{\"version\":{version},\"run\":\"{run}\",\"sha256\":\"{digest}\",{rest}")
}

impl RunFolder {
    /// Writes an object with its version, and with the run and a digest where the run is known.
    pub(super) fn write_json(&self, name: &str, object: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(object);
        let text = text.map_err(|error| Error::file(self.path.join(name), error))?;
        let rest = text.strip_prefix('{').unwrap_or(&text);
        // An object may tell it by itself.
        let rest = rest.strip_prefix(&format!("\"version\":{VERSION},")).unwrap_or(rest);
        let text = match &self.identity {
            Some(identity) => sealed(VERSION, &identity.id, rest),
            None => format!("{{\"version\":{VERSION},{rest}"),
        };
        self.write(name, text.as_bytes())
    }

    /// A file in JSON, of this run and as it was written; `None` where it does not exist.
    pub(super) fn read_json<R: DeserializeOwned>(&self, name: &str) -> Result<Option<R>> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let text = limits::of_run(&path, HELD)?;
        let bad = |error: serde_json::Error| Error::file(&path, error);
        let Head { version, run, sha256 } = serde_json::from_str(&text).map_err(bad)?;
        journal::known_version(version).map_err(|message| Error::file(&path, message))?;
        match (run, sha256) {
            (Some(run), Some(sha256)) => {
                self.check_run(name, &run)?;
                let digest = format!("\"sha256\":\"{sha256}\",");
                let rest = text.split_once(&digest).map(|(_, rest)| rest);
                if rest.is_none_or(|rest| sealed(version, &run, rest) != text) {
                    let message =
                        "the digest does not fit: the file has changed since it was written";
                    return Err(Error::file(&path, message));
                }
            }
            // Folds are kept before the run has an id.
            _ if name == FOLDS => {}
            _ => self.check_unnamed(name)?,
        }
        serde_json::from_str(&text).map(Some).map_err(bad)
    }

    /// Checks that a file which names no run may be one of this run's, as one of earlier programs may.
    pub(super) fn check_unnamed(&self, name: &str) -> Result<()> {
        match &self.identity {
            Some(own) if own.named => {
                let message = "does not tell of which run it is: it was changed; put its own back";
                Err(Error::file(self.path.join(name), message))
            }
            _ => Ok(()),
        }
    }

    /// Checks that no file names a run where `run.json`, by which all of them are checked, is missing.
    pub(super) fn check_identified(&self) -> Result<()> {
        if self.identity.is_some() {
            return Ok(());
        }
        // What cannot be read is told where it is needed.
        let line = |name: &str| {
            let line = limits::first_line(&self.path.join(name))?;
            serde_json::from_slice::<Head>(&line).ok()?.run
        };
        let tensors = |name: &str| checkpoint::run_of(&self.path.join(name));
        let lines = [JOURNAL, DATA, SCORES, CODE].into_iter().map(|name| (name, line(name)));
        let tensors = [MODEL, OPTIMIZER, BEST].into_iter().map(|name| (name, tensors(name)));
        let named = lines.chain(tensors).find_map(|(name, run)| Some((name, run?)));
        match named {
            None => Ok(()),
            Some((name, run)) => {
                let run = run.get(..8).unwrap_or(&run);
                let message = format!(
                    "is missing, by which the others are checked; {name} is of the run {run}: put it back"
                );
                Err(Error::file(self.path.join(RUN), message))
            }
        }
    }

    /// Checks that a checkpoint that names this run, or none, is one of its training.
    pub(super) fn check_named(&self, name: &str, run: Option<&Identity>) -> Result<()> {
        let Some(run) = run else { return self.check_unnamed(name) };
        self.check_run(name, &run.id)?;
        let other = self.identity.as_ref().and_then(|own| own.other_training(run));
        other.map_or(Ok(()), |other| {
            let message = format!("was trained {other} than run.json tells: put its own back");
            Err(Error::file(self.path.join(name), message))
        })
    }

    /// Checks that a file of the run with this id is one of this run's.
    pub(super) fn check_run(&self, name: &str, run: &str) -> Result<()> {
        match &self.identity {
            Some(own) if own.id != run => {
                let [run, own] = [run, &own.id].map(|id| id.get(..8).unwrap_or(id));
                let message = format!(
                    "is of the run {run}, but run.json is of the run {own}: put its own back"
                );
                Err(Error::file(self.path.join(name), message))
            }
            _ => Ok(()),
        }
    }
}

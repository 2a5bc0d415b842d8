//! How a training goes on with the run in a folder: what must be the same, what may have changed, and what is told of it.

use super::journal;
use super::steered::same_settings;
use super::{Change, Event, Identity, RunFolder, Training};
use crate::data::DataPart;
use chainrule::error::Result;

/// What may be other where a training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayChange {
    /// Its settings.
    Settings,
    /// Its data.
    Data,
    /// Both.
    Both,
}

/// Gives the run an identity where it has none yet.
pub(super) fn identify(
    training: &dyn Training,
    folder: &mut RunFolder,
    idle: &[&str],
) -> Result<()> {
    if folder.identity().is_some() {
        return Ok(());
    }
    let (config, data) = (folder.config()?, training.data_sha256().map(str::to_owned));
    let mut identity = Identity::of(&config, config.to_toml_but(idle)?, data);
    identity.named = folder.has_files() == Ok(false);
    folder.identify(identity)
}

/// Puts a fresh training where the run in the folder stands. Settings and data may have changed as far as
/// is said; what has, if anything.
pub(super) fn resume(
    training: &mut dyn Training,
    folder: &mut RunFolder,
    may_change: Option<MayChange>,
    idle: &[&str],
) -> Result<Option<Change>> {
    training.check(folder)?;
    let settings = matches!(may_change, Some(MayChange::Settings | MayChange::Both));
    let data = matches!(may_change, Some(MayChange::Data | MayChange::Both));
    if !settings {
        folder.check_config()?;
        same_settings(folder, training.settings(), idle)?;
    }
    folder.takes_other_data = data;
    folder.takes_other_rows = data || (settings && folder.is_split_anew(training.settings())?);
    folder.tidy()?;
    // A run that is over writes no other checkpoint behind one that was half put in place.
    if training.resume(folder)? && folder.is_halfway() {
        training.snapshot().save(folder)?;
    }
    if !settings {
        folder.check_best_of(training.place().epoch)?;
    }
    identify(training, folder, idle)?;
    let differences = folder.changes(training.settings(), training.data_sha256())?;
    let text = training.settings().to_toml_but(idle)?;
    if differences.what.is_empty() {
        // What changes no step, such as more epochs, is kept all the same: so does who resumes it know.
        if folder.config()?.to_toml_but(idle)? != text {
            folder.save_config(&text)?;
        }
        return Ok(None);
    }
    let Some(mut identity) = folder.identity().cloned() else {
        unreachable!("a run that goes on was given an identity")
    };
    let place = training.place();
    let of_epoch = steps_of_epoch(folder)?.unwrap_or(training.size().steps);
    let held_out = |part: &DataPart| training.sizes().iter().any(|(of, _)| of == part);
    let best_anew = differences.best_anew;
    let change = Change {
        place,
        steps: identity.steps(place, of_epoch),
        what: differences.what,
        settings: String::new(),
        learnt: differences.parts.iter().copied().filter(held_out).collect(),
        best_anew,
    };
    // The identity last: until it is there, the run is refused without the same words.
    folder.save_config(&text)?;
    identity.change(change, text, training.data_sha256());
    folder.identify(identity)?;
    if best_anew {
        folder.forget_best()?;
        // Where the folder tells of another best, the training is to know of it.
        training.resume(folder)?;
    }
    Ok(folder.identity().and_then(|run| run.changes.last()).cloned())
}

/// The steps of an epoch of the last attempt, as the journal tells.
fn steps_of_epoch(folder: &RunFolder) -> Result<Option<u64>> {
    let steps = |record: &journal::Record| match &record.event {
        Event::Began(size) | Event::Resumed(size) => Some(size.steps),
        _ => None,
    };
    Ok(folder.journal()?.iter().rev().find_map(steps))
}

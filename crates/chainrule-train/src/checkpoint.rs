//! What a training resumes from, and its files: tensors with notes and a checksum, as safetensors.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{TensorView, View};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::export::{KEY, Stored, file, of_view, read_safetensors};
use super::journal::{self, Told, VERSION};
use super::learner::Learner;
use super::step::{ACCUMULATED, accumulated};
use super::tensor_file::TensorsHeader;
use super::{Epoch, Identity, Progress, Trainer};
use crate::data::hex;
use chainrule::error::{Error, Result};
use chainrule::optim::Method;
use chainrule::state::{Group, StateKey};
use chainrule::tensor::Real;
use chainrule::{Parameters, State};

/// A training between two steps: everything that it needs to go on to the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T> {
    /// The model's parameters.
    pub parameters: Parameters<T>,
    /// What the optimizers of each objective keep.
    pub states: Vec<State<T>>,
    /// How far the training has come.
    pub progress: Progress,
    /// The metrics of the epochs that are done.
    pub epochs: Vec<Epoch>,
}

impl<T: Real> Default for Checkpoint<T> {
    fn default() -> Self {
        let (parameters, states) = (Parameters::new(), Vec::new());
        Self { parameters, states, progress: Progress::default(), epochs: Vec::new() }
    }
}

impl<T: Real> Learner<T> {
    /// Everything that this training needs to go on.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<T> {
        let (parameters, states) = (self.parameters.clone(), self.states.clone());
        let (progress, epochs) = (self.progress.clone(), self.epochs.clone());
        Checkpoint { parameters, states, progress, epochs }
    }

    /// Has the training stand where a checkpoint was taken.
    pub(super) fn restore(&mut self, checkpoint: Checkpoint<T>) -> Result<()> {
        self.prepare()?;
        self.model.check(&checkpoint.parameters)?;
        let mut states = checkpoint.states;
        // A file does not tell of objectives that keep nothing.
        states.resize_with(states.len().max(self.objectives.len()), State::new);
        Error::count("objectives in the checkpoint", states.len(), self.objectives.len())?;
        let (step, steps) = (checkpoint.progress.step, self.steps_of_epoch()?);
        if step > steps {
            let message = format!("the checkpoint stands after step {step} of an epoch");
            return Err(Error::Mismatch(format!("{message}, but this training's have {steps}")));
        }
        for (at, state) in states.iter().enumerate() {
            self.check_state(at, state)?;
            for (key, fresh) in self.initial_state(at)?.iter() {
                let lacks = |_| {
                    let wanted = whose(key);
                    let message =
                        format!("the checkpoint lacks {wanted}, which this training goes on from");
                    Error::Mismatch(format!("{message}; a new training begins with its own"))
                };
                let found = state.get(key).map_err(lacks)?.shape();
                if found != fresh.shape() {
                    let name = format!("the training's {key}");
                    return Err(Error::shape(name, found.dims(), fresh.shape().dims()));
                }
            }
        }
        (self.parameters, self.states) = (checkpoint.parameters, states);
        (self.progress, self.epochs) = (checkpoint.progress, checkpoint.epochs);
        Ok(())
    }
}

impl<T: Real> Trainer<T> {
    /// Goes on from a checkpoint, such as one of [`Learner::checkpoint`], at which the training then stands.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 5.0])?);
    /// let config = Config { batch_size: 1, ..Config::default() };
    /// let mut trainer = Trainer::<f64>::new(&config.model(1, 1)?, &config, DataParts::train(data))?;
    /// let checkpoint = trainer.checkpoint();
    /// let first = trainer.advance()?;
    /// trainer.advance()?;
    /// trainer.restore(checkpoint)?;
    /// assert_eq!(trainer.advance()?, first);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The checkpoint is of another model, of optimizers that keep other things, or of an epoch of more
    /// steps.
    pub fn restore(&mut self, checkpoint: Checkpoint<T>) -> Result<()> {
        self.learner_mut().restore(checkpoint)?;
        self.leave();
        Ok(())
    }
}

impl<T: Real> Learner<T> {
    /// Checks that an objective's optimizers keep what is in `state`, if nothing were frozen.
    fn check_state(&mut self, objective: usize, state: &State<T>) -> Result<()> {
        let frozen = std::mem::take(&mut self.config.freeze);
        let all = self.initial_state(objective);
        self.config.freeze = frozen;
        let (all, is_lbfgs) = (all?, matches!(self.config.optimizer, Method::Lbfgs(_)));
        // It makes its own state as it goes.
        let is_own = |key: &StateKey| is_lbfgs && *key.group.rule == *self.config.optimizer.name();
        let mut keys = state.iter().map(|(key, _)| key);
        let Some(other) = keys.find(|key| all.get(key).is_err() && !is_own(key)) else {
            return Ok(());
        };
        let kept = whose(other);
        Err(Error::Mismatch(format!("the checkpoint keeps {kept}, which this training does not")))
    }
}

/// A part of a state, and which setting has it kept.
fn whose(key: &StateKey) -> String {
    match &*key.group.rule {
        ACCUMULATED => "sums of gradients (the setting `accumulate`)".into(),
        rule => format!("{key}, the state of the optimizer `{rule}`"),
    }
}

/// The names under which a file keeps the parts of states: `PARAMETER.adam.mean`, and `adam.step` for what
/// is kept once; with `adam#1` the second use of an optimizer, and with `1:` in front what the second
/// objective's keep.
///
/// # Errors
/// An optimizer has another name than a file can keep apart.
pub(super) fn named<T: Real>(states: &[State<T>]) -> Result<Parameters<T>> {
    let mut all = Parameters::new();
    for (objective, state) in states.iter().enumerate() {
        for (key, tensor) in state.iter() {
            all.insert(file_name(objective, key)?, tensor.clone());
        }
    }
    Ok(all)
}

/// Checks that a file can keep these states.
pub(super) fn check_named<T: Real>(states: &[State<T>]) -> Result<()> {
    let states = states.iter().enumerate();
    let mut keys = states.flat_map(|(at, state)| state.iter().map(move |(key, _)| (at, key)));
    keys.try_for_each(|(objective, key)| file_name(objective, key).map(|_| ()))
}

/// The name under which a file keeps a part of an objective's state.
fn file_name(objective: usize, key: &StateKey) -> Result<String> {
    let own = name_of(key);
    let name = if objective == 0 { own } else { format!("{objective}:{own}") };
    if place_of(&name) == Some((objective, key.clone())) {
        return Ok(name);
    }
    let message = format!("a file cannot keep {key} of the optimizer {}", key.group);
    let wanted = "use names without `.` and `#`, and parameters without `:`";
    Err(Error::Mismatch(format!("{message}: {wanted}")))
}

/// The states of which a file keeps the parts under these names.
pub(super) fn keyed<T: Real>(all: &Parameters<T>) -> Result<Vec<State<T>>, String> {
    let mut states: Vec<State<T>> = Vec::new();
    for (name, tensor) in all.iter() {
        let place = place_of(name).filter(|(objective, _)| *objective < MOST_OBJECTIVES);
        let (objective, key) =
            place.ok_or_else(|| format!("`{name}` is no part of an optimizer's state"))?;
        states.resize_with(states.len().max(objective + 1), State::new);
        states[objective].insert(key, tensor.clone());
    }
    Ok(states)
}

/// The objective and the part of its state that are kept under a name.
fn place_of(name: &str) -> Option<(usize, StateKey)> {
    let numbered = name.split_once(':').and_then(|(at, own)| Some((at.parse().ok()?, own)));
    let (objective, own) = numbered.unwrap_or((0, name));
    Some((objective, key_of(own)?))
}

/// More objectives are in no file.
const MOST_OBJECTIVES: usize = 1000;

fn name_of(StateKey { group, slot, of }: &StateKey) -> String {
    let own = match (&*group.rule, group.number) {
        (ACCUMULATED, 0) => ACCUMULATED.to_owned(),
        (rule, 0) => format!("{rule}.{slot}"),
        (rule, number) => format!("{rule}#{number}.{slot}"),
    };
    of.as_ref().map_or(own.clone(), |of| format!("{of}.{own}"))
}

fn key_of(name: &str) -> Option<StateKey> {
    let (before, slot) = name.rsplit_once('.')?;
    if slot == ACCUMULATED {
        return Some(accumulated(before));
    }
    let (of, rule) = match before.rsplit_once('.') {
        Some((of, rule)) => (Some(of.into()), rule),
        None => (None, before),
    };
    let (rule, number) = rule.split_once('#').unwrap_or((rule, "0"));
    let group = Group { rule: rule.into(), number: number.parse().ok()? };
    Some(StateKey { group, slot: slot.into(), of })
}

/// What a file says of its tensors, beside what the format itself keeps.
#[derive(Serialize, Deserialize)]
struct Metadata<N> {
    /// The version of the run's files; the first did not tell it.
    #[serde(default = "journal::first_version")]
    version: u32,
    /// The run that the file is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Identity>,
    /// The tensors' names in the order of the layers; the format sorts them otherwise.
    order: Vec<String>,
    /// SHA-256 of names, shapes, bytes and notes, and from version 2 on of version and run.
    sha256: String,
    notes: N,
}

/// What a file holds.
#[derive(Clone)]
pub(super) struct Decoded<T, N> {
    /// Its tensors.
    pub(super) tensors: Parameters<T>,
    /// What it says of them.
    pub(super) notes: N,
    /// The run that it is of.
    pub(super) run: Option<Identity>,
    /// The digest that it tells of itself.
    pub(super) sha256: String,
}

/// The bytes of a file of the run that holds `tensors` and `notes`, and the digest that it tells of itself.
pub(super) fn encode<T: Real>(
    run: Option<&Identity>,
    tensors: &Parameters<T>,
    notes: &impl Serialize,
) -> Result<(Vec<u8>, String)> {
    let stored: Vec<(&str, Stored)> = tensors.iter().map(|(n, t)| (n, Stored::of(t))).collect();
    encode_stored(run, &stored, notes)
}

fn encode_stored(
    run: Option<&Identity>,
    stored: &[(&str, Stored)],
    notes: &impl Serialize,
) -> Result<(Vec<u8>, String)> {
    let views = stored.iter().map(|(name, stored)| (*name, stored));
    let sha256 = checksum((VERSION, run), views, notes)?;
    let metadata = Metadata {
        version: VERSION,
        order: stored.iter().map(|(name, _)| (*name).to_owned()).collect(),
        sha256: sha256.clone(),
        run: run.cloned(),
        notes,
    };
    let text = serde_json::to_string(&metadata).map_err(mismatch)?;
    let bytes = file(stored, Some(HashMap::from([(KEY.to_owned(), text)]))).map_err(mismatch)?;
    Ok((bytes, sha256))
}

/// What a file's bytes hold.
pub(super) fn decode<T: Real, N: Serialize + DeserializeOwned>(
    bytes: &[u8],
) -> Result<Decoded<T, N>, String> {
    let (views, Metadata { run, sha256, notes, .. }) = decode_stored(bytes)?;
    let mut tensors = Parameters::new();
    for (name, view) in views {
        tensors.insert(&name, of_view(&name, &view)?);
    }
    Ok(Decoded { tensors, notes, run, sha256 })
}

/// The id of the run that a file names; `None` where it names none.
pub(super) fn run_of(path: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        run: Option<Identity>,
    }
    metadata_of::<Named>(path)?.run.map(|run| run.id)
}

/// The notes that a file tells and the run that it names, whether it is as it was written or not.
pub(super) fn notes_of<N: DeserializeOwned>(path: &Path) -> Option<(N, Option<Identity>)> {
    #[derive(Deserialize)]
    struct Noted<N> {
        notes: N,
        run: Option<Identity>,
    }
    metadata_of::<Noted<N>>(path).map(|noted| (noted.notes, noted.run))
}

fn metadata_of<M: DeserializeOwned>(path: &Path) -> Option<M> {
    let told = TensorsHeader::read(path).ok()?.notes(KEY)?;
    serde_json::from_str(&told).ok()
}

/// The tensors of a file, by name.
type Views<'b> = Vec<(String, TensorView<'b>)>;

fn decode_stored<N: Serialize + DeserializeOwned>(
    bytes: &[u8],
) -> Result<(Views<'_>, Metadata<N>), String> {
    let (views, metadata, found) = unchecked(bytes)?;
    match found == metadata.sha256 {
        true => Ok((views, metadata)),
        false => Err("the checksum does not fit: the file has changed since it was written".into()),
    }
}

/// The bytes with the digest that fits them in place of the one that they tell.
#[cfg(fuzzing)]
pub(super) fn resealed<N: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, metadata, fitting) = unchecked::<N>(bytes).ok()?;
    let told = metadata.sha256.as_bytes();
    let at = bytes.windows(told.len().max(1)).position(|window| window == told)?;
    let rest = bytes.get(at + told.len()..)?;
    (told.len() == fitting.len()).then(|| [&bytes[..at], fitting.as_bytes(), rest].concat())
}

/// What a file tells, and the digest of it.
fn unchecked<N: Serialize + DeserializeOwned>(
    bytes: &[u8],
) -> Result<(Views<'_>, Metadata<N>, String), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let tensors = read_safetensors(bytes)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| text(&e))?;
    let metadata = header.metadata().as_ref().and_then(|notes| notes.get(KEY));
    let metadata = metadata
        .ok_or("the file was not written by chainrule: its metadata lacks the key `chainrule`")?;
    let bad = |error: serde_json::Error| format!("bad metadata: {error}");
    journal::known_version(serde_json::from_str::<Told>(metadata).map_err(bad)?.version)?;
    let mut metadata: Metadata<N> = serde_json::from_str(metadata).map_err(bad)?;
    let mut views = Vec::new();
    for name in std::mem::take(&mut metadata.order) {
        let view = tensors.tensor(&name).map_err(|e| text(&e))?;
        views.push((name, view));
    }
    let head = (metadata.version, metadata.run.as_ref());
    let found = checksum(head, views.iter().map(|(name, view)| (&**name, view)), &metadata.notes);
    let found = found.map_err(|e| text(&e))?;
    Ok((views, metadata, found))
}

/// The digest of what a file says, the version and the run that it names included.
fn checksum<'v, V: View, N: Serialize>(
    (version, run): (u32, Option<&Identity>),
    tensors: impl Iterator<Item = (&'v str, V)>,
    notes: &N,
) -> Result<String> {
    let mut digest = Sha256::new();
    for (name, view) in tensors {
        digest.update(format!("{name} {:?} {:?}\n", view.dtype(), view.shape()));
        digest.update(view.data());
    }
    digest.update(serde_json::to_string(notes).map_err(mismatch)?);
    if version > 1 {
        digest.update(serde_json::to_string(&(version, run)).map_err(mismatch)?);
    }
    Ok(hex(&digest.finalize()))
}

fn mismatch(error: impl std::fmt::Display) -> Error {
    Error::Mismatch(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule::tensor::{Shape, Tensor};

    fn few() -> Parameters<f64> {
        let mut few = Parameters::new();
        few.insert("w", Tensor::new(Shape::from([2]), vec![0.1, -2.5e-300]).unwrap());
        few.insert("a", Tensor::scalar(7.0));
        few
    }

    #[test]
    fn what_is_written_is_read_in_order_and_to_the_bit() {
        let notes = (3_u64, "x".to_owned());
        let (bytes, sha256) = encode(None, &few(), &notes).unwrap();
        let read = decode::<f64, (u64, String)>(&bytes).unwrap();
        assert_eq!((read.tensors, &read.notes, read.run), (few(), &notes, None));
        assert_eq!(read.sha256, sha256);
        assert_eq!(bytes, encode(None, &few(), &notes).unwrap().0, "the same bytes again");
    }

    #[test]
    fn a_state_has_names_in_files_and_comes_back_from_them() {
        let key = |rule: &str, number: u32, slot: &str, of: Option<&str>| {
            let group = Group { rule: rule.into(), number };
            StateKey { group, slot: slot.into(), of: of.map(Into::into) }
        };
        let keys = [
            (key("adam", 0, "step", None), "adam.step"),
            (key("adam", 0, "mean", Some("w")), "w.adam.mean"),
            (key("adam", 1, "mean", Some("w")), "w.adam#1.mean"),
            (key("adam", 0, "mean", Some("a.adam.mean")), "a.adam.mean.adam.mean"),
            (accumulated("adam.step"), "adam.step.accumulated"),
        ];
        let mut state = State::new();
        for (key, _) in &keys {
            state.insert(key.clone(), Tensor::scalar(state.iter().count() as f32));
        }
        let written = named(&[state.clone()]).unwrap();
        assert!(written.iter().map(|(name, _)| name).eq(keys.iter().map(|(_, name)| *name)));
        assert_eq!(keyed(&written).unwrap(), [state]);
        for (rule, slot) in [("my.own", "mean"), ("my#1", "mean"), ("mine", "accumulated")] {
            let mut state = State::<f32>::new();
            state.insert(key(rule, 0, slot, Some("w")), Tensor::scalar(0.0));
            let error = named(&[state]).unwrap_err().to_string();
            assert!(error.contains("use names without `.` and `#`"), "{error}");
        }
    }

    #[test]
    fn no_change_of_a_byte_goes_unseen() {
        let run = Identity::new(&crate::Config::default(), None).unwrap();
        let (bytes, _) = encode(Some(&run), &few(), &1_u64).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            let read = decode::<f64, u64>(&changed);
            assert!(read.is_err(), "byte {at} of {} changed", bytes.len());
            assert!(decode::<f64, u64>(&bytes[..at]).is_err(), "cut after {at} bytes");
        }
    }
}

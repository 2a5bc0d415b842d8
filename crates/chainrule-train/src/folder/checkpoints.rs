//! Checkpoints of a run: model and optimizer, two files that belong together.

use std::fs;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::writing::next;
use super::{BEST, JOURNAL, MODEL, OPTIMIZER, RunFolder};
use crate::checkpoint::{self, Checkpoint, Decoded};
use crate::data::stamp;
use crate::journal::Record;
use crate::tensor_file::read_tensors;
use crate::{Event, Identity, Place, Progress, journal};
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::tensor::{Real, Tensor};

/// Which of a run's parameters are meant.
///
/// ```
/// assert_eq!(chainrule_train::Which::default(), chainrule_train::Which::Best);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Those with the smallest validation loss, as early stopping reckons it; the last where nothing was held
    /// out to validate.
    #[default]
    Best,
    /// Those of the last checkpoint.
    Last,
}

/// Parameters of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen<T> {
    /// The parameters.
    pub parameters: Parameters<T>,
    /// The epochs that were done when they were kept.
    pub epoch: u32,
    /// The number of epochs of which that is the one with the smallest validation loss, where it was
    /// chosen as such.
    pub best_of: Option<u32>,
}

/// How often files are read that are replaced meanwhile: a training may keep a checkpoint each millisecond.
const READINGS: u32 = 100;

/// What the optimizer's file says of its tensors.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Notes {
    #[serde(flatten)]
    progress: Progress,
    /// The digest that the model's file tells of itself, of which it is the optimizer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

/// The file of a model: its parameters, and its place in the training.
type Model<T> = Decoded<T, (u32, u64)>;

/// The latest model of which an optimizer's file tells, and that file.
struct Pairs<T, O> {
    latest: Option<(Model<T>, O)>,
    /// The places of a model and an optimizer that are no pair.
    other: Option<((u32, u64), (u32, u64))>,
}

/// A place in the training in words.
fn at((epoch, step): (u32, u64)) -> String {
    format!("epoch {epoch}, step {step}")
}

impl RunFolder {
    /// Writes a checkpoint: the optimizer's state and the parameters. The two stand complete under passing
    /// names before the first takes its own, and each tells its place in the training, so that wherever
    /// the process ends, a pair is there. The metrics of its epochs are not in it: the journal tells them,
    /// or [`RunFolder::add_epoch`].
    ///
    /// ```
    /// use chainrule_train::{Checkpoint, Config, RunFolder};
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
        let Checkpoint { parameters, states, progress, .. } = checkpoint;
        let (passing, run) = ([OPTIMIZER, MODEL].map(next), self.identity.as_ref());
        let (model, sha256) = checkpoint::encode(run, parameters, &written(progress))?;
        let notes = Notes { progress: progress.clone(), model: Some(sha256) };
        let (optimizer, _) = checkpoint::encode(run, &checkpoint::named(states)?, &notes)?;
        self.write(&passing[0], &optimizer)?;
        self.write(&passing[1], &model)?;
        for (from, to) in passing.iter().zip([OPTIMIZER, MODEL]) {
            fs::rename(self.path.join(from), self.path.join(to))
                .map_err(|error| self.unwritable(to, &error))?;
        }
        self.sync()
    }

    /// The last checkpoint; `None` where there is none yet.
    ///
    /// ```
    /// use chainrule_train::{Config, RunFolder};
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
        self.settled(&|| self.load_once())
    }

    fn load_once<T: Real>(&self) -> Result<Option<Checkpoint<T>>> {
        let (mut fault, mut optimizers) = (None, Vec::new());
        for name in [OPTIMIZER.to_owned(), next(OPTIMIZER)] {
            if let Some(state) = self.read::<T, Notes>(&name, &mut fault) {
                optimizers.push((state.notes.clone(), (name, state)));
            }
        }
        let Pairs { latest, other } = self.pairs(optimizers, &mut fault);
        let Some((model, (optimizer, state))) = latest else {
            return self.no_pair(fault, other).map_or(Ok(None), Err);
        };
        let states = checkpoint::keyed(&state.tensors)
            .map_err(|error| Error::file(self.path.join(optimizer), error))?;
        let mut progress = state.notes.progress;
        self.check_latest(written(&progress))?;
        progress.best_after(self.best_after());
        let epochs = self.epochs(progress.epoch as usize)?;
        Ok(Some(Checkpoint { parameters: model.tensors, states, progress, epochs }))
    }

    /// Of the models that are here, the latest that one of the optimizers is of.
    fn pairs<T: Real, O>(
        &self,
        optimizers: Vec<(Notes, O)>,
        fault: &mut Option<Error>,
    ) -> Pairs<T, O> {
        let names = [MODEL.to_owned(), next(MODEL)];
        let models: Vec<Model<T>> =
            names.iter().filter_map(|name| self.read(name, fault)).collect();
        let is_pair = |model: &Model<T>, notes: &Notes| {
            let of_it = notes.model.as_ref().is_none_or(|of| *of == model.sha256);
            of_it && written(&notes.progress) == model.notes
        };
        let other = models.first().zip(optimizers.first());
        let other = other.map(|(model, (notes, _))| (model.notes, written(&notes.progress)));
        let mut latest: Option<(Place, usize, O)> = None;
        for (notes, optimizer) in optimizers {
            let place = notes.progress.place();
            let at = models.iter().position(|model| is_pair(model, &notes));
            if let Some(at) = at.filter(|_| latest.as_ref().is_none_or(|(of, ..)| *of <= place)) {
                latest = Some((place, at, optimizer));
            }
        }
        let latest =
            latest.and_then(|(_, at, optimizer)| Some((models.into_iter().nth(at)?, optimizer)));
        Pairs { latest, other }
    }

    /// What is read of files that a training may replace one after the other: where something is wrong with
    /// them, and they were replaced meanwhile, they are read again.
    fn settled<R>(&self, read: &dyn Fn() -> Result<R>) -> Result<R> {
        let names =
            [MODEL.to_owned(), next(MODEL), OPTIMIZER.to_owned(), next(OPTIMIZER), BEST.into()];
        let stamps = || names.each_ref().map(|name| stamp(&self.path.join(name)));
        for _ in 1..READINGS {
            let before = stamps();
            match read() {
                Err(_) if stamps() != before => {}
                settled => return settled,
            }
        }
        read()
    }

    /// What is wrong where no two files are one checkpoint; nothing where there is none yet. `fault` is of a
    /// file that is bad, `other` has the places of a model and an optimizer.
    fn no_pair(
        &self,
        fault: Option<Error>,
        other: Option<((u32, u64), (u32, u64))>,
    ) -> Option<Error> {
        let (model, optimizer) = (self.path.join(MODEL), self.path.join(OPTIMIZER));
        // A first checkpoint that is not whole is none; a later one that is bad is an error.
        match (model.exists(), optimizer.exists()) {
            (false, false) => None,
            _ if fault.is_some() => fault,
            (false, true) => {
                let message = "is missing; without it there is nothing to go on with";
                Some(Error::file(&model, message))
            }
            (true, false) => {
                let message = "is missing; without it the run can be used, but not gone on with";
                Some(Error::file(&optimizer, message))
            }
            (true, true) => {
                let optimizer = optimizer.display();
                let why = match other {
                    Some((model, other)) if model != other => format!(
                        "is of another step than {optimizer}: of {}, and not {}",
                        at(model),
                        at(other)
                    ),
                    _ => format!("is not the model that {optimizer} is of: one was put there"),
                };
                Some(Error::file(&model, why))
            }
        }
    }

    /// Whether a checkpoint is complete, but not all of it has its own name yet.
    pub(in super::super) fn is_halfway(&self) -> bool {
        [MODEL, OPTIMIZER].iter().any(|name| self.path.join(next(name)).exists())
    }

    /// The parameters of the last checkpoint alone, which is all that scoring needs.
    ///
    /// # Errors
    /// The file is missing or bad, or of another step than the optimizer's.
    pub fn parameters<T: Real>(&self) -> Result<Parameters<T>> {
        self.settled(&|| self.last()).map(|(parameters, _)| parameters)
    }

    /// The parameters with the smallest validation loss.
    ///
    /// # Errors
    /// The file is missing, as in a run without a validation part, or bad.
    pub fn best<T: Real>(&self) -> Result<Parameters<T>> {
        let missing = "keeps no best parameters: only a run with a validation part does";
        self.settled(&|| self.read_placed(BEST, missing)).map(|(parameters, _)| parameters)
    }

    /// The parameters that are meant.
    ///
    /// # Errors
    /// There is no checkpoint yet, a file is bad, the last parameters are of another step than the optimizer's file,
    /// or the best ones are missing or of an earlier epoch than the journal tells.
    pub fn chosen<T: Real>(&self, which: Which) -> Result<Chosen<T>> {
        self.settled(&|| self.chosen_once(which))
    }

    fn chosen_once<T: Real>(&self, which: Which) -> Result<Chosen<T>> {
        let after = self.best_after();
        // The best ones are kept before the last ones are, and so are looked at after them.
        let model = checkpoint::notes_of::<(u32, u64)>(&self.path.join(MODEL));
        let optimizer = checkpoint::notes_of::<Notes>(&self.path.join(OPTIMIZER));
        let last = model.map(|((epoch, _), _)| epoch);
        let last = last.max(optimizer.map(|(notes, _)| notes.progress.epoch)).unwrap_or(0);
        let best = match which == Which::Best && self.path.join(BEST).exists() {
            // One of before a change is of no account, and is left only by a process that was killed.
            true => Some(self.read_placed(BEST, self.without_checkpoint())?)
                .filter(|(_, epoch)| *epoch > after),
            false => None,
        };
        if which == Which::Best {
            let epoch = best.as_ref().map(|(_, epoch)| *epoch);
            self.check_best(epoch, last, ", or use the last epoch's (--last)")?;
        }
        if let Some((parameters, epoch)) = best {
            let best_of = Some((self.all_epochs()?.len() as u32).saturating_sub(after));
            return Ok(Chosen { parameters, epoch, best_of });
        }
        let (parameters, epoch) = self.last()?;
        Ok(Chosen { parameters, epoch, best_of: None })
    }

    /// What is wrong where a checkpoint is missing: a folder can be removed while it is looked at.
    fn without_checkpoint(&self) -> &'static str {
        match self.path.exists() {
            true => "has no checkpoint yet",
            false => "is not there any more",
        }
    }

    /// The parameters of the last checkpoint, and its epoch: of the model that an optimizer's file is of, of which
    /// the head tells. Where there is no such file, nothing says which model is the last.
    fn last<T: Real>(&self) -> Result<(Parameters<T>, u32)> {
        let (mut fault, mut optimizers) = (None, Vec::new());
        for name in [OPTIMIZER.to_owned(), next(OPTIMIZER)] {
            let Some((notes, run)) = checkpoint::notes_of::<Notes>(&self.path.join(&name)) else {
                continue;
            };
            match self.check_named(&name, run.as_ref()) {
                Ok(()) => optimizers.push((notes, ())),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        if optimizers.is_empty() && fault.is_none() {
            return self.read_placed(MODEL, self.without_checkpoint());
        }
        let Pairs { latest, other } = self.pairs(optimizers, &mut fault);
        match latest {
            Some((model, ())) => {
                self.check_latest(model.notes)?;
                Ok((model.tensors, model.notes.0))
            }
            None => {
                let wrong = self.no_pair(fault, other);
                Err(wrong.unwrap_or_else(|| Error::file(&self.path, self.without_checkpoint())))
            }
        }
    }

    /// Checks that a checkpoint of this place is not an earlier one than the journal tells to be on the disk.
    fn check_latest(&self, place: (u32, u64)) -> Result<()> {
        let told = journal::told_last(self.journal()?);
        let is_kept = |record: &&Record| matches!(record.event, Event::Checkpoint { .. });
        let latest = told.iter().filter(is_kept).map(|record| record.place).max();
        match latest.map(|place| (place.epoch, place.step)) {
            Some(latest) if latest > place => {
                let why = format!(
                    "is of {}, but {JOURNAL} tells of a checkpoint of {}",
                    at(place),
                    at(latest)
                );
                let files = format!("put it and {OPTIMIZER} of that one back");
                Err(Error::file(self.path.join(MODEL), format!("{why}: {files}")))
            }
            _ => Ok(()),
        }
    }

    /// The epochs after which the best one is looked for.
    fn best_after(&self) -> u32 {
        self.identity.as_ref().map_or(0, Identity::best_after)
    }

    /// Removes the best parameters, where there are some.
    pub(in super::super) fn forget_best(&self) -> Result<()> {
        let path = self.path.join(BEST);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file(path, error))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the best parameters are this run's, and of no earlier epoch than the best up to `last`.
    pub(in super::super) fn check_best_of(&self, last: u32) -> Result<()> {
        let path = self.path.join(BEST);
        let epoch = match checkpoint::notes_of::<(u32, u64)>(&path) {
            Some(((epoch, _), run)) => {
                self.check_named(BEST, run.as_ref()).map(|()| Some(epoch))?
            }
            None if path.exists() => {
                return Err(Error::file(path, "is no checkpoint: put the run's own back"));
            }
            None => None,
        };
        self.check_best(epoch, last, "")
    }

    /// Checks that the best parameters, which are of this epoch if there are some, are not of one before the
    /// best of the epochs up to the `last` that the journal tells of.
    fn check_best(&self, epoch: Option<u32>, last: u32, or_else: &str) -> Result<()> {
        // A change of the run begins anew.
        let told = journal::told_last(self.journal()?);
        let best = told.iter().rev().find_map(|record| match &record.event {
            Event::Epoch { metrics, best: true } if metrics.epoch <= last => Some(metrics.epoch),
            _ => None,
        });
        let Some(best) = best.filter(|best| *best > self.best_after()) else { return Ok(()) };
        let why = match epoch {
            Some(epoch) if epoch >= best => return Ok(()),
            Some(epoch) => format!("is of epoch {epoch}, but epoch {best} was better"),
            None => format!("is missing, but epoch {best} of {last} was the best"),
        };
        let message = format!("{why}: put its own back{or_else}");
        Err(Error::file(self.path.join(BEST), message))
    }

    fn read_placed<T: Real>(&self, name: &str, missing: &str) -> Result<(Parameters<T>, u32)> {
        let mut fault = None;
        let read: Option<Model<T>> = self.read(name, &mut fault);
        match (read, fault) {
            (Some(read), _) => Ok((read.tensors, read.notes.0)),
            (None, Some(fault)) => Err(fault),
            (None, None) => Err(Error::file(&self.path, missing)),
        }
    }

    /// Keeps the parameters with the smallest validation loss.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_best<T: Real>(&self, checkpoint: &Checkpoint<T>) -> Result<()> {
        let (bytes, _) = checkpoint::encode(
            self.identity.as_ref(),
            &checkpoint.parameters,
            &written(&checkpoint.progress),
        )?;
        self.write(BEST, &bytes)
    }

    /// What a file holds; `None` where it does not exist, or is bad or of another run, which goes to
    /// `fault`.
    fn read<T: Real, N: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        fault: &mut Option<Error>,
    ) -> Option<Decoded<T, N>> {
        let path = self.path.join(name);
        if !path.exists() {
            return None;
        }
        let bytes = read_tensors(&path);
        let read = bytes.and_then(|bytes| {
            checkpoint::decode(&bytes).map_err(|error| Error::file(&path, error))
        });
        let own = read.and_then(|read: Decoded<T, N>| {
            self.check_named(name, read.run.as_ref())?;
            // What an optimizer keeps may well be infinite.
            let is_model = !name.starts_with(OPTIMIZER);
            let is_finite = |tensor: &Tensor<T>| tensor.values().iter().all(|x| x.is_finite());
            let mut tensors = read.tensors.iter().filter(|_| is_model);
            if let Some((wrong, _)) = tensors.find(|(_, tensor)| !is_finite(tensor)) {
                let why = "has NaN or infinite numbers, of which nothing can be made: train anew";
                return Err(Error::file(&path, format!("`{wrong}` {why}")));
            }
            drop(tensors);
            Ok(read)
        });
        own.map_err(|error| _ = fault.get_or_insert(error)).ok()
    }
}

/// The place that a file of parameters tells.
fn written(progress: &Progress) -> (u32, u64) {
    (progress.epoch, progress.step)
}

//! Checkpoints of a run: model and optimizer, two files that belong together.

use std::fs;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::writing::next;
use super::{BEST, MODEL, OPTIMIZER, RunFolder};
use crate::Progress;
use crate::checkpoint::{self, Checkpoint};
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::tensor::Real;

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
        self.write(&passing[0], &checkpoint::encode(run, &checkpoint::named(states)?, progress)?)?;
        self.write(&passing[1], &checkpoint::encode(run, parameters, &written(progress))?)?;
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
        let mut fault = None;
        let mut pairs = Vec::new();
        for model in [MODEL.to_owned(), next(MODEL)] {
            let Some((parameters, place)) = self.read::<T, (u32, u64)>(&model, &mut fault)? else {
                continue;
            };
            for optimizer in [OPTIMIZER.to_owned(), next(OPTIMIZER)] {
                match self.read::<T, Progress>(&optimizer, &mut fault)? {
                    Some((state, progress)) if written(&progress) == place => {
                        pairs.push((parameters.clone(), optimizer, state, progress));
                    }
                    _ => {}
                }
            }
        }
        let latest = pairs.into_iter().max_by_key(|(.., progress)| progress.place());
        let Some((parameters, optimizer, state, progress)) = latest else {
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
        let states = checkpoint::keyed(&state)
            .map_err(|error| Error::file(self.path.join(optimizer), error))?;
        let epochs = self.epochs(progress.epoch as usize)?;
        Ok(Some(Checkpoint { parameters, states, progress, epochs }))
    }

    /// Whether a checkpoint is complete, but not all of it has its own name yet.
    pub(in super::super) fn is_halfway(&self) -> bool {
        [MODEL, OPTIMIZER].iter().any(|name| self.path.join(next(name)).exists())
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

    /// The parameters that are meant.
    ///
    /// # Errors
    /// There is no checkpoint yet, or a file is bad.
    pub fn chosen<T: Real>(&self, which: Which) -> Result<Chosen<T>> {
        let is_best = which == Which::Best && self.path.join(BEST).exists();
        let name = if is_best { BEST } else { MODEL };
        let (parameters, epoch) = self.read_placed(name, "has no checkpoint yet")?;
        let best_of = if is_best { Some(self.all_epochs()?.len() as u32) } else { None };
        Ok(Chosen { parameters, epoch, best_of })
    }

    fn read_parameters<T: Real>(&self, name: &str, missing: &str) -> Result<Parameters<T>> {
        self.read_placed(name, missing).map(|(parameters, _)| parameters)
    }

    fn read_placed<T: Real>(&self, name: &str, missing: &str) -> Result<(Parameters<T>, u32)> {
        let mut fault = None;
        let read = self.read::<T, (u32, u64)>(name, &mut fault)?;
        match (read, fault) {
            (Some((parameters, (epoch, _))), _) => Ok((parameters, epoch)),
            (None, Some(fault)) => Err(fault),
            (None, None) => Err(Error::file(&self.path, missing)),
        }
    }

    /// Keeps the parameters with the smallest validation loss.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_best<T: Real>(&self, checkpoint: &Checkpoint<T>) -> Result<()> {
        let bytes = checkpoint::encode(
            self.identity.as_ref(),
            &checkpoint.parameters,
            &written(&checkpoint.progress),
        )?;
        self.write(BEST, &bytes)
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
}

/// The place that a file of parameters tells.
fn written(progress: &Progress) -> (u32, u64) {
    (progress.epoch, progress.step)
}

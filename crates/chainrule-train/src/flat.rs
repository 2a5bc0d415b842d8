//! Trainings of a sequential model on rows of features.

use std::any::Any;
use std::sync::Arc;

use super::{
    Action, Advance, Checkpoint, Config, DataPart, Epoch, Evaluation, FlowRecorder, GradientFlow,
    Learner, Place, Precision, RunFolder, Size, Snapshot, StepExplanation, Trainer, Training,
    evaluate, products,
};
use crate::data::{Examples, Loaded};
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::plan::{PlanInfo, Profile};
use chainrule::tensor::Real;
use chainrule_explain::Language;

/// A training that settings describe: a [`Sequential`](chainrule::nn::Network) model, and data of
/// one row and one target an example.
pub struct FlatTraining<T> {
    trainer: Trainer<T>,
    loaded: Loaded,
    flow: Option<FlowRecorder>,
    /// The settings before anything was done to the training, and what was.
    settings: Config,
    acted: Vec<(Place, Action)>,
}

/// A fresh training with these settings on this data, in the precision that the settings name.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::{Config, Place, flat_training};
/// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
/// let config = Config::for_dataset("iris");
/// let loaded = config.source().load(&|name| Ok(data.join(name)))?;
/// let mut training = flat_training(&config, loaded, &Arc::new(Pool::new(1)))?;
/// training.advance()?;
/// assert_eq!(training.place(), Place { epoch: 0, step: 1 });
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Settings that do not fit the data.
pub fn flat_training(
    config: &Config,
    loaded: Loaded,
    pool: &Arc<Pool>,
) -> Result<Box<dyn Training>> {
    Ok(match config.dtype {
        Precision::F64 => Box::new(FlatTraining::<f64>::new(config, loaded, pool)?),
        Precision::F32 => Box::new(FlatTraining::<f32>::new(config, loaded, pool)?),
    })
}

impl<T: Real> FlatTraining<T> {
    /// A fresh training on the threads of `pool`.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn new(config: &Config, loaded: Loaded, pool: &Arc<Pool>) -> Result<Self> {
        let train = &*loaded.train;
        let model = config.model_for(train.width(), train.target())?;
        let trainer = Trainer::new(&model, config, loaded.parts())?.with_pool(pool);
        Ok(Self { trainer, loaded, flow: None, settings: config.clone(), acted: Vec::new() })
    }

    /// The part that was held out: the test part, else the validation part.
    fn held_out(&self) -> Option<DataPart> {
        let parts = [DataPart::Test, DataPart::Validation];
        parts.into_iter().find(|part| self.part(*part).is_some())
    }

    fn part(&self, part: DataPart) -> Option<&dyn Examples> {
        match part {
            DataPart::Train => Some(&*self.loaded.train),
            DataPart::Validation => self.loaded.validation.as_deref(),
            DataPart::Test => self.loaded.test.as_deref(),
        }
    }

    /// Forgets what was made for other settings.
    fn change(&mut self) {
        self.trainer.change();
        // It watches the parameters that change.
        self.flow = None;
    }

    /// Puts the training where a checkpoint was taken, with what had been done to it by then.
    fn put(&mut self, checkpoint: Checkpoint<T>, acted: Vec<(Place, Action)>) -> Result<()> {
        self.trainer.restore(checkpoint)?;
        self.act_again(acted)
    }

    /// From the settings as they were, does again what was done by the place where the training stands.
    fn act_again(&mut self, mut acted: Vec<(Place, Action)>) -> Result<()> {
        let place = self.place();
        acted.retain(|(at, _)| *at <= place);
        self.acted = acted;
        let before = std::mem::replace(&mut self.trainer.config, self.settings.clone());
        for (_, action) in &self.acted {
            self.trainer.act(action)?;
        }
        self.trainer.leave();
        if self.trainer.config != before {
            self.change();
        }
        Ok(())
    }
}

impl<T: Real> Training for FlatTraining<T> {
    fn size(&self) -> Size {
        let examples = self.loaded.train.len();
        let batch = self.settings.batch_size.clamp(1, examples.max(1));
        Size {
            epochs: self.settings.epochs,
            steps: examples.div_ceil(batch) as u64,
            examples,
            parameters: self.trainer.parameters.count(),
        }
    }

    fn threads(&self) -> usize {
        self.trainer.pool.threads()
    }

    fn data_sha256(&self) -> Option<&str> {
        self.loaded.sha256.as_deref()
    }

    fn place(&self) -> Place {
        self.trainer.place()
    }

    fn epochs(&self) -> &[Epoch] {
        &self.trainer.epochs
    }

    fn best(&self) -> Option<u32> {
        self.trainer.progress.best.map(|(epoch, _)| epoch)
    }

    fn advance(&mut self) -> Result<Advance> {
        self.trainer.advance()
    }

    fn act(&mut self, action: &Action) -> Result<()> {
        self.trainer.act(action)?;
        self.change();
        self.acted.push((self.place(), action.clone()));
        Ok(())
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(Kept { checkpoint: self.trainer.checkpoint(), acted: self.acted.clone() })
    }

    fn restore(&mut self, snapshot: &dyn Snapshot) -> Result<()> {
        let snapshot: &dyn Any = snapshot;
        let Some(kept) = snapshot.downcast_ref::<Kept<T>>() else {
            let message =
                format!("the snapshot is of another kind of training, or not in {}", T::NAME);
            return Err(Error::Mismatch(message));
        };
        self.put(kept.checkpoint.clone(), kept.acted.clone())
    }

    fn resume(&mut self, folder: &RunFolder) -> Result<bool> {
        let acted = folder.actions()?;
        let Some(checkpoint) = folder.load()? else {
            // What was done before the first step stands in the journal alone.
            self.act_again(acted)?;
            return Ok(false);
        };
        self.put(checkpoint, acted).map_err(|error| {
            Error::Mismatch(format!(
                "the checkpoint in {} does not fit its configuration and the dataset `{}`: {error}",
                folder.path().display(),
                self.settings.dataset
            ))
        })?;
        folder.check_preparation(&self.loaded.preparation)?;
        Ok(true)
    }

    fn describe(&self, folder: &RunFolder) -> Result<()> {
        folder.save_preparation(&self.loaded.preparation)
    }

    fn report(&mut self, folder: &RunFolder) -> Result<()> {
        let scored = match self.held_out() {
            Some(part) => self.evaluate(part)?,
            None => None,
        };
        products::write(folder, &self.trainer, &self.loaded, scored.as_ref())
    }

    fn parameters_sha256(&self) -> String {
        self.trainer.parameters.sha256()
    }

    fn evaluate(&mut self, part: DataPart) -> Result<Option<Evaluation>> {
        let Some(data) = self.part(part) else { return Ok(None) };
        let Learner { model, config, pool, parameters, .. } = &*self.trainer;
        let loss = config.loss_for(data.target())?;
        evaluate(model, loss, parameters, data, pool, config.top_k).map(Some)
    }

    fn gradient_flow(&mut self) -> Result<GradientFlow> {
        let recorder = match &mut self.flow {
            Some(recorder) => recorder,
            empty => empty.insert(FlowRecorder::new(&self.trainer)?),
        };
        recorder.record(&self.trainer)
    }

    fn explain_step(&mut self, language: Language) -> Result<StepExplanation> {
        let names = self.loaded.preparation.class_names();
        self.trainer.explain_step(names, language)
    }

    fn plan(&self) -> Result<PlanInfo> {
        self.trainer.plan()
    }

    fn profile(&self) -> Result<Option<Profile>> {
        self.trainer.profile()
    }
}

/// A training as it is kept in memory: a checkpoint, and what had been done by then.
struct Kept<T> {
    checkpoint: Checkpoint<T>,
    acted: Vec<(Place, Action)>,
}

impl<T: Real> Snapshot for Kept<T> {
    fn place(&self) -> Place {
        self.checkpoint.place()
    }

    fn save(&self, folder: &RunFolder) -> Result<()> {
        self.checkpoint.save(folder)
    }

    fn save_best(&self, folder: &RunFolder) -> Result<()> {
        self.checkpoint.save_best(folder)
    }
}

impl<T: Real> Snapshot for Checkpoint<T> {
    fn place(&self) -> Place {
        self.progress.place()
    }

    fn save(&self, folder: &RunFolder) -> Result<()> {
        folder.save(self)
    }

    fn save_best(&self, folder: &RunFolder) -> Result<()> {
        folder.save_best(self)
    }
}

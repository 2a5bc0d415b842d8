//! Trainings by a trainer, with what was done to them on the way.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Acted, Action, Advance, Baselines, Checkpoint, Config, Epoch, Evaluation, FinalScores,
    FlowRecorder, GradientFlow, Learner, Place, RunFolder, Size, Snapshot, StepExplanation,
    Trainer, Training, evaluate,
};
use crate::data::DataPart;
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::plan::{PlanInfo, Profile};
use chainrule::tensor::Real;
use chainrule_explain::Language;

/// A trainer whose course is changed by actions, which are kept, so that they can be done again. Its
/// model and its data are of the origin `O`: settings and files
/// ([`FlatTraining`](super::FlatTraining)), or code ([`CustomTraining`](super::CustomTraining)).
pub struct Steered<T, O> {
    pub(super) trainer: Trainer<T>,
    pub(super) origin: O,
    flow: Option<FlowRecorder>,
    /// The settings before anything was done to the training, and what was.
    settings: Config,
    acted: Vec<(Place, Action)>,
}

/// Where a training's model and data come from.
pub trait Origin<T: Real>: Send {
    /// The digest of the data's bytes, where there is one.
    fn data_sha256(&self) -> Option<&str>;

    /// The names of the classes, where the target is one that has names.
    fn class_names(&self) -> &[String] {
        &[]
    }

    /// See [`Training::idle_settings`].
    fn idle_settings(&self, trainer: &Trainer<T>) -> Vec<&'static str> {
        let _ = trainer;
        Vec::new()
    }

    /// What a checkpoint has to fit, in words.
    fn subject(&self, settings: &Config) -> String;

    /// See [`Training::check`].
    ///
    /// # Errors
    /// The run is of another model, or a file is bad.
    fn check(&self, trainer: &Trainer<T>, folder: &RunFolder) -> Result<()>;

    /// Checks that the data is prepared as that of the run in the folder, from whose checkpoint the training
    /// goes on.
    ///
    /// # Errors
    /// It is not, or a file is bad.
    fn check_data(&self, folder: &RunFolder) -> Result<()> {
        let _ = folder;
        Ok(())
    }

    /// See [`Training::describe`].
    ///
    /// # Errors
    /// A file cannot be written.
    fn describe(&self, trainer: &Trainer<T>, folder: &RunFolder) -> Result<()>;

    /// See [`Training::report`].
    ///
    /// # Errors
    /// A file cannot be written, or the data cannot be read.
    fn report(&self, trainer: &Trainer<T>, folder: &RunFolder, scores: &FinalScores) -> Result<()>;

    /// See [`Training::baselines`].
    ///
    /// # Errors
    /// The data cannot be read.
    fn baselines(&self, trainer: &Trainer<T>, time: Duration) -> Result<Baselines> {
        let _ = (trainer, time);
        Ok(Baselines::default())
    }

    /// See [`Training::usual`].
    ///
    /// # Errors
    /// The data cannot be read.
    fn usual(&self, trainer: &Trainer<T>) -> Result<Option<Evaluation>> {
        let _ = trainer;
        Ok(None)
    }
}

/// Scores a trainer's model with such parameters on a part of the data; `None` where there is no such part.
pub(super) fn scored<T: Real>(
    trainer: &Trainer<T>,
    parameters: &Parameters<T>,
    part: DataPart,
) -> Result<Option<Evaluation>> {
    let Learner { model, config, pool, data, .. } = &**trainer;
    let Some(part) = data.part(part) else { return Ok(None) };
    let Some(rows) = part.flat().filter(|_| trainer.is_configured) else {
        let message = "the classes and values that are scored are those of examples with one target and the loss of settings; the scores of others are those of the epochs";
        return Err(Error::Mismatch(message.into()));
    };
    let loss = config.loss_for(rows.target())?;
    evaluate(model, loss, parameters, rows, pool, config.top_k).map(Some)
}

/// Checks that a run is gone on with by its own settings, but for the epochs and those that are `idle`.
pub(super) fn same_settings(folder: &RunFolder, config: &Config, idle: &[&str]) -> Result<()> {
    let kept = folder.config()?;
    let wanted = Config { epochs: kept.epochs, ..config.clone() };
    let (wanted, kept) = (wanted.to_toml_but(idle)?, kept.to_toml_but(idle)?);
    if wanted == kept {
        return Ok(());
    }
    let only_in = |one: &str, other: &str| {
        let line = one.lines().find(|&line| other.lines().all(|known| known != line));
        line.unwrap_or("another setting").to_owned()
    };
    Err(Error::Mismatch(format!(
        "the run in {} has `{}`, and cannot go on with `{}`: begin a new run",
        folder.path().display(),
        only_in(&kept, &wanted),
        only_in(&wanted, &kept),
    )))
}

impl<T: Real, O: Origin<T>> Steered<T, O> {
    pub(super) fn of(trainer: Trainer<T>, origin: O) -> Self {
        let settings = trainer.config.clone();
        Self { trainer, origin, flow: None, settings, acted: Vec::new() }
    }

    /// Puts the training where a checkpoint was taken, or leaves it where it is, with what had been done to
    /// it by then.
    fn put(
        &mut self,
        checkpoint: Option<Checkpoint<T>>,
        mut acted: Vec<(Place, Action)>,
    ) -> Result<()> {
        // A checkpoint has the state that the first settings ask for, and perhaps more.
        let before =
            std::mem::replace(&mut self.trainer.learner_mut().config, self.settings.clone());
        if let Some(checkpoint) = checkpoint
            && let Err(error) = self.trainer.restore(checkpoint)
        {
            self.trainer.learner_mut().config = before;
            return Err(error);
        }
        let place = self.place();
        acted.retain(|(at, _)| *at <= place);
        self.acted = acted;
        // It is told anew with each checkpoint.
        self.trainer.learner_mut().progress.acted = None;
        for (_, action) in &self.acted {
            self.trainer.act(action)?;
        }
        if self.trainer.config != before {
            self.trainer.change();
            self.flow = None;
        }
        Ok(())
    }
}

impl<T: Real, O: Origin<T>> Training for Steered<T, O> {
    fn size(&self) -> Size {
        let examples = self.trainer.data.train.len();
        let batch = self.settings.batch_size.clamp(1, examples.max(1));
        Size {
            epochs: self.settings.epochs,
            steps: examples.div_ceil(batch) as u64,
            examples,
            parameters: self.trainer.parameters.count(),
        }
    }

    fn settings(&self) -> &Config {
        &self.settings
    }

    fn idle_settings(&self) -> Vec<&'static str> {
        self.origin.idle_settings(&self.trainer)
    }

    fn threads(&self) -> usize {
        self.trainer.pool.threads()
    }

    fn data_sha256(&self) -> Option<&str> {
        self.origin.data_sha256()
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
        // It watches the parameters that change.
        self.flow = None;
        self.acted.push((self.place(), action.clone()));
        Ok(())
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        let mut checkpoint = self.trainer.checkpoint();
        checkpoint.progress.acted = Some(Acted::of(&self.acted));
        Arc::new(Kept { checkpoint, acted: self.acted.clone() })
    }

    fn restore(&mut self, snapshot: &dyn Snapshot) -> Result<()> {
        let snapshot: &dyn Any = snapshot;
        let Some(kept) = snapshot.downcast_ref::<Kept<T>>() else {
            let message =
                format!("the snapshot is of another kind of training, or not in {}", T::NAME);
            return Err(Error::Mismatch(message));
        };
        self.put(Some(kept.checkpoint.clone()), kept.acted.clone())
    }

    fn check(&self, folder: &RunFolder) -> Result<()> {
        self.origin.check(&self.trainer, folder)
    }

    fn resume(&mut self, folder: &RunFolder) -> Result<bool> {
        let acted = folder.actions()?;
        folder.check_digest(self.data_sha256())?;
        let Some(checkpoint) = folder.load()? else {
            // What was done before the first step stands in the journal alone.
            self.put(None, acted)?;
            return Ok(false);
        };
        folder.check_actions(&checkpoint.progress, &acted)?;
        self.put(Some(checkpoint), acted).map_err(|error| {
            Error::Mismatch(format!(
                "the checkpoint in {} does not fit {}: {error}",
                folder.path().display(),
                self.origin.subject(&self.settings)
            ))
        })?;
        self.origin.check_data(folder)?;
        Ok(true)
    }

    fn describe(&self, folder: &RunFolder) -> Result<()> {
        self.origin.describe(&self.trainer, folder)
    }

    fn report(&mut self, folder: &RunFolder, scores: &FinalScores) -> Result<()> {
        self.origin.report(&self.trainer, folder, scores)
    }

    fn sizes(&self) -> Vec<(DataPart, usize)> {
        let data = self.trainer.data();
        let size = |part| Some((part, data.part(part)?.len()));
        DataPart::ALL.into_iter().filter_map(size).collect()
    }

    fn baselines(&mut self, time: Duration) -> Result<Baselines> {
        self.origin.baselines(&self.trainer, time)
    }

    fn usual(&self) -> Result<Option<Evaluation>> {
        self.origin.usual(&self.trainer)
    }

    fn parameters_sha256(&self) -> String {
        self.trainer.parameters.sha256()
    }

    fn evaluate(&mut self, part: DataPart) -> Result<Option<Evaluation>> {
        scored(&self.trainer, &self.trainer.parameters, part)
    }

    fn gradient_flow(&mut self) -> Result<GradientFlow> {
        let recorder = match &mut self.flow {
            Some(recorder) => recorder,
            empty => empty.insert(FlowRecorder::new(&self.trainer)?),
        };
        recorder.record(&self.trainer)
    }

    fn explain_step(&mut self, language: Language) -> Result<StepExplanation> {
        self.trainer.explain_step(self.origin.class_names(), language)
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

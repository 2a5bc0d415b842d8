//! A training as a session drives it, whatever its model and its data are.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Action, Advance, Baselines, Config, Epoch, Evaluation, FinalScores, GradientFlow, Place,
    RunFolder, Size, StepExplanation,
};
use crate::data::DataPart;
use chainrule::error::Result;
use chainrule::plan::{PlanInfo, Profile};
use chainrule_explain::Language;

/// A training between two steps, as it is kept.
pub trait Snapshot: Any + Send + Sync {
    /// Where the training stood.
    fn place(&self) -> Place;

    /// Writes it into the folder as the last checkpoint.
    ///
    /// # Errors
    /// A file cannot be written.
    fn save(&self, folder: &RunFolder) -> Result<()>;

    /// Keeps its parameters in the folder as the best.
    ///
    /// # Errors
    /// A file cannot be written.
    fn save_best(&self, folder: &RunFolder) -> Result<()>;
}

/// A training: a model, its data, and how far it has come. It owns all of them.
pub trait Training: Send {
    /// Its measures.
    fn size(&self) -> Size;

    /// The settings that it began with.
    fn settings(&self) -> &Config;

    /// The keys of those settings that say nothing of it, as its model, its data or its loss is code. Its
    /// run's folder does not keep them.
    fn idle_settings(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The threads that it runs on.
    fn threads(&self) -> usize;

    /// The digest of its data's bytes, where the data comes from files or its user tells one.
    fn data_sha256(&self) -> Option<&str>;

    /// Where it stands.
    fn place(&self) -> Place;

    /// The epochs that are done.
    fn epochs(&self) -> &[Epoch];

    /// The epoch with the smallest validation loss so far.
    fn best(&self) -> Option<u32>;

    /// Does what comes next: a step or, after the last one of an epoch, its scores.
    ///
    /// # Errors
    /// The training diverges, or its data cannot be read.
    fn advance(&mut self) -> Result<Advance>;

    /// Changes the course of the training from here on.
    ///
    /// # Errors
    /// There is no such parameter, or a value is out of its domain.
    fn act(&mut self, action: &Action) -> Result<()>;

    /// All that it needs to go on from here.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// Goes back, or on, to where a snapshot of this training was taken.
    ///
    /// # Errors
    /// The snapshot is of another training.
    fn restore(&mut self, snapshot: &dyn Snapshot) -> Result<()>;

    /// Checks that the run in the folder is one of this model, before anything is written there.
    ///
    /// # Errors
    /// It is of another one, or a file is bad.
    fn check(&self, folder: &RunFolder) -> Result<()>;

    /// Goes on from the last checkpoint in the folder; `false` where there is none.
    ///
    /// # Errors
    /// A file is bad, or is of other settings or data.
    fn resume(&mut self, folder: &RunFolder) -> Result<bool>;

    /// Keeps in the folder what the use of the model needs beside its parameters.
    ///
    /// # Errors
    /// A file cannot be written.
    fn describe(&self, folder: &RunFolder) -> Result<()>;

    /// Writes into the folder what people look at: curves, pictures, a README with the final scores. Of its
    /// epochs the folder's metrics tell, which a session has written.
    ///
    /// # Errors
    /// A file cannot be written, or the data cannot be read.
    fn report(&mut self, folder: &RunFolder, scores: &FinalScores) -> Result<()>;

    /// The digest of the parameters' bytes; see [`chainrule::Parameters::sha256`].
    fn parameters_sha256(&self) -> String;

    /// Scores the model as it is on a part of the data; `None` where there is no such part.
    ///
    /// # Errors
    /// The data cannot be read.
    fn evaluate(&mut self, part: DataPart) -> Result<Option<Evaluation>>;

    /// The examples of each part.
    fn sizes(&self) -> Vec<(DataPart, usize)>;

    /// What the scores of the model stand beside, where there is something; a linear model is fitted if that
    /// takes no longer than `time`.
    ///
    /// # Errors
    /// The data cannot be read.
    fn baselines(&mut self, time: Duration) -> Result<Baselines> {
        let _ = time;
        Ok(Baselines::default())
    }

    /// What always the same answer scores on the training part, where that is known.
    ///
    /// # Errors
    /// The data cannot be read.
    fn usual(&self) -> Result<Option<Evaluation>> {
        Ok(None)
    }

    /// How the gradient flows through the layers as they are.
    ///
    /// # Errors
    /// The data cannot be read.
    fn gradient_flow(&mut self) -> Result<GradientFlow>;

    /// Does the next step, and explains it.
    ///
    /// # Errors
    /// The optimizer's steps have no explanation, or as [`Training::advance`].
    fn explain_step(&mut self, language: Language) -> Result<StepExplanation>;

    /// The plan of a step.
    ///
    /// # Errors
    /// The data does not fit the model.
    fn plan(&self) -> Result<PlanInfo>;

    /// The time of each part of a step, over some steps of the first epoch on a copy of the parameters.
    ///
    /// # Errors
    /// The data cannot be read.
    fn profile(&self) -> Result<Option<Profile>>;
}

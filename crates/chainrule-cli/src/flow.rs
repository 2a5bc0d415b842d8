//! What `train --gradient-flow` keeps.

use chainrule::{Real, Result};
use chainrule_train::data::Examples;
use chainrule_train::{FlowRecorder, GradientFlow, RunFolder, Trainer};

/// The gradient flow of a run, written down again after every epoch.
pub struct FlowLog {
    folder: RunFolder,
    recorder: FlowRecorder,
    epochs: Vec<GradientFlow>,
}

impl FlowLog {
    /// Goes on after the epochs that are done: what was recorded beyond them is cut off. A fresh
    /// training is looked at before its first step.
    pub fn begin<T: Real>(
        folder: &RunFolder,
        trainer: &Trainer<T>,
        train: &dyn Examples,
    ) -> Result<Self> {
        let mut epochs = folder.gradient_flow()?;
        epochs.retain(|flow| flow.epoch <= trainer.progress.epoch);
        let recorder = FlowRecorder::new(trainer, train)?;
        let mut log = Self { folder: folder.clone(), recorder, epochs };
        if log.epochs.is_empty() && trainer.progress.step == 0 {
            log.add(trainer)?;
        }
        Ok(log)
    }

    /// Records the training as it is now.
    pub fn add<T: Real>(&mut self, trainer: &Trainer<T>) -> Result<()> {
        self.epochs.push(self.recorder.record(trainer)?);
        self.folder.save_gradient_flow(&self.epochs)
    }
}

//! Running a training again up to one of its steps, and explaining that step.
//!
//! A step depends on the parameters before it, on the order of the examples and on random numbers that
//! are addressed by the step's number. So a fresh training, or one that goes on from a checkpoint, gives
//! the bits of the first one.

mod probe;
mod movement;
mod explanation;
mod text;

pub use explanation::{StepExample, StepExplanation};
pub use movement::{Cause, Movement, UpdatePart};

use super::{Advance, Place, Progress, RunFolder, Trainer};
use chainrule::error::{Error, Result};
use chainrule::tensor::Real;

/// Losses of a replay may differ by so much, as a share, from those in a file of decimal numbers.
const CLOSE: f64 = 1e-12;

impl<T: Real> Trainer<T> {
    /// Trains until the step `number`, counted from 1 over all epochs, is the next one: from the
    /// folder's checkpoint where that is not beyond it, else from where this training stands. The test
    /// part is not scored.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Flow, RunFolder, Trainer};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let data = Flat::new(Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?);
    /// let config = Config { hidden: vec![8], batch_size: 2, epochs: 3, ..Config::default() };
    /// let model = config.model(2, 2)?;
    /// let folder = RunFolder::create(&path, &config, false)?;
    /// let parts = DataParts::train(data);
    /// let mut trainer = Trainer::<f32>::new(&model, &config, parts.clone())?;
    /// trainer.run(&mut |_, _| Ok(Flow::Continue))?;
    /// trainer.epochs.iter().try_for_each(|epoch| folder.add_epoch(epoch))?;
    /// folder.save(&trainer.checkpoint())?;
    ///
    /// // Step 4 is the second one of the second epoch.
    /// let mut again = Trainer::<f32>::new(&model, &config, parts)?;
    /// again.replay(&folder, 4)?;
    /// assert_eq!((again.progress.epoch, again.progress.step), (1, 1));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The optimizer is L-BFGS, whose steps have no explanation, the training has no such step, or stands
    /// beyond it; the folder's files are bad, or tell of other losses than the replay: its data has
    /// changed. Else as [`Trainer::run`].
    pub fn replay(&mut self, folder: &RunFolder, number: u64) -> Result<()> {
        self.replay_on(folder, number)?;
        self.compare(folder)
    }

    /// [`Trainer::replay`] on data that may have changed since.
    pub(super) fn replay_on(&mut self, folder: &RunFolder, number: u64) -> Result<()> {
        self.learner_mut().prepare()?;
        if self.is_of_settings() {
            self.settings_optimizer()?;
        }
        let count = self.steps_of_epoch()?;
        let place = |progress: &Progress| folder.steps(progress.place(), count);
        let last = folder.steps(Place { epoch: self.config.epochs, step: 0 }, count);
        if number == 0 || number > last {
            return Err(Error::Absent { what: "step", number, first: 1, last });
        }
        let checkpoint = folder.load::<T>()?;
        if let Some(checkpoint) = &checkpoint {
            folder.check_actions(&checkpoint.progress, &folder.actions()?)?;
        }
        if let Some(checkpoint) = checkpoint.filter(|c| place(&c.progress) < number) {
            self.restore(checkpoint)?;
        } else if let Some(change) = folder.identity().and_then(|run| run.changes.last())
            && let Some(told) = change.told_replay()
        {
            let (what, steps) = (change.what.join(", "), change.steps);
            let message = format!("went on with {what} after step {steps}: {told}");
            return Err(Error::file(folder.path(), message));
        }
        let stands = place(&self.progress);
        if stands >= number {
            let message = format!("the training stands after step {stands}");
            return Err(Error::Mismatch(format!("{message}: replay step {number} by a fresh one")));
        }
        // The last step of an epoch is followed by what ends the epoch.
        let there = |progress: &Progress| progress.step < count && place(progress) >= number - 1;
        let test = self.learner_mut().data.test.take();
        let went = self.replay_until(folder, &there);
        self.learner_mut().data.test = test;
        went?;
        let reached = place(&self.progress);
        if reached != number - 1 {
            return Err(Error::Mismatch(format!(
                "there is no step {number}: early stopping ends the training after step {reached}"
            )));
        }
        Ok(())
    }

    /// Goes on, as the journal tells, until the training is `there`.
    fn replay_until(
        &mut self,
        folder: &RunFolder,
        there: &dyn Fn(&Progress) -> bool,
    ) -> Result<()> {
        let actions = folder.actions()?;
        let mut actions = actions.iter().peekable();
        loop {
            while let Some((_, action)) = actions.next_if(|(at, _)| *at <= self.place()) {
                self.act(action)?;
            }
            if there(&self.progress) {
                return Ok(());
            }
            if let Advance::Nothing(_) = self.advance()? {
                return Ok(());
            }
        }
    }

    /// Compares the losses of the epochs that were run again with those that the folder tells.
    fn compare(&self, folder: &RunFolder) -> Result<()> {
        for (again, first) in self.epochs.iter().zip(folder.all_epochs()?) {
            let (again, of) = (again.train_loss, first.train_loss);
            if (again - of).abs() > CLOSE * of.abs() {
                return Err(Error::Mismatch(format!(
                    "epoch {} has the training loss {again} when it is run again, but {of} in {}: the data or the settings have changed since, so that no step can be replayed",
                    first.epoch,
                    folder.path().display()
                )));
            }
        }
        Ok(())
    }
}

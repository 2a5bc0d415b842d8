//! What comes next in a training: a step, or the scores of an epoch.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::evaluation::Evaluator;
use super::learner::{Learner, Standing};
use super::progress::{Epoch, Progress};
use super::step::{Kind, Stepped, Steps, Watched};
use super::{Outcome, Score};
use crate::data::DataPart;
use chainrule::error::Result;
use chainrule::tensor::Real;

/// What a training keeps from step to step and no checkpoint needs: its compiled plans, and the epoch
/// under way.
pub(super) struct Course<T> {
    steps: Steps<T>,
    evaluators: [Evaluator<T>; 2],
    epoch: Option<Underway<T>>,
    /// The main objective's step that was done last.
    last: Option<Kind>,
}

impl<T: Real> Default for Course<T> {
    fn default() -> Self {
        let evaluators = [Evaluator::new(), Evaluator::new()];
        Self { steps: Steps::new(), evaluators, epoch: None, last: None }
    }
}

impl<T: Real> Course<T> {
    /// Forgets the epoch under way, as the training is put elsewhere.
    pub(super) fn leave(&mut self) {
        self.epoch = None;
    }

    /// Forgets the plans, as the settings of the training's steps are others from here on.
    pub(super) fn change(&mut self) {
        self.forget();
        self.part();
    }

    /// Parts the epoch under way in two, as the steps before were taken with other settings or other
    /// parameters: they are not run again with these.
    pub(super) fn part(&mut self) {
        if let Some(underway) = &mut self.epoch {
            underway.before = None;
        }
    }

    /// Forgets the plans of steps.
    pub(super) fn forget(&mut self) {
        (self.steps, self.last) = (Steps::new(), None);
    }

    /// A hidden value in the last step's batch.
    pub(super) fn watched(&self, path: &str) -> Result<Option<Watched<T>>> {
        let step = self.last.and_then(|kind| self.steps.known(kind));
        step.map_or(Ok(None), |step| step.watched(path))
    }
}

/// The epoch under way.
struct Underway<T> {
    order: Vec<u32>,
    /// The training at the epoch's start, or where it was resumed or changed; `None` where that is now.
    before: Option<Standing<T>>,
    /// The time that its steps have taken.
    time: Duration,
}

/// What a training has done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Advance {
    /// A step.
    Step {
        /// The examples of this step.
        examples: usize,
        /// The loss of this step's batch, before its update.
        loss: f64,
        /// The losses of which there are several, by name.
        losses: BTreeMap<String, f64>,
        /// The learning rate; of the main objective's first optimizer, where there are several.
        rate: f64,
    },
    /// The scores of an epoch whose last step is done.
    Epoch {
        /// Its metrics.
        epoch: Epoch,
        /// Whether its validation loss is the smallest so far.
        best: bool,
    },
    /// Nothing: the training is over, for one of the reasons but an interruption.
    Nothing(Outcome),
}

impl<T: Real> Course<T> {
    /// Does what comes next: a step or, after the last one of an epoch, its scores.
    pub(super) fn advance(&mut self, learner: &mut Learner<T>) -> Result<Advance> {
        learner.prepare()?;
        if learner.progress.stopped {
            return Ok(Advance::Nothing(Outcome::StoppedEarly));
        }
        if learner.progress.epoch >= learner.config.epochs {
            return Ok(Advance::Nothing(Outcome::Finished));
        }
        let (start, is_first) = (Instant::now(), self.epoch.is_none());
        let mut underway = match self.epoch.take() {
            Some(underway) => underway,
            None => Underway {
                order: learner.order(learner.progress.epoch)?,
                before: None,
                time: Duration::ZERO,
            },
        };
        let before = underway.before.get_or_insert_with(|| learner.standing());
        let size = learner.batch()?;
        if learner.progress.step == learner.steps_of_epoch()? {
            if !learner.is_finite() {
                return Err(learner.diverged(&mut self.steps, before.clone())?);
            }
            return self.end_epoch(learner, underway.time, start);
        }
        let batch = learner.next_batch(&underway.order, size);
        let examples = batch.examples.len();
        let rate = learner.rate(learner.main(), batch.number)?;
        self.last = Some(Kind { objective: learner.main(), examples, purpose: batch.purpose });
        let Some(stepped) = learner.step(&mut self.steps, &underway.order, size)? else {
            return Err(learner.diverged(&mut self.steps, before.clone())?);
        };
        let Stepped { loss, losses } = stepped;
        learner.progress.add(examples, loss, &losses);
        underway.time += start.elapsed();
        self.epoch = Some(underway);
        if is_first {
            learner.prepare_scores(&mut self.evaluators)?;
        }
        Ok(Advance::Step { examples, loss, losses, rate })
    }

    /// Scores an epoch whose steps are done, and moves on to the next one. Its steps took `time`, and
    /// its end began at `start`.
    fn end_epoch(
        &mut self,
        learner: &mut Learner<T>,
        time: Duration,
        start: Instant,
    ) -> Result<Advance> {
        let train_loss = learner.progress.loss_sum / learner.data.train.len() as f64;
        let mut scores = learner.scores(&mut self.evaluators)?;
        scores.extend(learner.progress.mean_losses());
        learner.progress = Progress {
            epoch: learner.progress.epoch + 1,
            step: 0,
            loss_sum: 0.0,
            loss_sums: BTreeMap::new(),
            ..learner.progress.clone()
        };
        let mut best = false;
        // Of a training with weights the loss that it makes small.
        let watched = [Score::WeightedLoss, Score::Loss].map(|loss| loss.on(DataPart::Validation));
        let watched = watched.iter().find_map(|name| scores.get(name).copied());
        let plateau = &mut learner.progress.plateau;
        learner.config.schedule.observe(watched.unwrap_or(train_loss), plateau);
        if let Some(loss) = watched {
            best = learner.progress.judge(loss, learner.config.early_stopping);
        }
        let seconds = (time + start.elapsed()).as_secs_f64();
        let epoch = Epoch { epoch: learner.progress.epoch, train_loss, scores, seconds };
        learner.epochs.push(epoch.clone());
        Ok(Advance::Epoch { epoch, best })
    }
}

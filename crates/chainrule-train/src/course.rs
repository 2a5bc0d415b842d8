//! The loop: step after step, epoch after epoch.

use std::time::{Duration, Instant};

use super::evaluation::Evaluator;
use super::progress::{Epoch, Progress};
use super::step::Steps;
use super::trainer::{DataParts, Trainer};
use super::{Action, Outcome, Place};
use crate::data::Examples;
use chainrule::error::Result;
use chainrule::optim::Method;
use chainrule::tensor::Real;
use chainrule::{Parameters, State};

/// Whether a training goes on after a step or an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It stops here; it can be resumed.
    Stop,
}

/// What a training keeps from step to step and no checkpoint needs: its compiled plans, and the epoch
/// under way.
pub struct Course<T> {
    steps: Steps<T>,
    evaluators: [Evaluator<T>; 2],
    epoch: Option<Underway<T>>,
}

impl<T: Real> Default for Course<T> {
    fn default() -> Self {
        let evaluators = [Evaluator::new(), Evaluator::new()];
        Self { steps: Steps::new(), evaluators, epoch: None }
    }
}

impl<T: Real> Course<T> {
    /// Forgets the epoch under way, as the training is put elsewhere.
    pub(crate) fn leave(&mut self) {
        self.epoch = None;
    }

    /// Forgets the plans, as the settings of the training's steps are others from here on.
    pub(crate) fn change(&mut self, now: &Trainer<T>) {
        self.steps = Steps::new();
        if let Some(underway) = &mut self.epoch {
            // The steps before were taken with other settings, and are not run again with these.
            underway.before = now.standing();
        }
    }
}

/// The epoch under way.
struct Underway<T> {
    order: Vec<u32>,
    /// The training at the epoch's start, or where it was resumed.
    before: Standing<T>,
    /// The time that its steps have taken.
    time: Duration,
}

/// Where a training stood, to have it stand there again.
#[derive(Clone)]
pub(super) struct Standing<T> {
    parameters: Parameters<T>,
    state: State<T>,
    progress: Progress,
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
        /// The learning rate.
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

impl<T: Real> Trainer<T> {
    /// Trains up to the configured number of epochs, from where the progress stands; `listen` hears of
    /// every step and epoch, and can stop the run.
    ///
    /// # Errors
    /// The loss or a parameter becomes NaN or infinite, an error of `listen`, or data that cannot be
    /// read or does not fit the model.
    pub fn run(&mut self, data: DataParts<'_>, listen: &mut Listen<'_, T>) -> Result<Outcome> {
        self.config.validate()?;
        let mut course = Course::default();
        let steps = self.steps_of_epoch(data.train)?;
        loop {
            let advance = self.advance(&mut course, data)?;
            if let Advance::Nothing(outcome) = advance {
                return Ok(outcome);
            }
            // An epoch whose steps are done is scored first.
            if listen(&advance, self)? == Flow::Stop && self.progress.step < steps {
                return Ok(Outcome::Interrupted);
            }
        }
    }

    /// Does what comes next: a step or, after the last one of an epoch, its scores.
    ///
    /// ```
    /// use chainrule_train::data::Dataset;
    /// use chainrule_train::{Advance, Config, Course, DataParts, Outcome, Trainer};
    /// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
    /// let config = Config { batch_size: 3, epochs: 1, ..Config::default() };
    /// let mut trainer = Trainer::<f32>::new(&config.model(1, 2)?, &config, &data)?;
    /// let parts = DataParts { train: &data, validation: None, test: None };
    /// let mut course = Course::default();
    /// assert!(matches!(trainer.advance(&mut course, parts)?, Advance::Step { examples: 3, .. }));
    /// assert!(matches!(trainer.advance(&mut course, parts)?, Advance::Epoch { .. }));
    /// assert_eq!(trainer.advance(&mut course, parts)?, Advance::Nothing(Outcome::Finished));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn advance(&mut self, course: &mut Course<T>, data: DataParts<'_>) -> Result<Advance> {
        if self.progress.stopped {
            return Ok(Advance::Nothing(Outcome::StoppedEarly));
        }
        if self.progress.epoch >= self.config.epochs {
            return Ok(Advance::Nothing(Outcome::Finished));
        }
        let start = Instant::now();
        let mut underway = match course.epoch.take() {
            Some(underway) => underway,
            None => Underway {
                order: data.train.order(self.config.seed, self.progress.epoch),
                before: self.standing(),
                time: Duration::ZERO,
            },
        };
        let size = self.batch(data.train)?;
        if self.progress.step == self.steps_of_epoch(data.train)? {
            if !self.is_finite() {
                return Err(self.diverged(&mut course.steps, underway.before, data.train)?);
            }
            return self.end_epoch(&mut course.evaluators, data, underway.time, start);
        }
        let batch = self.next_batch(&underway.order, size);
        let (examples, rate) = (batch.examples.len(), self.rate(&batch));
        let Some(loss) = self.step(&mut course.steps, data.train, &underway.order, size)? else {
            return Err(self.diverged(&mut course.steps, underway.before, data.train)?);
        };
        self.progress.loss_sum += loss * examples as f64;
        self.progress.step += 1;
        underway.time += start.elapsed();
        course.epoch = Some(underway);
        Ok(Advance::Step { examples, loss, rate })
    }

    /// Where the training stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.progress.place()
    }

    pub(super) fn standing(&self) -> Standing<T> {
        let Self { parameters, state, progress, .. } = self;
        let (parameters, state) = (parameters.clone(), state.clone());
        Standing { parameters, state, progress: progress.clone() }
    }

    pub(super) fn stand(&mut self, at: Standing<T>) {
        (self.parameters, self.state, self.progress) = (at.parameters, at.state, at.progress);
    }

    /// Whether the parameters, and what is kept for them, are neither NaN nor infinite.
    pub(super) fn is_finite(&self) -> bool {
        self.parameters.is_finite() && self.state.is_finite()
    }

    /// Changes the course of the training from here on. Compiled plans are of the settings before.
    pub(super) fn act(&mut self, action: &Action) -> Result<()> {
        let mut config = self.config.clone();
        match action {
            Action::Stop => return Ok(()),
            Action::Freeze { parameters } => config.freeze.push(parameters.clone()),
            Action::Rate { rate } => config.lr = *rate,
        }
        config.validate()?;
        let before = std::mem::replace(&mut self.config, config);
        if let Err(error) = self.trained() {
            self.config = before;
            return Err(error);
        }
        Ok(())
    }

    /// Scores an epoch whose steps are done, and moves on to the next one. Its steps took `time`, and
    /// its end began at `start`.
    fn end_epoch(
        &mut self,
        evaluators: &mut [Evaluator<T>; 2],
        data: DataParts<'_>,
        time: Duration,
        start: Instant,
    ) -> Result<Advance> {
        let train_loss = self.progress.loss_sum / data.train.len() as f64;
        let scores = self.scores(evaluators, data)?;
        self.progress = Progress {
            epoch: self.progress.epoch + 1,
            step: 0,
            loss_sum: 0.0,
            ..self.progress.clone()
        };
        let mut best = false;
        let watched = scores.get("validation_loss").copied();
        let plateau = &mut self.progress.plateau;
        self.config.schedule.observe(watched.unwrap_or(train_loss), plateau);
        if let Some(loss) = watched {
            best = self.progress.judge(loss, self.config.early_stopping);
        }
        let seconds = (time + start.elapsed()).as_secs_f64();
        let epoch = Epoch { epoch: self.progress.epoch, train_loss, scores, seconds };
        self.epochs.push(epoch.clone());
        Ok(Advance::Epoch { epoch, best })
    }

    /// The steps of an epoch.
    pub(super) fn steps_of_epoch(&self, train: &dyn Examples) -> Result<u64> {
        Ok(train.len().div_ceil(self.batch(train)?) as u64)
    }

    /// The next step of the epoch under way: the loss, or `None` where it is not finite.
    pub(super) fn step(
        &mut self,
        steps: &mut Steps<T>,
        train: &dyn Examples,
        order: &[u32],
        batch: usize,
    ) -> Result<Option<f64>> {
        let batch = self.next_batch(order, batch);
        if let Method::Lbfgs(lbfgs) = self.config.optimizer {
            return self.lbfgs_step(steps, train, &batch, lbfgs);
        }
        let step = steps.of(self, train, batch.examples.len(), batch.purpose)?;
        self.feed_step(&mut step.plan, train, &batch)?;
        let finite = step.plan.step_with(&mut self.parameters, &mut self.state)?;
        if finite { step.loss().map(Some) } else { Ok(None) }
    }
}

/// Hears of every step and epoch.
pub type Listen<'l, T> = dyn FnMut(&Advance, &Trainer<T>) -> Result<Flow> + 'l;

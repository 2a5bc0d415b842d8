//! A model in training, between two steps: parameters, settings, data, objectives, and how far it has come.

use std::sync::Arc;

use super::config::{ClassWeights, Config};
use super::objective::{Criterion, Objective};
use super::progress::{Epoch, Place, Progress};
use crate::data::{
    Data, DataPart, Examples, Flat, Loaded, Target, balanced, check_inputs, class_counts,
};
use chainrule::error::{Error, Result};
use chainrule::nn::{Network, Truth};
use chainrule::optim::{Method, Optimizer, RateSchedule};
use chainrule::tensor::{Real, Shape};
use chainrule::{Parameters, Pool, State};

/// The parts of a training's data, which it owns. A clone shares the examples.
///
/// ```
/// use chainrule_train::DataParts;
/// use chainrule_train::data::{Arrays, Dataset, Flat};
/// let named = DataParts::train(Arrays::new().real("x", [2], vec![0.0, 0.5, 1.0, 1.5])?);
/// let rows = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 2)?;
/// let flat = DataParts::train(Flat::new(rows.clone())).test(Flat::new(rows));
/// assert_eq!((named.train.len(), flat.test.map(|test| test.len())), (2, Some(2)));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone)]
pub struct DataParts {
    /// What the model learns from.
    pub train: Arc<dyn Data>,
    /// What early stopping and schedules look at.
    pub validation: Option<Arc<dyn Data>>,
    /// What the finished model is judged by.
    pub test: Option<Arc<dyn Data>>,
}

impl DataParts {
    /// The examples of a part, where there is one.
    #[must_use]
    pub fn part(&self, part: DataPart) -> Option<&Arc<dyn Data>> {
        match part {
            DataPart::Train => Some(&self.train),
            DataPart::Validation => self.validation.as_ref(),
            DataPart::Test => self.test.as_ref(),
        }
    }

    /// These examples to learn from, and no others.
    pub fn train(data: impl Data + 'static) -> Self {
        Self { train: Arc::new(data), validation: None, test: None }
    }

    /// These parts, with examples at which early stopping and schedules look.
    #[must_use]
    pub fn validation(self, data: impl Data + 'static) -> Self {
        Self { validation: Some(Arc::new(data)), ..self }
    }

    /// These parts, with examples by which the finished model is judged.
    #[must_use]
    pub fn test(self, data: impl Data + 'static) -> Self {
        Self { test: Some(Arc::new(data)), ..self }
    }
}

impl Loaded {
    /// The parts, for a training.
    #[must_use]
    pub fn parts(&self) -> DataParts {
        let shared =
            |part: &Arc<dyn Examples>| -> Arc<dyn Data> { Arc::new(Flat::from(part.clone())) };
        let [validation, test] =
            [&self.validation, &self.test].map(|part| part.as_ref().map(shared));
        DataParts { train: shared(&self.train), validation, test }
    }
}

/// A model in training between two steps, with its data: what a [`Trainer`](super::Trainer) has beside its
/// compiled plans.
pub struct Learner<T> {
    /// The model.
    pub model: Network,
    /// The settings.
    pub config: Config,
    /// The threads. Results do not depend on their number.
    pub pool: Arc<Pool>,
    /// The parameters, fresh or from a checkpoint.
    pub parameters: Parameters<T>,
    /// What the optimizers of each objective keep from step to step, and the sums of gradients that one
    /// update follows.
    pub states: Vec<State<T>>,
    /// How far the training has come.
    pub progress: Progress,
    /// The epochs that are done.
    pub epochs: Vec<Epoch>,
    pub(super) data: DataParts,
    /// What each class weighs in the loss of settings; nothing where all weigh the same.
    pub(super) class_weights: Vec<f64>,
    /// What gives the weights of the training part's examples the mean 1.
    pub(super) weight_scale: f64,
    pub(super) objectives: Vec<Objective>,
    /// Whether the objective's loss is the settings'.
    pub(super) is_configured: bool,
    /// Whether the objectives have been checked, and their states begun.
    pub(super) is_prepared: bool,
    pub(super) metrics: Vec<(String, Metric)>,
    /// A schedule in place of the settings'.
    pub(super) schedule: Option<Arc<dyn RateSchedule>>,
    /// The hidden values that are watched, by path.
    pub(super) watched: Vec<String>,
    /// What the sum of the squares of all weights, biases aside, counts in the loss of steps.
    pub(super) penalty: f64,
    /// The learning rate of the settings as the training began, to which those of groups stand in proportion.
    pub(super) settled_rate: f64,
}

/// A score beside the losses.
pub(super) enum Metric {
    /// Of a model's outputs, a row an example, against what it should have said.
    OfRows(Box<RowMetric>),
    /// Of each batch, averaged over the examples.
    OfBatch(Box<dyn Criterion>),
}

/// Scores rows of outputs.
pub(super) type RowMetric = dyn Fn(&[f64], &[Truth]) -> f64 + Send + Sync;

/// Checks that no batch is too small for the model's layers.
fn check_batches(model: &Network, batch_size: usize, examples: usize) -> Result<()> {
    let largest = batch_size.min(examples).max(1);
    let smallest = match examples % largest {
        0 => largest,
        rest => rest,
    };
    let wanted = "one that leaves no batch of a single example, of which batch normalisation can make nothing";
    let shown = format!("{batch_size} for {examples} examples");
    Error::check(smallest >= model.smallest_batch(), "the batch size", shown, wanted)
}

impl<T: Real> Learner<T> {
    /// A fresh training of `model` on such data, on one thread. Examples with one target have the
    /// settings' loss; others want a [`Trainer::loss`] or an [`Trainer::objective`].
    ///
    /// # Errors
    /// Settings or data that do not fit the model, or each other.
    pub(super) fn new(model: &Network, config: &Config, data: DataParts) -> Result<Self> {
        config.validate()?;
        let train = &*data.train;
        check_batches(model, config.batch_size, train.len())?;
        if config.early_stopping.is_some() && data.validation.is_none() {
            let message = "early stopping looks at a validation part, and the data has none: give one by `DataParts::validation`";
            return Err(Error::Mismatch(message.into()));
        }
        for part in [Some(&data.train), data.validation.as_ref(), data.test.as_ref()] {
            part.map_or(Ok(()), |part| check_inputs(&**part, model.inputs()))?;
        }
        let (objectives, class_weights) = match train.flat() {
            Some(rows) => {
                (vec![Objective::of_settings(config, rows, model)?], class_weights(config, rows)?)
            }
            None => (Vec::new(), Vec::new()),
        };
        let mut learner = Self {
            model: model.clone(),
            config: config.clone(),
            pool: Arc::new(Pool::new(1)),
            parameters: model.initial(config.seed)?,
            states: Vec::new(),
            progress: Progress::default(),
            epochs: Vec::new(),
            data,
            class_weights,
            weight_scale: 1.0,
            objectives,
            is_configured: true,
            is_prepared: false,
            metrics: Vec::new(),
            schedule: None,
            watched: Vec::new(),
            penalty: 0.0,
            settled_rate: config.lr,
        };
        learner.trained()?;
        learner.weight_scale = learner.scale_of_weights()?;
        if !learner.objectives.is_empty() {
            learner.prepare()?;
        }
        Ok(learner)
    }

    /// The parts of the data.
    #[must_use]
    pub fn data(&self) -> &DataParts {
        &self.data
    }

    /// What gives the weights of the training part's examples the mean 1: those of data times those of
    /// classes.
    fn scale_of_weights(&self) -> Result<f64> {
        const CHUNK: usize = 10_000;
        let Some(rows) = self.data.train.flat() else { return Ok(1.0) };
        if !self.is_weighted()? {
            return Ok(1.0);
        }
        let (all, mut sum) = ((0..rows.len() as u32).collect::<Vec<u32>>(), 0.0);
        for examples in all.chunks(CHUNK) {
            let mut weights = vec![0.0; examples.len()];
            self.weights(rows, examples, &mut weights)?;
            sum += weights.iter().map(|&weight| f64::from(weight)).sum::<f64>();
        }
        match sum > 0.0 {
            true => Ok(all.len() as f64 / sum),
            false => Err(Error::Mismatch(
                "every example's weight is 0, so that nothing would be learnt: give some a weight above 0"
                    .into(),
            )),
        }
    }

    /// Checks the objectives and begins their states, once they are all there.
    pub(super) fn prepare(&mut self) -> Result<()> {
        if self.is_prepared {
            return Ok(());
        }
        self.check_objectives()?;
        if let Some(schedule) = &self.schedule {
            schedule.check()?;
        }
        self.states = vec![State::new(); self.objectives.len()];
        self.is_prepared = true;
        self.complete().inspect_err(|_| self.is_prepared = false)
    }

    /// Checks that there is something to make small at every step, and that patterns name parameters.
    pub(super) fn check_objectives(&self) -> Result<()> {
        let names: Vec<&str> = self.model.trained().map(|p| p.name.as_str()).collect();
        if self.objectives.is_empty() {
            let message = "the training has no loss: give it one by `.loss(|answer, batch| …)`";
            return Err(Error::Mismatch(message.into()));
        }
        for objective in &self.objectives {
            objective.check(&names)?;
        }
        self.config.check_patterns(self.model.parameters())?;
        self.check_names()?;
        if self.is_of_settings() && matches!(self.config.optimizer, Method::Lbfgs(_)) {
            let (batch, examples) = (self.config.batch_size, self.data.train.len());
            let wanted = "the whole training part with the optimizer lbfgs, which goes astray on a part of it";
            let shown = format!("{batch} of {examples} examples");
            Error::check(batch >= examples, "batch_size", shown, wanted)?;
        }
        if self.config.accumulate > 1
            && let Some(own) = self.objectives.iter().find(|own| !own.is_main())
        {
            return Err(Error::Mismatch(format!(
                "the objective `{}` takes a turn at every {} steps alone, so that no update can average \
                 the gradients of {} batches: leave out `every` or the setting accumulate",
                own.name(),
                own.period(),
                self.config.accumulate
            )));
        }
        if !self.objectives.iter().any(Objective::is_main) {
            let message = "no objective takes its turn at every step: leave one without `every`";
            return Err(Error::Mismatch(message.into()));
        }
        Ok(())
    }

    /// Begins the state of every parameter that is trained and has none yet, in a training that is prepared.
    pub(super) fn complete(&mut self) -> Result<()> {
        if !self.is_prepared {
            return Ok(());
        }
        let is_moved = |name: &str| self.objectives.iter().any(|o| o.group_of(name).is_ok());
        if let Some((left, _)) = self.trained()?.iter().find(|(name, _)| !is_moved(name)) {
            return Err(Error::Mismatch(format!(
                "no optimizer moves `{left}`: name it in a pattern, or in the setting `freeze`"
            )));
        }
        for objective in 0..self.objectives.len() {
            let fresh = self.initial_state(objective)?;
            let state = &mut self.states[objective];
            for (key, tensor) in fresh.iter() {
                if state.get(key).is_err() {
                    state.insert(key.clone(), tensor.clone());
                }
            }
        }
        Ok(())
    }

    /// Whether the settings' optimizer moves all parameters to one end.
    pub(super) fn is_of_settings(&self) -> bool {
        matches!(&self.objectives[..], [only] if only.groups().is_empty())
    }

    /// The objective whose loss is that of the training: the first that takes its turn at every step.
    pub(super) fn main(&self) -> usize {
        self.objectives.iter().position(Objective::is_main).unwrap_or(0)
    }

    /// Whether every step has the same learning rate.
    pub(super) fn has_constant_rate(&self) -> bool {
        self.schedule.is_none() && self.config.has_constant_rate()
    }

    /// The optimizer of the settings, whose steps are a part of a plan.
    pub(super) fn settings_optimizer(&self) -> Result<&Optimizer> {
        match &self.config.optimizer {
            Method::Step(optimizer) => Ok(optimizer),
            Method::Lbfgs(_) => Err(Error::Setting {
                name: "the optimizer".into(),
                value: "`lbfgs`".into(),
                wanted: "another one: a step of L-BFGS tries several points of a batch, is no part of a plan and no sum of parts".into(),
            }),
        }
    }

    /// The names and shapes of the parameters that change.
    pub(super) fn trained(&self) -> Result<Vec<(String, Shape)>> {
        let all = self.model.trained().map(|parameter| (parameter.name.clone(), parameter.shape));
        self.config.check_patterns(self.model.parameters())?;
        Ok(all.filter(|(name, _)| !self.config.is_frozen(name)).collect())
    }

    /// The names and shapes of the parameters that an objective changes.
    pub(super) fn trained_by(&self, objective: usize) -> Result<Vec<(String, Shape)>> {
        let mut trained = self.trained()?;
        if let Some(objective) = self.objectives.get(objective) {
            trained.retain(|(name, _)| objective.group_of(name).is_ok());
        }
        Ok(trained)
    }

    /// The size of a whole batch.
    pub(super) fn batch(&self) -> Result<usize> {
        let batch = self.config.batch_size.min(self.data.train.len());
        Error::check(batch > 0, "the number of training examples", batch, "at least 1")?;
        Ok(batch)
    }

    /// The examples of an epoch (counted from 0) in their order.
    pub(super) fn order(&self, epoch: u32) -> Result<Vec<u32>> {
        let (order, count) =
            (self.data.train.order(self.config.seed, epoch), self.data.train.len());
        Error::count("examples in the order of an epoch", order.len(), count)?;
        match order.iter().find(|&&example| example as usize >= count) {
            None => Ok(order),
            Some(other) => Err(Error::Mismatch(format!(
                "the order of an epoch names the example {other}, but they are numbered from 0 to {}",
                count.saturating_sub(1)
            ))),
        }
    }

    /// The steps of an epoch.
    pub(super) fn steps_of_epoch(&self) -> Result<u64> {
        Ok(self.data.train.len().div_ceil(self.batch()?) as u64)
    }

    /// Where the training stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.progress.place()
    }

    pub(super) fn standing(&self) -> Standing<T> {
        let Self { parameters, states, progress, .. } = self;
        let (parameters, states) = (parameters.clone(), states.clone());
        Standing { parameters, states, progress: progress.clone() }
    }

    pub(super) fn stand(&mut self, at: Standing<T>) {
        (self.parameters, self.states, self.progress) = (at.parameters, at.states, at.progress);
    }

    /// Whether the parameters, and what is kept for them, are neither NaN nor infinite.
    pub(super) fn is_finite(&self) -> bool {
        self.parameters.is_finite() && self.states.iter().all(State::is_finite)
    }
}

/// Where a training stood, to have it stand there again.
#[derive(Clone)]
pub(super) struct Standing<T> {
    parameters: Parameters<T>,
    states: Vec<State<T>>,
    progress: Progress,
}

/// A weight for each class; none where all weigh the same.
fn class_weights(config: &Config, data: &dyn Examples) -> Result<Vec<f64>> {
    let Target::Class { classes } = data.target() else {
        let ok = config.class_weights == ClassWeights::Equal;
        let wanted = "left out, as the target is a number and not a class";
        Error::check(ok, "the setting class_weights", "given", wanted)?;
        return Ok(Vec::new());
    };
    match &config.class_weights {
        ClassWeights::Equal => Ok(Vec::new()),
        ClassWeights::Given(weights) => {
            let count = weights.len();
            let wanted = "as many as the data has classes";
            Error::check(count == classes, "the number of class weights", count, wanted)?;
            Ok(weights.clone())
        }
        ClassWeights::Rule(_) => {
            let all: Vec<u32> = (0..data.len() as u32).collect();
            let mut labels = vec![0; all.len()];
            data.labels(&all, &mut labels)?;
            Ok(balanced(&class_counts(&labels, classes)?))
        }
    }
}

//! The training loop: mini-batch → gradient → update, epoch after epoch.

pub mod compare;
mod config;
pub mod curves;
mod divergence;
pub mod export;
mod folder;
pub mod metrics;
pub mod readme;
pub mod tensorboard;

use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

pub use config::Config;
pub use folder::RunFolder;

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::graph::{Graph, Var};
use crate::nn::Sequential;
use crate::optim::Sgd;
use crate::parameters::Parameters;
use crate::plan::{Plan, PlanInfo, Profile};
use crate::runtime::Pool;
use crate::tensor::Real;

/// The metrics of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The mean loss of the epoch's examples, each before its step's update.
    pub train_loss: f64,
    /// The mean loss of the test part.
    pub test_loss: f64,
    /// The share of the test part that is classified correctly.
    pub test_accuracy: f64,
    /// Seconds that the epoch took, evaluation included.
    pub seconds: f64,
}

/// What happens during training, for a bar, a log or a page.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A step is done.
    Step {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The step within the epoch, counted from 1.
        step: usize,
        /// The steps of an epoch.
        steps: usize,
        /// The examples of this step.
        examples: usize,
        /// The loss of this step's batch.
        loss: f64,
    },
    /// An epoch is done and evaluated.
    Epoch(&'a Epoch),
}

/// A model in training.
#[derive(Debug)]
pub struct Trainer<'a, T> {
    /// The model.
    pub model: &'a Sequential,
    /// The settings.
    pub config: &'a Config,
    /// The threads. Results do not depend on their number.
    pub pool: Arc<Pool>,
    /// The parameters, initial or from a checkpoint.
    pub parameters: Parameters<T>,
    /// The epochs that the parameters have seen.
    pub epochs: Vec<Epoch>,
}

/// The score of a model on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The number of examples.
    pub examples: usize,
    /// The mean loss.
    pub loss: f64,
    /// The share that is classified correctly.
    pub accuracy: f64,
    /// Counts by true class (row) and predicted class (column).
    pub confusion: Vec<Vec<u64>>,
}

/// Examples evaluated at once.
const EVALUATION_BATCH: usize = 500;

/// The logits and the loss of a batch.
fn record<'g>(
    g: &'g Graph,
    model: &Sequential,
    data: &Dataset,
    batch: usize,
) -> (Var<'g>, Var<'g>) {
    let x = g.input("x", [batch, data.width()]);
    let t = g.labels("t", [batch], data.classes());
    let logits = model.forward(x);
    (logits, logits.softmax_with_loss(t))
}

/// Gathers the examples of a batch into a plan's inputs.
///
/// ```
/// use chainrule::Graph;
/// use chainrule::data::Dataset;
/// use chainrule::train::{Config, feed, loss_graph};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
/// let model = Config::default().model(data.width(), data.classes())?;
/// let g = Graph::new();
/// let loss = loss_graph(&g, &model, &data, 2)?;
/// let mut plan = g.compile::<f32>(&[loss])?;
/// feed(&mut plan, &data, &[2, 0])?;
/// plan.run_with(&model.initial(0)?)?;
/// assert!(plan.value(loss)?[0] > 0.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// The plan was made for another batch size or dataset.
pub fn feed<T: Real>(plan: &mut Plan<T>, data: &Dataset, batch: &[u32]) -> Result<()> {
    plan.fill_rows("x", |first, rows| data.gather(&batch[first..], rows))?;
    let labels: Vec<u32> = batch.iter().map(|&i| data.labels()[i as usize]).collect();
    plan.feed_labels("t", &labels)
}

/// A training step for one batch size.
struct Step<T> {
    plan: Plan<T>,
    graph: Graph,
    loss: u32,
    /// Each parameter's name with the node of its new value.
    updates: Vec<(String, u32)>,
}

impl<T: Real> Step<T> {
    fn new(trainer: &Trainer<'_, T>, data: &Dataset, batch: usize) -> Result<Self> {
        let graph = Graph::new();
        let (_, loss) = record(&graph, trainer.model, data, batch);
        let parameters = trainer.model.variables(loss);
        let gradients = graph.backward(loss, &parameters);
        let updates = Sgd::new(trainer.config.lr)?.updates(&parameters, &gradients);
        let plan = graph.compile_step(loss, &updates)?.with_pool(&trainer.pool);
        let names = trainer.model.parameters().map(|(name, _)| name);
        let updates = names.zip(&updates).map(|(name, (_, value))| (name, value.id)).collect();
        let loss = loss.id;
        Ok(Self { plan, graph, loss, updates })
    }

    fn loss(&self) -> Result<f64> {
        let values = self.plan.value(self.graph.var(self.loss))?;
        Ok(values.first().map_or(f64::NAN, |&loss| Real::to_f64(loss)))
    }
}

/// The steps of an epoch: all batches of one size, except perhaps the last.
struct Steps<T> {
    batch: usize,
    whole: Step<T>,
    partial: Option<Step<T>>,
}

impl<T: Real> Steps<T> {
    fn new(trainer: &Trainer<'_, T>, train: &Dataset) -> Result<Self> {
        let batch = trainer.config.batch_size.min(train.len());
        Error::check(batch > 0, "the number of training examples", batch, "at least 1")?;
        let whole = Step::new(trainer, train, batch)?;
        let partial = match train.len() % batch {
            0 => None,
            rest => Some(Step::new(trainer, train, rest)?),
        };
        Ok(Self { batch, whole, partial })
    }

    /// The step for so many examples.
    fn of(&mut self, examples: usize) -> &mut Step<T> {
        match &mut self.partial {
            Some(partial) if examples < self.batch => partial,
            _ => &mut self.whole,
        }
    }
}

/// Hears of every step and epoch.
type Listen<'l, 'a, T> = dyn FnMut(Event<'_>, &Trainer<'a, T>) -> Result<()> + 'l;

/// Steps that a profile records.
const PROFILED: usize = 100;

impl<T: Real> Trainer<'_, T> {
    /// The plan of a training step.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn plan(&self, train: &Dataset) -> Result<PlanInfo> {
        Ok(Steps::new(self, train)?.whole.plan.info())
    }

    /// The time of each part of a training step, over some steps of the first epoch on a copy of the
    /// parameters.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn profile(&self, train: &Dataset) -> Result<Option<Profile>> {
        let mut steps = Steps::new(self, train)?;
        let (mut parameters, batch) = (self.parameters.clone(), steps.batch);
        let order = train.shuffled(self.config.seed, 0);
        let step = &mut steps.whole;
        for (number, examples) in order.chunks_exact(batch).cycle().take(2 * PROFILED).enumerate() {
            if number == PROFILED {
                step.plan.record(true);
            }
            feed(&mut step.plan, train, examples)?;
            step.plan.step(&mut parameters)?;
        }
        Ok(step.plan.profile())
    }
}

impl<'a, T: Real> Trainer<'a, T> {
    /// Trains up to the configured number of epochs; `listen` hears of every step and epoch, and can
    /// stop the run by an error.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use chainrule::data::Dataset;
    /// use chainrule::train::{Config, Trainer};
    ///
    /// // Four points and their exclusive or.
    /// let data = Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?;
    /// let config = Config {
    ///     hidden: vec![8], init: "he".into(), activation: "tanh".into(),
    ///     lr: 0.5, batch_size: 4, epochs: 300, ..Config::default()
    /// };
    /// let model = config.model(data.width(), data.classes())?;
    /// let mut trainer = Trainer::<f32> {
    ///     parameters: model.initial(config.seed)?,
    ///     model: &model,
    ///     config: &config,
    ///     pool: Arc::new(chainrule::Pool::new(1)),
    ///     epochs: Vec::new(),
    /// };
    /// trainer.run(&data, &data, &mut |_, _| Ok(()))?;
    /// assert_eq!(trainer.epochs[299].test_accuracy, 1.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The loss or a parameter becomes NaN or infinite, an error of `listen`, or data that does not
    /// fit the model.
    pub fn run(
        &mut self,
        train: &Dataset,
        test: &Dataset,
        listen: &mut Listen<'_, 'a, T>,
    ) -> Result<()> {
        self.config.validate()?;
        let mut steps = Steps::new(self, train)?;
        for number in self.epochs.len() as u32..self.config.epochs {
            let (start, before) = (Instant::now(), self.parameters.clone());
            let Some(train_loss) = self.epoch(&mut steps, train, number, listen)? else {
                return Err(self.diverged(&mut steps, before, train, number)?);
            };
            let score = evaluate(self.model, &self.parameters, test, &self.pool)?;
            if !score.loss.is_finite() {
                return Err(self.diverged_in_test(score.loss, train, test, number)?);
            }
            let epoch = Epoch {
                epoch: number + 1,
                train_loss,
                test_loss: score.loss,
                test_accuracy: score.accuracy,
                seconds: start.elapsed().as_secs_f64(),
            };
            self.epochs.push(epoch.clone());
            listen(Event::Epoch(&epoch), self)?;
        }
        Ok(())
    }

    /// One epoch's steps: the mean loss, or `None` where the loss or, after the last step, a
    /// parameter is not finite.
    fn epoch(
        &mut self,
        steps: &mut Steps<T>,
        train: &Dataset,
        number: u32,
        listen: &mut Listen<'_, 'a, T>,
    ) -> Result<Option<f64>> {
        let mut total = 0.0;
        let order = train.shuffled(self.config.seed, number);
        let batch = steps.batch;
        for (at, examples) in order.chunks(batch).enumerate() {
            let step = steps.of(examples.len());
            feed(&mut step.plan, train, examples)?;
            if !step.plan.step(&mut self.parameters)? {
                return Ok(None);
            }
            let loss = step.loss()?;
            total += loss * examples.len() as f64;
            let (epoch, step, examples) = (number + 1, at + 1, examples.len());
            let steps = order.len().div_ceil(batch);
            listen(Event::Step { epoch, step, steps, examples, loss }, self)?;
        }
        Ok(self.parameters.is_finite().then_some(total / train.len() as f64))
    }
}

/// The score of a model on a dataset.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule::data::Dataset;
/// use chainrule::train::{Config, evaluate};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
/// let model = Config::default().model(data.width(), data.classes())?;
/// let score = evaluate(&model, &model.initial::<f32>(0)?, &data, &Arc::new(Pool::new(1)))?;
/// assert_eq!(score.examples, 3);
/// let right = score.confusion[0][0] + score.confusion[1][1];
/// assert_eq!(score.accuracy, right as f64 / 3.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Parameters or data that do not fit the model.
pub fn evaluate<T: Real>(
    model: &Sequential,
    parameters: &Parameters<T>,
    data: &Dataset,
    pool: &Arc<Pool>,
) -> Result<Evaluation> {
    let classes = data.classes();
    let (mut loss, mut confusion) = (0.0, vec![vec![0; classes]; classes]);
    let order: Vec<u32> = (0..data.len() as u32).collect();
    let mut compiled: Option<(usize, Graph, u32, u32, Plan<T>)> = None;
    for examples in order.chunks(EVALUATION_BATCH) {
        let (_, graph, classes_id, loss_id, plan) = match &mut compiled {
            Some(ready) if ready.0 == examples.len() => ready,
            other => {
                let graph = Graph::new();
                let (logits, loss) = record(&graph, model, data, examples.len());
                let predicted = logits.argmax(1);
                let plan = graph.compile::<T>(&[predicted, loss])?.with_pool(pool);
                let (predicted, loss) = (predicted.id, loss.id);
                other.insert((examples.len(), graph, predicted, loss, plan))
            }
        };
        feed(plan, data, examples)?;
        plan.run_with(parameters)?;
        let batch_loss = plan.value(graph.var(*loss_id))?.first().map_or(0.0, |&x| Real::to_f64(x));
        loss += batch_loss * examples.len() as f64;
        for (&example, &class) in examples.iter().zip(plan.labels(graph.var(*classes_id))?) {
            confusion[data.labels()[example as usize] as usize][class as usize] += 1;
        }
    }
    let right: u64 = (0..classes).map(|class| confusion[class][class]).sum();
    let examples = data.len();
    let count = examples.max(1) as f64;
    Ok(Evaluation { examples, loss: loss / count, accuracy: right as f64 / count, confusion })
}

/// The loss of one batch as a graph, for a gradient check of a configured model.
///
/// ```
/// use chainrule::data::Dataset;
/// use chainrule::train::{Config, feed, loss_graph};
/// use chainrule::{Graph, check};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
/// let model = Config::default().model(data.width(), data.classes())?;
/// let g = Graph::new();
/// let loss = loss_graph(&g, &model, &data, 3)?;
/// let feed = |plan: &mut _| feed(plan, &data, &[0, 1, 2]);
/// let parameters = model.initial::<f32>(0)?;
/// assert!(check::gradients(&g, loss, &parameters, feed, &check::Settings::default())?.passed);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// A setting out of its domain.
pub fn loss_graph<'g>(
    g: &'g Graph,
    model: &Sequential,
    data: &Dataset,
    batch: usize,
) -> Result<Var<'g>> {
    Error::check(batch > 0, "the batch size", batch, "at least 1")?;
    Ok(record(g, model, data, batch).1)
}

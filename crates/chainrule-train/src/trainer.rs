//! The training loop: batch → gradients → update, epoch after epoch.

use std::sync::Arc;

use super::config::{ClassWeights, Config};
use super::objective::{CustomLoss, Objective};
use super::progress::{Epoch, Progress};
use crate::data::{Examples, Target, balanced, class_counts};
use chainrule::error::{Error, Result};
use chainrule::graph::Var;
use chainrule::nn::{Field, Network, Targets, Truth};
use chainrule::optim::{Method, Optimizer};
use chainrule::tensor::{Real, Shape};
use chainrule::{Parameters, Pool, State};

/// The parts of a dataset, as a training uses them.
#[derive(Clone, Copy)]
pub struct DataParts<'d> {
    /// What the model learns from.
    pub train: &'d dyn Examples,
    /// What early stopping and schedules look at.
    pub validation: Option<&'d dyn Examples>,
    /// What the finished model is judged by.
    pub test: Option<&'d dyn Examples>,
}

/// A model in training.
///
/// ```
/// use chainrule::nn::{Init, Tanh};
/// use chainrule_train::data::Dataset;
/// use chainrule_train::{Config, DataParts, Flow, Trainer};
///
/// // Four points and their exclusive or.
/// let data = Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?;
/// let config = Config {
///     hidden: vec![8], init: Init::He, activation: Tanh,
///     lr: 0.5, batch_size: 4, epochs: 300, ..Config::default()
/// };
/// let model = config.model(2, 2)?;
/// let mut trainer = Trainer::<f32>::new(&model, &config, &data)?;
/// let parts = DataParts { train: &data, validation: None, test: Some(&data) };
/// trainer.run(parts, &mut |_, _| Ok(Flow::Continue))?;
/// assert_eq!(trainer.epochs[299].scores["test_accuracy"], 1.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Trainer<T> {
    /// The model.
    pub model: Network,
    /// The settings.
    pub config: Config,
    /// The threads. Results do not depend on their number.
    pub pool: Arc<Pool>,
    /// The parameters, fresh or from a checkpoint.
    pub parameters: Parameters<T>,
    /// What the optimizer keeps from step to step, and the sums of gradients that one update follows.
    pub state: State<T>,
    /// How far the training has come.
    pub progress: Progress,
    /// The epochs that are done.
    pub epochs: Vec<Epoch>,
    pub(super) objective: Objective,
    pub(super) metrics: Vec<(String, Box<Metric>)>,
}

/// Scores a model's outputs, a row an example, against what it should have said.
pub(super) type Metric = dyn Fn(&[f64], &[Truth]) -> f64 + Send + Sync;

/// Checks that the model takes a row of the data's features.
fn check_input(model: &Network, data: &dyn Examples) -> Result<()> {
    let row = Field::real("x", [data.width()]);
    if let [input] = model.inputs()
        && input.ty(1) == row.ty(1)
    {
        return Ok(());
    }
    let inputs: Vec<String> = model.inputs().iter().map(Field::to_string).collect();
    let inputs = inputs.join(", ");
    Err(Error::Mismatch(format!(
        "the data's examples are {row}, but the model's inputs are {inputs}"
    )))
}

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

impl<T: Real> Trainer<T> {
    /// A fresh training of `model` on such data, on one thread.
    ///
    /// # Errors
    /// Settings that do not fit the data or the model.
    pub fn new(model: &Network, config: &Config, data: &dyn Examples) -> Result<Self> {
        config.validate()?;
        check_input(model, data)?;
        check_batches(model, config.batch_size, data.len())?;
        let loss = config.loss_for(data.target())?;
        let objective = Objective::Loss(loss, class_weights(config, data)?);
        let mut trainer = Self {
            model: model.clone(),
            config: config.clone(),
            pool: Arc::new(Pool::new(1)),
            parameters: model.initial(config.seed)?,
            state: State::new(),
            progress: Progress::default(),
            epochs: Vec::new(),
            objective,
            metrics: Vec::new(),
        };
        trainer.state = trainer.initial_state()?;
        Ok(trainer)
    }

    /// This training on the threads of `pool`.
    #[must_use]
    pub fn with_pool(mut self, pool: &Arc<Pool>) -> Self {
        self.pool = pool.clone();
        self
    }

    /// This training with a loss of your own, built from the model's output and the targets.
    ///
    /// ```
    /// use chainrule_train::data::Dataset;
    /// use chainrule::nn::Targets;
    /// use chainrule_train::{Config, DataParts, Flow, Trainer};
    /// let data = Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 5.0])?;
    /// let config = Config { hidden: vec![], lr: 0.1, epochs: 400, ..Config::default() };
    /// let model = config.model(1, 1)?;
    /// let mut trainer = Trainer::<f64>::new(&model, &config, &data)?
    ///     .with_loss(|output, targets| match targets {
    ///         Targets::Values(wanted) => (output - wanted).cosh().ln().mean(&[]),
    ///         Targets::Labels(_) => unreachable!("the data holds values"),
    ///     });
    /// let parts = DataParts { train: &data, validation: None, test: None };
    /// trainer.run(parts, &mut |_, _| Ok(Flow::Continue))?;
    /// assert!(trainer.epochs[399].train_loss < 1e-3);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn with_loss(
        mut self,
        loss: impl for<'g> Fn(Var<'g>, Targets<'g>) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        let loss: Box<CustomLoss> = Box::new(loss);
        self.objective = Objective::Custom(loss);
        self
    }

    /// This training with one more score, such as `validation_NAME`, of a model's outputs (row by
    /// row) against the truth of each example, values as the model was trained on them.
    #[must_use]
    pub fn with_metric(
        mut self,
        name: &str,
        metric: impl Fn(&[f64], &[Truth]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.metrics.push((name.into(), Box::new(metric)));
        self
    }

    /// The optimizer whose steps are a part of a plan.
    pub(super) fn optimizer(&self) -> Result<&Optimizer> {
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
        let all: Vec<(String, Shape)> = all.collect();
        self.config.check_patterns(all.iter().map(|(name, _)| name.as_str()))?;
        Ok(all.into_iter().filter(|(name, _)| !self.config.is_frozen(name)).collect())
    }

    /// The size of a whole batch.
    pub(super) fn batch(&self, train: &dyn Examples) -> Result<usize> {
        let batch = self.config.batch_size.min(train.len());
        Error::check(batch > 0, "the number of training examples", batch, "at least 1")?;
        Ok(batch)
    }
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

//! The training loop: batch → gradients → update, epoch after epoch.

use std::ops::Deref;
use std::sync::Arc;

use super::config::{Config, fits};
use super::course::{Advance, Course};
use super::learner::{DataParts, Learner, Metric};
use super::objective::Objective;
use super::step::Watched;
use super::{Action, Outcome};
use chainrule::error::{Error, Result};
use chainrule::graph::Var;
use chainrule::nn::{Network, Truth, Values};
use chainrule::optim::{Method, RateSchedule, Rule};
use chainrule::tensor::Real;
use chainrule::{Parameters, Pool};

/// Whether a training goes on after a step or an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It stops here; it can be resumed.
    Stop,
}

/// Hears of every step and epoch.
pub type Listen<'l, T> = dyn FnMut(&Advance, &Trainer<T>) -> Result<Flow> + 'l;

/// A model in training, with its data. It owns all that it needs, can be sent to another thread, and goes
/// on step by step ([`Trainer::advance`]) or to its end ([`Trainer::run`]).
///
/// ```
/// use chainrule::nn::{Init, Tanh};
/// use chainrule_train::data::{Dataset, Flat};
/// use chainrule_train::{Config, DataParts, Trainer};
///
/// // Four points and their exclusive or.
/// let data = Flat::new(Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?);
/// let config = Config {
///     hidden: vec![8], init: Init::He, activation: Tanh,
///     lr: 0.5, batch_size: 4, epochs: 300, ..Config::default()
/// };
/// let model = config.model(2, 2)?;
/// let parts = DataParts::train(data.clone()).test(data);
/// let mut trainer = Trainer::<f32>::new(&model, &config, parts)?;
/// trainer.train()?;
/// assert_eq!(trainer.score("test_accuracy")?, 1.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// A model of any shape learns from named fields, by a loss that takes what it needs by name:
///
/// ```
/// use chainrule::nn::{Affine, Field, Init, Network, Sequential, Tanh};
/// use chainrule::optim::Adam;
/// use chainrule_train::data::Arrays;
/// use chainrule_train::{Config, DataParts, Trainer};
///
/// let times: Vec<f32> = (0..200).map(|i| i as f32 / 100.0 - 1.0).collect();
/// let waves = times.iter().flat_map(|t| [(3.0 * t).sin(), (3.0 * t).cos()]).collect();
/// let data = Arrays::new().real("time", [1], times)?.real("wave", [2], waves)?;
/// let layers = Sequential::new().with(Affine::new(16, Init::Xavier)).with(Tanh);
/// let model = Network::new(layers.with(Affine::new(2, Init::Xavier)), [Field::real("time", [1])])?;
///
/// let config = Config { batch_size: 20, epochs: 60, ..Config::default() };
/// let mut trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data))?
///     .loss(|answer, batch| (answer.one() - batch["wave"]).square().mean(&[]))
///     .optimizer("*", Adam::default(), 0.01);
/// trainer.train()?;
/// assert!(trainer.score("train_loss")? < 0.05);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Trainer<T> {
    learner: Learner<T>,
    course: Course<T>,
}

impl<T> Deref for Trainer<T> {
    type Target = Learner<T>;

    fn deref(&self) -> &Learner<T> {
        &self.learner
    }
}

impl<T: Real> Trainer<T> {
    /// A fresh training of `model` on such data, on one thread. Examples with one target have the
    /// settings' loss; others want a [`Trainer::loss`] or an [`Trainer::objective`].
    ///
    /// # Errors
    /// Settings or data that do not fit the model, or each other.
    pub fn new(model: &Network, config: &Config, data: DataParts) -> Result<Self> {
        Ok(Self { learner: Learner::new(model, config, data)?, course: Course::default() })
    }

    /// This training on the threads of `pool`.
    #[must_use]
    pub fn with_pool(mut self, pool: &Arc<Pool>) -> Self {
        self.learner.pool = pool.clone();
        self
    }

    /// This training with the sum of the squares of all weights in the loss of its steps, so often.
    pub(super) fn with_penalty(mut self, penalty: f64) -> Self {
        self.learner.penalty = penalty;
        self
    }

    /// This training with a loss of your own, made of the model's answer and the batch, both by name: in
    /// place of the settings' loss, or beside an earlier one of your own.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 5.0])?);
    /// let config = Config { hidden: vec![], lr: 0.1, epochs: 400, ..Config::default() };
    /// let model = config.model(1, 1)?;
    /// let mut trainer = Trainer::<f64>::new(&model, &config, DataParts::train(data))?
    ///     .loss(|answer, batch| (answer.one() - batch["t"]).cosh().ln().mean(&[]));
    /// trainer.train()?;
    /// assert!(trainer.score("train_loss")? < 1e-3);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn loss(
        self,
        loss: impl for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        self.with_own(|objective| objective.loss(loss))
    }

    /// As [`Trainer::loss`], of a loss that is told by its name and counts `weight` times.
    #[must_use]
    pub fn part(
        self,
        name: &str,
        weight: f64,
        loss: impl for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        self.with_own(|objective| objective.part(name, weight, loss))
    }

    /// This training with the parameters whose names fit the pattern as they are, running statistics
    /// among them: as the setting `freeze` has it. Dropout goes on, and batch normalisation goes by its
    /// batch, but for parts that are recorded
    /// [as in a model that predicts](chainrule::nn::Cx::as_predicting).
    #[doc(alias("requires_grad_"))]
    #[must_use]
    pub fn freeze(mut self, pattern: &str) -> Self {
        self.learner.config.freeze.push(pattern.into());
        self.begun_anew()
    }

    /// This training with an optimizer for the parameters whose names fit the pattern; see
    /// [`Objective::optimizer`].
    #[track_caller]
    #[must_use]
    pub fn optimizer(mut self, pattern: &str, rule: impl Rule + 'static, rate: f64) -> Self {
        let last = self.learner.objectives.pop().unwrap_or_else(|| Objective::new("loss"));
        self.learner.objectives.push(last.optimizer(pattern, rule, rate));
        self.begun_anew()
    }

    /// This training with a schedule of the learning rate in place of the settings'.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Advance, Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 5.0])?);
    /// let config = Config { batch_size: 1, epochs: 2, lr: 0.1, ..Config::default() };
    /// let mut trainer = Trainer::<f64>::new(&config.model(1, 1)?, &config, DataParts::train(data))?
    ///     .schedule(|base: f64, step: u64, steps: u64| base * (1.0 - step as f64 / steps as f64));
    /// trainer.advance()?;
    /// let Advance::Step { rate, .. } = trainer.advance()? else { panic!("the second of three steps") };
    /// assert!((rate - 0.1 * 5.0 / 6.0).abs() < 1e-15);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn schedule(mut self, schedule: impl RateSchedule + 'static) -> Self {
        self.learner.schedule = Some(Arc::new(schedule));
        self
    }

    /// This training with one more objective, which takes turns with the others on each batch; the
    /// settings' loss is then none. Optimizers are the objective's own, or come after it: one that comes
    /// before all objectives is an error.
    #[must_use]
    pub fn objective(mut self, objective: Objective) -> Self {
        if std::mem::take(&mut self.learner.is_configured) {
            // Optimizers that came first are kept, and then found to be of no loss.
            let before = self.learner.objectives.drain(..).map(Objective::without_losses);
            self.learner.objectives = before.filter(|own| !own.groups().is_empty()).collect();
        }
        self.learner.objectives.push(objective);
        self.begun_anew()
    }

    /// Changes the only objective, which is a user's own from here on.
    fn with_own(mut self, change: impl FnOnce(Objective) -> Objective) -> Self {
        let mut own = self.learner.objectives.pop().unwrap_or_else(|| Objective::new("loss"));
        if std::mem::take(&mut self.learner.is_configured) {
            own = own.without_losses();
        }
        self.learner.objectives.push(change(own));
        self.begun_anew()
    }

    /// This training without plans and states of optimizers, as it makes another thing small from here on.
    fn begun_anew(mut self) -> Self {
        self.learner.is_prepared = false;
        self.course = Course::default();
        self
    }

    /// This training with one more score, such as `validation_NAME`: the mean over all examples of what
    /// is recorded for a batch.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?);
    /// let config = Config { epochs: 1, ..Config::default() };
    /// let parts = DataParts::train(data.clone()).test(data);
    /// let mut trainer = Trainer::<f32>::new(&config.model(1, 2)?, &config, parts)?
    ///     .metric("right", |answer, batch| answer.one().argmax(1).equal(batch["t"]).mean(&[]));
    /// trainer.train()?;
    /// assert!((trainer.score("test_right")? - trainer.score("test_accuracy")?).abs() < 1e-6);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn metric(
        mut self,
        name: &str,
        metric: impl for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        self.learner.metrics.push((name.into(), Metric::OfBatch(Box::new(metric))));
        self.course = Course::default();
        self
    }

    /// This training with one more score, such as `validation_NAME`, of a model's outputs (row by
    /// row) against the truth of each example, values as the model was trained on them. For examples with
    /// one target.
    #[must_use]
    pub fn with_metric(
        mut self,
        name: &str,
        metric: impl Fn(&[f64], &[Truth]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.learner.metrics.push((name.into(), Metric::OfRows(Box::new(metric))));
        self.course = Course::default();
        self
    }

    /// Has every step keep a hidden value and its gradient, to be read after it by
    /// [`Trainer::watched`]: `path` is one of the model's [`Network::taps`].
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?);
    /// let config = Config { hidden: vec![4], ..Config::default() };
    /// let mut trainer = Trainer::<f32>::new(&config.model(1, 2)?, &config, DataParts::train(data))?;
    /// trainer.watch("relu1")?;
    /// trainer.advance()?;
    /// let hidden = trainer.watched("relu1")?.unwrap();
    /// assert_eq!((hidden.value.shape().dims(), hidden.gradient.shape().dims()), (&[3, 4][..], &[3, 4][..]));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The model names no such value, or the optimizer is L-BFGS, which looks at several points in a step.
    pub fn watch(&mut self, path: &str) -> Result<()> {
        if self.is_of_settings() {
            self.settings_optimizer()?;
        }
        let known = self.learner.model.taps();
        if known.iter().all(|known| known != path) {
            return Err(Error::unknown("hidden value", path, known.iter().map(String::as_str)));
        }
        if self.learner.watched.iter().all(|known| known != path) {
            self.learner.watched.push(path.into());
            self.course.forget();
        }
        Ok(())
    }

    /// A hidden value in the last step's batch and its gradient, of the first objective that takes its
    /// turn at every step; `None` before the first step, or where it is not watched.
    ///
    /// # Errors
    /// None but those of a plan that is another's.
    pub fn watched(&self, path: &str) -> Result<Option<Watched<T>>> {
        self.course.watched(path)
    }

    /// A score of the last epoch that is done: `train_loss`, `test_loss`, `test_NAME` of a
    /// [`Trainer::metric`] and so on.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?);
    /// let config = Config { lr: 1.0, epochs: 500, ..Config::default() };
    /// let parts = DataParts::train(data.clone()).test(data);
    /// let mut trainer = Trainer::<f32>::new(&config.model(1, 2)?, &config, parts)?;
    /// trainer.train()?;
    /// assert_eq!(trainer.score("test_accuracy")?, 1.0);
    /// let error = trainer.score("accuracy").unwrap_err().to_string();
    /// assert!(error.contains("`accuracy`") && error.contains("test_accuracy"), "{error}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// No epoch is done, or its scores have no such name.
    pub fn score(&self, name: &str) -> Result<f64> {
        let Some(epoch) = self.epochs.last() else {
            let message = format!("there is no `{name}` yet: no epoch is done");
            return Err(Error::Mismatch(message));
        };
        let scores = epoch.scores.iter().map(|(known, &score)| (known.as_str(), score));
        let scores = || std::iter::once(("train_loss", epoch.train_loss)).chain(scores.clone());
        let found = scores().find(|&(known, _)| known == name).map(|(_, score)| score);
        found.ok_or_else(|| Error::unknown("score", name, scores().map(|(known, _)| known)))
    }

    /// Trains up to the configured number of epochs, from where the progress stands: [`Trainer::run`] to
    /// which nobody listens.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    #[doc(alias("fit"))]
    pub fn train(&mut self) -> Result<Outcome> {
        self.run(&mut |_, _| Ok(Flow::Continue))
    }

    /// Trains up to the configured number of epochs, from where the progress stands; `listen` hears of
    /// every step and epoch, and can stop the run.
    ///
    /// # Errors
    /// The loss or a parameter becomes NaN or infinite, an error of `listen`, or data that cannot be
    /// read or does not fit the model.
    pub fn run(&mut self, listen: &mut Listen<'_, T>) -> Result<Outcome> {
        self.config.validate()?;
        let steps = self.steps_of_epoch()?;
        loop {
            let advance = self.advance()?;
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
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Advance, Config, DataParts, Outcome, Trainer};
    /// let data = Flat::new(Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?);
    /// let config = Config { batch_size: 3, epochs: 1, ..Config::default() };
    /// let mut trainer = Trainer::<f32>::new(&config.model(1, 2)?, &config, DataParts::train(data))?;
    /// assert!(matches!(trainer.advance()?, Advance::Step { examples: 3, .. }));
    /// assert!(matches!(trainer.advance()?, Advance::Epoch { .. }));
    /// assert_eq!(trainer.advance()?, Advance::Nothing(Outcome::Finished));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn advance(&mut self) -> Result<Advance> {
        self.course.advance(&mut self.learner)
    }

    /// The parameters, to be changed between two steps.
    ///
    /// ```
    /// use chainrule::Tensor;
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 5.0])?);
    /// let config = Config { hidden: vec![], epochs: 1, ..Config::default() };
    /// let mut trainer = Trainer::<f64>::new(&config.model(1, 1)?, &config, DataParts::train(data))?;
    /// trainer.parameters_mut().insert("affine1.weight", Tensor::new([1, 1], vec![2.0])?);
    /// trainer.parameters_mut().insert("affine1.bias", Tensor::new([1], vec![1.0])?);
    /// trainer.train()?;
    /// assert_eq!(trainer.score("train_loss")?, 0.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn parameters_mut(&mut self) -> &mut Parameters<T> {
        self.course.part();
        &mut self.learner.parameters
    }

    /// Changes the course of the training from here on: what is frozen, and the learning rates. To stop is
    /// up to whoever advances it.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Action, Advance, Config, DataParts, Trainer};
    /// let data = Flat::new(Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![1.0, 3.0, 5.0])?);
    /// let config = Config { lr: 0.1, ..Config::default() };
    /// let mut trainer = Trainer::<f64>::new(&config.model(1, 1)?, &config, DataParts::train(data))?;
    /// trainer.act(&Action::Rate { rate: 0.01 })?;
    /// assert!(matches!(trainer.advance()?, Advance::Step { rate: 0.01, .. }));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A pattern fits no parameter, or a rate is no rate; nothing is changed then.
    pub fn act(&mut self, action: &Action) -> Result<()> {
        let mut config = self.config.clone();
        let model = self.model.clone();
        let known = |pattern: &str, trained: bool| {
            let of = model.parameters().iter().filter(|of| of.trainable || !trained);
            let names: Vec<&str> = of.map(|of| of.name.as_str()).collect();
            match names.iter().any(|name| fits(pattern, name)) {
                true => Ok(names),
                false => Err(Error::unknown("parameter", pattern, names)),
            }
        };
        let is_lbfgs = self.is_of_settings() && matches!(config.optimizer, Method::Lbfgs(_));
        match action {
            Action::Stop => return Ok(()),
            Action::Freeze { .. } | Action::Unfreeze { .. } if is_lbfgs => {
                let message =
                    "L-BFGS goes on with one set of parameters, as its steps build on those before";
                return Err(Error::Mismatch(format!("{message}: freeze by the setting `freeze`")));
            }
            Action::Freeze { parameters } => config.freeze.push(parameters.clone()),
            // A pattern may hold more than is meant: what is left of it is told by name.
            Action::Unfreeze { parameters } => {
                let names = known(parameters, false)?;
                let stays = |name: &&&str| config.is_frozen(name) && !fits(parameters, name);
                config.freeze = names.iter().filter(stays).map(|&name| name.into()).collect();
            }
            Action::RateOf { parameters, times } => {
                let names = known(parameters, true)?;
                let rate = |name: &str| match fits(parameters, name) {
                    true => *times,
                    false => config.rate_of(name),
                };
                config.rates = names.iter().map(|&name| (name.into(), rate(name))).collect();
            }
            Action::Rate { rate } => config.lr = *rate,
        }
        config.validate()?;
        let before = std::mem::replace(&mut self.learner.config, config);
        if let Err(error) = self.trained().and_then(|_| self.learner.complete()) {
            self.learner.config = before;
            return Err(error);
        }
        self.change();
        Ok(())
    }

    /// Forgets the plans, as the settings of the training's steps are others from here on.
    pub(super) fn change(&mut self) {
        self.course.change();
    }

    /// The training without its course: who changes more than where it stands tells
    /// [`Trainer::change`] or [`Trainer::leave`].
    pub(super) fn learner_mut(&mut self) -> &mut Learner<T> {
        &mut self.learner
    }

    /// Forgets the epoch under way, as the training is put elsewhere.
    pub(super) fn leave(&mut self) {
        self.course.leave();
    }
}

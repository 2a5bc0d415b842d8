//! What a training makes small: losses of what a model answers to a batch, and the parameters that they
//! move.

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use super::Config;
use super::config::fits;
use super::single::fill_f32;
use crate::data::{Data, Examples, Rows, TARGET, Target};
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Kind, Var};
use chainrule::nn::{Cx, Field, FieldKind, Loss, Network, Targets, Values};
use chainrule::optim::Rule;
use chainrule::plan::Plan;
use chainrule::tensor::Real;

/// The value of a batch that says what each of its examples weighs, where they weigh differently.
pub(super) const WEIGHT: &str = "weight";

/// The input of a step's learning rate.
pub(super) const RATE: &str = "training/rate";

/// A loss or a score: a scalar that is made of what a model answers to a batch and of the batch itself,
/// both by name. A closure of that form is one.
///
/// ```
/// use chainrule::Var;
/// use chainrule::nn::Values;
/// use chainrule_train::{Criterion, Objective};
///
/// /// The mean of |f − t|ᵖ.
/// struct Power(f64);
///
/// impl Criterion for Power {
///     fn record<'g>(&self, answer: &Values<'g>, batch: &Values<'g>) -> Var<'g> {
///         (answer.one() - batch["t"]).abs().pow(self.0).mean(&[])
///     }
/// }
///
/// let objective = Objective::new("fit").criterion("power", 0.5, Power(1.5));
/// ```
pub trait Criterion: Send + Sync {
    /// Records the scalar; `answer` and `batch` are of the same examples.
    fn record<'g>(&self, answer: &Values<'g>, batch: &Values<'g>) -> Var<'g>;
}

impl<F> Criterion for F
where
    F: for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync,
{
    fn record<'g>(&self, answer: &Values<'g>, batch: &Values<'g>) -> Var<'g> {
        self(answer, batch)
    }
}

/// One of the words of the settings is the loss that it names, of the model's only output beside `t`
/// of the batch, and its `weight` where it has weights. Mistakes are told with the line of the output.
///
/// ```
/// use chainrule::nn::Loss;
/// use chainrule_train::Objective;
/// let objective = Objective::new("fit").criterion("huber", 1.0, Loss::Huber { delta: 1.0 });
/// ```
impl Criterion for Loss {
    fn record<'g>(&self, answer: &Values<'g>, batch: &Values<'g>) -> Var<'g> {
        let first = answer.iter().next();
        let _pin = first.map(|(_, answer)| answer.graph().pin_where(answer));
        let target = batch[TARGET];
        if let Err(error) = self.check() {
            return target.graph().fail(self.name(), &error.to_string(), &[]);
        }
        let targets = match target.ty().kind {
            Kind::Index { .. } => Targets::Labels(target),
            Kind::Real => Targets::Values(target),
        };
        Loss::record(self, answer.one(), targets, batch.get(WEIGHT))
    }
}

/// A loss of settings, of examples with one target, with weights Σ w·l / B over a batch of B examples; its
/// mistakes are told with the line that made the model.
pub(super) struct SettingsLoss {
    pub(super) loss: Loss,
    pub(super) model: Network,
}

impl Criterion for SettingsLoss {
    fn record<'g>(&self, answer: &Values<'g>, batch: &Values<'g>) -> Var<'g> {
        let target = batch[TARGET];
        let _pin = self.model.pin(target.graph());
        let loss = Criterion::record(&self.loss, answer, batch);
        // Σ w·l / Σ w over the batch would pull harder where heavy examples are few, the more so the smaller
        // batches are. Weights have the mean 1 over the training part: Σ w·l / B is the loss of all of it,
        // but for the noise of the draw.
        batch.get(WEIGHT).map_or(loss, |weights| loss * weights.mean(&[]))
    }
}

/// What a training makes small, and the parameters that it moves to that end. Several objectives take
/// turns on each batch, as the two of a generative adversarial network do; what their optimizers keep is
/// apart.
///
/// ```
/// use chainrule::optim::Adam;
/// use chainrule_train::Objective;
/// let judge = Objective::new("judge")
///     .loss(|answer, _| (answer["fake"].softplus() + (-answer["real"]).softplus()).mean(&[]))
///     .optimizer("judge.*", Adam::default(), 2e-4);
/// assert_eq!(judge.name(), "judge");
/// ```
#[derive(Clone)]
pub struct Objective {
    name: String,
    losses: Vec<Part>,
    groups: Vec<Group>,
    every: u64,
}

/// One of the losses that an objective adds up.
#[derive(Clone)]
struct Part {
    name: String,
    weight: f64,
    criterion: Arc<dyn Criterion>,
}

/// The parameters that one optimizer moves.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) pattern: String,
    pub(super) rule: Arc<dyn Rule>,
    /// Its learning rate, before schedules.
    pub(super) rate: f64,
    /// The input to which a step's is fed.
    pub(super) input: String,
    /// Where the user gave it.
    pub(super) place: &'static Location<'static>,
}

/// Refuses targets that are no shares: their binary cross-entropy has no bottom.
fn check_shares(data: &dyn Examples) -> Result<()> {
    const CHUNK: usize = 10_000;
    let Target::Values { width } = data.target() else { return Ok(()) };
    let (all, scales) = ((0..data.len() as u32).collect::<Vec<u32>>(), data.scales());
    for examples in all.chunks(CHUNK) {
        let mut values = vec![0.0; examples.len() * width];
        data.values(examples, &mut values)?;
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let Some(at) = values.iter().position(|&value| !is_share(value.into())) else { continue };
        let scale = scales.get(at % width.max(1));
        let own = scale.map_or(f64::from(values[at]), |scale| scale.value(values[at].into()));
        let wanted = match scale {
            Some(_) if is_share(own) => {
                "`raw = true` (--raw) leaves them as they are, where they are standardised else"
            }
            _ => "another loss takes any number",
        };
        return Err(Error::Mismatch(format!(
            "the loss `binary-cross-entropy` takes targets from 0 to 1, but one is {own}: {wanted}"
        )));
    }
    Ok(())
}

impl Objective {
    /// An objective without losses, whose parameters are all, moved by the settings' optimizer.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), losses: Vec::new(), groups: Vec::new(), every: 1 }
    }

    /// The settings' loss of examples with one target.
    pub(super) fn of_settings(
        config: &Config,
        data: &dyn Examples,
        model: &Network,
    ) -> Result<Self> {
        let loss = config.loss_for(data.target())?;
        if let (Loss::BinaryCrossEntropy, Target::Values { .. }) = (loss, data.target()) {
            check_shares(data)?;
        }
        let loss = SettingsLoss { loss, model: model.clone() };
        Ok(Self::new("loss").criterion("loss", 1.0, loss))
    }

    /// This objective with its optimizers alone.
    pub(super) fn without_losses(self) -> Self {
        Self { losses: Vec::new(), ..self }
    }

    /// The name, by which its loss is told.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// This objective with a loss, which counts once.
    #[must_use]
    pub fn loss(
        self,
        loss: impl for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        let name = format!("loss{}", self.losses.len() + 1);
        self.part(&name, 1.0, loss)
    }

    /// This objective with a loss that is told by its name, and that counts `weight` times.
    #[must_use]
    pub fn part(
        self,
        name: &str,
        weight: f64,
        loss: impl for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        self.criterion(name, weight, loss)
    }

    /// [`Objective::part`] of a loss that is a type.
    #[must_use]
    pub fn criterion(
        mut self,
        name: &str,
        weight: f64,
        criterion: impl Criterion + 'static,
    ) -> Self {
        let criterion = Arc::new(criterion);
        self.losses.push(Part { name: name.into(), weight, criterion });
        self
    }

    /// This objective with an optimizer for the parameters whose names fit the pattern, in which `*`
    /// stands for any letters: of several patterns the first that fits. `rate` is their learning rate,
    /// with which schedules begin.
    ///
    /// An objective with optimizers moves what their patterns name, and nothing else.
    #[track_caller]
    #[must_use]
    pub fn optimizer(mut self, pattern: &str, rule: impl Rule + 'static, rate: f64) -> Self {
        let input = format!("{RATE}/{}", self.groups.len());
        let (pattern, rule, place) = (pattern.into(), Arc::new(rule), Location::caller());
        self.groups.push(Group { pattern, rule, rate, input, place });
        self
    }

    /// This objective at every `steps`-th step alone.
    #[must_use]
    pub fn every(mut self, steps: u64) -> Self {
        self.every = steps;
        self
    }

    /// The steps from one of its turns to the next.
    pub(super) fn period(&self) -> u64 {
        self.every
    }

    /// The names of its losses, each with its weight.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, f64)> {
        self.losses.iter().map(|part| (part.name.as_str(), part.weight))
    }

    /// The names of its losses, where it adds up several.
    pub(super) fn told(&self) -> impl Iterator<Item = &str> {
        let several = self.losses.len() > 1;
        self.losses.iter().filter(move |_| several).map(|part| part.name.as_str())
    }

    /// Whether it takes its turn at every step.
    pub(super) fn is_main(&self) -> bool {
        self.every == 1
    }

    /// Whether it is its turn at the step `number`, counted from 0 over all epochs.
    pub(super) fn is_due(&self, number: u64) -> bool {
        (number + 1).is_multiple_of(self.every.max(1))
    }

    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The optimizer of a parameter: `None` where the settings' is, `Err` where the objective leaves it
    /// as it is.
    pub(super) fn group_of(&self, parameter: &str) -> Result<Option<usize>, ()> {
        if self.groups.is_empty() {
            return Ok(None);
        }
        self.groups.iter().position(|group| fits(&group.pattern, parameter)).map(Some).ok_or(())
    }

    /// Checks that it has a loss and that its patterns name parameters.
    pub(super) fn check(&self, parameters: &[&str]) -> Result<()> {
        if self.losses.is_empty() {
            let first = self.groups.first();
            let lost = first.map_or_else(String::new, |Group { pattern, .. }| {
                let why = "stands before all objectives, and is none of theirs";
                format!("; its optimizer, of `{pattern}`, {why} if it is meant for a later one")
            });
            return Err(Error::Mismatch(format!(
                "the objective `{}` has no loss: give it one by `.loss(|answer, batch| …)`{lost}",
                self.name
            )));
        }
        for (part, weight) in self.parts() {
            let (ok, name) =
                (weight >= 0.0 && weight.is_finite(), format!("the weight of `{part}`"));
            let wanted = "finite and not negative: to make something large, negate it in the loss";
            Error::check(ok, &name, weight, wanted)?;
        }
        Error::check(self.every > 0, "the steps between two turns", self.every, "at least 1")?;
        for (at, Group { pattern, rate, .. }) in self.groups.iter().enumerate() {
            let is_rate = *rate > 0.0 && rate.is_finite();
            let name = format!("the learning rate of `{pattern}`");
            Error::check(is_rate, &name, rate, "positive and finite")?;
            if !parameters.iter().any(|name| fits(pattern, name)) {
                return Err(Error::Mismatch(format!(
                    "the pattern `{pattern}` fits none of the parameters: {}",
                    parameters.join(", ")
                )));
            }
            if !parameters.iter().any(|name| self.group_of(name) == Ok(Some(at))) {
                return Err(Error::Mismatch(format!(
                    "the optimizer of `{pattern}` moves nothing: patterns before it take every \
                     parameter that it fits, so put it before them"
                )));
            }
        }
        Ok(())
    }

    /// The losses by name and their weighted sum.
    pub(super) fn record<'g>(&self, answered: &Answered<'g>) -> Losses<'g> {
        let mut total: Option<Var<'g>> = None;
        let mut each = Vec::with_capacity(self.losses.len());
        for Part { name, weight, criterion } in &self.losses {
            let loss = scalar("loss", name, &**criterion, answered);
            let weighed = if *weight == 1.0 { loss } else { loss * *weight };
            total = Some(total.map_or(weighed, |sum| sum + weighed));
            each.push((name.clone(), loss));
        }
        if each.len() == 1 {
            each.clear();
        }
        let Some(total) = total else {
            unreachable!("an objective is checked to have a loss before it is recorded")
        };
        Losses { total, each }
    }
}

/// Records a loss or a metric, which is one number.
pub(super) fn scalar<'g>(
    kind: &str,
    name: &str,
    of: &dyn Criterion,
    answered: &Answered<'g>,
) -> Var<'g> {
    let value = of.record(&answered.answer, &answered.batch);
    if !value.shape().dims().is_empty() {
        let _pin = value.graph().pin_where(value);
        let message = format!("`{name}` must be one number: reduce it with mean or sum");
        value.graph().fail(kind, &message, &[value]);
    }
    value
}

/// The name by which one of the losses that an objective adds up is told.
pub(super) fn told_part(objective: &str, part: &str, is_one_of_several: bool) -> String {
    if is_one_of_several { format!("{objective}/{part}") } else { part.to_owned() }
}

/// The losses of an objective on a batch.
pub(super) struct Losses<'g> {
    pub(super) total: Var<'g>,
    /// Those that it adds up, by name, if there are several.
    pub(super) each: Vec<(String, Var<'g>)>,
}

/// A batch and a model's answer to it.
pub(super) struct Answered<'g> {
    pub(super) answer: Values<'g>,
    pub(super) batch: Values<'g>,
}

impl<'g> Answered<'g> {
    /// Records the model for a batch of `data`.
    pub(super) fn record(cx: &Cx<'g>, model: &Network, data: &dyn Data, size: usize) -> Self {
        let g = cx.graph();
        let inputs = model.inputs();
        let x = inputs.iter().fold(Values::new(g), |x, f| x.with(f.name(), f.input(g, size)));
        // What the model takes is of its type: it may know more labels than the data has.
        let of_model = |field: &Field| x.get(field.name());
        let add = |batch: Values<'g>, field: &Field| {
            let value = of_model(field).unwrap_or_else(|| field.input(g, size));
            batch.with(field.name(), value)
        };
        let batch = data.fields().iter().fold(Values::new(g), add);
        Self { answer: model.forward(cx, x), batch }
    }
}

/// Gathers the examples of a batch with one target into a plan's inputs.
///
/// ```
/// use chainrule::Graph;
/// use chainrule_train::data::Dataset;
/// use chainrule_train::{Config, feed, loss_graph};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
/// let config = Config::default();
/// let model = config.model(1, 2)?;
/// let g = Graph::new();
/// let loss = loss_graph(&g, &model, &config, &data, 2)?;
/// let mut plan = g.compile::<f32>(&[loss])?;
/// feed(&mut plan, &data, &[2, 0])?;
/// plan.run_with(&model.initial(0)?)?;
/// assert!(plan.value(loss)?[0] > 0.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// The plan was made for another batch size or dataset, or the data cannot be read.
pub fn feed<T: Real>(plan: &mut Plan<T>, data: &dyn Examples, batch: &[u32]) -> Result<()> {
    feed_fields(plan, &Rows(data), batch)
}

/// Gathers the examples of a batch into a plan's inputs, those of them that it looks at.
///
/// # Errors
/// The plan was made for another batch size or other data, or the data cannot be read.
pub fn feed_fields<T: Real>(plan: &mut Plan<T>, data: &dyn Data, batch: &[u32]) -> Result<()> {
    data.fields().iter().try_for_each(|field| feed_field(plan, data, field, batch))
}

/// Gathers one field: real numbers on all threads, which fill a stretch of rows each.
fn feed_field<T: Real>(
    plan: &mut Plan<T>,
    data: &dyn Data,
    field: &Field,
    batch: &[u32],
) -> Result<()> {
    let (name, each) = (field.name(), field.shape().len());
    if !plan.has_input(name) {
        return Ok(());
    }
    if matches!(field.kind(), FieldKind::Labels { .. }) {
        let mut labels = vec![0; batch.len() * each];
        data.labels(name, batch, &mut labels)?;
        return plan.feed_labels(name, &labels);
    }
    let failed = Mutex::new(None);
    plan.fill_rows(name, |first, rows| {
        let examples = batch.get(first..).unwrap_or_default();
        let examples = &examples[..examples.len().min(rows.len() / each.max(1))];
        if let Err(error) = fill_f32(rows, |rows| data.reals(name, examples, rows)) {
            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    })?;
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The loss of one batch as a graph, for a gradient check of a configured model.
///
/// ```
/// use chainrule_train::data::{Dataset, Examples};
/// use chainrule_train::{Config, feed, loss_graph};
/// use chainrule::{Graph, check};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
/// let config = Config::default();
/// let model = config.model(1, 2)?;
/// let g = Graph::new();
/// let loss = loss_graph(&g, &model, &config, &data, 3)?;
/// let feed = |plan: &mut _| feed(plan, &data, &[0, 1, 2]);
/// let parameters = model.initial::<f32>(0)?;
/// assert!(check::gradients(&g, loss, &parameters, feed, &check::Settings::default())?.passed);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// A setting out of its domain, or a loss that the data does not fit.
pub fn loss_graph<'g>(
    g: &'g Graph,
    model: &Network,
    config: &Config,
    data: &dyn Examples,
    batch: usize,
) -> Result<Var<'g>> {
    Error::check(batch > 0, "the batch size", batch, "at least 1")?;
    let objective = Objective::of_settings(config, data, model)?;
    let answered = Answered::record(&Cx::predict(g), model, &Rows(data), batch);
    Ok(objective.record(&answered).total)
}

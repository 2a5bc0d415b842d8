//! What a training makes small: a model's loss on a batch as a graph, and how the batch is fed to it.

use std::sync::Mutex;

use super::Config;
use super::single::fill_f32;
use crate::data::{Examples, Target};
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::nn::{Cx, Loss, Network, Targets};
use chainrule::plan::Plan;
use chainrule::tensor::Real;

/// The names of a batch's inputs.
pub(super) const FEATURES: &str = "x";
const TARGETS: &str = "t";

/// The input of a batch's targets.
pub(super) fn targets<'g>(g: &'g Graph, target: Target, batch: usize) -> Targets<'g> {
    match target {
        Target::Class { classes } => Targets::Labels(g.labels(TARGETS, [batch], classes)),
        Target::Values { width } => Targets::Values(g.input(TARGETS, [batch, width])),
    }
}

/// The model's output and its loss on a batch, as in an evaluation.
pub(super) fn record<'g>(
    g: &'g Graph,
    model: &Network,
    loss: &Objective,
    data: &dyn Examples,
    batch: usize,
) -> (Var<'g>, Var<'g>) {
    let x = g.input(FEATURES, [batch, data.width()]);
    let targets = targets(g, data.target(), batch);
    let output = model.forward(&Cx::predict(g), x).one();
    (output, loss.record(model, output, targets, None))
}

/// Gathers the examples of a batch into a plan's inputs.
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
    let width = data.width().max(1);
    let failed = Mutex::new(None);
    plan.fill_rows(FEATURES, |first, rows| {
        let examples = batch.get(first..).unwrap_or_default();
        let examples = &examples[..examples.len().min(rows.len() / width)];
        if let Err(error) = fill_f32(rows, |rows| data.features(examples, rows)) {
            failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
        }
    })?;
    if let Some(error) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    feed_targets(plan, data, batch)
}

/// Gathers the targets of a batch alone, where the loss looks at them.
pub(super) fn feed_targets<T: Real>(
    plan: &mut Plan<T>,
    data: &dyn Examples,
    batch: &[u32],
) -> Result<()> {
    if !plan.has_input(TARGETS) {
        return Ok(());
    }
    match data.target() {
        Target::Class { .. } => {
            let mut labels = vec![0; batch.len()];
            data.labels(batch, &mut labels)?;
            plan.feed_labels(TARGETS, &labels)
        }
        Target::Values { .. } => {
            let values = plan.input_mut(TARGETS)?;
            fill_f32(values, |values| data.values(batch, values))
        }
    }
}

/// What a training makes small.
pub(super) enum Objective {
    /// A loss by name, and what each class weighs in it.
    Loss(Loss, Vec<f64>),
    /// A user's own.
    Custom(Box<CustomLoss>),
}

/// Builds the loss of a batch from the model's output and the targets.
pub(super) type CustomLoss = dyn for<'g> Fn(Var<'g>, Targets<'g>) -> Var<'g> + Send + Sync;

impl Objective {
    /// The loss; mistakes of a loss by name are told with the line that made the model.
    pub(super) fn record<'g>(
        &self,
        model: &Network,
        output: Var<'g>,
        targets: Targets<'g>,
        weights: Option<Var<'g>>,
    ) -> Var<'g> {
        match self {
            Self::Loss(loss, _) => {
                let _pin = model.pin(output.graph());
                loss.record(output, targets, weights)
            }
            Self::Custom(loss) => loss(output, targets),
        }
    }

    /// Whether examples weigh differently in a training step.
    pub(super) fn is_weighted(&self, data: &dyn Examples) -> Result<bool> {
        match self {
            Self::Loss(_, classes) => Ok(!classes.is_empty() || data.weights(&[], &mut [])?),
            Self::Custom(_) => Ok(false),
        }
    }

    /// What each example of a batch weighs: its own weight, times that of its class.
    pub(super) fn weights(
        &self,
        data: &dyn Examples,
        batch: &[u32],
        weights: &mut [f32],
    ) -> Result<()> {
        weights.fill(1.0);
        data.weights(batch, weights)?;
        if let Self::Loss(_, classes) = self
            && !classes.is_empty()
        {
            let mut labels = vec![0; batch.len()];
            data.labels(batch, &mut labels)?;
            for (weight, label) in weights.iter_mut().zip(labels) {
                *weight *= classes.get(label as usize).copied().unwrap_or(1.0) as f32;
            }
        }
        Ok(())
    }
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
    let objective = Objective::Loss(config.loss_for(data.target())?, Vec::new());
    Ok(record(g, model, &objective, data, batch).1)
}

//! Scoring a model on a dataset, and what it predicts.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::Score;
use super::config::EVALUATION_BATCH;
use super::metrics::{ClassMetrics, ClassScores, TopK, ValueMetrics, ValueScores};
use super::objective::{
    Answered, Criterion, Losses, Objective, SettingsLoss, WEIGHT, feed_fields, scalar,
};
use super::single::fill_f32;
use crate::data::{Data, Examples, Rows, truths};
use chainrule::Parameters;
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::nn::{Answer, Cx, Loss, Network, Scale, Target, Truth};
use chainrule::plan::Plan;
use chainrule::tensor::Real;

/// The score of a model on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The mean loss.
    pub loss: f64,
    /// The scores, by the kind of target.
    #[serde(flatten)]
    pub scores: Scores,
}

impl Evaluation {
    /// The scores that are told of each epoch, by name: the loss, and the accuracy or the error.
    pub(super) fn named(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        std::iter::once((Score::Loss.name().into_owned(), self.loss)).chain(self.scores.named())
    }
}

impl Scores {
    /// Those of no examples of such a target, with the accuracy among so many classes.
    pub(super) fn none(target: Target, top: usize) -> Self {
        match target {
            Target::Class { classes } => {
                Self::Classes(ClassMetrics::new(classes, top.max(1)).finish())
            }
            Target::Values { width } => Self::Values(ValueMetrics::new(width).finish()),
        }
    }

    /// Those of them that are told of each epoch, by name.
    pub(super) fn named(&self) -> impl Iterator<Item = (String, f64)> + use<> {
        let told = match self {
            Self::Classes(scores) => {
                let TopK { k, share } = scores.top_k;
                let top = (k > 1).then_some((Score::TopK(k), share));
                [Some((Score::Accuracy, scores.accuracy)), top]
            }
            Self::Values(scores) => {
                [Some((Score::Rmse, scores.rmse)), scores.r2.map(|r2| (Score::R2, r2))]
            }
        };
        told.into_iter().flatten().map(|(score, value)| (score.name().into_owned(), value))
    }

    /// What people look at first.
    #[must_use]
    pub fn first(&self) -> (Score, f64) {
        match self {
            Self::Classes(scores) => (Score::Accuracy, scores.accuracy),
            Self::Values(scores) => {
                scores.r2.map_or((Score::Rmse, scores.rmse), |r2| (Score::R2, r2))
            }
        }
    }
}

/// Scores by the kind of target.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scores {
    /// Of a classifier.
    Classes(ClassScores),
    /// Of a regression.
    Values(ValueScores),
}

/// A model's plans for batches of some sizes.
pub(super) struct Evaluator<T> {
    compiled: HashMap<usize, Compiled<T>>,
}

struct Compiled<T> {
    /// The outputs, where examples are rows with one target and the model answers one value.
    output: Option<u32>,
    /// The loss and the other scores that are recorded, by name.
    scores: Vec<(String, u32)>,
    plan: Plan<T>,
}

/// A model with what it was trained to make small, and what else it is scored by.
pub(super) struct Subject<'a> {
    pub(super) model: &'a Network,
    pub(super) objective: &'a Objective,
    pub(super) metrics: Vec<(&'a str, &'a dyn Criterion)>,
    pub(super) pool: &'a Arc<Pool>,
    /// What examples weigh in a loss that is told beside the other one, where there is to be one.
    pub(super) weights: Option<&'a Weights<'a>>,
}

/// Writes what examples weigh.
pub(super) type Weights<'w> = dyn Fn(&[u32], &mut [f32]) -> Result<()> + 'w;

/// Hears of a batch: its examples and the model's outputs, a row each.
pub(super) type Visit<'v> = dyn FnMut(&[u32], &[f64]) -> Result<()> + 'v;

impl<T: Real> Evaluator<T> {
    pub(super) fn new() -> Self {
        Self { compiled: HashMap::new() }
    }

    /// The means over `data` of the loss, which comes first, and of what else is recorded; `visit` sees
    /// every batch of outputs of rows with one target to which the model answers one value.
    pub(super) fn visit(
        &mut self,
        subject: &Subject<'_>,
        parameters: &Parameters<T>,
        data: &dyn Data,
        visit: &mut Visit<'_>,
    ) -> Result<Vec<(String, f64)>> {
        let mut sums: Vec<(String, f64)> = Vec::new();
        let order: Vec<u32> = (0..data.len() as u32).collect();
        for examples in order.chunks(EVALUATION_BATCH) {
            let Compiled { output, scores, plan } = self.compiled(subject, data, examples.len())?;
            feed_fields(plan, data, examples)?;
            if let Some(weights) = subject.weights {
                fill_f32(plan.input_mut(WEIGHT)?, |all| weights(examples, all))?;
            }
            plan.run_with(parameters)?;
            for (at, (name, id)) in scores.iter().enumerate() {
                let of_batch = plan.value_of(*id)?.first();
                let sum = of_batch.map_or(0.0, |&x| Real::to_f64(x)) * examples.len() as f64;
                match sums.get_mut(at) {
                    Some((_, sums)) => *sums += sum,
                    None => sums.push((name.clone(), sum)),
                }
            }
            if let Some(output) = output {
                let outputs = plan.value_of(*output)?;
                let outputs: Vec<f64> = outputs.iter().map(|&x| Real::to_f64(x)).collect();
                visit(examples, &outputs)?;
            }
        }
        sums.iter_mut().for_each(|(_, sum)| *sum /= data.len().max(1) as f64);
        Ok(sums)
    }

    /// Compiles what the first batch of `data` needs, which tells of mistakes.
    pub(super) fn prepare(&mut self, subject: &Subject<'_>, data: &dyn Data) -> Result<()> {
        match data.len().min(EVALUATION_BATCH) {
            0 => Ok(()),
            batch => self.compiled(subject, data, batch).map(|_| ()),
        }
    }

    fn compiled(
        &mut self,
        subject: &Subject<'_>,
        data: &dyn Data,
        batch: usize,
    ) -> Result<&mut Compiled<T>> {
        use std::collections::hash_map::Entry;
        Ok(match self.compiled.entry(batch) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => {
                let graph = Graph::new();
                let answered = Answered::record(&Cx::predict(&graph), subject.model, data, batch);
                let Losses { total, each } = subject.objective.record(&answered);
                let is_row = data.flat().is_some() && answered.answer.len() == 1;
                let output = is_row.then(|| answered.answer.one());
                let own = subject.metrics.iter().map(|(name, metric)| {
                    ((*name).to_owned(), scalar("metric", name, *metric, &answered))
                });
                let each = each.into_iter().map(|(name, loss)| (loss_of(&name), loss));
                let weighted = subject.weights.map(|_| {
                    let weights = graph.input(WEIGHT, [batch]);
                    let (answer, batch) = (answered.answer.clone(), answered.batch.clone());
                    let weighted = Answered { answer, batch: batch.with(WEIGHT, weights) };
                    (Score::WeightedLoss, subject.objective.record(&weighted).total)
                });
                let scores: Vec<(String, Var<'_>)> = [(Score::Loss.name().into_owned(), total)]
                    .into_iter()
                    .chain(each)
                    .chain(own)
                    .chain(weighted.map(|(score, loss)| (score.name().into_owned(), loss)))
                    .collect();
                let outputs: Vec<Var<'_>> =
                    output.into_iter().chain(scores.iter().map(|&(_, v)| v)).collect();
                let plan = graph.compile::<T>(&outputs)?.with_pool(subject.pool);
                let scores = scores.into_iter().map(|(name, v)| (name, v.id())).collect();
                empty.insert(Compiled { output: output.map(|v| v.id()), scores, plan })
            }
        })
    }
}

/// The name of the score of one of the losses that an objective adds up.
pub(super) fn loss_of(part: &str) -> String {
    format!("loss_{part}")
}

/// Adds up outputs against what they should have been.
pub(super) enum Meter {
    Classes(ClassMetrics),
    Values(ValueMetrics, Vec<Scale>),
}

impl Meter {
    /// `top` is the k of the top-k accuracy; `ranks` adds the area under the ROC curve.
    pub(super) fn new(data: &dyn Examples, top: usize, ranks: bool) -> Self {
        match data.target() {
            Target::Class { classes } => {
                let metrics = ClassMetrics::new(classes, top.max(1));
                Self::Classes(if ranks { metrics.with_roc_auc() } else { metrics })
            }
            Target::Values { width } => Self::Values(ValueMetrics::new(width), data.scales()),
        }
    }

    /// Adds the outputs of some examples, a row each.
    pub(super) fn add(
        &mut self,
        data: &dyn Examples,
        examples: &[u32],
        outputs: &[f64],
    ) -> Result<()> {
        let columns = (outputs.len() / examples.len().max(1)).max(1);
        for (row, truth) in outputs.chunks_exact(columns).zip(truths(data, examples)?) {
            match (&mut *self, truth) {
                (Self::Classes(metrics), Truth::Class(label)) => metrics.add_logits(row, label)?,
                (Self::Values(metrics, scales), Truth::Values(wanted)) => {
                    metrics.add(&Scale::row(scales, row), &Scale::row(scales, &wanted))?;
                }
                _ => {
                    let message = "the data gives classes for values, or values for classes";
                    return Err(Error::Mismatch(message.into()));
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Scores {
        match self {
            Self::Classes(metrics) => Scores::Classes(metrics.finish()),
            Self::Values(metrics, _) => Scores::Values(metrics.finish()),
        }
    }
}

/// The score of a model on a dataset: every metric there is.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::data::Dataset;
/// use chainrule::nn::Loss;
/// use chainrule_train::{Config, Scores, evaluate};
///
/// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
/// let model = Config::default().model(1, 2)?;
/// let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
/// let score = evaluate(&model, loss, &model.initial::<f32>(0)?, &data, &Arc::new(Pool::new(1)), 1)?;
/// let Scores::Classes(scores) = score.scores else { panic!("a classifier") };
/// let right = scores.confusion[0][0] + scores.confusion[1][1];
/// assert_eq!(scores.accuracy, right as f64 / 3.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Parameters or data that do not fit the model, or data that cannot be read.
pub fn evaluate<T: Real>(
    model: &Network,
    loss: Loss,
    parameters: &Parameters<T>,
    data: &dyn Examples,
    pool: &Arc<Pool>,
    top_k: usize,
) -> Result<Evaluation> {
    let loss = SettingsLoss { loss, model: model.clone() };
    let objective = Objective::new("loss").criterion("loss", 1.0, loss);
    let subject =
        Subject { model, objective: &objective, metrics: Vec::new(), pool, weights: None };
    let mut meter = Meter::new(data, top_k, true);
    let mut visit = |examples: &[u32], outputs: &[f64]| meter.add(data, examples, outputs);
    let means = Evaluator::new().visit(&subject, parameters, &Rows(data), &mut visit)?;
    let loss = means.first().map_or(0.0, |&(_, loss)| loss);
    Ok(Evaluation { loss, scores: meter.finish() })
}

/// What a model says of rows of features; values in their own unit, where `scales` tell it.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule::nn::{Answer, Target};
/// use chainrule_train::{Config, predict};
/// let model = Config::default().model(2, 3)?;
/// let (parameters, pool) = (model.initial::<f32>(0)?, Arc::new(Pool::new(1)));
/// let said = predict(&model, Target::Class { classes: 3 }, &[], &parameters, &[0.5, -1.0], &pool)?;
/// let Answer::Class { probabilities, .. } = &said[0] else { panic!("a classifier") };
/// assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Features or parameters that do not fit the model.
pub fn predict<T: Real>(
    model: &Network,
    target: Target,
    scales: &[Scale],
    parameters: &Parameters<T>,
    features: &[f32],
    pool: &Arc<Pool>,
) -> Result<Vec<Answer>> {
    let width = model.inputs().first().map_or(1, |x| x.shape().len().max(1));
    if !features.len().is_multiple_of(width) {
        return Err(Error::Mismatch(format!(
            "{} features are no whole number of rows of {width}",
            features.len()
        )));
    }
    let mut said = Vec::new();
    for rows in features.chunks(EVALUATION_BATCH * width) {
        let graph = Graph::new();
        let batch = rows.len() / width;
        let x = graph.input("x", [batch, width]);
        let output = model.forward(&Cx::predict(&graph), x).one();
        let mut plan = graph.compile::<T>(&[output])?.with_pool(pool);
        let rows: Vec<T> = rows.iter().map(|&x| T::from_f64(f64::from(x))).collect();
        plan.feed("x", &rows)?;
        plan.run_with(parameters)?;
        let outputs: Vec<f64> = plan.value(output)?.iter().map(|&x| Real::to_f64(x)).collect();
        let columns = (outputs.len() / batch.max(1)).max(1);
        for row in outputs.chunks_exact(columns) {
            said.push(Answer::of(target, scales, row)?);
        }
    }
    Ok(said)
}

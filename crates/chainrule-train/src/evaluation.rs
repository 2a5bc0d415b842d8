//! Scoring a model on a dataset, and what it predicts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::metrics::{ClassMetrics, ClassScores, ValueMetrics, ValueScores};
use super::step::{Objective, feed, record};
use super::trainer::{Parts, Trainer, Truth};
use crate::data::{Examples, Scale, Target};
use chainrule::Parameters;
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::graph::Graph;
use chainrule::nn::{Loss, Sequential};
use chainrule::plan::Plan;
use chainrule::tensor::Real;

/// Examples evaluated at once.
pub(super) const EVALUATION_BATCH: usize = 200;

/// The score of a model on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The mean loss.
    pub loss: f64,
    /// The scores, by the kind of target.
    #[serde(flatten)]
    pub scores: Scores,
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

/// What a model says of one example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Prediction {
    /// The most probable class, and the probability of each.
    Class {
        /// The class.
        class: u32,
        /// The probabilities, by class.
        probabilities: Vec<f64>,
    },
    /// A value.
    Value {
        /// The value.
        value: f64,
    },
    /// Several values.
    Values {
        /// The values.
        values: Vec<f64>,
    },
}

/// A model's plans for batches of some sizes.
pub(super) struct Evaluator<T> {
    compiled: HashMap<usize, Compiled<T>>,
}

struct Compiled<T> {
    output: u32,
    loss: u32,
    plan: Plan<T>,
}

/// A model with what it was trained to make small.
pub(super) struct Subject<'a> {
    pub(super) model: &'a Sequential,
    pub(super) objective: &'a Objective,
    pub(super) pool: &'a Arc<Pool>,
}

/// Hears of a batch: its examples and the model's outputs, a row each.
type Visit<'v> = dyn FnMut(&[u32], &[f64]) -> Result<()> + 'v;

impl<T: Real> Evaluator<T> {
    pub(super) fn new() -> Self {
        Self { compiled: HashMap::new() }
    }

    /// The mean loss on `data`; `visit` sees every batch of outputs.
    pub(super) fn visit(
        &mut self,
        subject: &Subject<'_>,
        parameters: &Parameters<T>,
        data: &dyn Examples,
        visit: &mut Visit<'_>,
    ) -> Result<f64> {
        let mut loss = 0.0;
        let order: Vec<u32> = (0..data.len() as u32).collect();
        for examples in order.chunks(EVALUATION_BATCH) {
            let Compiled { output, loss: loss_id, plan } =
                self.compiled(subject, data, examples.len())?;
            feed(plan, data, examples)?;
            plan.run_with(parameters)?;
            let of_batch = plan.value_of(*loss_id)?.first();
            loss += of_batch.map_or(0.0, |&x| Real::to_f64(x)) * examples.len() as f64;
            let outputs = plan.value_of(*output)?;
            let outputs: Vec<f64> = outputs.iter().map(|&x| Real::to_f64(x)).collect();
            visit(examples, &outputs)?;
        }
        Ok(loss / data.len().max(1) as f64)
    }

    fn compiled(
        &mut self,
        subject: &Subject<'_>,
        data: &dyn Examples,
        batch: usize,
    ) -> Result<&mut Compiled<T>> {
        use std::collections::hash_map::Entry;
        Ok(match self.compiled.entry(batch) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => {
                let graph = Graph::new();
                let (output, loss) = record(&graph, subject.model, subject.objective, data, batch);
                let plan = graph.compile::<T>(&[output, loss])?.with_pool(subject.pool);
                let (output, loss) = (output.id(), loss.id());
                empty.insert(Compiled { output, loss, plan })
            }
        })
    }
}

/// A row's scores, one a class: two from the single output of a binary classifier.
fn class_scores(classes: usize, outputs: &[f64]) -> Vec<f64> {
    match outputs {
        [logit] if classes == 2 => vec![0.0, *logit],
        _ => outputs.to_vec(),
    }
}

/// Class scores as probabilities: their softmax.
fn probabilities(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// Values in their own unit.
pub(super) fn in_own_unit(values: &[f64], scales: &[Scale]) -> Vec<f64> {
    let own = |(at, &value): (usize, &f64)| scales.get(at).map_or(value, |s| s.value(value));
    values.iter().enumerate().map(own).collect()
}

/// Adds up outputs against what they should have been.
enum Meter {
    Classes { classes: usize, metrics: ClassMetrics, ranks: bool },
    Values { width: usize, metrics: ValueMetrics, scales: Vec<Scale> },
}

impl Meter {
    /// `top` is the k of the top-k accuracy; `ranks` adds the area under the ROC curve.
    fn new(data: &dyn Examples, top: usize, ranks: bool) -> Self {
        match data.target() {
            Target::Class { classes } => {
                let metrics = ClassMetrics::new(classes, top.max(1));
                let metrics = if ranks { metrics.with_roc_auc() } else { metrics };
                Self::Classes { classes, metrics, ranks }
            }
            Target::Values { width } => {
                let (metrics, scales) = (ValueMetrics::new(width), data.scales());
                Self::Values { width, metrics, scales }
            }
        }
    }

    fn add(&mut self, data: &dyn Examples, examples: &[u32], outputs: &[f64]) -> Result<()> {
        let columns = (outputs.len() / examples.len().max(1)).max(1);
        let rows = outputs.chunks_exact(columns);
        match self {
            Self::Classes { classes, metrics, ranks } => {
                let mut labels = vec![0; examples.len()];
                data.labels(examples, &mut labels)?;
                for (row, label) in rows.zip(labels) {
                    let scores = class_scores(*classes, row);
                    let scores = if *ranks { probabilities(&scores) } else { scores };
                    metrics.add(&scores, label)?;
                }
            }
            Self::Values { width, metrics, scales } => {
                let mut wanted = vec![0.0; examples.len() * *width];
                data.values(examples, &mut wanted)?;
                for (row, wanted) in rows.zip(wanted.chunks_exact((*width).max(1))) {
                    let wanted: Vec<f64> = wanted.iter().map(|&x| f64::from(x)).collect();
                    metrics.add(&in_own_unit(row, scales), &in_own_unit(&wanted, scales))?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Scores {
        match self {
            Self::Classes { metrics, .. } => Scores::Classes(metrics.finish()),
            Self::Values { metrics, .. } => Scores::Values(metrics.finish()),
        }
    }
}

/// A loss, the scores, and those by the user's metrics.
type Scored<'a> = (f64, Scores, Vec<(&'a str, f64)>);

impl<T: Real> Trainer<T> {
    /// The scores of the validation and the test part under names such as `test_accuracy`.
    pub(super) fn scores(
        &self,
        evaluators: &mut [Evaluator<T>; 2],
        data: Parts<'_>,
    ) -> Result<BTreeMap<String, f64>> {
        let mut named = BTreeMap::new();
        let steps = data.train.len().div_ceil(self.batch(data.train)?) as u64;
        let parts = [("validation", data.validation), ("test", data.test)];
        for ((part, examples), evaluator) in parts.into_iter().zip(evaluators) {
            let Some(examples) = examples else { continue };
            let (loss, scores, own) = self.score(evaluator, examples)?;
            if !loss.is_finite() {
                let steps = u64::from(self.progress.epoch) * steps + steps;
                return Err(self.diverged_in(part, loss, examples, steps)?);
            }
            let mut put = |name: &str, score| named.insert(format!("{part}_{name}"), score);
            put("loss", loss);
            match scores {
                Scores::Classes(scores) => {
                    put("accuracy", scores.accuracy);
                    if self.config.top_k > 1 {
                        put(&format!("top_{}_accuracy", scores.top_k.k), scores.top_k.share);
                    }
                }
                Scores::Values(scores) => {
                    put("rmse", scores.rmse);
                    put("r2", scores.r2);
                }
            }
            for (name, score) in own {
                put(name, score);
            }
        }
        Ok(named)
    }

    /// The loss, the scores and those by the user's metrics.
    fn score(&self, evaluator: &mut Evaluator<T>, data: &dyn Examples) -> Result<Scored<'_>> {
        let (model, objective, pool) = (&self.model, &self.objective, &self.pool);
        let subject = Subject { model, objective, pool };
        let mut meter = Meter::new(data, self.config.top_k, false);
        let mut all = Vec::new();
        let loss =
            evaluator.visit(&subject, &self.parameters, data, &mut |examples, outputs| {
                if !self.metrics.is_empty() {
                    all.extend_from_slice(outputs);
                }
                meter.add(data, examples, outputs)
            })?;
        let mut own = Vec::new();
        if !self.metrics.is_empty() {
            let truth = truth(data)?;
            own.extend(self.metrics.iter().map(|(name, of)| (name.as_str(), of(&all, &truth))));
        }
        Ok((loss, meter.finish(), own))
    }
}

fn truth(data: &dyn Examples) -> Result<Truth> {
    let all: Vec<u32> = (0..data.len() as u32).collect();
    Ok(match data.target() {
        Target::Class { .. } => {
            let mut labels = vec![0; all.len()];
            data.labels(&all, &mut labels)?;
            Truth::Labels(labels)
        }
        Target::Values { width } => {
            let mut values = vec![0.0; all.len() * width];
            data.values(&all, &mut values)?;
            Truth::Values(values)
        }
    })
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
    model: &Sequential,
    loss: Loss,
    parameters: &Parameters<T>,
    data: &dyn Examples,
    pool: &Arc<Pool>,
    top_k: usize,
) -> Result<Evaluation> {
    let objective = Objective::Loss(loss, Vec::new());
    let subject = Subject { model, objective: &objective, pool };
    let mut meter = Meter::new(data, top_k, true);
    let mut visit = |examples: &[u32], outputs: &[f64]| meter.add(data, examples, outputs);
    let loss = Evaluator::new().visit(&subject, parameters, data, &mut visit)?;
    Ok(Evaluation { loss, scores: meter.finish() })
}

/// What a model says of rows of features; values in their own unit, where `scales` tell it.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::data::Target;
/// use chainrule_train::{Config, Prediction, predict};
/// let model = Config::default().model(2, 3)?;
/// let (parameters, pool) = (model.initial::<f32>(0)?, Arc::new(Pool::new(1)));
/// let said = predict(&model, Target::Class { classes: 3 }, &[], &parameters, &[0.5, -1.0], &pool)?;
/// let Prediction::Class { probabilities, .. } = &said[0] else { panic!("a classifier") };
/// assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Features or parameters that do not fit the model.
pub fn predict<T: Real>(
    model: &Sequential,
    target: Target,
    scales: &[Scale],
    parameters: &Parameters<T>,
    features: &[f32],
    pool: &Arc<Pool>,
) -> Result<Vec<Prediction>> {
    let width = model.inputs().max(1);
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
        let output = model.forward(graph.input("x", [batch, width]));
        let mut plan = graph.compile::<T>(&[output])?.with_pool(pool);
        let rows: Vec<T> = rows.iter().map(|&x| T::from_f64(f64::from(x))).collect();
        plan.feed("x", &rows)?;
        plan.run_with(parameters)?;
        let outputs: Vec<f64> = plan.value(output)?.iter().map(|&x| Real::to_f64(x)).collect();
        let columns = (outputs.len() / batch.max(1)).max(1);
        said.extend(outputs.chunks_exact(columns).map(|row| prediction(target, scales, row)));
    }
    Ok(said)
}

/// What a row of outputs says.
pub(super) fn prediction(target: Target, scales: &[Scale], outputs: &[f64]) -> Prediction {
    if let Target::Class { classes } = target {
        let probabilities = probabilities(&class_scores(classes, outputs));
        // Of equal ones the first, as in the scores.
        let best =
            probabilities.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (at, &p)| {
                if p > best.1 { (at, p) } else { best }
            });
        return Prediction::Class { class: best.0 as u32, probabilities };
    }
    match in_own_unit(outputs, scales)[..] {
        [value] => Prediction::Value { value },
        ref values => Prediction::Values { values: values.to_vec() },
    }
}

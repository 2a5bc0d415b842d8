//! What a training scores after each epoch, on the parts that it does not learn from.

use std::collections::BTreeMap;

use super::Score;
use super::evaluation::{Evaluator, Meter, Scores, Subject, Weights, loss_of};
use super::learner::{Learner, Metric, RowMetric};
use super::objective::{Objective, told_part};
use crate::data::{Data, DataPart, Examples, Target, truths};
use chainrule::error::{Error, Result};
use chainrule::tensor::Real;

impl<T: Real> Learner<T> {
    /// The scores of the validation and the test part under names such as `test_accuracy`.
    pub(super) fn scores(
        &self,
        evaluators: &mut [Evaluator<T>; 2],
    ) -> Result<BTreeMap<String, f64>> {
        let mut named = BTreeMap::new();
        for (part, evaluator) in DataPart::CHOOSING.into_iter().zip(evaluators) {
            let Some(examples) = self.data.part(part) else { continue };
            let scores = self.score(evaluator, part, &**examples)?;
            let loss = scores.first().map_or(0.0, |&(_, loss)| loss);
            if !loss.is_finite() {
                let steps = (u64::from(self.progress.epoch) + 1) * self.steps_of_epoch()?;
                return Err(self.diverged_in(part.name(), loss, &**examples, steps)?);
            }
            named.extend(scores.into_iter().map(|(name, score)| (part.score(&name), score)));
        }
        Ok(named)
    }

    /// Compiles what scores the validation and the test part, so that mistakes are told before an epoch
    /// is done.
    pub(super) fn prepare_scores(&self, evaluators: &mut [Evaluator<T>; 2]) -> Result<()> {
        for (part, evaluator) in DataPart::CHOOSING.into_iter().zip(evaluators) {
            let Some(data) = self.data.part(part) else { continue };
            let weights = self.weights_of(part, &**data)?;
            let prepared = self.subject(&**data).and_then(|(subject, _)| {
                evaluator.prepare(&Subject { weights: weights.as_deref(), ..subject }, &**data)
            });
            prepared.map_err(|error| Error::Mismatch(format!("on the {part} part, {error}")))?;
        }
        Ok(())
    }

    /// The rows of such data whose classes or values are scored: the model answers each with one row of
    /// what its target asks for.
    pub(super) fn scored_rows<'d>(&self, data: &'d dyn Data) -> Option<&'d dyn Examples> {
        let [answer] = self.model.outputs() else { return None };
        let found = answer.shape().len();
        data.flat().filter(|rows| match rows.target() {
            Target::Class { classes } => found == classes || (found, classes) == (1, 2),
            Target::Values { width } => found == width,
        })
    }

    /// Checks that no two losses, and no two scores, are told by one name.
    pub(super) fn check_names(&self) -> Result<()> {
        let several = self.objectives.len() > 1;
        let mut losses = Vec::new();
        for objective in &self.objectives {
            losses.extend(several.then(|| objective.name().to_owned()));
            let told = |part| told_part(objective.name(), part, several);
            losses.extend(objective.told().map(told));
        }
        let mut scores = vec![Score::Loss.name().into_owned()];
        scores.extend(
            self.objectives.get(self.main()).into_iter().flat_map(Objective::told).map(loss_of),
        );
        scores.extend(match self.scored_rows(&*self.data.train).map(Examples::target) {
            Some(target) => {
                Scores::none(target, self.config.top_k).named().map(|(name, _)| name).collect()
            }
            None => Vec::new(),
        });
        scores.push(Score::WeightedLoss.name().into_owned());
        scores.extend(self.metrics.iter().map(|(name, _)| name.clone()));
        for (what, mut names) in [("losses", losses), ("scores", scores)] {
            names.sort_unstable();
            if let Some([name, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(Error::Mismatch(format!(
                    "two {what} are told by the name `{name}`: give one of them another"
                )));
            }
        }
        Ok(())
    }

    /// What is scored on `data` by a plan, and the scores of rows.
    fn subject(&self, data: &dyn Data) -> Result<(Subject<'_>, Vec<(&str, &RowMetric)>)> {
        let Some(objective) = self.objectives.get(self.main()) else {
            unreachable!("a training is checked to have an objective before it is scored")
        };
        let (mut metrics, mut of_rows) = (Vec::new(), Vec::new());
        for (name, metric) in &self.metrics {
            match metric {
                Metric::OfBatch(of) => metrics.push((name.as_str(), &**of)),
                Metric::OfRows(of) => of_rows.push((name.as_str(), &**of)),
            }
        }
        if let (None, Some((name, _))) = (self.rows(data), of_rows.first()) {
            let message = format!("the metric `{name}` is of rows with one target and one answer");
            return Err(Error::Mismatch(format!("{message}: give it by `.metric` instead")));
        }
        let (model, pool) = (&self.model, &self.pool);
        Ok((Subject { model, objective, metrics, pool, weights: None }, of_rows))
    }

    /// The rows of such data to which the model answers one value.
    fn rows<'d>(&self, data: &'d dyn Data) -> Option<&'d dyn Examples> {
        data.flat().filter(|_| self.model.outputs().len() == 1)
    }

    /// What the examples of a part weigh where a loss is told in which they do: that of the validation part
    /// chooses the epoch and the end of a training with weights.
    fn weights_of<'d>(
        &'d self,
        part: DataPart,
        data: &'d dyn Data,
    ) -> Result<Option<Box<Weights<'d>>>> {
        let is_told = part == DataPart::Validation && self.is_configured && self.is_weighted()?;
        Ok(data.flat().filter(|_| is_told).map(|rows| -> Box<Weights<'d>> {
            Box::new(move |examples, weights| self.weights(rows, examples, weights))
        }))
    }

    /// The loss, which comes first, and the other scores by name.
    fn score(
        &self,
        evaluator: &mut Evaluator<T>,
        part: DataPart,
        data: &dyn Data,
    ) -> Result<Vec<(String, f64)>> {
        let (subject, of_rows) = self.subject(data)?;
        let weights = self.weights_of(part, data)?;
        let subject = Subject { weights: weights.as_deref(), ..subject };
        let scored = self.scored_rows(data);
        let mut meter = scored.map(|rows| (rows, Meter::new(rows, self.config.top_k, false)));
        let mut all = Vec::new();
        let mut scores =
            evaluator.visit(&subject, &self.parameters, data, &mut |examples, outputs| {
                if !of_rows.is_empty() {
                    all.extend_from_slice(outputs);
                }
                let meter = meter.as_mut();
                meter.map_or(Ok(()), |(rows, meter)| meter.add(*rows, examples, outputs))
            })?;
        scores.extend(meter.into_iter().flat_map(|(_, meter)| meter.finish().named()));
        if let Some(rows) = self.rows(data).filter(|_| !of_rows.is_empty()) {
            let every: Vec<u32> = (0..rows.len() as u32).collect();
            let truths = truths(rows, &every)?;
            let own = of_rows.into_iter().map(|(name, of)| (name.to_owned(), of(&all, &truths)));
            scores.extend(own);
        }
        Ok(scores)
    }
}

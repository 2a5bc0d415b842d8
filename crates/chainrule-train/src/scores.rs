//! What a training scores after each epoch, on the parts that it does not learn from.

use std::collections::BTreeMap;

use super::evaluation::{Evaluator, Meter, Scores, Subject};
use super::learner::{Learner, Metric};
use crate::data::{Data, truths};
use chainrule::error::{Error, Result};
use chainrule::tensor::Real;

impl<T: Real> Learner<T> {
    /// The scores of the validation and the test part under names such as `test_accuracy`.
    pub(super) fn scores(
        &self,
        evaluators: &mut [Evaluator<T>; 2],
    ) -> Result<BTreeMap<String, f64>> {
        let mut named = BTreeMap::new();
        let parts = [("validation", &self.data.validation), ("test", &self.data.test)];
        for ((part, examples), evaluator) in parts.into_iter().zip(evaluators) {
            let Some(examples) = examples else { continue };
            let scores = self.score(evaluator, &**examples)?;
            let loss = scores.first().map_or(0.0, |&(_, loss)| loss);
            if !loss.is_finite() {
                let steps = (u64::from(self.progress.epoch) + 1) * self.steps_of_epoch()?;
                return Err(self.diverged_in(part, loss, &**examples, steps)?);
            }
            named.extend(scores.into_iter().map(|(name, score)| (format!("{part}_{name}"), score)));
        }
        Ok(named)
    }

    /// The loss, which comes first, and the other scores by name.
    fn score(&self, evaluator: &mut Evaluator<T>, data: &dyn Data) -> Result<Vec<(String, f64)>> {
        let Some(objective) = self.objectives.get(self.main()) else { return Ok(Vec::new()) };
        let mut metrics = Vec::new();
        let mut of_rows = Vec::new();
        for (name, metric) in &self.metrics {
            match metric {
                Metric::OfBatch(of) => metrics.push((name.as_str(), &**of)),
                Metric::OfRows(of) => of_rows.push((name, of)),
            }
        }
        let subject = Subject { model: &self.model, objective, metrics, pool: &self.pool };
        let Some(rows) = data.flat() else {
            if let Some((name, _)) = of_rows.first() {
                let message = format!("the metric `{name}` is of rows with one target");
                return Err(Error::Mismatch(format!("{message}: give it by `.metric` instead")));
            }
            return evaluator.visit(&subject, &self.parameters, data, &mut |_, _| Ok(()));
        };
        let mut meter = Meter::new(rows, self.config.top_k, false);
        let mut all = Vec::new();
        let mut scores =
            evaluator.visit(&subject, &self.parameters, data, &mut |examples, outputs| {
                if !of_rows.is_empty() {
                    all.extend_from_slice(outputs);
                }
                meter.add(rows, examples, outputs)
            })?;
        let mut put = |name: &str, score: f64| scores.push((name.to_owned(), score));
        match meter.finish() {
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
        if !of_rows.is_empty() {
            let every: Vec<u32> = (0..rows.len() as u32).collect();
            let truths = truths(rows, &every)?;
            of_rows.into_iter().for_each(|(name, of)| put(name, of(&all, &truths)));
        }
        Ok(scores)
    }
}

//! What a training scores after each epoch, on the parts that it does not learn from.

use std::collections::BTreeMap;

use super::evaluation::{Evaluator, Meter, Scores, Subject};
use super::trainer::{DataParts, Trainer};
use crate::data::{Examples, truths};
use chainrule::error::Result;
use chainrule::tensor::Real;

/// A loss, the scores, and those by the user's metrics.
type Scored<'a> = (f64, Scores, Vec<(&'a str, f64)>);

impl<T: Real> Trainer<T> {
    /// The scores of the validation and the test part under names such as `test_accuracy`.
    pub(super) fn scores(
        &self,
        evaluators: &mut [Evaluator<T>; 2],
        data: DataParts<'_>,
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
            let every: Vec<u32> = (0..data.len() as u32).collect();
            let truths = truths(data, &every)?;
            own.extend(self.metrics.iter().map(|(name, of)| (name.as_str(), of(&all, &truths))));
        }
        Ok((loss, meter.finish(), own))
    }
}

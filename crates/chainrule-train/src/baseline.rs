//! What a model is to beat: always the same answer, and a linear model of the same rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::course::Advance;
use super::learner::DataParts;
use super::trainer::Trainer;
use super::{Config, Evaluation, Precision, evaluate, number};
use crate::data::{DataPart, Examples, Flat, Preparation};
use chainrule::error::Result;
use chainrule::nn::{Loss, Network};
use chainrule::optim::{Lbfgs, Schedule};
use chainrule::tensor::Tensor;
use chainrule::{Parameters, Pool};

/// The scores that a model's stand beside, under the same names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// Those of always the same answer: the training part's most frequent class or its mean.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "number::read_map"
    )]
    pub baseline: BTreeMap<String, f64>,
    /// That answer, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub always: String,
    /// The losses of the model before training, where it came to one that is far above the baseline's.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "number::read_map"
    )]
    pub untrained: BTreeMap<String, f64>,
    /// Whether classes or examples weigh differently in the loss of training, which these scores are not of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weighted: bool,
    /// Those of a linear model, fitted to the training part.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "number::read_map"
    )]
    pub linear: BTreeMap<String, f64>,
    /// Why there is no linear model, where one was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear_left_out: Option<String>,
}

/// A model without hidden layers.
pub(super) struct Simple {
    model: Network,
    loss: Loss,
    top_k: usize,
    parameters: Parameters<f64>,
}

/// What a linear model may take beside a training of such time: a tenth of it; of a training that is over in no
/// time what nobody feels.
pub(super) fn for_linear(training: Duration) -> Duration {
    const UNFELT: Duration = Duration::from_millis(50);
    (training / 10).max(UNFELT)
}

/// The most steps of L-BFGS that fit a linear model, and the iterations of each: few, as the time is looked at
/// between steps.
const STEPS: u32 = 125;
const ITERATIONS: usize = 4;

/// About what one look at the training part takes for each number in it.
const LOOK: Duration = Duration::from_nanos(2);

/// The looks at the training part below which no fit ends: those of two steps.
const LOOKS: u32 = 10;

/// The fit is done where a step changes the loss by less than this share of it.
const CONVERGED: f64 = 1e-6;

impl Simple {
    /// What always gives the training part's most frequent class, with its frequencies for probabilities, or
    /// its mean; with that answer in words. `None` where the preparation does not tell it.
    pub(super) fn constant(
        config: &Config,
        preparation: &Preparation,
        data: &dyn Examples,
    ) -> Result<Option<(Self, String)>> {
        let Some(usual) = preparation.usual_answer() else { return Ok(None) };
        let config = without_layers(config);
        let model = config.model_for(data.width(), data.target())?;
        let mut parameters: Parameters<f64> = model.initial(0)?;
        for parameter in model.parameters() {
            // The bias is the answer, and no weight adds to it.
            let values = match parameter.shape.dims() {
                [outputs] => usual.outputs(*outputs),
                _ => vec![0.0; parameter.shape.len()],
            };
            parameters.insert(parameter.name.as_str(), Tensor::new(parameter.shape, values)?);
        }
        let (loss, top_k) = (config.loss_for(data.target())?, config.top_k);
        Ok(Some((Self { model, loss, top_k, parameters }, usual.in_words())))
    }

    /// A linear or logistic model of the training part, fitted by L-BFGS with the penalty that is usual in
    /// scikit-learn: the sum of the squares of the weights, halved for classes, divided by the number of
    /// rows. `None` where that takes longer than `time`.
    pub(super) fn linear(
        config: &Config,
        train: &Arc<dyn Examples>,
        pool: &Arc<Pool>,
        time: Duration,
    ) -> Result<Option<Self>> {
        let start = Instant::now();
        let numbers = train.len().saturating_mul(train.width());
        let least = LOOK.as_secs_f64() * f64::from(LOOKS) * numbers as f64;
        if least > time.as_secs_f64() {
            return Ok(None);
        }
        let config = without_layers(config);
        let model = config.model_for(train.width(), train.target())?;
        let loss = config.loss_for(train.target())?;
        let half = if matches!(loss, Loss::CrossEntropy { .. } | Loss::BinaryCrossEntropy) {
            0.5
        } else {
            1.0
        };
        let data = DataParts::train(Flat::from(train.clone()));
        let trainer = Trainer::<f64>::new(&model, &config, data)?.with_pool(pool);
        let mut trainer = trainer.with_penalty(half / train.len().max(1) as f64);
        let mut before = f64::INFINITY;
        loop {
            if start.elapsed() > time {
                return Ok(None);
            }
            match trainer.advance()? {
                Advance::Step { loss, .. } if before - loss <= CONVERGED * loss.abs() => break,
                Advance::Step { loss, .. } => before = loss,
                Advance::Epoch { .. } => {}
                Advance::Nothing(_) => break,
            }
        }
        let (parameters, top_k) = (trainer.parameters.clone(), config.top_k);
        Ok(Some(Self { model, loss, top_k, parameters }))
    }

    /// The scores on parts, under names such as `test_accuracy`.
    pub(super) fn scores(
        &self,
        parts: &[(DataPart, &dyn Examples)],
        pool: &Arc<Pool>,
    ) -> Result<BTreeMap<String, f64>> {
        let mut scores = BTreeMap::new();
        for (part, data) in parts {
            let of_part = self.score(*data, pool)?;
            scores.extend(of_part.named().map(|(name, score)| (part.score(&name), score)));
        }
        Ok(scores)
    }

    pub(super) fn score(&self, data: &dyn Examples, pool: &Arc<Pool>) -> Result<Evaluation> {
        evaluate(&self.model, self.loss, &self.parameters, data, pool, self.top_k)
    }
}

/// The settings of a linear model of the same data, with the same loss and weights.
fn without_layers(config: &Config) -> Config {
    let lbfgs = Lbfgs { iterations: ITERATIONS, ..Lbfgs::default() };
    let Config { dataset, target, task, weight, loss, class_weights, top_k, .. } = config.clone();
    let data = Config { dataset, target, task, weight, ..Config::default() };
    Config {
        hidden: Vec::new(),
        optimizer: lbfgs.into(),
        lr: 1.0,
        batch_size: u32::MAX as usize,
        epochs: STEPS,
        schedule: Schedule::Constant,
        dtype: Precision::F64,
        loss,
        class_weights,
        top_k,
        ..data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Target};

    /// A table of a hundred million numbers, which nobody may read.
    struct Large;

    impl Examples for Large {
        fn len(&self) -> usize {
            1_000_000
        }
        fn width(&self) -> usize {
            100
        }
        fn target(&self) -> Target {
            Target::Class { classes: 2 }
        }
        fn features(&self, _: &[u32], _: &mut [f32]) -> Result<()> {
            unreachable!("a fit of it takes longer than there is time")
        }
    }

    #[test]
    fn a_linear_model_that_takes_too_long_is_left_out() {
        let (config, pool) = (Config::default(), Arc::new(Pool::new(1)));
        let fit = |train: Arc<dyn Examples>, time| {
            Simple::linear(&config, &train, &pool, time).unwrap().is_some()
        };
        let small = || Arc::new(Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2).unwrap());
        assert!(fit(small(), Duration::from_secs(60)));
        // It is known before a fit begins where the table is large, and while it goes on else.
        assert!(!fit(small(), Duration::ZERO));
        assert!(!fit(Arc::new(Large), Duration::from_millis(500)));
        assert_eq!(for_linear(Duration::from_secs(20)), Duration::from_secs(2));
    }
}

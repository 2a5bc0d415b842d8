//! What the trainings of a cross-validation have come to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Baselines, Config, FinalScores};
use crate::data::DataPart;

/// What the trainings of all folds have come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Folds {
    /// What each has come to.
    pub folds: Vec<FinalScores>,
    /// The median of the epochs with the smallest validation loss.
    pub epochs: u32,
}

impl Folds {
    /// The settings of the training that learns from all examples.
    #[must_use]
    pub fn whole(&self, config: &Config) -> Config {
        let (validation, epochs) = (Some(0.0), self.epochs);
        Config { validation, epochs, early_stopping: None, folds: None, ..config.clone() }
    }

    /// The means of the folds' scores, by name.
    #[must_use]
    pub fn mean(&self) -> BTreeMap<String, f64> {
        self.each(&|fold| &fold.scores, &mean)
    }

    /// The standard deviations of the folds' scores, by name.
    #[must_use]
    pub fn spread(&self) -> BTreeMap<String, f64> {
        self.each(&|fold| &fold.scores, &deviation)
    }

    /// The final scores of the training that learnt from all examples: those of the folds on what was held
    /// out, its own on the test part.
    pub(super) fn over(&self, whole: FinalScores) -> FinalScores {
        let mut result = whole;
        result.scores.extend(self.mean());
        result.folds = self.folds.iter().map(|fold| fold.scores.clone()).collect();
        result.spread = self.spread();
        result.rows.insert(DataPart::Validation.name().into(), self.rows());
        let Baselines { baseline, linear, always, linear_left_out } = self.baselines();
        // The whole training part's own, which stands beside nothing.
        result.baselines.baseline.remove("train_loss");
        result.baselines.baseline.extend(baseline);
        result.baselines.linear.extend(linear);
        result.baselines.always = always;
        result.baselines.linear_left_out = linear_left_out;
        result.warned()
    }

    /// What the means stand beside: means of the folds' own.
    fn baselines(&self) -> Baselines {
        let first = self.folds.first().map(|fold| fold.baselines.clone()).unwrap_or_default();
        Baselines {
            baseline: self.each(&|fold| &fold.baselines.baseline, &mean),
            linear: self.each(&|fold| &fold.baselines.linear, &mean),
            ..first
        }
    }

    /// The rows that all folds scored together.
    fn rows(&self) -> usize {
        let rows = |fold: &FinalScores| fold.rows.get(DataPart::Validation.name()).copied();
        self.folds.iter().filter_map(rows).sum()
    }

    /// Something of the scores of the held-out folds that all have.
    fn each(
        &self,
        of: &dyn Fn(&FinalScores) -> &BTreeMap<String, f64>,
        make: &dyn Fn(&[f64]) -> f64,
    ) -> BTreeMap<String, f64> {
        let Some(first) = self.folds.first() else { return BTreeMap::new() };
        let prefix = format!("{}_", DataPart::Validation);
        let names = of(first).keys().filter(|name| name.starts_with(&prefix));
        let value = |name: &String| {
            let all: Option<Vec<f64>> =
                self.folds.iter().map(|fold| of(fold).get(name).copied()).collect();
            Some((name.clone(), make(&all?)))
        };
        names.filter_map(value).collect()
    }
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len().max(1) as f64
}

/// The standard deviation, by one less than their number.
fn deviation(all: &[f64]) -> f64 {
    let mean = mean(all);
    let squares: f64 = all.iter().map(|x| (x - mean) * (x - mean)).sum();
    (squares / (all.len().max(2) - 1) as f64).sqrt()
}

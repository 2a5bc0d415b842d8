//! What the trainings of a cross-validation have come to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::readme::counted;
use super::{Baselines, Config, Evaluation, FinalScores};
use crate::data::DataPart;
use crate::score::{Score, of_part};
use chainrule::optim::Schedule;

/// What the trainings of all folds have come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Folds {
    /// What each has come to after [`Folds::epochs`]; `best` is the epoch that was its own best.
    pub folds: Vec<FinalScores>,
    /// The median of the epochs with the smallest validation loss; of an even number of folds the larger of
    /// the two in the middle.
    pub epochs: u32,
    /// The rows that stand among those too from which the training that they were held out of has learnt,
    /// if that are many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<usize>,
}

impl Folds {
    /// The settings of the training that learns from all examples: by the schedule of the folds' trainings,
    /// but to the median of their best epochs alone.
    #[must_use]
    pub fn whole(&self, config: &Config) -> Config {
        let (validation, epochs) = (Some(0.0), self.epochs);
        let is_constant = config.schedule == Schedule::Constant;
        let schedule_epochs = (!is_constant).then(|| config.schedule_length());
        let whole = Config { validation, epochs, schedule_epochs, ..config.clone() };
        Config { early_stopping: None, folds: None, ..whole }
    }

    /// What each has come to after [`Folds::epochs`], in words: what their mean is of.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let count = self.folds.len();
        let line = |(fold, number): (&FinalScores, usize)| {
            let epochs = counted(self.epochs.min(fold.epochs_done) as usize, "epoch");
            // It was not its own best that chose the epoch.
            let scores = FinalScores { best: None, ..fold.clone() };
            let line = scores.line_of(DataPart::Validation).unwrap_or_default();
            format!("fold {number}/{count} after {epochs}: {line}")
        };
        self.folds.iter().zip(1..).map(line).collect()
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
    /// out, its own on the test part. The folds' are scores of such a model after [`Folds::epochs`], and are
    /// left out, with a word, of one that stands elsewhere. `usual` is what always the same answer scores on
    /// all examples, each of which a fold held out.
    pub(super) fn over(&self, whole: FinalScores, usual: Option<&Evaluation>) -> FinalScores {
        let mut result = whole;
        if result.epochs_done != self.epochs {
            result.warnings.push(format!(
                "the folds' scores are left out: they are of {}, not of {}",
                counted(self.epochs as usize, "epoch"),
                result.epochs_done
            ));
            return result;
        }
        result.scores.extend(self.mean());
        result.folds = self.folds.iter().map(|fold| fold.scores.clone()).collect();
        result.spread = self.spread();
        result.rows.insert(DataPart::Validation.name().into(), self.rows());
        let is_tested = result.rows.contains_key(DataPart::Test.name());
        let Baselines { baseline, untrained, linear, linear_left_out, .. } = &mut result.baselines;
        let before = |fold: &FinalScores| fold.baselines.untrained.clone();
        for (name, loss) in self.folds.iter().flat_map(before) {
            let most = untrained.entry(name).or_insert(loss);
            *most = most.max(loss);
        }
        // The whole training part's own, which stands beside nothing.
        baseline.remove(&Score::Loss.on(DataPart::Train));
        let usual = usual.into_iter().flat_map(Evaluation::named);
        baseline.extend(usual.map(|(name, score)| (DataPart::Validation.score(&name), score)));
        linear.extend(self.each(&|fold| &fold.baselines.linear, &mean));
        let left_out = |fold: &FinalScores| fold.baselines.linear_left_out.clone();
        // The whole training's own reason is that nothing was held out, unless there is a test part.
        let own = linear_left_out.take().filter(|_| is_tested);
        *linear_left_out = self.folds.iter().find_map(left_out).or(own);
        let mut result = result.warned();
        if let Some(count) = self.repeated {
            result.warnings.push(format!(
                "{count} of the {} held out have an equal one that was learnt from, so that the folds' score is too good",
                counted(self.rows(), "row")
            ));
        }
        result
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
        let names = of_part(of(first), DataPart::Validation);
        let names = names.map(|(name, _)| DataPart::Validation.score(name));
        let value = |name: String| {
            let all: Option<Vec<f64>> =
                self.folds.iter().map(|fold| of(fold).get(&name).copied()).collect();
            Some((name, make(&all?)))
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

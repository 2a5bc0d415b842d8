//! What a training has come to: scores, of which rows, and beside what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::readme::counted;
use super::{Baselines, Epoch, number};
use crate::data::DataPart;
use crate::score::{Score, of_part};
use chainrule_explain::digits;

/// A loss that is larger than that of always the same answer by this factor is beyond reason.
const BEYOND: f64 = 10.0;

/// Scores that differ by less are equal but for rounding: shares and R² by so much, errors by such a share.
const ROUNDING: f64 = 1e-6;

/// Whether there are no epochs before those of which one is the best.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none_before(epochs: &u32) -> bool {
    *epochs == 0
}

/// Whether a loss is beyond reason beside that of always the same answer.
pub(super) fn is_far(loss: f64, usual: f64) -> bool {
    loss > BEYOND * usual
}

/// What the model of a training scores in the end: the epoch with the smallest validation loss, else the
/// last one.
///
/// ```
/// use chainrule_train::{Baselines, DataPart, Epoch, FinalScores};
/// let epoch = |epoch, loss| Epoch {
///     epoch,
///     train_loss: loss,
///     scores: [("validation_loss".to_owned(), loss), ("validation_accuracy".to_owned(), 0.9)].into(),
///     seconds: 0.1,
/// };
/// let epochs = [epoch(1, 0.5), epoch(2, 0.25), epoch(3, 0.75)];
/// let scores = FinalScores::of(&epochs, Some(2), &[(DataPart::Validation, 30)], Baselines::default());
/// assert_eq!(scores.scores["validation_loss"], 0.25);
/// assert_eq!(scores.lines(), ["validation accuracy 0.9, loss 0.25 (30 rows, best of 3 epochs)"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FinalScores {
    /// The scores of that epoch, under names such as `test_accuracy`.
    #[serde(rename = "final", deserialize_with = "number::read_map")]
    pub scores: BTreeMap<String, f64>,
    /// The mean loss of the last epoch's examples.
    #[serde(deserialize_with = "number::read")]
    pub train_loss: f64,
    /// The epoch with the smallest validation loss, in a training with weights the weighted one, of which one counts as smaller that is so by more than
    /// [`EarlyStopping::min_delta`](super::EarlyStopping).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<u32>,
    /// The epochs before those of which it is the best, as a change of the training made their scores others.
    #[serde(default, skip_serializing_if = "is_none_before")]
    pub best_after: u32,
    /// The epochs that are done.
    pub epochs_done: u32,
    /// The examples of each part.
    pub rows: BTreeMap<String, usize>,
    /// The scores of each fold of a cross-validation, of which those of the validation part are the mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<BTreeMap<String, f64>>,
    /// The standard deviations of the folds' scores.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "number::read_map"
    )]
    pub spread: BTreeMap<String, f64>,
    /// The parts of which rows may have been learnt from, before the training went on with other data or
    /// another split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learnt: Vec<DataPart>,
    /// What they stand beside.
    #[serde(flatten)]
    pub baselines: Baselines,
    /// What is to be said of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl FinalScores {
    /// The epoch that counts: the best, else the last one.
    pub(super) fn counted(epochs: &[Epoch], best: Option<u32>) -> Option<&Epoch> {
        let best = best.and_then(|best| epochs.iter().find(|epoch| epoch.epoch == best));
        best.or(epochs.last())
    }

    /// The scores after such epochs of which `best` is the best, of parts with so many examples.
    #[must_use]
    pub fn of(
        epochs: &[Epoch],
        best: Option<u32>,
        sizes: &[(DataPart, usize)],
        baselines: Baselines,
    ) -> Self {
        let counts = Self::counted(epochs, best);
        let scores = Self {
            scores: counts.map(|epoch| epoch.scores.clone()).unwrap_or_default(),
            train_loss: epochs.last().map_or(0.0, |epoch| epoch.train_loss),
            best,
            best_after: 0,
            epochs_done: epochs.last().map_or(0, |epoch| epoch.epoch),
            rows: sizes.iter().map(|(part, rows)| (part.name().to_owned(), *rows)).collect(),
            folds: Vec::new(),
            spread: BTreeMap::new(),
            learnt: Vec::new(),
            baselines,
            warnings: Vec::new(),
        };
        scores.warned()
    }

    /// The same of a training whose best epoch is one after so many, and that may have learnt from such parts.
    pub(super) fn after_changes(self, best_after: u32, learnt: Vec<DataPart>) -> Self {
        Self { best_after, learnt, ..self }.warned()
    }

    /// The same with what is to be said of them.
    pub(super) fn warned(mut self) -> Self {
        self.warnings = self.warnings();
        self
    }

    /// Whether there is a part that the model can be scored on again.
    #[must_use]
    pub fn has_held_out(&self) -> bool {
        self.parts().any(|part| part == DataPart::Test || self.folds.is_empty())
    }

    /// The parts that were held out and scored, the one that judges first.
    fn parts(&self) -> impl Iterator<Item = DataPart> {
        let is_scored = |part: &DataPart| of_part(&self.scores, *part).next().is_some();
        DataPart::JUDGING.into_iter().filter(is_scored)
    }

    /// What people look at first of such a part.
    fn headline(&self, part: DataPart) -> Option<Score> {
        Score::first(of_part(&self.scores, part).map(|(name, _)| name))
    }

    /// The scores in words, some lines for each part that was held out.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.parts().flat_map(|part| self.lines_of(part)).collect();
        if lines.is_empty() {
            let rows = self.rows.get(DataPart::Train.name()).copied().unwrap_or(0);
            lines.push(format!(
                "train loss {} ({}; nothing was held out)",
                digits(self.train_loss, SHOWN),
                counted(rows, "row")
            ));
            if let Some(loss) = self.baselines.baseline.get("train_loss") {
                let always = &self.baselines.always;
                let why = self.baselines.linear_left_out.as_ref();
                let why = why.map(|why| format!(", {why}")).unwrap_or_default();
                lines.push(format!("  {always} gives {}{why}", digits(*loss, SHOWN)));
            }
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning: {warning}")));
        lines
    }

    /// The score of a part in words, where it was held out.
    #[must_use]
    pub fn line_of(&self, part: DataPart) -> Option<String> {
        self.lines_of(part).into_iter().next()
    }

    fn lines_of(&self, part: DataPart) -> Vec<String> {
        let Some(first) = self.headline(part) else { return Vec::new() };
        let (name, word) = (first.on(part), first.in_words());
        let told = |scores: &BTreeMap<String, f64>| scores.get(&name).map(|&x| digits(x, SHOWN));
        let others: Vec<String> = of_part(&self.scores, part)
            .filter(|(name, _)| *name != first.name())
            .map(|(name, score)| format!(", {} {}", name.replace('_', " "), digits(score, SHOWN)))
            .collect();
        let rows = self.rows.get(part.name()).map(|&rows| counted(rows, "row"));
        // What chose the epoch is no fair judge of it.
        let chosen_of = self.epochs_done.saturating_sub(self.best_after);
        let chose = match self.folds.len() {
            _ if part != DataPart::Validation => None,
            0 if self.best.is_some() && chosen_of > 1 => {
                Some(format!("best of {chosen_of} epochs"))
            }
            0 => None,
            count => {
                let epochs = counted(self.epochs_done as usize, "epoch");
                Some(format!("{count} folds, each after {epochs}, the median best"))
            }
        };
        let of: Vec<String> = rows.into_iter().chain(chose).collect();
        let of = if of.is_empty() { String::new() } else { format!(" ({})", of.join(", ")) };
        let spread = told(&self.spread).map(|spread| format!(" ± {spread}")).unwrap_or_default();
        let score = told(&self.scores).unwrap_or_default() + &spread;
        let mut lines = vec![format!("{} {word} {score}{}{of}", part.in_words(), others.concat())];
        let always = &self.baselines.always;
        let beside: Vec<String> = [
            told(&self.baselines.baseline).map(|score| format!("{always} gives {score}")),
            told(&self.baselines.linear)
                .map(|score| format!("a linear model {score}"))
                .or_else(|| self.baselines.linear_left_out.clone()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !beside.is_empty() {
            lines.push(format!("  {}", beside.join(", ")));
        }
        lines
    }

    /// That the loss is beyond reason, or the model no better than what needs no inputs.
    fn warnings(&self) -> Vec<String> {
        let parts = self.parts().chain([DataPart::Train]);
        let names: Vec<String> = parts.map(|part| Score::Loss.on(part)).collect();
        let learnt =
            self.parts().filter(|part| self.learnt.contains(part)).map(DataPart::told_learnt);
        let mut warnings: Vec<String> = learnt.collect();
        match names.iter().find_map(|name| self.beyond_reason(name)) {
            Some(warning) => warnings.push(warning),
            None => warnings.extend(self.parts().filter_map(|part| self.no_better(part))),
        }
        warnings
    }

    /// That a loss is far above the usual one, and above that before training: of a part that is all of one
    /// class, or whose values are all the same, the usual one is next to nothing.
    fn beyond_reason(&self, name: &str) -> Option<String> {
        let of_steps = (name == Score::Loss.on(DataPart::Train)).then_some(self.train_loss);
        let loss = self.scores.get(name).copied().or(of_steps)?;
        let usual = *self.baselines.baseline.get(name)?;
        (is_far(loss, usual) && loss > *self.baselines.untrained.get(name)?).then(|| {
            format!(
                "the {} {} is beyond reason, as {} has {}: steps are too large; try a smaller --lr",
                name.replace('_', " "),
                digits(loss, SHOWN),
                self.baselines.always,
                digits(usual, SHOWN)
            )
        })
    }

    fn no_better(&self, part: DataPart) -> Option<String> {
        let first = self.headline(part)?;
        let name = first.on(part);
        let (score, usual) = (*self.scores.get(&name)?, *self.baselines.baseline.get(&name)?);
        let rows = self.rows.get(part.name()).copied().unwrap_or(0);
        let better = if first.larger_is_better() { score - usual } else { usual - score };
        // Sums in other orders and 32 bits make others of equal scores.
        let rounding = ROUNDING * if first.larger_is_better() { 1.0 } else { usual };
        // Nothing is better than what is always right; of values that are all the same, which have no R²,
        // the reading tells.
        if (first == Score::Accuracy && usual == 1.0 && better >= -rounding)
            || (first == Score::Rmse && usual == 0.0)
        {
            return None;
        }
        let count = rows.max(1) as f64;
        // What chance alone gives one time in forty: of a share two standard errors, of R² (whose root is
        // a correlation) the square of two.
        let chance = match first {
            Score::Accuracy => 2.0 * (usual * (1.0 - usual) / count).sqrt(),
            Score::R2 => 4.0 / count,
            _ => 0.0,
        };
        let always = &self.baselines.always;
        let how = match better {
            better if better < -rounding => format!("worse than {always}"),
            better if better <= chance.max(rounding) => {
                format!("no better than {always}, as far as {} tell", counted(rows, "row"))
            }
            _ => return None,
        };
        let linear = self.baselines.linear.get(&name).map(|&linear| match first {
            _ if first.larger_is_better() => linear - usual,
            _ => usual - linear,
        });
        let why = match linear {
            _ if self.baselines.weighted => {
                "it was trained with weights, which ask for other answers than this score does"
            }
            Some(linear) if linear > chance => {
                "a linear model is better, so that the inputs say something; try another --lr, more --epochs"
            }
            Some(_) => {
                "the inputs may say little of it; try another --lr, more examples, other inputs"
            }
            None => {
                "it may be trained too little, or the inputs say little of it; try another --lr, more --epochs, other inputs"
            }
        };
        Some(format!("{how} ({} part): {why}", part.in_words()))
    }
}

/// The digits of a score.
const SHOWN: i32 = 4;

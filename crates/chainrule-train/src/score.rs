//! Scores by their names: which there are, which comes first, and which way is better.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::data::DataPart;

/// A score that this library gives. Users add their own, by names.
///
/// ```
/// use chainrule_train::Score;
/// assert_eq!(Score::named("r2"), Some(Score::R2));
/// assert_eq!((Score::TopK(5).name(), Score::R2.in_words()), ("top_5_accuracy".into(), "R²".into()));
/// assert!(Score::Accuracy.larger_is_better() && !Score::Rmse.larger_is_better());
/// assert_eq!(Score::first(["loss", "rmse", "r2"].into_iter()), Some(Score::R2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// The share of the examples whose class is the most probable one.
    Accuracy,
    /// The share of the examples whose class is among so many most probable ones.
    TopK(usize),
    /// The coefficient of determination.
    R2,
    /// The root of the mean squared error.
    Rmse,
    /// The mean loss.
    Loss,
    /// The mean loss in which classes and examples weigh as they do in training.
    WeightedLoss,
}

/// Those that people look at, the first that there is.
const FIRST: [Score; 4] = [Score::Accuracy, Score::R2, Score::Rmse, Score::Loss];

/// The last words of the names of users' own scores, and of times, of which smaller is better.
const SMALL: [&str; 6] = ["loss", "error", "rmse", "mse", "mae", "seconds"];

impl Score {
    /// The name by which files know it.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Accuracy => "accuracy".into(),
            Self::TopK(k) => format!("top_{k}_accuracy").into(),
            Self::R2 => "r2".into(),
            Self::Rmse => "rmse".into(),
            Self::Loss => "loss".into(),
            Self::WeightedLoss => "weighted_loss".into(),
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn in_words(self) -> Cow<'static, str> {
        match self {
            Self::R2 => "R²".into(),
            other => other.name().replace('_', " ").into(),
        }
    }

    /// Whether a larger one is better.
    #[must_use]
    pub fn larger_is_better(self) -> bool {
        match self {
            Self::Accuracy | Self::TopK(_) | Self::R2 => true,
            Self::Rmse | Self::Loss | Self::WeightedLoss => false,
        }
    }

    /// The score of a name, if it is one of the library's.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let top = name.strip_prefix("top_").and_then(|rest| rest.strip_suffix("_accuracy"));
        let known = [FIRST.as_slice(), &[Self::WeightedLoss]].concat();
        let known = known.into_iter().find(|score| score.name() == name);
        known.or_else(|| Some(Self::TopK(top?.parse().ok()?)))
    }

    /// Of scores by their names the one that people look at first.
    pub fn first<'n>(names: impl Iterator<Item = &'n str>) -> Option<Self> {
        let names: Vec<&str> = names.collect();
        FIRST.into_iter().find(|score| names.contains(&&*score.name()))
    }

    /// The name of this score on a part, such as `test_accuracy`.
    #[must_use]
    pub fn on(self, part: DataPart) -> String {
        part.score(&self.name())
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// Those of the scores that are of a part, by their names without it.
pub(crate) fn of_part(
    scores: &BTreeMap<String, f64>,
    part: DataPart,
) -> impl Iterator<Item = (&str, f64)> {
    scores.iter().filter_map(move |(name, score)| match DataPart::of_score(name) {
        Some((of, name)) if of == part => Some((name, *score)),
        _ => None,
    })
}

/// Whether a smaller value is better of what has such a name, part and all. Of the scores of users the name
/// tells it: a loss, an error, or time.
pub(crate) fn smaller_is_better(name: &str) -> bool {
    let name = DataPart::of_score(name).map_or(name, |(_, name)| name);
    match Score::named(name) {
        Some(score) => !score.larger_is_better(),
        // Of several losses each is told as `loss_NAME`.
        None => {
            name.starts_with("loss_")
                || SMALL.contains(&name.rsplit(['_', '-', ' ']).next().unwrap_or(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for score in FIRST.into_iter().chain([Score::TopK(3), Score::WeightedLoss]) {
            assert_eq!(Score::named(&score.name()), Some(score));
        }
        assert_eq!([Score::named("top_accuracy"), Score::named("f1")], [None, None]);
    }

    #[test]
    fn the_name_tells_which_way_is_better() {
        for name in ["train_loss", "test_loss", "validation_loss_kl", "test_my_mae", "seconds"] {
            assert!(smaller_is_better(name), "{name}");
        }
        for name in ["test_accuracy", "validation_top_3_accuracy", "test_r2", "test_glossy"] {
            assert!(!smaller_is_better(name), "{name}");
        }
    }

    #[test]
    fn a_part_has_what_bears_its_name() {
        let scores = ["test_loss", "testing_loss", "validation_loss", "test_r2"];
        let scores = scores.map(|name| (name.to_owned(), 1.0)).into();
        let names: Vec<&str> = of_part(&scores, DataPart::Test).map(|(name, _)| name).collect();
        assert_eq!(names, ["loss", "r2"]);
    }
}

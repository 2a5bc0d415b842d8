//! How far a training has come: what a checkpoint keeps beside the tensors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::EarlyStopping;
use super::number;
use chainrule::optim::Plateau;

/// The metrics of one epoch.
///
/// ```
/// use chainrule_train::Epoch;
/// let line = r#"{"epoch": 1, "train_loss": 0.5, "test_accuracy": 0.9, "seconds": 0.1}"#;
/// let epoch: Epoch = serde_json::from_str(line).unwrap();
/// assert_eq!(epoch.scores["test_accuracy"], 0.9);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The mean loss of the epoch's examples, each before its step's update.
    #[serde(deserialize_with = "number::read")]
    pub train_loss: f64,
    /// The scores of the validation and the test part, such as `test_loss` and `test_accuracy`.
    #[serde(flatten, deserialize_with = "number::read_map")]
    pub scores: BTreeMap<String, f64>,
    /// Seconds that the epoch took, evaluation included.
    pub seconds: f64,
}

/// A place between two steps of a training. Places are ordered as they are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The epochs that are done, their scores included.
    pub epoch: u32,
    /// The steps that are done of the epoch under way.
    pub step: u64,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With the last epoch.
    Finished,
    /// By early stopping.
    StoppedEarly,
    /// Because somebody asked for it.
    Interrupted,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Finished => "finished",
            Self::StoppedEarly => "stopped early",
            Self::Interrupted => "interrupted",
        })
    }
}

/// The place of a training between its first and its last step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The epochs that are done.
    pub epoch: u32,
    /// The steps that are done of the epoch under way.
    pub step: u64,
    /// The sum of the losses of that epoch's examples so far.
    #[serde(deserialize_with = "number::read")]
    pub loss_sum: f64,
    /// The same of losses of which there are several, by name, each with the examples that it is of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub loss_sums: BTreeMap<String, (f64, u64)>,
    /// What the schedule that waits for a plateau remembers.
    pub plateau: Plateau,
    /// The epoch with the smallest validation loss, and that loss: in a training with weights the weighted one,
    /// and smaller by more than early stopping's `min_delta`.
    pub best: Option<(u32, f64)>,
    /// Whether early stopping has ended the training.
    pub stopped: bool,
    /// What had been done to the training, where that is known: a session keeps it with its checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted: Option<Acted>,
}

/// What had been done to a training, which the journal tells: enough to know whether it tells the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// How many actions.
    pub count: usize,
    /// The SHA-256 of them and their places, as the journal has them.
    pub sha256: String,
}

impl Progress {
    /// Takes a step of so many examples, with its losses.
    pub(super) fn add(&mut self, examples: usize, loss: f64, losses: &BTreeMap<String, f64>) {
        self.loss_sum += loss * examples as f64;
        self.step += 1;
        for (name, loss) in losses {
            let (sum, of) = self.loss_sums.entry(name.clone()).or_default();
            *sum += loss * examples as f64;
            *of += examples as u64;
        }
    }

    /// The means of the losses of which there are several.
    pub(super) fn mean_losses(&self) -> impl Iterator<Item = (String, f64)> {
        let mean = |(name, (sum, of)): (&String, &(f64, u64))| {
            (format!("train_loss_{name}"), sum / *of as f64)
        };
        self.loss_sums.iter().map(mean)
    }

    /// Takes the loss of the epoch just done, the validation part's; whether it is the best so far.
    pub(super) fn judge(&mut self, loss: f64, stopping: Option<EarlyStopping>) -> bool {
        let min_delta = stopping.map_or(0.0, |stopping| stopping.min_delta);
        let is_better = |(_, best): (u32, f64)| loss < best - min_delta;
        let better = !loss.is_nan() && self.best.is_none_or(is_better);
        if better {
            self.best = Some((self.epoch, loss));
        }
        let since = self.epoch.saturating_sub(self.best.map_or(self.epoch, |(epoch, _)| epoch));
        self.stopped = stopping.is_some_and(|stopping| since >= stopping.patience);
        better
    }

    /// Looks for a new best epoch where the best is one of the first so many, after which all is scored in
    /// another way.
    pub(super) fn best_after(&mut self, epochs: u32) {
        if self.best.is_some_and(|(epoch, _)| epoch <= epochs) {
            (self.best, self.stopped) = (None, false);
            self.plateau = Plateau { best: None, bad: 0, ..self.plateau };
        }
    }

    /// The place, to tell checkpoints apart.
    pub(super) fn place(&self) -> Place {
        Place { epoch: self.epoch, step: self.step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_stops_after_so_many_epochs_without_a_better_loss() {
        let stopping = Some(EarlyStopping { patience: 2, min_delta: 0.1 });
        let mut progress = Progress::default();
        let mut heard = Vec::new();
        for loss in [1.0, 0.5, 0.45, 0.55] {
            progress.epoch += 1;
            heard.push((progress.judge(loss, stopping), progress.stopped));
        }
        assert_eq!(heard, [(true, false), (true, false), (false, false), (false, true)]);
        assert_eq!(progress.best, Some((2, 0.5)));
    }

    #[test]
    fn no_number_is_not_the_best_loss() {
        let mut progress = Progress { epoch: 1, ..Progress::default() };
        assert!(!progress.judge(f64::NAN, None) && progress.best.is_none());
        assert!(progress.judge(3.0, None));
    }
}

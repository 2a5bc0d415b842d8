//! What a training tells while it goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::{Acted, Epoch, GradientFlow, Outcome, Place, number};
use crate::data::hex;

/// What happens in a training: the one type that listeners hear and the journal keeps.
///
/// ```
/// use chainrule_train::{Action, Event};
/// let event = Event::Acted { action: Action::Freeze { parameters: "affine1.*".into() } };
/// let text = serde_json::to_string(&event).unwrap();
/// assert_eq!(text, r#"{"event":"acted","action":{"kind":"freeze","parameters":"affine1.*"}}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The training begins.
    Began(Size),
    /// It goes on from a checkpoint, or from its beginning where it has none: what was told of later
    /// places is told again.
    Resumed(Size),
    /// A step is done. Listeners hear of each; the journal keeps some.
    Step {
        /// The examples of its batch.
        examples: usize,
        /// The loss of the batch, before the update.
        #[serde(deserialize_with = "number::read")]
        loss: f64,
        /// The losses of which there are several, by name.
        #[serde(
            default,
            skip_serializing_if = "BTreeMap::is_empty",
            deserialize_with = "number::read_map"
        )]
        losses: BTreeMap<String, f64>,
        /// The learning rate; of the main objective's first optimizer, where there are several.
        #[serde(deserialize_with = "number::read")]
        rate: f64,
    },
    /// An epoch is done and scored.
    Epoch {
        /// Its metrics.
        metrics: Epoch,
        /// Whether its validation loss is the smallest so far.
        best: bool,
    },
    /// How the gradient flows through the layers.
    GradientFlow {
        /// The statistics of each layer.
        flow: GradientFlow,
    },
    /// A callback, or whoever holds the session, changed the course of the training.
    Acted {
        /// What it did.
        action: Action,
    },
    /// What was asked of the session by its [`Control`](super::Control) cannot be done, and was not.
    Refused {
        /// What was asked.
        action: Action,
        /// Why not.
        message: String,
    },
    /// A checkpoint is on the disk. It may be told later than events after it.
    Checkpoint {
        /// Whether it is kept as the best so far.
        best: bool,
    },
    /// The training came to an end.
    Ended {
        /// How.
        outcome: Outcome,
    },
    /// The training failed: it diverged, or a file could not be read or written.
    Failed {
        /// The step at which it diverged, counted from 1 over all epochs.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        diverged: Option<u64>,
        /// What is wrong.
        message: String,
    },
}

/// The measures of a training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// The epochs that it is to last.
    pub epochs: u32,
    /// The steps of an epoch.
    pub steps: u64,
    /// The examples that it trains on.
    pub examples: usize,
    /// The elements of all parameters.
    pub parameters: usize,
}

impl Acted {
    /// What had been done.
    pub(super) fn of(actions: &[(Place, Action)]) -> Self {
        let text = serde_json::to_vec(actions);
        let text = text.unwrap_or_else(|_| unreachable!("names and numbers are JSON"));
        Self { count: actions.len(), sha256: hex(&Sha256::digest(text)) }
    }

    /// Whether these are the actions, perhaps with others after them at the place where the training stood.
    pub(super) fn is_of(&self, actions: &[(Place, Action)], place: Place) -> bool {
        let Some((before, after)) = actions.split_at_checked(self.count) else { return false };
        after.iter().all(|(at, _)| *at == place) && Self::of(before) == *self
    }
}

/// How a callback changes the course of a training. Whatever it does is in the journal, so that a
/// training that is resumed or replayed does the same without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// The training stops, as if it were interrupted.
    Stop,
    /// Parameters stay as they are from here on.
    Freeze {
        /// Their names; `*` stands for any letters.
        parameters: String,
    },
    /// Parameters that stayed as they were move again, with what their optimizer had kept of them, or
    /// zeros.
    Unfreeze {
        /// Their names; `*` stands for any letters.
        parameters: String,
    },
    /// The learning rate of parameters becomes a multiple of that of their optimizer, in place of an
    /// earlier multiple.
    RateOf {
        /// Their names; `*` stands for any letters.
        parameters: String,
        /// The multiple.
        #[serde(deserialize_with = "number::read")]
        times: f64,
    },
    /// The learning rate changes, on which the schedule builds; those of optimizers by pattern change in
    /// proportion.
    Rate {
        /// The new rate.
        #[serde(deserialize_with = "number::read")]
        rate: f64,
    },
}

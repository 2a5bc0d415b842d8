//! Training: settings, the loop over steps and epochs, evaluation, checkpoints and run folders.
//!
//! [A training of your own](your_own_training): model, data, losses, optimizers.

// From the bottom up, here and in every folder: each uses only those above it.
pub mod system;
mod limits;
mod tensor_file;
pub mod curves;
pub mod metrics;
pub mod readme;
mod single;
pub mod tensorboard;
pub mod data;
mod score;
pub mod compare;
pub mod export;
mod config;
mod number;
mod progress;
mod objective;
mod evaluation;
mod learner;
mod layers;
mod step;
mod gradients;
mod lbfgs;
mod scores;
mod flow;
mod event;
mod course;
mod trainer;
mod baseline;
mod final_scores;
mod folds;
pub mod journal;
mod identity;
mod record;
mod checkpoint;
mod folder;
mod replay;
mod run;
mod influence;
mod training;
mod control;
mod divergence;
pub mod lint;
mod numpy;
mod products;
pub mod runs;
pub mod sweep;
mod saver;
mod steered;
mod flat;
mod cross_validation;
mod custom;
mod resumption;
mod session;

pub mod prelude;

#[doc = include_str!("../docs/your_own_training.md")]
pub mod your_own_training {}

pub use baseline::Baselines;
pub use checkpoint::Checkpoint;
pub use config::{ClassRule, ClassWeights, Config, EarlyStopping, Precision};
pub use control::Control;
pub use course::Advance;
pub use cross_validation::{HearFold, Load};
pub use custom::{Custom, CustomTraining};
pub use data::DataPart;
pub use evaluation::{Evaluation, Scores, evaluate, predict};
pub use event::{Action, Event, Size};
pub use final_scores::FinalScores;
pub use flat::{FlatTraining, flat_training};
pub use flow::{FlowRecorder, GradientFlow, LayerFlow, ParameterFlow, Spread, flow_svg, flow_text};
pub use folder::{Chosen, Lock, RunFolder, Which};
pub use folds::Folds;
pub use identity::{Change, Identity};
pub use influence::{ColumnImportance, Effect, Importance, Point};
pub use journal::{Journal, Record};
pub use learner::{DataParts, Learner};
pub use objective::{Criterion, Objective, feed, feed_fields, loss_graph};
pub use products::charts;
pub use progress::{Acted, Epoch, Outcome, Place, Progress};
pub use record::{ModelRecord, ObjectiveRecord, ParameterRecord};
pub use replay::{Cause, Movement, StepExample, StepExplanation, UpdatePart};
pub use resumption::MayChange;
pub use run::{Asked, Oracle, Run, RunExample, RunScore};
pub use saver::Saver;
pub use score::Score;
pub use session::{Report, Running, Seconds, Session, Start, Until};
pub use steered::{Origin, Steered};
pub use step::Watched;
pub use trainer::{Flow, Listen, Trainer};
pub use training::{Snapshot, Training};

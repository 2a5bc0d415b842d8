//! Training: settings, the loop over steps and epochs, evaluation, checkpoints and run folders.

mod checkpoint;
pub mod compare;
mod config;
mod course;
pub mod curves;
pub mod data;
mod divergence;
mod evaluation;
mod event;
pub mod export;
mod flow;
mod folder;
mod layers;
mod identity;
pub mod journal;
mod lbfgs;
pub mod lint;
pub mod metrics;
mod progress;
pub mod readme;
mod replay;
mod saver;
mod single;
mod step;
pub mod tensorboard;
mod trainer;

pub use checkpoint::Checkpoint;
pub use config::{ClassRule, ClassWeights, Config, EarlyStopping, Precision};
pub use course::{Advance, Course, Flow, Listen, Outcome};
pub use evaluation::{Evaluation, Prediction, Scores, evaluate, predict};
pub use event::{Action, Event, Place, Size};
pub use flow::{FlowRecorder, GradientFlow, LayerFlow, ParameterFlow, Spread, flow_svg, flow_text};
pub use folder::{Lock, RunFolder};
pub use identity::Identity;
pub use journal::{Journal, Record};
pub use progress::{Epoch, Progress};
pub use replay::{Movement, Part, PartKind, StepExample, StepExplanation};
pub use saver::Saver;
pub use step::{feed, loss_graph};
pub use trainer::{Parts, Trainer, Truth};

use evaluation::EVALUATION_BATCH;

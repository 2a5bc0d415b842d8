//! What most trainings use, in one line, with [what graphs and models do](chainrule::prelude):
//! `use chainrule_train::prelude::*`.
//!
//! ```
//! use chainrule_train::prelude::*;
//!
//! let data = Flat::new(Dataset::new(1, vec![0.0, 1.0, 2.0, 3.0], vec![0, 0, 1, 1], 2)?);
//! let model = Network::fully_connected(&[1, 8, 2], Tanh, Init::Xavier)?;
//! let config = Config { batch_size: 4, epochs: 300, ..Config::default() };
//! let trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data))?;
//! let mut trainer = trainer.optimizer("*", Adam::default(), 0.05);
//! trainer.train()?;
//! assert!(trainer.score("train_loss")? < 0.01);
//! # Ok::<(), chainrule::Error>(())
//! ```
//!
//! A training that is kept in a folder and stopped on the way:
//!
//! ```
//! use chainrule_train::prelude::*;
//! # let temporary = tempfile::tempdir().unwrap();
//! # let path = temporary.path().join("run");
//! let data = Flat::new(Dataset::new(1, vec![0.0, 1.0, 2.0, 3.0], vec![0, 0, 1, 1], 2)?);
//! let model = Network::fully_connected(&[1, 8, 2], Tanh, Init::Xavier)?;
//! let config = Config { batch_size: 4, epochs: 300, lr: 0.5, ..Config::default() };
//! let trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data))?;
//! let training = CustomTraining::new("steps", trainer)?;
//! let mut session = Session::start(Box::new(training), &Start::New { path, force: false })?;
//! session.callback(|_, _, event| match event {
//!     Event::Epoch { metrics, .. } if metrics.train_loss < 0.1 => Ok(Some(Action::Stop)),
//!     _ => Ok(None),
//! });
//! session.run(Until::End)?;
//! assert!(session.finish()?.epochs.len() < 300);
//! # Ok::<(), chainrule::Error>(())
//! ```

pub use crate::data::{self, Arrays, Data, Dataset, Examples, Flat};
pub use crate::{
    Action, Config, CustomTraining, DataParts, Event, Objective, Outcome, Session, Start, Trainer,
    Until, export,
};
pub use chainrule::prelude::*;

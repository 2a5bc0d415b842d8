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

pub use crate::data::{self, Arrays, Data, Dataset, Examples, Flat};
pub use crate::{Config, DataParts, Objective, Outcome, Session, Trainer, export};
pub use chainrule::prelude::*;

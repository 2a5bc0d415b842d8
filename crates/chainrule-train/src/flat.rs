//! Trainings that settings describe, on rows of features.

use std::sync::Arc;

use super::steered::{Origin, Steered, scored};
use super::{Config, Precision, RunFolder, Trainer, Training, products};
use crate::data::{DataPart, Loaded};
use chainrule::Pool;
use chainrule::error::Result;
use chainrule::tensor::Real;

/// A training that settings describe: a [`Sequential`](chainrule::nn::Network) model, and data of
/// one row and one target an example.
pub type FlatTraining<T> = Steered<T, Loaded>;

/// A fresh training with these settings on this data, in the precision that the settings name.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::{Config, Place, flat_training};
/// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
/// let config = Config::for_dataset("iris");
/// let loaded = config.source().load(&|name| Ok(data.join(name)))?;
/// let mut training = flat_training(&config, loaded, &Arc::new(Pool::new(1)))?;
/// training.advance()?;
/// assert_eq!(training.place(), Place { epoch: 0, step: 1 });
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Settings that do not fit the data.
pub fn flat_training(
    config: &Config,
    loaded: Loaded,
    pool: &Arc<Pool>,
) -> Result<Box<dyn Training>> {
    Ok(match config.dtype {
        Precision::F64 => Box::new(FlatTraining::<f64>::new(config, loaded, pool)?),
        Precision::F32 => Box::new(FlatTraining::<f32>::new(config, loaded, pool)?),
    })
}

impl<T: Real> FlatTraining<T> {
    /// A fresh training on the threads of `pool`.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn new(config: &Config, loaded: Loaded, pool: &Arc<Pool>) -> Result<Self> {
        let config = config.settled(&loaded);
        let train = &*loaded.train;
        let model = config.model_for(train.width(), train.target())?;
        let trainer = Trainer::new(&model, &config, loaded.parts())?.with_pool(pool);
        Ok(Self::of(trainer, loaded))
    }
}

impl<T: Real> Origin<T> for Loaded {
    fn data_sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    fn class_names(&self) -> &[String] {
        self.preparation.class_names()
    }

    fn subject(&self, settings: &Config) -> String {
        format!("its configuration and the dataset `{}`", settings.dataset)
    }

    fn check(&self, _: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        folder.check_settings()
    }

    fn check_data(&self, folder: &RunFolder) -> Result<()> {
        folder.check_preparation(&self.preparation)
    }

    fn describe(&self, _: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        folder.save_preparation(&self.preparation)
    }

    fn report(&self, trainer: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        let scores = match (&self.test, &self.validation) {
            (Some(_), _) => scored(trainer, DataPart::Test)?,
            (None, Some(_)) => scored(trainer, DataPart::Validation)?,
            (None, None) => None,
        };
        products::write(folder, trainer, self, scores.as_ref())
    }
}

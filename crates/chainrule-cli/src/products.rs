//! What a run's folder holds beside its checkpoints: curves, pictures, TensorBoard's events.

use anyhow::Result;
use chainrule::Result as Done;
use chainrule::Real;
use chainrule::data::Loaded;
use chainrule::train::{Config, Epoch, RunFolder, Trainer};

/// The file that TensorBoard reads, written as the training goes.
pub struct Events;

impl Events {
    pub fn create(_folder: &RunFolder, _epochs: &[Epoch]) -> Result<Self> {
        Ok(Self)
    }

    pub fn add(&self, _epoch: &Epoch) -> Done<()> {
        Ok(())
    }
}

/// Writes what is made of a training that has ended.
pub fn write<T: Real>(
    _folder: &RunFolder,
    _config: &Config,
    _trainer: &Trainer<'_, T>,
    _loaded: &Loaded,
) -> Result<()> {
    Ok(())
}

//! What lets `fuzz/` past the digests of a run's files, to what is read behind them.

use serde::Serialize;

use super::checkpoints::Notes;
use super::{OPTIMIZER, RunFolder};
use crate::checkpoint;
use chainrule::error::Result;

impl RunFolder {
    /// Writes a file in JSON with a digest that fits.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put_json(&self, name: &str, object: &impl Serialize) -> Result<()> {
        self.write_json(name, object)
    }

    /// The bytes of a file of tensors with a digest that fits; `None` where they are no such file.
    #[must_use]
    pub fn resealed(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        match name {
            OPTIMIZER => checkpoint::resealed::<Notes>(bytes),
            _ => checkpoint::resealed::<(u32, u64)>(bytes),
        }
    }
}

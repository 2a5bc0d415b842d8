//! From what a configuration says of a layer to the layer.

use super::{Init, Layer};
use crate::error::Result;

/// What a configuration describes a layer by.
pub(crate) trait Build {
    /// The layer, for inputs of so many features; weights begin as `init` says where the layer does not
    /// say it itself.
    fn build(&self, inputs: usize, init: Init) -> Result<Box<dyn Layer>>;
}

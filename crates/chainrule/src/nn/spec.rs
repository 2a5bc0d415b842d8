//! Layers as a configuration describes them.

use super::{
    Activation, AffineSpec, BatchNormSpec, DropoutSpec, Flatten, Init, Layer, LayerNormSpec,
    ResidualSpec, Softmax,
};
use crate::error::Result;

crate::kinds! {
    /// A layer as a configuration describes it: its kind, such as `leaky-relu`, and its settings.
    ///
    /// ```
    /// use chainrule::nn::{Activation, AffineSpec, LayerSpec};
    /// let layer: LayerSpec = serde_json::from_str(r#"{"kind": "leaky-relu", "slope": 0.2}"#).unwrap();
    /// assert_eq!(layer, Activation::LeakyRelu { slope: 0.2 }.into());
    /// assert_eq!("affine 50".parse::<LayerSpec>()?, AffineSpec { units: 50, init: None }.into());
    /// assert_eq!(layer.name(), "leaky-relu");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub enum LayerSpec as Build = "layer", ' ' {
        /// An affine layer.
        Affine(AffineSpec),
        /// An activation.
        Activation(Activation),
        /// Probabilities.
        Softmax(Softmax),
        /// Dropout.
        Dropout(DropoutSpec),
        /// Batch normalisation.
        BatchNorm(BatchNormSpec),
        /// Layer normalisation.
        LayerNorm(LayerNormSpec),
        /// The axes of an example made one.
        Flatten(Flatten),
        /// Inner layers added to their input.
        Residual(ResidualSpec),
    }
}

/// What a configuration describes a layer by.
pub(crate) trait Build {
    /// The layer, for inputs of so many features; weights begin as `init` says where the layer does not
    /// say it itself.
    fn build(&self, inputs: usize, init: Init) -> Result<Box<dyn Layer>>;
}

impl LayerSpec {
    pub(super) fn build(&self, inputs: usize, init: Init) -> Result<Box<dyn Layer>> {
        self.part().build(inputs, init)
    }
}

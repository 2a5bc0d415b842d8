//! Layers as a configuration describes them.

use super::build::Build;
use super::{
    Activation, AffineSpec, BatchNormSpec, DropoutSpec, Flatten, Init, Layer, LayerNormSpec,
    Residual, Sequential, Softmax,
};
use crate::error::{Error, Result};

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

crate::settings! {
    /// x + f(x), where f are inner layers that keep the width.
    ///
    /// The layer is [`Residual`].
    pub struct ResidualSpec = "residual" {
        /// The inner layers.
        layers: Vec<LayerSpec> = Vec::new() => "[\"affine 64\", \"gelu\"]",
    }
}

impl Build for ResidualSpec {
    fn build(&self, inputs: usize, init: Init) -> Result<Box<dyn Layer>> {
        let inner = Sequential::build(&self.layers, inputs, init)?;
        let outputs = inner.outputs();
        let what = "outputs of a residual layer's inner layers";
        Error::count(what, outputs, inputs)?;
        Ok(Box::new(Residual::new(inner)))
    }
}

impl Sequential {
    /// The layers of a configuration, for examples of so many inputs; affine layers that do not say how
    /// their weights begin do so as `init` says.
    ///
    /// ```
    /// use chainrule::nn::{Init, LayerSpec, Sequential};
    /// let layers = ["affine 50", "relu", "dropout 0.2", "affine 10"].map(str::parse::<LayerSpec>);
    /// let layers: Vec<LayerSpec> = layers.into_iter().collect::<Result<_, _>>()?;
    /// let model = Sequential::build(&layers, 784, Init::He)?;
    /// assert_eq!(model.outputs(), 10);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A size of 0, a setting out of its domain, or a residual layer that changes the width.
    pub fn build(layers: &[LayerSpec], inputs: usize, init: Init) -> Result<Self> {
        Error::check(inputs > 0, "the number of inputs", inputs, "at least 1")?;
        let mut model = Self::new();
        model.inputs = inputs;
        for layer in layers {
            let layer = layer.part().build(model.outputs(), init)?;
            model = model.with_boxed(layer);
        }
        Ok(model)
    }
}

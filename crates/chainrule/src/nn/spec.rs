//! Layers as a configuration describes them.

use super::{
    Activation, Affine, AffineSpec, BatchNorm, Dropout, Flatten, Init, LayerNorm, Module, Residual,
    Sequential, Softmax,
};
use crate::error::Result;
use crate::settings;

/// What a configuration describes a layer by.
pub(crate) trait Build {
    /// The layer; weights begin as `init` says where the layer does not say it itself.
    #[track_caller]
    fn build(&self, init: Init) -> Result<Box<dyn Module>>;
}

/// What a configuration says of these layers is all there is to them.
macro_rules! described_in_full {
    ($($layer:ty),*) => {$(
        impl Build for $layer {
            fn build(&self, _init: Init) -> Result<Box<dyn Module>> {
                settings::check(self)?;
                Ok(Box::new(*self))
            }
        }
    )*};
}

described_in_full!(Activation, BatchNorm, Dropout, Flatten, LayerNorm, Softmax);

impl Build for AffineSpec {
    fn build(&self, init: Init) -> Result<Box<dyn Module>> {
        settings::check(self)?;
        Ok(Box::new(Affine::new(self.units, self.init.unwrap_or(init))))
    }
}

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
        Dropout(Dropout),
        /// Batch normalisation.
        BatchNorm(BatchNorm),
        /// Layer normalisation.
        LayerNorm(LayerNorm),
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
    fn build(&self, init: Init) -> Result<Box<dyn Module>> {
        Ok(Box::new(Residual::new(Sequential::build(&self.layers, init)?)))
    }
}

impl Sequential {
    /// The layers of a configuration; affine layers that do not say how their weights begin do so as
    /// `init` says.
    ///
    /// ```
    /// use chainrule::nn::{Init, LayerSpec, Network, Sequential};
    /// let layers = ["affine 50", "relu", "dropout 0.2", "affine 10"].map(str::parse::<LayerSpec>);
    /// let layers: Vec<LayerSpec> = layers.into_iter().collect::<Result<_, _>>()?;
    /// let network = Network::flat(Sequential::build(&layers, Init::He)?, 784)?;
    /// assert_eq!(network.outputs()[0].shape().dims(), [10]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A size of 0, or a setting out of its domain.
    #[track_caller]
    pub fn build(layers: &[LayerSpec], init: Init) -> Result<Self> {
        let mut model = Self::new();
        for layer in layers {
            model = model.with(layer.part().build(init)?);
        }
        Ok(model)
    }
}

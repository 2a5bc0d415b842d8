//! Layers as a configuration describes them.

use serde::{Deserialize, Serialize};

use super::{
    Affine, BatchNorm, Dropout, Elu, Flatten, Gelu, Init, Layer, LayerNorm, LeakyRelu, Relu,
    Residual, Sequential, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
use crate::error::{Error, Result};

/// A layer as a configuration describes it: its kind, such as `leaky-relu`, and its settings.
///
/// ```
/// use chainrule::nn::LayerSpec;
/// let layer: LayerSpec = serde_json::from_str(r#"{"kind": "leaky-relu", "slope": 0.2}"#).unwrap();
/// assert_eq!(layer, LayerSpec::LeakyRelu { slope: 0.2 });
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LayerSpec {
    /// See [`Affine`].
    Affine {
        /// The number of outputs.
        units: usize,
        /// How the weights begin, if not as the model's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        init: Option<Init>,
    },
    /// See [`Sigmoid`].
    Sigmoid,
    /// See [`Tanh`].
    Tanh,
    /// See [`Relu`].
    Relu,
    /// See [`LeakyRelu`].
    LeakyRelu {
        /// The slope below 0; 0.01 where none is given.
        #[serde(default = "slope")]
        slope: f64,
    },
    /// See [`Elu`].
    Elu {
        /// The scale below 0; 1 where none is given.
        #[serde(default = "alpha")]
        alpha: f64,
    },
    /// See [`Silu`].
    Silu,
    /// See [`Gelu`].
    Gelu,
    /// See [`Softplus`].
    Softplus,
    /// See [`Softmax`].
    Softmax,
    /// See [`Dropout`].
    Dropout {
        /// The share of elements that become zero.
        rate: f64,
    },
    /// See [`BatchNorm`].
    BatchNorm {
        /// How far the running statistics follow a batch; 0.1 where none is given.
        #[serde(default = "momentum")]
        momentum: f64,
        /// Added to the variance; 10⁻⁵ where none is given.
        #[serde(default = "epsilon")]
        epsilon: f64,
    },
    /// See [`LayerNorm`].
    LayerNorm {
        /// Added to the variance; 10⁻⁵ where none is given.
        #[serde(default = "epsilon")]
        epsilon: f64,
    },
    /// See [`Flatten`].
    Flatten,
    /// See [`Residual`].
    Residual {
        /// The inner layers.
        layers: Vec<LayerSpec>,
    },
}

fn slope() -> f64 {
    0.01
}

fn alpha() -> f64 {
    1.0
}

fn momentum() -> f64 {
    0.1
}

fn epsilon() -> f64 {
    1e-5
}

impl LayerSpec {
    /// The layers' kinds.
    pub const NAMES: [&str; 15] = [
        "affine",
        "sigmoid",
        "tanh",
        "relu",
        "leaky-relu",
        "elu",
        "silu",
        "gelu",
        "softplus",
        "softmax",
        "dropout",
        "batch-norm",
        "layer-norm",
        "flatten",
        "residual",
    ];

    /// The layer's kind, such as `leaky-relu`.
    ///
    /// ```
    /// use chainrule::nn::LayerSpec;
    /// assert_eq!(LayerSpec::LeakyRelu { slope: 0.1 }.kind(), "leaky-relu");
    /// ```
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let [
            affine,
            sigmoid,
            tanh,
            relu,
            leaky_relu,
            elu,
            silu,
            gelu,
            softplus,
            softmax,
            dropout,
            batch_norm,
            layer_norm,
            flatten,
            residual,
        ] = Self::NAMES;
        match self {
            Self::Affine { .. } => affine,
            Self::Sigmoid => sigmoid,
            Self::Tanh => tanh,
            Self::Relu => relu,
            Self::LeakyRelu { .. } => leaky_relu,
            Self::Elu { .. } => elu,
            Self::Silu => silu,
            Self::Gelu => gelu,
            Self::Softplus => softplus,
            Self::Softmax => softmax,
            Self::Dropout { .. } => dropout,
            Self::BatchNorm { .. } => batch_norm,
            Self::LayerNorm { .. } => layer_norm,
            Self::Flatten => flatten,
            Self::Residual { .. } => residual,
        }
    }

    /// The layer, for inputs of so many features; weights begin as `init` says where the layer does not
    /// say it itself.
    pub(super) fn build(&self, features: usize, init: Init) -> Result<Box<dyn Layer>> {
        let finite = |name: &str, value: f64| {
            Error::check(value.is_finite(), name, value, "finite").map(|()| value)
        };
        let positive = |epsilon: f64| {
            let ok = epsilon > 0.0 && epsilon.is_finite();
            Error::check(ok, "epsilon", epsilon, "positive and finite").map(|()| epsilon)
        };
        Ok(match *self {
            Self::Affine { units, init: own } => {
                Error::check(units > 0, "a layer's number of units", units, "at least 1")?;
                Box::new(Affine::new(features, units, own.unwrap_or(init)))
            }
            Self::Sigmoid => Box::new(Sigmoid),
            Self::Tanh => Box::new(Tanh),
            Self::Relu => Box::new(Relu),
            Self::LeakyRelu { slope } => Box::new(LeakyRelu(finite("slope", slope)?)),
            Self::Elu { alpha } => Box::new(Elu(finite("alpha", alpha)?)),
            Self::Silu => Box::new(Silu),
            Self::Gelu => Box::new(Gelu),
            Self::Softplus => Box::new(Softplus),
            Self::Softmax => Box::new(Softmax),
            Self::Dropout { rate } => Box::new(Dropout::new(rate)?),
            Self::BatchNorm { momentum, epsilon } => {
                let ok = (0.0..=1.0).contains(&momentum);
                Error::check(ok, "momentum", momentum, "from 0 to 1")?;
                let epsilon = positive(epsilon)?;
                Box::new(BatchNorm { momentum, epsilon, ..BatchNorm::new(features) })
            }
            Self::LayerNorm { epsilon } => {
                Box::new(LayerNorm { epsilon: positive(epsilon)?, ..LayerNorm::new(features) })
            }
            Self::Flatten => Box::new(Flatten),
            Self::Residual { ref layers } => {
                let inner = Sequential::build(layers, features, init)?;
                let outputs = inner.outputs();
                if outputs != features {
                    return Err(Error::Mismatch(format!(
                        "a residual layer's inner layers make {outputs} outputs of {features} inputs, but they must keep the width"
                    )));
                }
                Box::new(Residual::new(inner))
            }
        })
    }
}

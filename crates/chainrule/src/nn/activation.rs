//! Activations as layers.

use super::{Cx, Module, Values};
use crate::settings::Form;

crate::kinds! {
    /// An activation: a layer without parameters that follows an affine one.
    ///
    /// ```
    /// use chainrule::nn::{Activation, Module};
    /// let leaky: Activation = "leaky-relu 0.2".parse()?;
    /// assert_eq!(leaky, Activation::LeakyRelu { slope: 0.2 });
    /// assert_eq!(leaky.kind(), "leaky_relu");
    /// let error = "rleu".parse::<Activation>().unwrap_err().to_string();
    /// assert_eq!(error, "there is no activation named `rleu`; did you mean `relu`?");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub enum Activation = "activation", ' ', short {
        /// max(x, 0).
        Relu = "relu",
        /// The logistic function 1/(1 + e⁻ˣ).
        Sigmoid = "sigmoid" | "logistic",
        /// The hyperbolic tangent.
        Tanh = "tanh",
        /// x, or a slope times x below 0.
        LeakyRelu = "leaky-relu" {
            /// The slope below 0.
            slope: f64 [Form::FINITE] = 0.01,
        },
        /// x, or a scale α times eˣ − 1 below 0.
        Elu = "elu" {
            /// The scale below 0.
            alpha: f64 [Form::FINITE] = 1.0,
        },
        /// x·sigmoid(x).
        Silu = "silu" | "swish",
        /// x·Φ(x), Φ the normal distribution.
        Gelu = "gelu",
        /// ln(1 + eˣ).
        Softplus = "softplus",
    }
}

impl Module for Activation {
    fn kind(&self) -> &str {
        match self {
            Self::LeakyRelu { .. } => "leaky_relu",
            other => other.name(),
        }
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        let x = x.one();
        let y = match *self {
            Self::Relu => x.relu(),
            Self::Sigmoid => x.sigmoid(),
            Self::Tanh => x.tanh(),
            Self::LeakyRelu { slope } => x.leaky_relu(slope),
            Self::Elu { alpha } => x.elu(alpha),
            Self::Silu => x.silu(),
            Self::Gelu => x.gelu(),
            Self::Softplus => x.softplus(),
        };
        y.into()
    }
}

crate::settings! {
    /// Probabilities of logits.
    ///
    /// The cross-entropy takes the logits themselves: no softmax stands before it.
    ///
    /// ```
    /// use chainrule::nn::{Cx, Softmax};
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant(0.0).broadcast_to([1, 2]);
    /// let y = Cx::predict(&g).call("softmax", &Softmax, x).one();
    /// assert_eq!(y.eval()?.values(), [0.5, 0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct Softmax = "softmax";
}

impl Module for Softmax {
    fn kind(&self) -> &str {
        "softmax"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        x.one().softmax().into()
    }
}

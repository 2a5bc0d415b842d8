//! Activations as layers.

use super::{Layer, Pass};
use crate::error::{Error, Result};
use crate::graph::Var;

/// Writes a layer without parameters around an operation of one value and perhaps a setting.
macro_rules! activation {
    ($($(#[$doc:meta])* $layer:ident $(($setting:ty))? $kind:ident $([$at:tt])?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $layer $((pub $setting))?;

        impl Layer for $layer {
            fn kind(&self) -> &'static str {
                stringify!($kind)
            }
            fn forward<'g>(&self, x: Var<'g>, _parameters: &[Var<'g>], _pass: &Pass<'g>) -> Var<'g> {
                x.$kind($(self.$at)?)
            }
        }
    )*};
}

activation! {
    /// The logistic function as a layer; see [`Var::sigmoid`].
    Sigmoid sigmoid;
    /// The hyperbolic tangent as a layer; see [`Var::tanh`].
    Tanh tanh;
    /// max(x, 0) as a layer; see [`Var::relu`].
    Relu relu;
    /// x, or this slope times x below 0, as a layer; see [`Var::leaky_relu`].
    LeakyRelu(f64) leaky_relu [0];
    /// x, or this scale α times eˣ − 1 below 0, as a layer; see [`Var::elu`].
    Elu(f64) elu [0];
    /// x·sigmoid(x) as a layer; see [`Var::silu`].
    Silu silu;
    /// x·Φ(x) as a layer; see [`Var::gelu`].
    Gelu gelu;
    /// ln(1 + eˣ) as a layer; see [`Var::softplus`].
    Softplus softplus;
    /// Probabilities as a layer; see [`Var::softmax`]. The cross-entropy takes logits: no softmax
    /// stands before it.
    Softmax softmax;
}

/// The activation layer of a name: `relu`, `sigmoid`, `tanh`, `leaky-relu` with the slope 0.01, `elu`
/// with α = 1, `silu`, `gelu` or `softplus`.
///
/// ```
/// use chainrule::nn::activation;
/// assert_eq!(activation("tanh")?.kind(), "tanh");
/// assert!(activation("step").unwrap_err().to_string().contains("relu, sigmoid, tanh"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// No activation has that name.
pub fn activation(name: &str) -> Result<Box<dyn Layer>> {
    Ok(match name {
        "relu" => Box::new(Relu),
        "sigmoid" => Box::new(Sigmoid),
        "tanh" => Box::new(Tanh),
        "leaky-relu" => Box::new(LeakyRelu(0.01)),
        "elu" => Box::new(Elu(1.0)),
        "silu" => Box::new(Silu),
        "gelu" => Box::new(Gelu),
        "softplus" => Box::new(Softplus),
        _ => {
            let known = "relu, sigmoid, tanh, leaky-relu, elu, silu, gelu, softplus".into();
            return Err(Error::Unknown { what: "activation", name: name.into(), known });
        }
    })
}

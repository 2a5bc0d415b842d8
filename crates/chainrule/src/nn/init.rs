//! How parameters begin.

use crate::error::{Error, Result};
use crate::settings::{self, Form};
use crate::tensor::{Real, Shape, Tensor};
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

crate::kinds! {
    /// How a parameter's values begin.
    ///
    /// ```
    /// use chainrule::nn::Init;
    /// assert_eq!("normal:0.01".parse::<Init>()?, Init::Normal { deviation: 0.01 });
    /// assert_eq!(Init::Normal { deviation: 0.01 }.to_string(), "normal:0.01");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub enum Init = "initialiser", ':', short {
        /// Normal with standard deviation √(2/inputs), for ReLU (He et al., 2015, equation 10).
        He = "he",
        /// Normal with standard deviation √(2/(inputs + outputs)) (Glorot and Bengio, 2010, equation 12).
        Xavier = "xavier",
        /// All zero.
        Zeros = "zeros",
        /// All one.
        Ones = "ones",
        /// Normal with mean 0.
        Normal = "normal" {
            /// The standard deviation.
            deviation: f64 [Form::NOT_NEGATIVE] => "0.01",
        },
    }
}

impl Init {
    /// Values for a parameter of shape `[inputs, outputs]`.
    pub(super) fn values<T: Real>(self, shape: Shape, rng: &mut ChaCha8Rng) -> Result<Tensor<T>> {
        settings::check(&self)?;
        let inputs = shape.get(0).unwrap_or(1) as f64;
        let outputs = shape.get(1).unwrap_or(1) as f64;
        let deviation = match self {
            Self::Zeros => return Ok(Tensor::full(shape, T::zero())),
            Self::Ones => return Ok(Tensor::full(shape, T::one())),
            Self::Normal { deviation } => deviation,
            Self::He => (2.0 / inputs).sqrt(),
            Self::Xavier => (2.0 / (inputs + outputs)).sqrt(),
        };
        let normal = Normal::new(0.0, deviation)
            .map_err(|error| Error::Mismatch(format!("init: {error}")))?;
        let values = (0..shape.len()).map(|_| T::from_f64(normal.sample(rng))).collect();
        Tensor::new(shape, values)
    }
}

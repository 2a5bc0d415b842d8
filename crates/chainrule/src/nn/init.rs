//! How parameters begin.

use std::fmt;
use std::str::FromStr;

use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::tensor::{Real, Shape, Tensor};

/// How a parameter's values begin.
///
/// ```
/// use chainrule::nn::Init;
/// assert_eq!("normal:0.01".parse::<Init>()?, Init::Normal(0.01));
/// assert_eq!(Init::Normal(0.01).to_string(), "normal:0.01");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Init {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Normal with standard deviation √(2/inputs), for ReLU (He et al., 2015, equation 10).
    He,
    /// Normal with standard deviation √(2/(inputs + outputs)) (Glorot and Bengio, 2010, equation 12).
    Xavier,
}

impl Init {
    /// Values for a parameter of shape `[inputs, outputs]`.
    pub(super) fn values<T: Real>(self, shape: Shape, rng: &mut ChaCha8Rng) -> Result<Tensor<T>> {
        let inputs = shape.get(0).unwrap_or(1) as f64;
        let outputs = shape.get(1).unwrap_or(1) as f64;
        let deviation = match self {
            Self::Zeros => return Ok(Tensor::full(shape, T::zero())),
            Self::Ones => return Ok(Tensor::full(shape, T::one())),
            Self::Normal(deviation) => deviation,
            Self::He => (2.0 / inputs).sqrt(),
            Self::Xavier => (2.0 / (inputs + outputs)).sqrt(),
        };
        let wanted = "a standard deviation of at least 0";
        Error::check(deviation >= 0.0 && deviation.is_finite(), "init", deviation, wanted)?;
        let normal = Normal::new(0.0, deviation)
            .map_err(|error| Error::Mismatch(format!("init: {error}")))?;
        let values = (0..shape.len()).map(|_| T::from_f64(normal.sample(rng))).collect();
        Tensor::new(shape, values)
    }
}

impl FromStr for Init {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let normal = text.strip_prefix("normal:").and_then(|number| number.parse::<f64>().ok());
        match (text, normal) {
            ("he", _) => Ok(Self::He),
            ("xavier", _) => Ok(Self::Xavier),
            ("zeros", _) => Ok(Self::Zeros),
            ("ones", _) => Ok(Self::Ones),
            (_, Some(deviation)) if deviation >= 0.0 && deviation.is_finite() => {
                Ok(Self::Normal(deviation))
            }
            _ => Err(Error::Setting {
                name: "init".into(),
                value: format!("`{text}`"),
                wanted: "`he`, `xavier`, `zeros`, `ones` or `normal:` and a standard deviation, such as `normal:0.01`",
            }),
        }
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zeros => write!(f, "zeros"),
            Self::Ones => write!(f, "ones"),
            Self::Normal(deviation) => write!(f, "normal:{deviation}"),
            Self::He => write!(f, "he"),
            Self::Xavier => write!(f, "xavier"),
        }
    }
}

impl TryFrom<String> for Init {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Init> for String {
    fn from(init: Init) -> Self {
        init.to_string()
    }
}

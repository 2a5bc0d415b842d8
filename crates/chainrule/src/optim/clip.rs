//! Gradient clipping.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::graph::Var;

/// How gradients are kept from growing too large.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[doc(alias("clip_grad_norm", "clip_grad_norm_", "clip_grad_value_"))]
pub enum Clip {
    /// All gradients together, as one vector, are at most this long (Pascanu, Mikolov and Bengio, 2013,
    /// algorithm 1): where their norm n is larger than the limit c, each is multiplied by
    /// c/(n + 10⁻⁶), as in PyTorch.
    Norm(f64),
    /// Each element lies between −c and c.
    Value(f64),
}

impl Clip {
    /// The clipped gradients. A limit out of its domain is a mistake that the graph remembers.
    ///
    /// ```
    /// use chainrule::{Graph, optim::Clip};
    /// let g = Graph::new();
    /// let clipped = Clip::Norm(1.0).clip(&[g.constant(3.0), g.constant(4.0)]);
    /// assert!((clipped[0].eval()?.values()[0] - 0.6).abs() < 1e-6);
    /// let clipped = Clip::Value(1.0).clip(&[g.constant(3.0), g.constant(-0.5)]);
    /// assert_eq!([clipped[0].eval()?.values(), clipped[1].eval()?.values()], [[1.0], [-0.5]]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn clip<'g>(&self, gradients: &[Var<'g>]) -> Vec<Var<'g>> {
        let Some(first) = gradients.first() else { return Vec::new() };
        let g = first.graph();
        let _block = g.block("clip");
        if let Err(error) = self.check() {
            return vec![g.fail("clip", &error.to_string(), &[]); gradients.len()];
        }
        match *self {
            Self::Norm(limit) => {
                let squares = gradients.iter().map(|v| v.square().sum(&[]));
                let total = squares.reduce(|a, b| a + b).unwrap_or(*first).sqrt();
                let factor = (limit / (total + 1e-6)).minimum(1);
                gradients.iter().map(|&v| v * factor).collect()
            }
            Self::Value(limit) => {
                gradients.iter().map(|v| v.maximum(-limit).minimum(limit)).collect()
            }
        }
    }

    /// Checks the limit's domain.
    ///
    /// ```
    /// assert!(chainrule::optim::Clip::Norm(0.0).check().is_err());
    /// ```
    ///
    /// # Errors
    /// A limit that is not positive and finite.
    pub fn check(&self) -> Result<()> {
        let (Self::Norm(limit) | Self::Value(limit)) = *self;
        let ok = limit > 0.0 && limit.is_finite();
        Error::check(ok, "the limit of the gradients", limit, "positive and finite")
    }
}

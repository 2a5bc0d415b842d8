//! Dropout.

use super::{Layer, Pass};
use crate::error::{Error, Result};
use crate::graph::Var;

/// Zeroes elements at random when the model trains, and divides the others by the share that is kept,
/// so that the mean stays (Srivastava et al., 2014, section 10).
///
/// ```
/// use chainrule::nn::{Dropout, Pass, Sequential};
/// # let g = chainrule::Graph::new();
/// let model = Sequential::new().with(Dropout::new(0.5)?);
/// let x = g.constant(1.0).broadcast_to([1000]);
/// let step = g.labels("step", [], 1000);
/// let y = model.forward_in(x, &Pass::train(0, step));
/// let mut plan = g.compile::<f64>(&[y])?;
/// plan.feed_labels("step", &[7])?;
/// plan.run()?;
/// assert!(plan.value(y)?.iter().all(|&y| y == 0.0 || y == 2.0));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// Dropout of this share of the elements.
    ///
    /// ```
    /// use chainrule::nn::Dropout;
    /// assert!(Dropout::new(0.2).is_ok() && Dropout::new(1.0).is_err());
    /// ```
    ///
    /// # Errors
    /// A rate that is not from 0 up to, and without, 1.
    pub fn new(rate: f64) -> Result<Self> {
        let ok = (0.0..1.0).contains(&rate);
        Error::check(ok, "the dropout rate", rate, "at least 0 and below 1")?;
        Ok(Self { rate })
    }
}

impl Layer for Dropout {
    fn kind(&self) -> &'static str {
        "dropout"
    }
    fn forward<'g>(&self, x: Var<'g>, _parameters: &[Var<'g>], pass: &Pass<'g>) -> Var<'g> {
        pass.mask(x, self.rate).map_or(x, |mask| x * mask)
    }
}

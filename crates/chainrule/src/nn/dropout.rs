//! Dropout.

use super::build::Build;
use super::{Init, Layer, Pass};
use crate::error::Result;
use crate::graph::Var;
use crate::settings::{self, Form};

crate::settings! {
    /// A share of the elements becomes zero when the model trains.
    ///
    /// The layer is [`Dropout`].
    #[derive(Copy)]
    pub struct DropoutSpec = "dropout" {
        /// The share of elements that become zero.
        rate: f64 [Form::SHARE] => "0.2",
    }
}

impl Build for DropoutSpec {
    fn build(&self, _inputs: usize, _init: Init) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Dropout::new(self.rate)?))
    }
}

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
        settings::check(&DropoutSpec { rate })?;
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

//! What becomes of a training step.

use crate::error::{Error, Result};

/// What became of a training step, which [`Plan::step`](super::Plan::step) and
/// [`Plan::step_with`](super::Plan::step_with) answer.
///
/// ```
/// use chainrule::{Graph, Parameters, Tensor};
/// let g = Graph::new();
/// let w = g.parameter("w", []);
/// let loss = w.ln();
/// let dw = g.backward(loss, &[w])[0];
/// let mut plan = g.compile_step::<f64>(loss, &[(w, w - dw)])?;
/// let mut step = |w| plan.step(&mut Parameters::from_iter([("w", Tensor::scalar(w))]));
/// assert!(step(1.0)?.is_finite());
/// let error = step(-1.0)?.finite().unwrap_err().to_string();
/// assert!(error.starts_with("the loss or a gradient of the step is NaN or infinite"), "{error}");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[must_use = "steps whose loss is NaN train nothing: end on one by `.finite()?`, or ask `.is_finite()`"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stepped {
    pub(super) is_finite: bool,
}

impl Stepped {
    /// Whether the loss and all new values were finite, so that the whole step was made.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.is_finite
    }

    /// An error where [`Stepped::is_finite`] does not hold.
    ///
    /// # Errors
    /// The loss, a gradient or a rate was NaN or infinite.
    pub fn finite(self) -> Result<()> {
        match self.is_finite {
            true => Ok(()),
            false => Err(Error::Mismatch(
                "the loss or a gradient of the step is NaN or infinite: `Graph::first_not_finite` tells where \
                 it was born"
                    .into(),
            )),
        }
    }
}

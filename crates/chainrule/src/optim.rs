//! Optimizers: functions that build the nodes of the parameters' new values.

use crate::error::{Error, Result};
use crate::graph::Var;

/// Stochastic gradient descent: W ← W − η·∂L/∂W (Robbins and Monro, 1951).
///
/// ```
/// use chainrule::{Graph, optim::Sgd};
/// let g = Graph::new();
/// let w = g.parameter("w", [3]);
/// let gradients = g.backward(w.square().sum(&[]), &[w]);
/// let updates = Sgd::new(0.1)?.updates(&[w], &gradients);
/// assert_eq!(updates[0].1.shape(), w.shape());
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    learning_rate: f64,
}

impl Sgd {
    /// Gradient descent with the learning rate η.
    ///
    /// # Errors
    /// A learning rate that is not positive and finite.
    pub fn new(learning_rate: f64) -> Result<Self> {
        let ok = learning_rate > 0.0 && learning_rate.is_finite();
        Error::check(ok, "the learning rate", learning_rate, "positive and finite")?;
        Ok(Self { learning_rate })
    }

    /// Each parameter with its new value.
    #[must_use]
    pub fn updates<'g>(
        &self,
        parameters: &[Var<'g>],
        gradients: &[Var<'g>],
    ) -> Vec<(Var<'g>, Var<'g>)> {
        let pairs = parameters.iter().zip(gradients);
        pairs.map(|(&w, &dw)| (w, w - dw * self.learning_rate)).collect()
    }
}

//! The residual layer.

use super::{Layer, Pass, Sequential, Spec};
use crate::graph::Var;

/// x + f(x), where f are inner layers that keep the shape (He et al., 2016, equation 1). The inner
/// layers' parameters are named `residual1.affine1.weight` and so on.
///
/// ```
/// use chainrule::nn::{Affine, Init, Relu, Residual, Sequential};
/// let inner = Sequential::new().with(Affine::new(4, 4, Init::He)).with(Relu);
/// let model = Sequential::new().with(Residual::new(inner));
/// let names: Vec<String> = model.parameters().map(|(name, _)| name).collect();
/// assert_eq!(names, ["residual1.affine1.weight", "residual1.affine1.bias"]);
/// ```
#[derive(Debug)]
pub struct Residual {
    inner: Sequential,
}

impl Residual {
    /// The input added to what `inner` makes of it.
    ///
    /// ```
    /// use chainrule::{Graph, nn::{Residual, Sequential, Tanh}};
    /// let model = Sequential::new().with(Residual::new(Sequential::new().with(Tanh)));
    /// let g = Graph::new();
    /// assert_eq!(model.forward(g.constant(0.0)).eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn new(inner: Sequential) -> Self {
        Self { inner }
    }
}

impl Layer for Residual {
    fn kind(&self) -> &'static str {
        "residual"
    }
    fn parameters(&self) -> Vec<Spec> {
        self.inner.parameters().map(|(name, spec)| Spec { name, ..spec }).collect()
    }
    fn widths(&self) -> Vec<usize> {
        self.inner.widths()
    }
    fn smallest_batch(&self) -> usize {
        self.inner.smallest_batch()
    }
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>], pass: &Pass<'g>) -> Var<'g> {
        let y = self.inner.record(x, parameters, pass);
        match y.is_poison() || x.shape() == y.shape() {
            true => x + y,
            false => x.graph().fail("residual", "the inner layers must keep the shape", &[x, y]),
        }
    }
}

//! The residual layer.

use std::sync::Arc;

use super::{Cx, Module, Values};

/// x + f(x), where f is an inner module that keeps the shape (He et al., 2016, equation 1). Its
/// parameters are named `residual1.affine1.weight` and so on.
///
/// ```
/// use chainrule::nn::{Affine, Init, Network, Relu, Residual, Sequential};
/// let inner = Sequential::new().with(Affine::new(4, Init::He)).with(Relu);
/// let model = Sequential::new().with(Residual::new(inner));
/// let names = Network::flat(model, 4)?.trainable();
/// assert_eq!(names, ["residual1.affine1.weight", "residual1.affine1.bias"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone)]
pub struct Residual {
    inner: Arc<dyn Module>,
}

impl Residual {
    /// The input added to what `inner` makes of it.
    #[must_use]
    pub fn new(inner: impl Module + 'static) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl Module for Residual {
    fn kind(&self) -> &str {
        "residual"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let cx = cx.placed_here();
        let pin = cx.pin();
        let x = x.one();
        drop(pin);
        let y = self.inner.forward(&cx, x.into());
        let _pin = cx.pin();
        let y = y.one();
        match x.is_poison() || y.is_poison() || x.shape() == y.shape() {
            true => (x + y).into(),
            false => cx.fail("residual", "the inner layers must keep the shape", &[x, y]),
        }
    }
}

impl std::fmt::Debug for Residual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Residual ({})", self.inner.kind())
    }
}

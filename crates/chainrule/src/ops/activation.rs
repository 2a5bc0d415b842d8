//! Functions composed of pointwise operations: activations, clamp.

use crate::graph::Var;

impl<'g> Var<'g> {
    /// x·Φ(x) with the normal distribution Φ (Hendrycks and Gimpel, 2016, section 2).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).gelu().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gelu(self) -> Self {
        let normal = ((self * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5;
        self * normal
    }

    /// x·sigmoid(x) (Elfwing et al., 2017, equation 4).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).silu().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("swish"))]
    #[track_caller]
    #[must_use]
    pub fn silu(self) -> Self {
        self * self.sigmoid()
    }

    /// x where it is positive, else slope·x (Maas et al., 2013, section 2); the derivative at 0 is the
    /// slope.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(-2.0).leaky_relu(0.5).eval()?.values(), [-1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn leaky_relu(self, slope: f64) -> Self {
        self.greater(self.like(0.0)).select(self, self * slope)
    }

    /// x where it is positive, else α·(eˣ − 1) (Clevert et al., 2016, equation 15); the derivative at 0
    /// is α.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(-1e4).elu(0.5).eval()?.values(), [-0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn elu(self, alpha: f64) -> Self {
        let positive = self.greater(self.like(0.0));
        // No exponential of a large number, whose gradient would be 0·∞.
        let below = positive.select(self.like(0.0), self);
        positive.select(self, (below.exp() - 1.0) * alpha)
    }
    /// x where it lies between `low` and `high`, else the nearer of the two. Its gradient passes where x is
    /// not outside, on the bounds too, as PyTorch has it. NaN stays NaN.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant(3.0);
    /// assert_eq!(x.clamp(0.0, 1.0).eval()?.values(), [1.0]);
    /// assert_eq!(x.clamp(5.0, f64::INFINITY).eval()?.values(), [5.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("clip", "hardtanh"))]
    #[track_caller]
    #[must_use]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() || low > high {
            let message = format!("from {low} up to {high} there is no number");
            return self.graph().fail("clamp", &message, &[self]);
        }
        let [low, high] = [low, high].map(|bound| self.like(bound));
        self.less(low).select(low, self.greater(high).select(high, self))
    }
}

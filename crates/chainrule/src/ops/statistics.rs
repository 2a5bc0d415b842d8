//! Statistics over axes, composed of reductions: ln Σ eˣ, variance, standard deviation.

use super::reduce::{Axes, expand, reduced_len};
use super::{Max, Sum};
use crate::graph::Var;

impl<'g> Var<'g> {
    /// ln Σ eˣ over `axes`; over all where the list is empty. The largest element is taken out before,
    /// so that no exponential overflows (Goodfellow et al., *Deep Learning*, section 4.1); the gradient is
    /// the softmax.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(1e4).broadcast_to([2, 3]).logsumexp(&[1]);
    /// assert_eq!(y.eval()?.values(), [1e4 + 3f64.ln(); 2]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn logsumexp(self, axes: &[isize]) -> Self {
        const NAME: &str = "logsumexp";
        let Some(axes) = self.axes(NAME, axes) else { return Var::poison(self.graph()) };
        if reduced_len(&axes, &self.shape()) == 0 {
            return self.graph().fail(NAME, "there is no maximum of nothing", &[self]);
        }
        let _block = self.graph().block(NAME);
        let top = self.graph().apply(Max { axes }, &[self]);
        // Nothing is taken out of what has ∞, or −∞ alone: ∞ − ∞ is NaN.
        let infinite = top.abs().equal(top.like(f64::INFINITY));
        let top = infinite.select(top.like(0.0), top).stop_gradient();
        let rest = (self - expand(&axes, top, self.shape())).exp();
        self.graph().apply(Sum { axes }, &[rest]).ln() + top
    }

    /// The variance over `axes`, over all where the list is empty: Σ (x − mean)² / (n − correction) for
    /// n elements each. A correction of 1 gives the unbiased estimate, PyTorch's usual one; 0 the
    /// variance of the elements themselves, NumPy's.
    ///
    /// The mean is computed first, so that no digits are lost where it is large (Higham, *Accuracy and
    /// Stability of Numerical Algorithms*, section 1.9).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant_tensor(chainrule::Tensor::new([4], vec![1e8, 1e8 + 2.0, 1e8 + 4.0, 1e8 + 6.0])?);
    /// assert_eq!(x.var(&[], 0).eval()?.values(), [5.0]);
    /// assert_eq!(x.var(&[0], 1).eval()?.values(), [20.0 / 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("variance", "ddof", "unbiased"))]
    #[track_caller]
    #[must_use]
    pub fn var(self, axes: &[isize], correction: usize) -> Self {
        const NAME: &str = "var";
        match self.axes(NAME, axes) {
            Some(axes) => self.variance(NAME, axes, correction),
            None => Var::poison(self.graph()),
        }
    }

    /// The standard deviation over `axes`, over all where the list is empty: the root of
    /// [`var`](Var::var) with the same correction. Where all elements are equal its gradient is taken
    /// as 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant_tensor(chainrule::Tensor::new([2], vec![1.0, 7.0])?);
    /// assert_eq!(x.std(&[], 0).eval()?.values(), [3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("standard_deviation", "ddof", "unbiased"))]
    #[track_caller]
    #[must_use]
    pub fn std(self, axes: &[isize], correction: usize) -> Self {
        const NAME: &str = "std";
        let Some(axes) = self.axes(NAME, axes) else { return Var::poison(self.graph()) };
        let variance = self.variance(NAME, axes, correction);
        let _block = self.graph().block(NAME);
        // √ of no 0, whose derivative is infinite.
        let zero = variance.equal(variance.like(0.0));
        zero.select(variance.like(0.0), zero.select(variance.like(1.0), variance).sqrt())
    }

    #[track_caller]
    fn variance(self, name: &str, axes: Axes, correction: usize) -> Self {
        let (g, count) = (self.graph(), reduced_len(&axes, &self.shape()));
        let Some(degrees) = count.checked_sub(correction).filter(|&degrees| degrees > 0) else {
            let message = format!(
                "{count} elements less a correction of {correction} leave nothing to divide by"
            );
            return g.fail(name, &message, &[self]);
        };
        let _block = g.block(name);
        let mean = g.apply(Sum { axes }, &[self]) / count;
        let squares = (self - expand(&axes, mean, self.shape())).square();
        g.apply(Sum { axes }, &[squares]) / degrees
    }
}

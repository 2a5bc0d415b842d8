//! Products over axes, composed of products of halves.

use super::{Slice, reals};
use crate::graph::Var;

/// The name of products over axes, and of the steps that they are made in.
const PROD: &str = "prod";

impl<'g> Var<'g> {
    /// The product over `axes`; over all where the list is empty.
    ///
    /// Halves are multiplied until one element is left. So the gradient of an element is the product of
    /// all others, without a division: right also where elements are 0, and differentiable again.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(3).to_real(); // 0, 1, 2
    /// let y = x.prod(&[]);
    /// assert_eq!(y.eval()?.values(), [0.0]);
    /// assert_eq!(g.backward(y, &[x])[0].eval()?.values(), [2.0, 0.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("product", "reduce_prod"))]
    #[track_caller]
    #[must_use]
    pub fn prod(self, axes: &[isize]) -> Self {
        let (g, shape) = (self.graph(), self.shape());
        let Some(axes) = self.axes(PROD, axes) else { return Var::poison(g) };
        if let Err(message) = reals(&[self.ty()]) {
            return g.fail(PROD, &message, &[self]);
        }
        let _block = g.block(PROD);
        let listed = (0..shape.rank()).filter(|&axis| axes[axis]);
        listed.fold(self, Self::prod_along).reshape(shape.without(|axis| axes[axis]))
    }

    /// The product over `axes`, which stay with length 1; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(4).reshape([2, 2]).to_real();
    /// assert_eq!(x.prod_keep(&[1]).eval()?.values(), [0.0, 6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("keepdim", "keepdims"))]
    #[track_caller]
    #[must_use]
    pub fn prod_keep(self, axes: &[isize]) -> Self {
        self.prod(axes).reshape(self.ones_along(axes))
    }

    /// The product along one axis, which stays with length 1.
    fn prod_along(self, axis: usize) -> Self {
        let g = self.graph();
        let part = |of: Self, start, end| g.apply(Slice { axis, start, end }, &[of]);
        let mut all = self;
        // Elements without a partner, to be multiplied at the end.
        let mut odd = None;
        loop {
            let Some(length) = all.shape().get(axis) else { return all };
            let half = length / 2;
            match length {
                0 => return g.constant(1.0).broadcast_to(all.shape().with(axis, 1)),
                1 => return odd.map_or(all, |odd| all * odd),
                _ if length % 2 == 1 => {
                    let last = part(all, length - 1, length);
                    odd = Some(odd.map_or(last, |odd| last * odd));
                }
                _ => {}
            }
            all = part(all, 0, half) * part(all, half, 2 * half);
        }
    }
}

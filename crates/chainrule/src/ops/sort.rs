//! Order along an axis: sort, argsort, the k largest.

use std::cmp::Ordering;

use super::{Gate, Loop, Op, Operand, Output, Real, Slice, ToReal, Type, reals};
use crate::graph::Var;
use crate::tensor::Shape;

/// The places along the last axis in the order of the elements there, equal ones in the order in which they
/// stand: whole numbers, without a gradient. NaN is larger than all numbers, as NumPy and PyTorch have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argsort {
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Op for Argsort {
    fn name(&self) -> &'static str {
        "argsort"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        match operands {
            [x] => match x.shape.dims().last() {
                Some(&length) => Ok(Type::index(x.shape, length)),
                None => Err("takes at least one axis".into()),
            },
            _ => Err("takes one operand".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let length = Op::grain(self, &output.shape);
        let rows = operands[0].real()[output.range.clone()].chunks(length);
        for (x, places) in rows.zip(output.index().chunks_mut(length)) {
            (0..).zip(&mut *places).for_each(|(at, place)| *place = at);
            // By their places equal elements differ, so that no order is left to choose.
            places.sort_unstable_by(|&a, &b| {
                let order = compare(x[a as usize], x[b as usize]);
                if self.descending { order.reverse() } else { order }.then(a.cmp(&b))
            });
        }
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn grain(&self, output: &Shape) -> usize {
        output.dims().last().copied().unwrap_or(1)
    }
    fn as_loop(&self) -> Loop {
        Loop::Argsort { descending: self.descending }
    }
    fn cost(&self, operands: &[Type]) -> usize {
        4 * operands[0].shape.dims().last().map_or(1, |&length| length.max(1).ilog2() as usize + 1)
    }
    /// Whether each place comes after the one that stands before it: two that change their order turn one of
    /// these signs.
    fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
        let (x, g) = (operands[0], operands[0].graph());
        let places = g.apply(ToReal, &[g.apply(*self, &[x])]);
        let (axis, length) = (x.shape().rank() - 1, Op::grain(self, &x.shape()));
        let part = |start, end| g.apply(Slice { axis, start, end }, &[places]);
        vec![part(length.min(1), length) - part(0, length.saturating_sub(1))]
    }
}

fn compare<T: Real>(a: T, b: T) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

impl<'g> Var<'g> {
    /// The places along `axis` as labels, in the order in which what stands there grows; of equals, the
    /// first comes first, and NaN last. With [`Var::take_along_axis`] they put other values in that order.
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let x = g.constant_tensor(Tensor::new([4], vec![3.0, 1.0, 2.0, 1.0])?);
    /// let order = x.argsort(0);
    /// assert_eq!(order.to_real().eval()?.values(), [1.0, 3.0, 2.0, 0.0]);
    /// assert_eq!(x.square().take_along_axis(0, order).eval()?.values(), [1.0, 1.0, 4.0, 9.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argsort(self, axis: isize) -> Self {
        self.along(Argsort { descending: false }, axis)
    }

    /// [`Var::argsort`] from the largest to the smallest, NaN first; of equals, the first comes first here
    /// too.
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let x = g.constant_tensor(Tensor::new([4], vec![3.0, 1.0, 2.0, 1.0])?);
    /// assert_eq!(x.argsort_descending(0).to_real().eval()?.values(), [0.0, 2.0, 1.0, 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argsort_descending(self, axis: isize) -> Self {
        self.along(Argsort { descending: true }, axis)
    }

    /// The elements along `axis` from the smallest to the largest, NaN last; each sends its gradient to
    /// where it came from. Their places are [`Var::argsort`], which a plan that has both computes once.
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let x = g.constant_tensor(Tensor::new([2, 2], vec![4.0, 1.0, 2.0, 3.0])?);
    /// assert_eq!(x.sort(1).eval()?.values(), [1.0, 4.0, 2.0, 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sort(self, axis: isize) -> Self {
        let _block = self.graph().block("sort");
        self.take_along_axis(axis, self.argsort(axis))
    }

    /// [`Var::sort`] from the largest to the smallest, NaN first.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.arange(3).to_real().sort_descending(0).eval()?.values(), [2.0, 1.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sort_descending(self, axis: isize) -> Self {
        let _block = self.graph().block("sort");
        self.take_along_axis(axis, self.argsort_descending(axis))
    }

    /// The `k` largest elements along `axis`, from the largest on, and their places as labels; of equals,
    /// the first comes first.
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let x = g.constant_tensor(Tensor::new([4], vec![3.0, 5.0, 4.0, 5.0])?);
    /// let (values, places) = x.top_k(0, 3);
    /// assert_eq!(values.eval()?.values(), [5.0, 5.0, 4.0]);
    /// assert_eq!(places.to_real().eval()?.values(), [1.0, 3.0, 2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("topk", "argpartition", "partition"))]
    #[track_caller]
    #[must_use]
    pub fn top_k(self, axis: isize, k: usize) -> (Self, Self) {
        let _block = self.graph().block("top_k");
        let places = self.argsort_descending(axis).slice(axis, 0, k);
        (self.take_along_axis(axis, places), places)
    }
}

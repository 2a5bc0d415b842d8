//! Cumulative sums.

use std::ops::Range;

use super::reduce::{ROWS, TILE};
use super::{Gate, Loop, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;
use crate::tensor::{Shape, count};

/// For each place along an axis the sum of what stands there and before it.
///
/// The gradient is a cumulative sum from the other end. Sums of 256 elements one after another are added
/// to the sum of all such blocks before, so that the error grows with their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CumSum {
    /// The axis.
    pub axis: usize,
    /// Whether an element is left out of the sum at its own place.
    pub exclusive: bool,
    /// Whether the sums begin at the end, and go on towards the start.
    pub reverse: bool,
}

impl Op for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        match operands {
            [x] if self.axis < x.shape.rank() => Ok(*x),
            [x] => Err(x.shape.no_axis(self.axis)),
            _ => Err("takes one operand".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let inner = count(&output.shape.dims()[self.axis + 1..]);
        let block = Op::grain(self, &output.shape);
        let x = operands[0].real()[output.range.clone()].chunks(block);
        for (x, y) in x.zip(output.real().chunks_mut(block)) {
            for first in (0..inner).step_by(TILE) {
                self.columns(x, y, inner, first..inner.min(first + TILE));
            }
        }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.graph().apply(Self { reverse: !self.reverse, ..*self }, &[gate.upstream]))
    }
    /// The element at the end is in no sum that leaves out its own.
    fn is_router(&self) -> bool {
        self.exclusive
    }
    fn by_rows(&self, _operand: usize) -> bool {
        self.axis > 0
    }
    fn grain(&self, output: &Shape) -> usize {
        count(&output.dims()[self.axis..])
    }
    fn as_loop(&self) -> Loop {
        let Self { axis, exclusive, reverse } = *self;
        Loop::CumSum { axis, exclusive, reverse }
    }
}

impl CumSum {
    /// The sums of some of the columns of rows that are `inner` elements long.
    fn columns<T: Real>(self, x: &[T], y: &mut [T], inner: usize, columns: Range<usize>) {
        let [mut before, mut sums] = [[T::zero(); TILE]; 2];
        let length = x.len() / inner;
        for step in 0..length {
            let row = if self.reverse { length - 1 - step } else { step };
            let row = row * inner + columns.start..row * inner + columns.end;
            let sums = before.iter_mut().zip(&mut sums);
            for ((&x, y), (before, sum)) in x[row.clone()].iter().zip(&mut y[row]).zip(sums) {
                if step > 0 && step % ROWS == 0 {
                    (*before, *sum) = (*before + *sum, T::zero());
                }
                let with = *sum + x;
                *y = *before + if self.exclusive { *sum } else { with };
                *sum = with;
            }
        }
    }
}

impl<'g> Var<'g> {
    /// For each place along `axis` the sum of what stands there and before it. Sums from the end, and
    /// sums without the place's own element, are a [`CumSum`] with these settings.
    ///
    /// ```
    /// use chainrule::ops::CumSum;
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(4).to_real() + 1.0;
    /// assert_eq!(x.cumsum(0).eval()?.values(), [1.0, 3.0, 6.0, 10.0]);
    /// let rest = g.apply(CumSum { axis: 0, exclusive: true, reverse: true }, &[x]);
    /// assert_eq!(rest.eval()?.values(), [9.0, 7.0, 4.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("cumulative_sum", "prefix_sum", "running_sum"))]
    #[track_caller]
    #[must_use]
    pub fn cumsum(self, axis: isize) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(CumSum { axis, exclusive: false, reverse: false }, &[self])
    }
}

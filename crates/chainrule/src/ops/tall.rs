//! Sums of few columns and many rows, in two steps, so that threads can share the rows.

use super::reduce::{Axes, Columns, ROWS, SUM, Sum, TILE, pairwise, reduced_len};
use super::{Class, Gate, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;
use crate::tensor::Shape;

impl Sum {
    /// The sums of this one's leaves, which threads can share, where it is tall; [`LeafTotal`] of them
    /// is the sum.
    pub(crate) fn leaves(&self, operand: &Shape) -> Option<LeafSums> {
        let columns = operand.without(|axis| self.axes[axis]).len();
        let has_columns = operand.rank() > 0 && !self.axes[operand.rank() - 1];
        let is_tall = (1..TILE).contains(&columns) && reduced_len(&self.axes, operand) >= 16 * ROWS;
        (has_columns && is_tall).then_some(LeafSums { axes: self.axes })
    }
}

/// The leaves of a [`Sum`]: along the first axis, of [`ROWS`] rows each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafSums {
    axes: Axes,
}

impl Op for LeafSums {
    fn name(&self) -> &'static str {
        SUM
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [ty] = operands else { return Err("takes one operand".into()) };
        let leaves = reduced_len(&self.axes, &ty.shape).div_ceil(ROWS);
        let kept = ty.shape.without(|axis| self.axes[axis]);
        let shape = Shape::new(&[&[leaves], kept.dims()].concat());
        shape.map(Type::real).map_err(|error| error.to_string())
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let columns = Columns::new(&self.axes, &operands[0], T::zero(), |a, b| a + b);
        let width = output.shape.len() / output.shape.dims()[0];
        let first = output.range.start / width;
        for (at, sums) in output.real().chunks_mut(width).enumerate() {
            let start = (first + at) * ROWS;
            let rows = start..(start + ROWS).min(columns.rows.len());
            columns.write(0, sums, |base, width| columns.leaf(base, width, rows.clone()));
        }
    }
    fn class(&self) -> Class {
        Class::Kernel { strided: true }
    }
    fn grain(&self, output: &Shape) -> usize {
        output.dims()[1..].iter().product()
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        ROWS
    }
    /// A part of [`Sum`], whose rule stands for both.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

/// The sum over the first axis in the order in which a [`Sum`] joins its leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafTotal;

impl Op for LeafTotal {
    fn name(&self) -> &'static str {
        SUM
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [ty] = operands else { return Err("takes one operand".into()) };
        Ok(Type::real(ty.shape.without(|axis| axis == 0)))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (leaves, width) = (operands[0].real(), output.shape.len());
        for (column, y) in output.range.clone().zip(output.real()) {
            let of_leaf = |range: std::ops::Range<usize>| leaves[range.start * width + column];
            *y = pairwise(0..leaves.len() / width, 1, &of_leaf, &|a, b| a + b);
        }
    }
    fn cost(&self, operands: &[Type]) -> usize {
        operands[0].shape.get(0).unwrap_or(1)
    }
    /// A part of [`Sum`], whose rule stands for both.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

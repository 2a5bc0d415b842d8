//! Softmax and its logarithm, along the last axis or another.

use super::reduce::{larger, sum_run};
use super::{Gate, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;
use crate::simd::vectorized;
use crate::tensor::Shape;

pub(super) fn infer(operands: &[Type]) -> Result<Type, String> {
    reals(operands)?;
    match operands {
        [ty] if ty.shape.rank() > 0 && !ty.shape.is_empty() => Ok(*ty),
        [_] => Err("takes at least one axis, without a length of 0".into()),
        _ => Err("takes one operand".into()),
    }
}

fn row_length(output: &Shape) -> usize {
    output.dims().last().copied().unwrap_or(1)
}

/// The largest element, or a NaN if there is one, in eight lanes, which vectors can take.
#[inline(always)]
pub(super) fn largest<T: Real>(row: &[T]) -> T {
    let mut lanes = [T::neg_infinity(); 8];
    let chunks = row.chunks_exact(8);
    let tail = chunks.remainder().iter().fold(T::neg_infinity(), |a, &b| larger(a, b));
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = larger(*lane, x));
    }
    for half in [4, 2, 1] {
        let (left, right) = lanes.split_at_mut(half);
        left.iter_mut().zip(right).for_each(|(a, &mut b)| *a = larger(*a, b));
    }
    larger(lanes[0], tail)
}

/// Rows whose largest elements are kept at once.
const BLOCK: usize = 64;

/// Writes e^(x − largest) for rows of `length`, so that no exponent exceeds 0; `each` gets every row's
/// number, its largest element, the sum of what was written, and what was written.
pub(super) fn exp_rows<T: Real>(
    x: &[T],
    length: usize,
    out: &mut [T],
    mut each: impl FnMut(usize, T, T, &mut [T]),
) {
    let blocks = x.chunks(BLOCK * length).zip(out.chunks_mut(BLOCK * length));
    for (block, (x, out)) in blocks.enumerate() {
        let mut tops = [T::zero(); BLOCK];
        vectorized(
            #[inline(always)]
            || {
                let rows = out.chunks_exact_mut(length).zip(x.chunks_exact(length));
                for ((y, x), top) in rows.zip(&mut tops) {
                    *top = largest(x);
                    y.iter_mut().zip(x).for_each(|(y, &x)| *y = x - *top);
                }
                out.iter_mut().for_each(|y| *y = y.exp());
            },
        );
        for (row, (y, &top)) in out.chunks_exact_mut(length).zip(&tops).enumerate() {
            let sum = sum_run(y);
            each(block * BLOCK + row, top, sum, y);
        }
    }
}

/// y_k = e^(x_k) / Σ e^(x_i) along the last axis, computed after subtracting the largest element
/// (Goodfellow et al., *Deep Learning*, section 4.1). With upstream g its gradient is y·(g − Σ g·y).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Softmax;

impl Op for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        infer(operands)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let length = row_length(&output.shape);
        let from = &operands[0].real()[output.range.clone()];
        exp_rows(from, length, output.real(), |_, _, sum, y| y.iter_mut().for_each(|y| *y /= sum));
    }
    fn grain(&self, output: &Shape) -> usize {
        row_length(output)
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        20
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let (y, g) = (gate.output, gate.upstream);
        Some(y * (g - row_sum(g * y)))
    }
}

/// ln softmax(x) along the last axis, as x − ln Σ eˣ. With upstream g its gradient is
/// g − softmax(x)·Σ g.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogSoftmax;

impl Op for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        infer(operands)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let length = row_length(&output.shape);
        let from = &operands[0].real()[output.range.clone()];
        exp_rows(from, length, output.real(), |row, top, sum, y| {
            let log_sum = sum.ln();
            for (y, &x) in y.iter_mut().zip(&from[row * length..]) {
                *y = (x - top) - log_sum;
            }
        });
    }
    fn grain(&self, output: &Shape) -> usize {
        row_length(output)
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        20
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let g = gate.upstream;
        Some(g - gate.output.exp() * row_sum(g))
    }
}

/// The sum along the last axis, which stays with length 1.
pub(super) fn row_sum(x: Var<'_>) -> Var<'_> {
    x.sum_keep(&[-1])
}

impl<'g> Var<'g> {
    /// Probabilities along the last axis; see [`Softmax`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(1e4).broadcast_to([4]).softmax();
    /// assert_eq!(y.eval()?.values(), [0.25; 4]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn softmax(self) -> Self {
        self.graph().apply(Softmax, &[self])
    }

    /// Logarithms of probabilities along the last axis; see [`LogSoftmax`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(0.0).broadcast_to([2]).log_softmax();
    /// assert_eq!(y.eval()?.values(), [-2f64.ln(); 2]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn log_softmax(self) -> Self {
        self.graph().apply(LogSoftmax, &[self])
    }

    /// Probabilities along `axis`; see [`Softmax`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(1e4).broadcast_to([2, 3]).softmax_over(0);
    /// assert_eq!(y.eval()?.values(), [0.5; 6]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn softmax_over(self, axis: isize) -> Self {
        self.along(Softmax, axis)
    }

    /// Logarithms of probabilities along `axis`; see [`LogSoftmax`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(0.0).broadcast_to([2, 3]).log_softmax_over(0);
    /// assert_eq!(y.eval()?.values(), [-2f64.ln(); 6]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn log_softmax_over(self, axis: isize) -> Self {
        self.along(LogSoftmax, axis)
    }

    /// An operation of the last axis along another.
    #[track_caller]
    pub(super) fn along(self, op: impl Op, axis: isize) -> Self {
        let (g, shape, rank) = (self.graph(), self.shape(), self.shape().rank());
        let axis = shape.axis(axis);
        if axis + 1 == rank {
            return g.apply(op, &[self]);
        }
        if axis >= rank {
            return g.fail(op.name(), &shape.no_axis(axis), &[self]);
        }
        let mut order: Vec<isize> = (0..rank.cast_signed()).collect();
        order.swap(axis, rank - 1);
        g.apply(op, &[self.transpose(&order)]).transpose(&order)
    }
}

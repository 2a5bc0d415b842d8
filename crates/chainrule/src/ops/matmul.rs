//! The matrix product, batched; transposed operands are read through their strides.

use super::product::{Matrix, product};
use super::{Class, Gate, Notation, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;
use crate::tensor::{Offsets, Shape};

/// A·B over the last two axes, for operands with the same leading (batch) axes.
///
/// With Y = A·B and upstream G, the gradients are G·Bᵀ and Aᵀ·G.
#[derive(Debug, Clone, Copy)]
pub struct MatMul;

/// The fewest rows of a part.
const MIN_ROWS: usize = 48;

/// The batch axes and the matrix's two axes.
fn split(shape: &Shape) -> Option<(Shape, usize, usize)> {
    let batch = shape.rank().checked_sub(2)?;
    Some((shape.without(|axis| axis >= batch), shape.dims()[batch], shape.dims()[batch + 1]))
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [a, b] = operands else { return Err("takes two operands".into()) };
        let (Some((batch, m, k)), Some((other, k2, n))) = (split(&a.shape), split(&b.shape)) else {
            return Err("takes matrices: at least two axes each".into());
        };
        if k != k2 {
            return Err(format!("the inner lengths differ: {k} columns against {k2} rows"));
        }
        if batch != other {
            return Err(format!("the batch axes differ: {batch} against {other}"));
        }
        let lengths = [batch.dims(), &[m, n]].concat();
        Shape::new(&lengths).map(Type::real).map_err(|error| error.to_string())
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (a, b) = (&operands[0], &operands[1]);
        let (Some((batch, m, k)), Some((_, _, n))) = (split(&a.shape), split(&b.shape)) else {
            return;
        };
        let axis = batch.rank();
        let first = output.range.start / n.max(1);
        let target = output.real();
        let rows = target.len() / n.max(1);
        let mut done = 0;
        while done < rows {
            let (which, row) = ((first + done) / m, (first + done) % m);
            let count = (m - row).min(rows - done);
            let at = |operand: &Operand<'_, T>| {
                Offsets::new(&batch, &operand.strides, which).next_offset()
            };
            let left = Matrix {
                values: &a.real()[at(a) + row * a.strides[axis]..],
                strides: (a.strides[axis], a.strides[axis + 1]),
            };
            let right = Matrix {
                values: &b.real()[at(b)..],
                strides: (b.strides[axis], b.strides[axis + 1]),
            };
            product(&mut target[done * n..(done + count) * n], &left, &right, (count, k, n));
            done += count;
        }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        match operand {
            0 => Some(gate.upstream.matmul(gate.operands[1].t())),
            _ => Some(gate.operands[0].t().matmul(gate.upstream)),
        }
    }
    fn notation(&self) -> Notation {
        Notation::Infix("@")
    }
    fn class(&self) -> Class {
        Class::Kernel { strided: true }
    }
    fn grain(&self, output: &Shape) -> usize {
        output.dims()[output.rank() - 1].max(1)
    }
    fn cost(&self, operands: &[Type]) -> usize {
        // A fused multiply-add runs on vector units, far faster than the scalar work counted by others.
        (split(&operands[0].shape).map_or(1, |(_, _, k)| k) / 8).max(1)
    }
    fn parts(&self, operands: &[Type], output: &Shape) -> usize {
        // Each part packs B again, which only pays off over enough rows.
        let rows = output.len() / self.grain(output);
        let by_work = super::split(output.len(), self.cost(operands), self.grain(output));
        by_work.min((rows / MIN_ROWS).max(1))
    }
}

impl<'g> Var<'g> {
    /// The matrix product, as NumPy's `@`: leading axes are batches and broadcast; a vector on the
    /// left is a row, on the right a column.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (x, w) = (g.input("x", [100, 784]), g.parameter("w", [784, 50]));
    /// assert_eq!(x.matmul(w).shape().dims(), [100, 50]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn matmul(self, other: Var<'g>) -> Self {
        let (s, t) = (self.shape(), other.shape());
        if s.rank() == 1 && t.rank() >= 1 {
            let out = self.reshape([1, s.len()]).matmul(other);
            let axis = out.shape().rank().saturating_sub(2);
            return match t.rank() {
                1 => out.reshape([]),
                _ => out.reshape(out.shape().without(|a| a == axis)),
            };
        }
        if t.rank() == 1 && s.rank() >= 2 {
            let out = self.matmul(other.reshape([t.len(), 1]));
            let axis = out.shape().rank().saturating_sub(1);
            return out.reshape(out.shape().without(|a| a == axis));
        }
        let (Some((batch, m, k)), Some((other_batch, k2, n))) = (split(&s), split(&t)) else {
            return self.graph().apply(MatMul, &[self, other]);
        };
        match batch.broadcast(&other_batch) {
            Some(all) if k == k2 => {
                let with = |rows, columns| Shape::new(&[all.dims(), &[rows, columns]].concat());
                match (with(m, k), with(k2, n)) {
                    (Ok(left), Ok(right)) => {
                        let operands = [self.broadcast_to(left), other.broadcast_to(right)];
                        self.graph().apply(MatMul, &operands)
                    }
                    _ => self.graph().fail("matmul", "too many axes", &[self, other]),
                }
            }
            _ => self.graph().apply(MatMul, &[self, other]),
        }
    }
}

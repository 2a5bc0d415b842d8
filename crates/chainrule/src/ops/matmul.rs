//! The matrix product, batched; transposed operands are read through their strides.

use std::ops::Range;

use chainrule_products::{Finished, Follow, Lengths, Matrix, Product, Target, scratch_len};

use super::{Class, Gate, Loop, Notation, Op, Operand, Output, Real, Type, View, reals};
use crate::graph::Var;
use crate::tensor::{Offsets, Shape};
use crate::term::Binding;

/// A·B over the last two axes, for operands with the same leading (batch) axes.
///
/// With Y = A·B and upstream G, the gradients are G·Bᵀ and Aᵀ·G.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatMul;

/// The batch axes and the matrix's two axes.
fn split(shape: &Shape) -> Option<(Shape, usize, usize)> {
    let batch = shape.rank().checked_sub(2)?;
    Some((shape.without(|axis| axis >= batch), shape.dims()[batch], shape.dims()[batch + 1]))
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [a, b] = operands else { return Err("takes two operands".into()) };
        let (Some((batch, _, k)), Some((other, k2, n))) = (split(&a.shape), split(&b.shape)) else {
            return Err("takes matrices: at least two axes each".into());
        };
        if k != k2 {
            return Err(format!("the inner lengths differ: {k} columns against {k2} rows"));
        }
        if batch != other {
            return Err(format!("the batch axes differ: {batch} against {other}"));
        }
        Ok(Type::real(a.shape.with(batch.rank() + 1, n)))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let types: Vec<Type> = operands.iter().map(Operand::ty).collect();
        let ty = Op::infer(self, &types);
        assert_eq!(ty, Ok(Type::real(output.shape)), "the shape rule refuses matmul's operands");
        if operands.iter().any(|operand| operand.shape.is_empty()) {
            return output.real().fill(T::zero());
        }
        let [a, b] = [0, 1].map(|i| {
            let Operand { shape, strides, .. } = operands[i];
            (operands[i].real(), View { shape, strides, offset: 0 })
        });
        assert!(a.1.end() <= a.0.len() && b.1.end() <= b.0.len(), "matmul operand too short");
        let lengths = lengths(&a.1.shape, &b.1.shape);
        let Lengths { m, n, .. } = lengths;
        let mut scratch = vec![T::zero(); scratch_len::<T>(lengths)];
        let rows = output.range.start / n.max(1)..output.range.end / n.max(1);
        let target = output.real();
        for (which, rows, done) in by_matrix(rows, m) {
            let (a, b) = (matrix(a.0.as_ptr(), &a.1, which), matrix(b.0.as_ptr(), &b.1, which));
            let stretch = &mut target[done * n..(done + rows.len()) * n];
            // The product counts C's rows from the matrix' first one.
            let start = stretch.as_mut_ptr().wrapping_sub(rows.start * n);
            let product = Product { a, b, lengths, target: Target::Whole(start) };
            // SAFETY: the operands reach as far as was just asserted, the target holds the rows, and
            // the scratch memory was made for these lengths.
            unsafe { product.compute(rows, &mut scratch, &mut Nothing) };
        }
    }
    fn as_loop(&self) -> Loop {
        Loop::Product
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        match operand {
            0 => Some(gate.upstream.matmul(gate.operands[1].t())),
            _ => Some(gate.operands[0].t().matmul(gate.upstream)),
        }
    }
    fn glyph(&self) -> &'static str {
        "@"
    }
    fn notation(&self) -> Notation {
        Notation::Infix("@", Binding::Product)
    }
    /// To a plan, which knows this operation by its type, a product is more than a kernel.
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
}

/// A product after which nothing comes.
pub(crate) struct Nothing;

impl<T> Follow<T> for Nothing {
    fn finish(&mut self, _: Finished<T>) {}
    fn ahead(&mut self, _: &Range<usize>, _: &Range<usize>, _: usize, _: usize) {}
}

/// The lengths of each matrix product of a batch, for operands that the shape rule takes.
pub(crate) fn lengths(a: &Shape, b: &Shape) -> Lengths {
    match (a.dims(), b.dims()) {
        (&[.., m, k], &[.., _, n]) => Lengths { m, k, n },
        _ => unreachable!("the shape rule refuses {a} and {b}, which are no matrices"),
    }
}

/// Number `which` of the matrices that an operand holds.
pub(crate) fn matrix<T>(start: *const T, view: &View, which: usize) -> Matrix<T> {
    let axis = view.shape.rank() - 2;
    let offset = match which {
        0 => 0,
        _ => {
            let batch = view.shape.without(|a| a >= axis);
            Offsets::new(&batch, &view.strides, which).next_offset()
        }
    };
    // A single column's stride is never taken.
    let column = if view.shape.dims()[axis + 1] == 1 { 1 } else { view.strides[axis + 1] };
    let row = view.strides[axis];
    Matrix { start: start.wrapping_add(view.offset + offset), row, column }
}

/// Cuts rows, counted over the matrices of a batch, into each matrix' own: its number, its rows, and
/// the rows before.
pub(crate) fn by_matrix(
    rows: Range<usize>,
    m: usize,
) -> impl Iterator<Item = (usize, Range<usize>, usize)> {
    let (start, end, mut next) = (rows.start, rows.end, rows.start);
    std::iter::from_fn(move || {
        if next == end {
            return None;
        }
        let (which, row) = (next.checked_div(m)?, next.checked_rem(m)?);
        let count = (m - row).min(end - next);
        let done = next - start;
        next += count;
        (count > 0).then_some((which, row..row + count, done))
    })
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
    #[doc(alias("mm", "bmm", "dot", "@"))]
    #[track_caller]
    #[must_use]
    pub fn matmul(self, other: Var<'g>) -> Self {
        let (s, t) = (self.shape(), other.shape());
        if (s.rank(), t.rank()) == (2, 2) {
            return self.graph().apply(MatMul, &[self, other]);
        }
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
                    (Err(error), _) | (_, Err(error)) => {
                        self.graph().fail("matmul", &error.to_string(), &[self, other])
                    }
                }
            }
            _ => self.graph().apply(MatMul, &[self, other]),
        }
    }
}

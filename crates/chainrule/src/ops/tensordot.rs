//! The product over several axes at once.

use std::ops::Range;

use chainrule_products::{
    Axes, Lengths, Matrix, Product, Spread, SpreadProduct, Target, scratch_len,
};

use super::matmul::{Nothing, lengths as matmul_lengths, matrix};
use super::{Class, Gate, Loop, MatMul, Op, Operand, Output, Real, Slice, Type, View, reals};
use crate::graph::{Graph, Var};
use crate::tensor::{Shape, count};

/// The sums of products over the last `axes` axes of A and the first ones of B, as NumPy's `tensordot`.
///
/// With Y = A·B and upstream G the gradients are products of the same kind: G with B, whose summed axes then
/// stand last, and A, whose own axes do, with G.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tensordot {
    /// How many axes are summed over.
    pub axes: usize,
}

impl Op for Tensordot {
    fn name(&self) -> &'static str {
        "tensordot"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [a, b] = operands else { return Err("takes two operands".into()) };
        let own = a.shape.rank().checked_sub(self.axes);
        let (Some(own), Some((summed, rest))) = (own, b.shape.dims().split_at_checked(self.axes))
        else {
            return Err(format!("takes operands of at least {} axes each", self.axes));
        };
        let (rows, terms) = a.shape.dims().split_at(own);
        if terms != summed {
            return Err(format!(
                "the last axes of the left operand are {terms:?}, the first of the right {summed:?}"
            ));
        }
        let shape = Shape::new(&[rows, rest].concat()).map_err(|error| error.to_string())?;
        Ok(Type::real(shape))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let types: Vec<Type> = operands.iter().map(Operand::ty).collect();
        let ty = Op::infer(self, &types);
        assert_eq!(ty, Ok(Type::real(output.shape)), "the shape rule refuses tensordot's operands");
        if operands.iter().any(|operand| operand.shape.is_empty()) {
            return output.real().fill(T::zero());
        }
        let [a, b] = [0, 1].map(|i| {
            let Operand { shape, strides, .. } = operands[i];
            (operands[i].real(), View { shape, strides, offset: 0 })
        });
        assert!(a.1.end() <= a.0.len() && b.1.end() <= b.0.len(), "tensordot operand too short");
        let factors = Factors { axes: self.axes, is_batch: false };
        let lengths = factors.lengths(&a.1.shape, &b.1.shape);
        let n = lengths.n.max(1);
        let rows = output.range.start / n..output.range.end / n;
        // The product counts C's rows from its first one.
        let target = output.real();
        let start = target.as_mut_ptr().wrapping_sub(rows.start * lengths.n);
        // What the plan hands over is read in place; here it may lie in any way.
        let copy: Vec<T>;
        let right = match factors.right(b.0.as_ptr(), &b.1) {
            Some(right) => right,
            None => {
                let mut walk = crate::tensor::Offsets::new(&b.1.shape, &b.1.strides, 0);
                copy = (0..b.1.shape.len()).map(|_| b.0[walk.next_offset()]).collect();
                Matrix { start: copy.as_ptr(), row: lengths.n, column: 1 }
            }
        };
        let (a, target) = (factors.left(a.0.as_ptr(), &a.1), Target::Whole(start));
        let product = SpreadProduct { a, b: right, lengths, target };
        let mut scratch = vec![T::zero(); scratch_len::<T>(lengths)];
        // SAFETY: the operands reach as far as was just asserted, the target holds the rows, and the scratch
        // memory was made for these lengths.
        unsafe { product.compute(rows, &mut scratch, &mut Nothing) };
    }
    fn as_loop(&self) -> Loop {
        Loop::Tensordot { axes: self.axes }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let &[a, b] = gate.operands else { return None };
        let turned = |v: Var<'g>, first: usize| {
            let axes = (first..v.shape().rank()).chain(0..first).map(usize::cast_signed);
            v.transpose(&axes.collect::<Vec<_>>())
        };
        let own = a.shape().rank() - self.axes;
        Some(match operand {
            0 => gate.upstream.tensordot(turned(b, self.axes), b.shape().rank() - self.axes),
            _ => turned(a, own).tensordot(gate.upstream, own),
        })
    }
    /// To a plan, which knows this operation by its type, a product is more than a kernel.
    fn class(&self) -> Class {
        Class::Kernel { strided: true }
    }
    fn grain(&self, output: &Shape) -> usize {
        // Behind the rows' axes, of which only the operands tell how many there are.
        output.len().max(1)
    }
    fn cost(&self, operands: &[Type]) -> usize {
        // As a product of matrices.
        (count(&operands[1].shape.dims()[..self.axes]) / 8).max(1)
    }
}

/// Which axes of its operands a product sums over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    /// The last ones of the left operand, and the first ones, behind those of a batch, of the right.
    pub axes: usize,
    /// Whether all axes but the last two are those of a batch of products.
    pub is_batch: bool,
}

impl Factors {
    /// Of an operation that is a product.
    pub fn of(op: &(dyn super::AnyOp + 'static)) -> Option<Self> {
        let of_several =
            op.downcast_ref().map(|&Tensordot { axes }| Self { axes, is_batch: false });
        of_several.or_else(|| op.is::<MatMul>().then_some(Self { axes: 1, is_batch: true }))
    }

    /// The lengths of a product of operands that the shape rule takes.
    pub fn lengths(self, a: &Shape, b: &Shape) -> Lengths {
        if self.is_batch {
            return matmul_lengths(a, b);
        }
        let (rows, terms) = a.dims().split_at(a.rank() - self.axes);
        Lengths { m: count(rows), k: count(terms), n: count(&b.dims()[self.axes..]) }
    }

    /// The left operand of a product that is none of a batch.
    fn left<T>(self, start: *const T, view: &View) -> Spread<T> {
        spread(start, view, view.shape.rank() - self.axes)
    }

    /// The right operand of such a product, where its rows lie evenly, and its columns.
    fn right<T>(self, start: *const T, view: &View) -> Option<Matrix<T>> {
        spread(start, view, self.axes).matrix()
    }

    /// Whether the right operand can be read where it lies.
    pub fn takes_right(self, view: &View) -> bool {
        self.is_batch || self.right::<()>(std::ptr::null(), view).is_some()
    }

    /// The right operand as one matrix, of a batch the first one. Where it cannot be read as it lies nobody asks.
    pub fn right_matrix<T>(self, start: *const T, view: &View) -> Matrix<T> {
        let first = || matrix(start, view, 0);
        if self.is_batch { first() } else { self.right(start, view).unwrap_or_else(first) }
    }

    /// Computes rows of a product; of a batch, of its matrix number `which`.
    ///
    /// # Safety
    /// As for [`Product::compute`].
    pub unsafe fn compute<T: Real>(
        self,
        [a, b]: [(*const T, View); 2],
        (target, which): (Target<T>, usize),
        rows: Range<usize>,
        scratch: &mut [T],
        follow: &mut impl chainrule_products::Follow<T>,
    ) {
        let lengths = self.lengths(&a.1.shape, &b.1.shape);
        // SAFETY: passed on from the caller.
        unsafe {
            if self.is_batch {
                let [a, b] = [a, b].map(|(start, view)| matrix(start, &view, which));
                Product { a, b, lengths, target }.compute(rows, scratch, follow);
            } else {
                let (a, b) = (self.left(a.0, &a.1), self.right_matrix(b.0, &b.1));
                SpreadProduct { a, b, lengths, target }.compute(rows, scratch, follow);
            }
        }
    }
}

/// A value as a matrix, whose rows lie along so many of the first axes.
fn spread<T>(start: *const T, view: &View, rows: usize) -> Spread<T> {
    let (lengths, columns) = view.shape.dims().split_at(rows);
    let (strides, rest) = view.strides.split_at(rows);
    let (rows, columns) = (Axes::new(lengths, strides), Axes::new(columns, rest));
    Spread { start: start.wrapping_add(view.offset), rows, columns }
}

/// The operands of a product over several axes, and how many it sums over.
pub(super) fn factors(product: Var<'_>) -> Option<(Var<'_>, Var<'_>, usize)> {
    let g: &Graph = product.graph();
    g.node(product.id(), |node| {
        let &Tensordot { axes } = node.op()?.downcast_ref()?;
        let (&left, &right) = (node.operands.first()?, node.operands.get(1)?);
        Some((g.var(left), g.var(right), axes))
    })
}

/// Some places along an axis of a gradient. Of a product's rows only these are computed.
pub(super) fn cropped(upstream: Var<'_>, slice: Slice) -> Var<'_> {
    let graph = upstream.graph();
    match factors(upstream) {
        Some((left, right, axes)) if slice.axis < left.shape().rank() - axes => {
            graph.apply(slice, &[left]).tensordot(right, axes)
        }
        _ => graph.apply(slice, &[upstream]),
    }
}

impl<'g> Var<'g> {
    /// The sums of products over this value's last `axes` axes and the first ones of `other`, as NumPy's
    /// `tensordot`: with one axis the matrix product, without any the outer product.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (x, w) = (g.input("x", [32, 3, 4]), g.parameter("w", [3, 4, 10]));
    /// assert_eq!(x.tensordot(w, 2).shape().dims(), [32, 10]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn tensordot(self, other: Var<'g>, axes: usize) -> Self {
        self.graph().apply(Tensordot { axes }, &[self, other])
    }
}

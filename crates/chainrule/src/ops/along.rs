//! Elements at positions that differ from place to place: take along an axis, and its scatter-add.

use super::select::positions;
use super::{Gate, Loop, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;
use crate::tensor::{Shape, count};

/// Checks that `labels` have the lengths of `x` beside `axis`.
fn beside(x: &Shape, labels: &Shape, axis: usize) -> Result<(), String> {
    if axis >= x.rank() {
        return Err(x.no_axis(axis));
    }
    match labels.rank() == x.rank() && labels.with(axis, 0) == x.with(axis, 0) {
        true => Ok(()),
        false => Err(format!(
            "the labels have shape {labels}: beside axis {axis}, they must have the lengths of {x}"
        )),
    }
}

/// For each place along an axis the element of x at the position there that the labels, of x's shape but
/// for this axis, name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TakeAlong {
    /// The axis.
    pub axis: usize,
}

impl Op for TakeAlong {
    fn name(&self) -> &'static str {
        "take_along_axis"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [x, labels] = operands else { return Err("takes two operands".into()) };
        reals(&[*x])?;
        beside(&x.shape, &labels.shape, self.axis)?;
        positions(labels, x.shape.dims()[self.axis])?;
        Ok(Type::real(labels.shape))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (x, labels) = (operands[0].real(), operands[1].index());
        let length = operands[0].shape.dims()[self.axis];
        let inner = count(&output.shape.dims()[self.axis + 1..]);
        let block = output.shape.dims()[self.axis] * inner;
        let begin = output.range.start;
        for (at, y) in (begin..).zip(output.real()) {
            *y = x[(at / block * length + labels[at] as usize) * inner + at % inner];
        }
    }
    fn by_rows(&self, _operand: usize) -> bool {
        self.axis > 0
    }
    fn as_loop(&self) -> Loop {
        Loop::TakeAlong { axis: self.axis }
    }
    fn is_router(&self) -> bool {
        true
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let length = gate.operands[0].shape().dims()[self.axis];
        let scatter = AddAlong { axis: self.axis, length };
        (operand == 0).then(|| gate.graph().apply(scatter, &[gate.upstream, gate.operands[1]]))
    }
}

/// Adds each element into zeros, at the position along an axis that the label at its place names: the
/// gradient of [`TakeAlong`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddAlong {
    /// The axis.
    pub axis: usize,
    /// The output's length along it.
    pub length: usize,
}

impl Op for AddAlong {
    fn name(&self) -> &'static str {
        "scatter_add_along_axis"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [x, labels] = operands else { return Err("takes two operands".into()) };
        reals(&[*x])?;
        positions(labels, self.length)?;
        if self.axis >= x.shape.rank() {
            return Err(x.shape.no_axis(self.axis));
        }
        match labels.shape == x.shape {
            true => Ok(Type::real(x.shape.with(self.axis, self.length))),
            false => Err(format!("takes a label for each element of {}", x.shape)),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (x, labels) = (operands[0].real(), operands[1].index());
        let inner = count(&output.shape.dims()[self.axis + 1..]);
        let block = self.length * inner;
        let from = operands[0].shape.dims()[self.axis] * inner;
        let first = output.range.start / block;
        for (outer, target) in (first..).zip(output.real().chunks_mut(block)) {
            target.fill(T::zero());
            for at in outer * from..(outer + 1) * from {
                target[labels[at] as usize * inner + at % inner] += x[at];
            }
        }
    }
    fn by_rows(&self, _operand: usize) -> bool {
        self.axis > 0
    }
    fn grain(&self, output: &Shape) -> usize {
        count(&output.dims()[self.axis..])
    }
    fn as_loop(&self) -> Loop {
        Loop::AddAlong { axis: self.axis, length: self.length }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let take = TakeAlong { axis: self.axis };
        (operand == 0).then(|| gate.graph().apply(take, &[gate.upstream, gate.operands[1]]))
    }
}

impl<'g> Var<'g> {
    /// For each place along `axis` the element of this value that the label there names. The labels have
    /// this value's shape, but any length along the axis. Where each slice is taken whole, it is
    /// [`Var::gather`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// // Of each row the score of its class.
    /// let scores = g.arange(6).reshape([2, 3]).to_real();
    /// let classes = g.constant_labels([2, 1], &[2, 0], 3);
    /// assert_eq!(scores.take_along_axis(1, classes).eval()?.values(), [2.0, 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("gather", "take_along_dim"))]
    #[track_caller]
    #[must_use]
    pub fn take_along_axis(self, axis: isize, labels: Var<'g>) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(TakeAlong { axis }, &[self, labels])
    }

    /// Zeros of this shape, but `length` along `axis`, to which each element is added at the position
    /// that the label at its place names. Where each slice has one label, it is [`Var::scatter_add`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(4).reshape([2, 2]).to_real();
    /// let labels = g.constant_labels([2, 2], &[0, 0, 2, 1], 3);
    /// let y = x.scatter_add_along_axis(-1, labels, 3);
    /// assert_eq!(y.eval()?.values(), [1.0, 0.0, 0.0, 0.0, 3.0, 2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("scatter_add"))]
    #[track_caller]
    #[must_use]
    pub fn scatter_add_along_axis(self, axis: isize, labels: Var<'g>, length: usize) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(AddAlong { axis, length }, &[self, labels])
    }
}

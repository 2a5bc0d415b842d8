//! Operations by position: gather, its scatter-add, and one-hot.

use super::{Gate, Kind, Loop, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;
use crate::tensor::{Shape, count};

/// Checks that `labels` holds positions below `length`.
pub(super) fn positions(labels: &Type, length: usize) -> Result<(), String> {
    match labels.kind {
        Kind::Index { bound } if bound <= length => Ok(()),
        Kind::Index { bound } => {
            Err(format!("labels go up to {}, but there are {length} places", bound.max(1) - 1))
        }
        Kind::Real => Err("takes labels as positions, not real numbers".into()),
    }
}

/// `before` + `middle` + `after` as one shape.
fn joined(before: &[usize], middle: &[usize], after: &[usize]) -> Result<Shape, String> {
    Shape::new(&[before, middle, after].concat()).map_err(|error| error.to_string())
}

/// The slices of x at given positions of one axis; the positions' axes take that axis' place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gather {
    /// The axis.
    pub axis: usize,
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [x, labels] = operands else { return Err("takes two operands".into()) };
        reals(&[*x])?;
        let Some(length) = x.shape.get(self.axis) else {
            return Err(x.shape.no_axis(self.axis));
        };
        positions(labels, length)?;
        let (before, after) = x.shape.dims().split_at(self.axis);
        joined(before, labels.shape.dims(), &after[1..]).map(Type::real)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (x, labels) = (operands[0].real(), operands[1].index());
        let length = operands[0].shape.dims()[self.axis];
        let inner = count(&operands[0].shape.dims()[self.axis + 1..]);
        let mut at = output.range.start;
        let mut rest = output.real();
        // A division per slice, not per element: a range may begin and end within one.
        while !rest.is_empty() {
            let (row, column) = (at / inner, at % inner);
            let (outer, which) = (row / labels.len(), row % labels.len());
            let start = (outer * length + labels[which] as usize) * inner + column;
            let (slice, after) = rest.split_at_mut((inner - column).min(rest.len()));
            slice.copy_from_slice(&x[start..start + slice.len()]);
            at += slice.len();
            rest = after;
        }
    }
    fn as_loop(&self) -> Loop {
        Loop::Gather { axis: self.axis }
    }
    fn is_router(&self) -> bool {
        true
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        if operand > 0 {
            return None;
        }
        let length = gate.operands[0].shape().dims()[self.axis];
        let scatter = ScatterAdd { axis: self.axis, length };
        Some(gate.graph().apply(scatter, &[gate.upstream, gate.operands[1]]))
    }
}

/// Adds slices into zeros at given positions of one axis: the gradient of [`Gather`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScatterAdd {
    /// The axis.
    pub axis: usize,
    /// The output's length along it.
    pub length: usize,
}

impl Op for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [x, labels] = operands else { return Err("takes two operands".into()) };
        reals(&[*x])?;
        positions(labels, self.length)?;
        if self.axis > x.shape.rank() {
            return Err(x.shape.no_axis(self.axis));
        }
        let end = self.axis + labels.shape.rank();
        match x.shape.dims().get(self.axis..end) {
            Some(middle) if middle == labels.shape.dims() => {
                let (before, after) = (&x.shape.dims()[..self.axis], &x.shape.dims()[end..]);
                joined(before, &[self.length], after).map(Type::real)
            }
            _ => Err(format!(
                "the labels' shape {} must stand in {} from axis {} on",
                labels.shape, x.shape, self.axis
            )),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (x, labels) = (operands[0].real(), operands[1].index());
        let inner = count(&output.shape.dims()[self.axis + 1..]);
        let block = self.length * inner;
        let first = output.range.start.checked_div(block).unwrap_or(0);
        for (i, target) in output.real().chunks_mut(block.max(1)).enumerate() {
            target.fill(T::zero());
            for (j, &label) in labels.iter().enumerate() {
                let from = ((first + i) * labels.len() + j) * inner;
                let to = label as usize * inner;
                for (y, &v) in target[to..to + inner].iter_mut().zip(&x[from..from + inner]) {
                    *y += v;
                }
            }
        }
    }
    fn grain(&self, output: &Shape) -> usize {
        count(&output.dims()[self.axis..])
    }
    fn as_loop(&self) -> Loop {
        Loop::ScatterAdd { axis: self.axis, length: self.length }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let gather =
            || gate.graph().apply(Gather { axis: self.axis }, &[gate.upstream, gate.operands[1]]);
        (operand == 0).then(gather)
    }
}

/// Labels as rows of zeros with a single 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OneHot {
    /// The length of a row.
    pub classes: usize,
}

impl Op for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [labels] = operands else { return Err("takes one operand".into()) };
        positions(labels, self.classes)?;
        joined(labels.shape.dims(), &[self.classes], &[]).map(Type::real)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let labels = operands[0].index();
        let first = output.range.start.checked_div(self.classes).unwrap_or(0);
        for (i, row) in output.real().chunks_mut(self.classes.max(1)).enumerate() {
            row.fill(T::zero());
            row[labels[first + i] as usize] = T::one();
        }
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn grain(&self, _output: &Shape) -> usize {
        self.classes
    }
    fn as_loop(&self) -> Loop {
        Loop::OneHot { classes: self.classes }
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

impl<'g> Var<'g> {
    /// The slices of this value at the positions `labels` of `axis`; the labels' axes take that
    /// axis' place. For a position per element, as `torch.gather` has them, [`Var::take_along_axis`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let table = g.parameter("embedding", [1000, 16]);
    /// let words = g.labels("words", [2, 5], 1000);
    /// assert_eq!(table.gather(0, words).shape().dims(), [2, 5, 16]);
    /// ```
    #[doc(alias("take", "index_select", "embedding"))]
    #[track_caller]
    #[must_use]
    pub fn gather(self, axis: isize, labels: Var<'g>) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(Gather { axis }, &[self, labels])
    }

    /// Zeros of `length` along `axis`, to which this value's slices are added at the positions
    /// `labels`, whose axes stand in this value from `axis` on: sums by group.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let groups = g.constant_labels([4], &[0, 2, 2, 0], 3);
    /// let sums = g.arange(4).to_real().scatter_add(0, groups, 3);
    /// assert_eq!(sums.eval()?.values(), [3.0, 0.0, 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("index_add", "segment_sum", "bincount"))]
    #[track_caller]
    #[must_use]
    pub fn scatter_add(self, axis: isize, labels: Var<'g>, length: usize) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(ScatterAdd { axis, length }, &[self, labels])
    }

    /// These labels as rows of zeros with a single 1.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.labels("t", [3], 10).one_hot(10).shape().dims(), [3, 10]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn one_hot(self, classes: usize) -> Self {
        self.graph().apply(OneHot { classes }, &[self])
    }
}

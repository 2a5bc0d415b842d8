//! Operations that move elements without computing: reshape, transpose, broadcast, slice, concat, pad.

use super::{Class, Gate, Loop, Notation, Op, Operand, Output, Real, Type, View, reals};
use crate::graph::{MAX_OPERANDS, Var};
use crate::tensor::{MAX_RANK, Offsets, Shape, count};

/// Copies the viewed elements of a contiguous operand in the output's order.
fn copy_view<T: Real>(view: Option<View>, operand: &Operand<'_, T>, output: Output<'_, T>) {
    let Some(view) = view else {
        unreachable!("every view of the library views what is contiguous")
    };
    let (values, start) = (&operand.real()[view.offset..], output.range.start);
    let mut walk = Offsets::new(&view.shape, &view.strides, start);
    for y in output.real() {
        *y = values[walk.next_offset()];
    }
}

fn operand_view<T>(operand: &Operand<'_, T>) -> View {
    View { shape: operand.shape, strides: operand.strides, offset: 0 }
}

/// The parts of an [`Op`] that every view shares.
macro_rules! view_op {
    ($name:literal, $notation:expr) => {
        identity_by_fields!();

        fn name(&self) -> &'static str {
            $name
        }
        fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
            let view = Op::view(self, &operand_view(&operands[0]), &output.shape);
            copy_view(view, &operands[0], output);
        }
        fn class(&self) -> Class {
            Class::View
        }
        fn notation(&self) -> Notation {
            $notation
        }
    };
}

fn single(operands: &[Type]) -> Result<Shape, String> {
    reals(operands)?;
    match operands {
        [ty] => Ok(ty.shape),
        _ => Err("takes one operand".into()),
    }
}

/// The length of an axis that is made longer.
fn longer(length: usize, by: usize) -> Result<usize, String> {
    let no_number = || format!("no axis is as long as {length} + {by}");
    length.checked_add(by).ok_or_else(no_number)
}

/// The same elements in the same order under another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reshape(pub Shape);

impl Op for Reshape {
    view_op!("reshape", Notation::Silent);

    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let from = single(operands)?;
        if from.len() != self.0.len() {
            return Err(format!(
                "{from} has {} elements, but {} has {}",
                from.len(),
                self.0,
                self.0.len()
            ));
        }
        Ok(Type { shape: self.0, ..operands[0] })
    }
    fn view(&self, operand: &View, output: &Shape) -> Option<View> {
        let plain = View::contiguous(*output);
        operand.is_contiguous().then_some(View { offset: operand.offset, ..plain })
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream.reshape(gate.operands[0].shape()))
    }
}

/// The axes in another order: output axis i is operand axis `order[i]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transpose {
    /// For each output axis, the operand's axis.
    pub order: Vec<usize>,
}

impl Op for Transpose {
    view_op!("transpose", Notation::Function);

    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let from = single(operands)?;
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..from.rank()) {
            return Err(format!("{:?} is not an order of {} axes", self.order, from.rank()));
        }
        let lengths: Vec<usize> = self.order.iter().map(|&axis| from.dims()[axis]).collect();
        let shape = Shape::new(&lengths).map_err(|error| error.to_string())?;
        Ok(Type { shape, ..operands[0] })
    }
    fn view(&self, operand: &View, output: &Shape) -> Option<View> {
        let mut strides = [0; MAX_RANK];
        for (to, &from) in self.order.iter().enumerate() {
            strides[to] = operand.strides[from];
        }
        Some(View { shape: *output, strides, offset: operand.offset })
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let mut inverse = vec![0; self.order.len()];
        for (to, &from) in self.order.iter().enumerate() {
            inverse[from] = to;
        }
        Some(gate.upstream.transpose(&inverse))
    }
}

/// The operand repeated along axes of length 1 and new leading axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Broadcast(pub Shape);

impl Op for Broadcast {
    view_op!("broadcast", Notation::Silent);

    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let from = single(operands)?;
        if from.broadcast(&self.0) != Some(self.0) {
            return Err(format!("{from} does not broadcast to {}", self.0));
        }
        Ok(Type { shape: self.0, ..operands[0] })
    }
    fn view(&self, operand: &View, output: &Shape) -> Option<View> {
        let mut strides = [0; MAX_RANK];
        let lead = output.rank() - operand.shape.rank();
        for (axis, &length) in operand.shape.dims().iter().enumerate() {
            if length == output.dims()[lead + axis] {
                strides[lead + axis] = operand.strides[axis];
            }
        }
        Some(View { shape: *output, strides, offset: operand.offset })
    }
    /// What was repeated is summed.
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let from = gate.operands[0].shape();
        let lead = self.0.rank() - from.rank();
        let repeated = |axis: usize| axis < lead || from.dims()[axis - lead] != self.0.dims()[axis];
        let axes: Vec<usize> = (0..self.0.rank()).filter(|&axis| repeated(axis)).collect();
        match axes.is_empty() {
            true => Some(gate.upstream.reshape(from)),
            false => Some(gate.upstream.sum(&axes).reshape(from)),
        }
    }
}

/// The elements `start..end` along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The axis.
    pub axis: usize,
    /// The first position.
    pub start: usize,
    /// One past the last position.
    pub end: usize,
}

impl Op for Slice {
    view_op!("slice", Notation::Function);

    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let from = single(operands)?;
        match from.get(self.axis) {
            Some(length) if self.start <= self.end && self.end <= length => {
                let shape = from.with(self.axis, self.end - self.start);
                Ok(Type { shape, ..operands[0] })
            }
            _ => Err(format!(
                "{}..{} along axis {} does not lie within {from}",
                self.start, self.end, self.axis
            )),
        }
    }
    fn view(&self, operand: &View, output: &Shape) -> Option<View> {
        let offset = operand.offset + self.start * operand.strides[self.axis];
        Some(View { shape: *output, offset, ..*operand })
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let length = gate.operands[0].shape().dims()[self.axis];
        Some(gate.upstream.pad(self.axis, self.start, length - self.end))
    }
}

/// The operands one after another along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The axis.
    pub axis: usize,
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let Some(first) = operands.first().map(|ty| ty.shape) else {
            return Err("takes at least one operand".into());
        };
        if self.axis >= first.rank() {
            return Err(format!("there is no axis {} in {first}", self.axis));
        }
        let mut length: usize = 0;
        for ty in operands {
            if ty.shape.rank() != first.rank()
                || ty.shape.with(self.axis, 0) != first.with(self.axis, 0)
            {
                return Err(format!("all lengths must agree except along axis {}", self.axis));
            }
            length = longer(length, ty.shape.dims()[self.axis])?;
        }
        Ok(Type::real(first.with(self.axis, length)))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let inner = count(&output.shape.dims()[self.axis + 1..]);
        let row = Op::grain(self, &output.shape).max(1);
        let first = output.range.start / row;
        for (i, target) in output.real().chunks_mut(row).enumerate() {
            let mut at = 0;
            for operand in operands {
                let width = operand.shape.dims()[self.axis] * inner;
                let from = (first + i) * width;
                target[at..at + width].copy_from_slice(&operand.real()[from..from + width]);
                at += width;
            }
        }
    }
    fn grain(&self, output: &Shape) -> usize {
        count(&output.dims()[self.axis..])
    }
    fn as_loop(&self) -> Loop {
        Loop::Concat { axis: self.axis }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let length = |v: &Var<'_>| v.shape().dims()[self.axis];
        let start: usize = gate.operands[..operand].iter().map(length).sum();
        let end = start + length(&gate.operands[operand]);
        Some(gate.upstream.slice(self.axis, start, end))
    }
}

/// Zeros before and after, along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pad {
    /// The axis.
    pub axis: usize,
    /// Zeros before the first element.
    pub before: usize,
    /// Zeros after the last element.
    pub after: usize,
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let from = single(operands)?;
        match from.get(self.axis) {
            Some(length) => {
                let length = longer(longer(length, self.before)?, self.after)?;
                Ok(Type::real(from.with(self.axis, length)))
            }
            None => Err(format!("there is no axis {} in {from}", self.axis)),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let inner = count(&output.shape.dims()[self.axis + 1..]);
        let row = Op::grain(self, &output.shape).max(1);
        let (width, skip) = (operands[0].shape.dims()[self.axis] * inner, self.before * inner);
        let first = output.range.start / row;
        for (i, target) in output.real().chunks_mut(row).enumerate() {
            target.fill(T::zero());
            let from = (first + i) * width;
            target[skip..skip + width].copy_from_slice(&operands[0].real()[from..from + width]);
        }
    }
    fn grain(&self, output: &Shape) -> usize {
        count(&output.dims()[self.axis..])
    }
    fn as_loop(&self) -> Loop {
        Loop::Pad { axis: self.axis, before: self.before, after: self.after }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let length = gate.operands[0].shape().dims()[self.axis];
        Some(gate.upstream.slice(self.axis, self.before, self.before + length))
    }
}

impl<'g> Var<'g> {
    /// The same elements under another shape.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3]);
    /// assert_eq!(x.reshape([6]).shape().dims(), [6]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        match shape.into() {
            same if same == self.shape() => self,
            shape => self.graph().apply(Reshape(shape), &[self]),
        }
    }

    /// The axes in another order: output axis i is this value's axis `order[i]`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3, 4]);
    /// assert_eq!(x.transpose(&[2, 0, 1]).shape().dims(), [4, 2, 3]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn transpose(self, order: &[usize]) -> Self {
        self.graph().apply(Transpose { order: order.to_vec() }, &[self])
    }

    /// The last two axes exchanged: the matrix transpose.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [2, 3]).t().shape().dims(), [3, 2]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Self {
        let rank = self.shape().rank();
        let mut order: Vec<usize> = (0..rank).collect();
        if rank >= 2 {
            order.swap(rank - 1, rank - 2);
        }
        self.transpose(&order)
    }

    /// This value repeated to a larger shape by NumPy's rules.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("b", [3]).broadcast_to([2, 3]).shape().dims(), [2, 3]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        match shape.into() {
            same if same == self.shape() => self,
            shape => self.graph().apply(Broadcast(shape), &[self]),
        }
    }

    /// The positions `start..end` along `axis`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [5, 3]).slice(0, 1, 4).shape().dims(), [3, 3]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn slice(self, axis: usize, start: usize, end: usize) -> Self {
        self.graph().apply(Slice { axis, start, end }, &[self])
    }

    /// This value and `others`, one after another along `axis`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (a, b) = (g.input("a", [2, 3]), g.input("b", [4, 3]));
    /// assert_eq!(a.concat(0, &[b]).shape().dims(), [6, 3]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn concat(self, axis: usize, others: &[Var<'g>]) -> Self {
        // An operation takes a limited number of operands: of longer lists, groups are joined first.
        let mut parts = [&[self], others].concat();
        while parts.len() > MAX_OPERANDS {
            let group = |group: &[Var<'g>]| self.graph().apply(Concat { axis }, group);
            parts = parts.chunks(MAX_OPERANDS).map(group).collect();
        }
        self.graph().apply(Concat { axis }, &parts)
    }

    /// Zeros before and after, along `axis`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [5]).pad(0, 1, 2).shape().dims(), [8]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn pad(self, axis: usize, before: usize, after: usize) -> Self {
        self.graph().apply(Pad { axis, before, after }, &[self])
    }
}

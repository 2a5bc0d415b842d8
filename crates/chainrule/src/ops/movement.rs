//! Operations that read elements where they lie: reshape, transpose, broadcast, slice, and what is
//! composed of them. They take labels as well.

use super::{Class, Gate, Notation, Op, Operand, Output, Real, Type, ValuesMut, View};
use crate::graph::{Graph, Var};
use crate::tensor::{MAX_RANK, Offsets, Shape};

/// Copies the viewed elements of a contiguous operand in the output's order.
pub(super) fn copy_view<T: Real>(
    view: Option<View>,
    operand: &Operand<'_, T>,
    output: Output<'_, T>,
) {
    fn copy<E: Copy>(view: &View, start: usize, from: &[E], to: &mut [E]) {
        let mut walk = Offsets::new(&view.shape, &view.strides, start);
        to.iter_mut().for_each(|y| *y = from[view.offset + walk.next_offset()]);
    }
    let Some(view) = view else {
        unreachable!("every view of the library views what is contiguous")
    };
    let start = output.range.start;
    match output.values {
        ValuesMut::Real(to) => copy(&view, start, operand.real(), to),
        ValuesMut::Index(to) => copy(&view, start, operand.index(), to),
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
    match operands {
        [ty] => Ok(ty.shape),
        _ => Err("takes one operand".into()),
    }
}

/// The same elements in the same order under another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reshape(pub Shape);

impl Op for Reshape {
    view_op!("reshape", Notation::Silent);

    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let from = single(operands)?;
        if !self.0.fits() {
            return Err(self.0.too_large());
        }
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
        let mut view = View { offset: operand.offset, ..View::contiguous(*output) };
        if operand.is_contiguous() {
            return Some(view);
        }
        // Axes of length 1 come and go wherever the others lie.
        let long = |shape: Shape| (0..shape.rank()).filter(move |&axis| shape.dims()[axis] != 1);
        let lengths = |shape: Shape| long(shape).map(move |axis| shape.dims()[axis]);
        if !lengths(operand.shape).eq(lengths(*output)) {
            return None;
        }
        view.strides = [0; MAX_RANK];
        for (from, to) in long(operand.shape).zip(long(*output)) {
            view.strides[to] = operand.strides[from];
        }
        Some(view)
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
            let order: Vec<isize> = self.order.iter().map(|axis| axis.cast_signed()).collect();
            return Err(format!("{order:?} is not an order of {} axes", from.rank()));
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
        Some(gate.graph().apply(Self { order: inverse }, &[gate.upstream]))
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
        let axes = (0..self.0.rank()).filter(|&axis| repeated(axis)).map(usize::cast_signed);
        let axes: Vec<isize> = axes.collect();
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
            None => Err(from.no_axis(self.axis)),
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
    fn is_router(&self) -> bool {
        true
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let length = gate.operands[0].shape().dims()[self.axis];
        Some(gate.upstream.pad(self.axis.cast_signed(), self.start, length - self.end))
    }
}

impl Graph {
    /// Zeros of this shape.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.zeros([2, 2]).eval()?.values(), [0.0; 4]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn zeros(&self, shape: impl Into<Shape>) -> Var<'_> {
        self.constant(0.0).broadcast_to(shape)
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
    #[doc(alias = "view")]
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
    #[doc(alias = "permute")]
    #[track_caller]
    #[must_use]
    pub fn transpose(self, order: &[isize]) -> Self {
        let order = order.iter().map(|&axis| self.shape().axis(axis)).collect();
        self.graph().apply(Transpose { order }, &[self])
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
        self.graph().apply(Transpose { order }, &[self])
    }

    /// This value repeated to a larger shape by NumPy's rules.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("b", [3]).broadcast_to([2, 3]).shape().dims(), [2, 3]);
    /// ```
    #[doc(alias = "expand")]
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
    #[doc(alias = "narrow")]
    #[track_caller]
    #[must_use]
    pub fn slice(self, axis: isize, start: usize, end: usize) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(Slice { axis, start, end }, &[self])
    }

    /// What stands at position `at` of `axis`, which the result no longer has; a negative position
    /// counts from the end, so that −1 is the last one.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(6).reshape([2, 3]).to_real();
    /// assert_eq!(x.index(1, 0).eval()?.values(), [0.0, 3.0]);
    /// assert_eq!(x.index(0, -1).eval()?.values(), [3.0, 4.0, 5.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias = "select")]
    #[track_caller]
    #[must_use]
    pub fn index(self, axis: isize, at: isize) -> Self {
        let shape = self.shape();
        let axis = shape.axis(axis);
        let Some(length) = shape.get(axis) else {
            return self.refuse("index", &shape.no_axis(axis));
        };
        let from_end =
            if at < 0 { length.checked_add_signed(at) } else { Some(at.cast_unsigned()) };
        let Some(start) = from_end.filter(|&at| at < length) else {
            let message = format!("there is no position {at} along axis {axis} of {shape}");
            return self.refuse("index", &message);
        };
        let slice = Slice { axis, start, end: start + 1 };
        self.graph().apply(slice, &[self]).reshape(shape.without(|other| other == axis))
    }

    /// This value without `axis`, whose length is 1.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [2, 1, 3]).squeeze(1).shape().dims(), [2, 3]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axis: isize) -> Self {
        let shape = self.shape();
        let axis = shape.axis(axis);
        match shape.get(axis) {
            Some(1) => self.reshape(shape.without(|other| other == axis)),
            Some(length) => {
                let message = format!("axis {axis} of {shape} has length {length}, not 1");
                self.refuse("squeeze", &message)
            }
            None => self.refuse("squeeze", &shape.no_axis(axis)),
        }
    }

    /// This value with a new axis of length 1, which is `axis` of the result.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3]);
    /// assert_eq!(x.unsqueeze(0).shape().dims(), [1, 2, 3]);
    /// assert_eq!(x.unsqueeze(-1).shape().dims(), [2, 3, 1]);
    /// ```
    #[doc(alias("expand_dims", "newaxis"))]
    #[track_caller]
    #[must_use]
    pub fn unsqueeze(self, axis: isize) -> Self {
        let shape = self.shape();
        let mut lengths = shape.dims().to_vec();
        lengths.push(1);
        let (place, last) = (Shape::from(&*lengths).axis(axis), shape.rank());
        if place > last {
            let message = format!("{shape} with one more axis has none of number {axis}");
            return self.refuse("unsqueeze", &message);
        }
        lengths[place..].rotate_right(1);
        self.reshape(lengths)
    }

    /// Parts of these `lengths` along `axis`, which together are its length.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let parts = g.input("x", [2, 5]).split(1, &[3, 2]);
    /// assert_eq!((parts[0].shape().dims(), parts[1].shape().dims()), (&[2, 3][..], &[2, 2][..]));
    /// ```
    #[doc(alias = "split_with_sizes")]
    #[track_caller]
    #[must_use]
    pub fn split(self, axis: isize, lengths: &[usize]) -> Vec<Self> {
        let _place = self.graph().pin();
        let shape = self.shape();
        let axis = shape.axis(axis);
        let sum = lengths.iter().try_fold(0_usize, |sum, &length| sum.checked_add(length));
        let message = match shape.get(axis) {
            None => shape.no_axis(axis),
            Some(length) if sum != Some(length) => {
                format!("parts of lengths {lengths:?} are not axis {axis} of {shape}")
            }
            Some(_) => {
                let mut start = 0;
                let part = |&length: &usize| {
                    let slice = Slice { axis, start, end: start + length };
                    start += length;
                    self.graph().apply(slice, &[self])
                };
                return lengths.iter().map(part).collect();
            }
        };
        vec![self.refuse("split", &message); lengths.len()]
    }

    /// `N` parts of one length along `axis`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let gates = g.input("gates", [32, 400]);
    /// let [input, forget, cell, output] = gates.chunk(-1);
    /// assert_eq!(cell.shape().dims(), [32, 100]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn chunk<const N: usize>(self, axis: isize) -> [Self; N] {
        const { assert!(N > 0, "an axis has at least one part") };
        let _place = self.graph().pin();
        let shape = self.shape();
        let axis = shape.axis(axis);
        match shape.get(axis) {
            Some(length) if length % N == 0 => {
                let part = length / N;
                let slice = |at| Slice { axis, start: at * part, end: (at + 1) * part };
                std::array::from_fn(|at| self.graph().apply(slice(at), &[self]))
            }
            Some(length) => {
                let message =
                    format!("the {length} positions of axis {axis} are not {N} equal parts");
                [self.refuse("chunk", &message); N]
            }
            None => [self.refuse("chunk", &shape.no_axis(axis)); N],
        }
    }

    /// Remembers a mistake, unless this value is none because of an earlier one.
    #[track_caller]
    fn refuse(self, name: &str, message: &str) -> Self {
        match self.is_poison() {
            true => self,
            false => self.graph().fail(name, message, &[self]),
        }
    }
}

//! Reductions over axes: sum, mean, max, min, argmax.

use std::ops::Range;

use super::{Class, Fold, Gate, Loop, Maximum, Op, Operand, Output, Real, Type, View, reals};
use crate::graph::Var;
use crate::simd::vectorized;
use crate::tensor::{MAX_RANK, Offsets, Shape, Strides, count};

/// Which axes are reduced.
pub(super) type Axes = [bool; MAX_RANK];

fn infer(axes: &Axes, operands: &[Type]) -> Result<Type, String> {
    reals(operands)?;
    let [ty] = operands else { return Err("takes one operand".into()) };
    match (ty.shape.rank()..MAX_RANK).find(|&axis| axes[axis]) {
        Some(axis) => Err(ty.shape.no_axis(axis)),
        None => Ok(Type::real(ty.shape.without(|axis| axes[axis]))),
    }
}

pub(super) fn reduced_len(axes: &Axes, shape: &Shape) -> usize {
    shape.without(|axis| !axes[axis]).len()
}

/// The axes that `keep` names, with their strides.
fn project(operand: &Operand<'_, impl Real>, keep: impl Fn(usize) -> bool) -> (Shape, Strides) {
    let mut strides = [0; MAX_RANK];
    let kept = (0..operand.shape.rank()).filter(|&axis| keep(axis));
    for (to, from) in kept.enumerate() {
        strides[to] = operand.strides[from];
    }
    (operand.shape.without(|axis| !keep(axis)), strides)
}

/// Reduces `operand` over `axes`: `leaf` folds a few elements, `join` two partial results.
///
/// What is reduced is cut into leaves, each one chain, which are joined in pairs. The order depends on
/// the shape alone.
fn fold<T: Real>(
    axes: &Axes,
    operand: &Operand<'_, T>,
    output: Output<'_, T>,
    start: T,
    join: impl Fn(T, T) -> T + Copy,
    leaf: impl Fn(&[T]) -> T,
) {
    let values = operand.real();
    let rank = operand.shape.rank();
    if operand.shape.is_empty() {
        return output.real().fill(start);
    }
    if rank > 0 && !axes[rank - 1] {
        let columns = Columns::new(axes, operand, start, join);
        return columns.write(output.range.start, output.real(), |base, width| {
            pairwise(
                0..columns.rows.len(),
                ROWS,
                &|rows| columns.leaf(base, width, rows),
                &|a, b| columns.join(a, &b),
            )
        });
    }
    // Trailing reduced axes make one run, which is copied piece by piece where it has gaps.
    let first = (0..rank).rev().take_while(|&axis| axes[axis]).last().unwrap_or(rank);
    let (kept, kept_strides) = project(operand, |axis| !axes[axis]);
    let (rest, rest_strides) = project(operand, |axis| axes[axis] && axis < first);
    let (run, run_strides) = project(operand, |axis| axis >= first);
    let has_gaps = !(View { shape: run, strides: run_strides, offset: 0 }).is_contiguous();
    let mut bases = Offsets::new(&kept, &kept_strides, output.range.start);
    for y in output.real() {
        let base = bases.next_offset();
        let of_run = |at: usize| {
            let piece = |range: Range<usize>| {
                if !has_gaps {
                    return leaf(&values[at + range.start..at + range.end]);
                }
                let mut copy = [T::zero(); LEAF];
                let mut walk = Offsets::new(&run, &run_strides, range.start);
                let copy = &mut copy[..range.len()];
                copy.iter_mut().for_each(|to| *to = values[at + walk.next_offset()]);
                leaf(copy)
            };
            pairwise(0..run.len(), LEAF, &piece, &join)
        };
        let of_runs = |runs: Range<usize>| {
            let mut walk = Offsets::new(&rest, &rest_strides, runs.start);
            runs.fold(start, |sum, _| join(sum, of_run(base + walk.next_offset())))
        };
        *y = pairwise(0..rest.len(), ROWS, &of_runs, &join);
    }
}

/// Rows that one leaf takes where the innermost axis stays.
pub(super) const ROWS: usize = 256;

/// Columns whose partial results are kept in registers.
pub(super) const TILE: usize = 64;

/// A reduction whose innermost axis stays: rows are joined column by column.
pub(super) struct Columns<'a, T, J> {
    values: &'a [T],
    /// The axes that stay.
    kept: (Shape, Strides),
    /// The axes that are reduced: their positions are the rows.
    pub rows: Shape,
    row_strides: Strides,
    start: T,
    join: J,
}

impl<'a, T: Real, J: Fn(T, T) -> T + Copy> Columns<'a, T, J> {
    pub fn new(axes: &Axes, operand: &Operand<'a, T>, start: T, join: J) -> Self {
        let (rows, row_strides) = project(operand, |axis| axes[axis]);
        let kept = project(operand, |axis| !axes[axis]);
        Self { values: operand.real(), kept, rows, row_strides, start, join }
    }

    /// Writes columns from number `at` on, tile by tile: `tile` reduces so many of them, of which the
    /// first begins there.
    pub fn write(
        &self,
        mut at: usize,
        mut target: &mut [T],
        tile: impl Fn(usize, usize) -> [T; TILE],
    ) {
        let (kept, strides) = &self.kept;
        let row = kept.dims()[kept.rank() - 1];
        while !target.is_empty() {
            let width = (row - at % row).min(TILE).min(target.len());
            let (now, rest) = target.split_at_mut(width);
            let base = Offsets::new(kept, strides, at).next_offset();
            now.copy_from_slice(&tile(base, width)[..width]);
            (at, target) = (at + width, rest);
        }
    }

    /// A leaf: one chain over the rows for each of `width` columns.
    pub fn leaf(&self, base: usize, width: usize, rows: Range<usize>) -> [T; TILE] {
        let (kept, strides) = &self.kept;
        let stride = strides[kept.rank() - 1];
        let mut walk = Offsets::new(&self.rows, &self.row_strides, rows.start);
        let mut sums = [self.start; TILE];
        vectorized(
            #[inline(always)]
            || {
                for _ in rows {
                    let from = &self.values[base + walk.next_offset()..];
                    match from.first_chunk::<TILE>() {
                        Some(from) if width == TILE && stride == 1 => {
                            sums.iter_mut().zip(from).for_each(|(y, &x)| *y = (self.join)(*y, x));
                        }
                        _ => {
                            for (column, y) in sums[..width].iter_mut().enumerate() {
                                *y = (self.join)(*y, from[column * stride]);
                            }
                        }
                    }
                }
            },
        );
        sums
    }

    fn join(&self, mut a: [T; TILE], b: &[T; TILE]) -> [T; TILE] {
        a.iter_mut().zip(b).for_each(|(a, &b)| *a = (self.join)(*a, b));
        a
    }
}

/// Elements that one leaf takes of a run.
const LEAF: usize = 512;

/// Halves until a leaf of `length` can take what is left: the error of a sum grows with the logarithm of
/// its length (Higham, "The accuracy of floating point summation", 1993).
pub(super) fn pairwise<T>(
    range: Range<usize>,
    length: usize,
    leaf: &impl Fn(Range<usize>) -> T,
    join: &impl Fn(T, T) -> T,
) -> T {
    if range.len() <= length {
        return leaf(range);
    }
    let leaves = range.len().div_ceil(length);
    let middle = range.start + leaves.div_ceil(2) * length;
    let left = pairwise(range.start..middle, length, leaf, join);
    join(left, pairwise(middle..range.end, length, leaf, join))
}

/// The sum of a slice, pairwise.
pub(super) fn sum_run<T: Real>(values: &[T]) -> T {
    sum_of(values.len(), |range| sum_lanes(&values[range]))
}

/// A sum of so many terms, pairwise; `leaf` adds a few.
pub(super) fn sum_of<T: Real>(terms: usize, leaf: impl Fn(Range<usize>) -> T) -> T {
    pairwise(0..terms, LEAF, &leaf, &|a, b| a + b)
}

/// A sum in eight lanes, which vectors can take.
fn sum_lanes<T: Real>(values: &[T]) -> T {
    let mut lanes = [T::zero(); 8];
    let chunks = values.chunks_exact(8);
    let tail = chunks.remainder().iter().fold(T::zero(), |sum, &x| sum + x);
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    lanes.iter().fold(tail, |sum, &x| sum + x)
}

/// The larger one, or a NaN if there is one.
#[inline(always)]
pub(super) fn larger<T: Real>(a: T, b: T) -> T {
    if a >= b || a.is_nan() { a } else { b }
}

/// Puts reduced axes back with length 1 and repeats along them.
pub(super) fn expand<'g>(axes: &Axes, value: Var<'g>, to: Shape) -> Var<'g> {
    let mut ones = to;
    for axis in (0..to.rank()).filter(|&axis| axes[axis]) {
        ones = ones.with(axis, 1);
    }
    value.reshape(ones).broadcast_to(to)
}

/// The sum over axes; its gradient is repeated over what was summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sum {
    /// Whether each axis is summed.
    pub axes: [bool; MAX_RANK],
}

/// The name of sums, and of the steps that they are made in.
pub(super) const SUM: &str = "sum";

/// The name of means.
pub(super) const MEAN: &str = "mean";

impl Op for Sum {
    fn name(&self) -> &'static str {
        SUM
    }
    fn glyph(&self) -> &'static str {
        "Σ"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        infer(&self.axes, operands)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        fold(&self.axes, &operands[0], output, T::zero(), |a, b| a + b, sum_lanes);
    }
    fn as_loop(&self) -> Loop {
        Loop::Reduce { fold: Fold::Sum, axes: self.axes }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(expand(&self.axes, gate.upstream, gate.operands[0].shape()))
    }
    fn class(&self) -> Class {
        Class::Kernel { strided: true }
    }
    fn by_rows(&self, _operand: usize) -> bool {
        !self.axes[0]
    }
    fn cost(&self, operands: &[Type]) -> usize {
        reduced_len(&self.axes, &operands[0].shape)
    }
}

/// The maximum over axes; elements that share it share its gradient evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Max {
    /// Whether each axis is reduced.
    pub axes: [bool; MAX_RANK],
}

impl Op for Max {
    /// That of the larger of two, from which it differs by its operands.
    fn name(&self) -> &'static str {
        Op::name(&Maximum)
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let ty = infer(&self.axes, operands)?;
        match reduced_len(&self.axes, &operands[0].shape) {
            0 => Err("there is no maximum of nothing".into()),
            _ => Ok(ty),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let lowest = T::neg_infinity();
        let run = |values: &[T]| values.iter().fold(lowest, |a, &b| larger(a, b));
        fold(&self.axes, &operands[0], output, lowest, larger, run);
    }
    fn as_loop(&self) -> Loop {
        Loop::Reduce { fold: Fold::Max, axes: self.axes }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let x = gate.operands[0];
        let spread = |v| expand(&self.axes, v, x.shape());
        let winners = x.equal(spread(gate.output));
        let count = gate.graph().apply(Sum { axes: self.axes }, &[winners]);
        Some(gate.masked(spread(gate.upstream / count), winners))
    }
    fn is_router(&self) -> bool {
        true
    }
    fn class(&self) -> Class {
        Class::Kernel { strided: true }
    }
    fn by_rows(&self, _operand: usize) -> bool {
        !self.axes[0]
    }
    fn cost(&self, operands: &[Type]) -> usize {
        reduced_len(&self.axes, &operands[0].shape)
    }
    fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
        let x = operands[0];
        let top = x.graph().apply(*self, &[x]);
        vec![x - expand(&self.axes, top, x.shape())]
    }
}

/// The position of the first maximum along one axis: whole numbers, without a gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argmax {
    /// The axis.
    pub axis: usize,
}

impl Op for Argmax {
    fn name(&self) -> &'static str {
        "argmax"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [ty] = operands else { return Err("takes one operand".into()) };
        match ty.shape.get(self.axis) {
            Some(0) => Err("there is no maximum of nothing".into()),
            Some(length) => Ok(Type::index(ty.shape.without(|axis| axis == self.axis), length)),
            None => Err(ty.shape.no_axis(self.axis)),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (values, shape) = (operands[0].real(), operands[0].shape);
        let length = shape.dims()[self.axis];
        let inner = count(&shape.dims()[self.axis + 1..]);
        let begin = output.range.start;
        for (i, y) in output.index().iter_mut().enumerate() {
            let at = (begin + i) / inner * inner * length + (begin + i) % inner;
            let mut best = 0;
            for j in 1..length {
                if values[at + j * inner] > values[at + best * inner] {
                    best = j;
                }
            }
            *y = best as u32;
        }
    }
    fn as_loop(&self) -> Loop {
        Loop::Argmax { axis: self.axis }
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
    fn by_rows(&self, _operand: usize) -> bool {
        self.axis > 0
    }
    fn cost(&self, operands: &[Type]) -> usize {
        operands[0].shape.get(self.axis).unwrap_or(1)
    }
}

impl<'g> Var<'g> {
    /// The sum over `axes`; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3]);
    /// assert_eq!(x.sum(&[0]).shape().dims(), [3]);
    /// assert_eq!(x.sum(&[]).shape().rank(), 0);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sum(self, axes: &[isize]) -> Self {
        match self.axes(SUM, axes) {
            Some(axes) => self.graph().apply(Sum { axes }, &[self]),
            None => Var::poison(self.graph()),
        }
    }

    /// The mean over `axes`; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant(1.0).broadcast_to([4]) * 3.0;
    /// assert_eq!(x.mean(&[]).eval()?.values(), [3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn mean(self, axes: &[isize]) -> Self {
        let Some(axes) = self.axes(MEAN, axes) else { return Var::poison(self.graph()) };
        let total = self.graph().apply(Sum { axes }, &[self]);
        let count = self.shape().len() as f64 / total.shape().len().max(1) as f64;
        total / count
    }

    /// The maximum over `axes`; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [2, 3]).max(&[1]).shape().dims(), [2]);
    /// ```
    #[doc(alias("amax"))]
    #[track_caller]
    #[must_use]
    pub fn max(self, axes: &[isize]) -> Self {
        match self.axes(Op::name(&Maximum), axes) {
            Some(axes) => self.graph().apply(Max { axes }, &[self]),
            None => Var::poison(self.graph()),
        }
    }

    /// The minimum over `axes`; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [2, 3]).min(&[1]).shape().dims(), [2]);
    /// ```
    #[doc(alias("amin"))]
    #[track_caller]
    #[must_use]
    pub fn min(self, axes: &[isize]) -> Self {
        -(-self).max(axes)
    }

    /// The sum over `axes`, which stay with length 1; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3]);
    /// assert_eq!(x.sum_keep(&[-1]).shape().dims(), [2, 1]);
    /// ```
    #[doc(alias("keepdim", "keepdims"))]
    #[track_caller]
    #[must_use]
    pub fn sum_keep(self, axes: &[isize]) -> Self {
        self.sum(axes).reshape(self.ones_along(axes))
    }

    /// The mean over `axes`, which stay with length 1; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3]);
    /// assert_eq!((x - x.mean_keep(&[1])).shape().dims(), [2, 3]);
    /// ```
    #[doc(alias("keepdim", "keepdims"))]
    #[track_caller]
    #[must_use]
    pub fn mean_keep(self, axes: &[isize]) -> Self {
        self.mean(axes).reshape(self.ones_along(axes))
    }

    /// The maximum over `axes`, which stay with length 1; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [2, 3]).max_keep(&[0]).shape().dims(), [1, 3]);
    /// ```
    #[doc(alias("keepdim", "keepdims"))]
    #[track_caller]
    #[must_use]
    pub fn max_keep(self, axes: &[isize]) -> Self {
        self.max(axes).reshape(self.ones_along(axes))
    }

    /// The minimum over `axes`, which stay with length 1; over all where the list is empty.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [2, 3]).min_keep(&[]).shape().dims(), [1, 1]);
    /// ```
    #[doc(alias("keepdim", "keepdims"))]
    #[track_caller]
    #[must_use]
    pub fn min_keep(self, axes: &[isize]) -> Self {
        self.min(axes).reshape(self.ones_along(axes))
    }

    /// The position of the first maximum along `axis`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("scores", [2, 10]).argmax(1).shape().dims(), [2]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argmax(self, axis: isize) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(Argmax { axis }, &[self])
    }

    /// This value's shape with length 1 along axes, which the reduction has checked.
    pub(super) fn ones_along(self, list: &[isize]) -> Shape {
        let shape = self.shape();
        let is_listed =
            |axis| list.is_empty() || list.iter().any(|&other| shape.axis(other) == axis);
        let listed = (0..shape.rank()).filter(|&axis| is_listed(axis));
        listed.fold(shape, |shape, axis| shape.with(axis, 1))
    }

    /// Which axes a list names; `None`, with a mistake of `op`, if there is one that this value lacks.
    #[track_caller]
    pub(super) fn axes(self, op: &str, list: &[isize]) -> Option<Axes> {
        let mut axes = [false; MAX_RANK];
        let (shape, rank) = (self.shape(), self.shape().rank());
        if list.is_empty() {
            axes[..rank].fill(true);
        }
        for axis in list.iter().map(|&axis| shape.axis(axis)) {
            if axis >= rank {
                self.graph().fail(op, &shape.no_axis(axis), &[self]);
                return None;
            }
            if axes[axis] && !list.is_empty() {
                self.graph().fail(op, &format!("names the axis {axis} twice: {list:?}"), &[self]);
                return None;
            }
            axes[axis] = true;
        }
        Some(axes)
    }
}

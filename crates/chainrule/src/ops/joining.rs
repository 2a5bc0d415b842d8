//! Operations that make axes longer: concat, stack, pad.

use super::tensordot::cropped;
use super::{Gate, Kind, Loop, Op, Operand, Output, Real, Slice, Type, ValuesMut, reals};
use crate::graph::{Graph, Var};
use crate::tensor::{Shape, count};

/// The length of an axis that is made longer.
fn longer(length: usize, by: usize) -> Result<usize, String> {
    let no_number = || format!("no axis is as long as {length} + {by}");
    length.checked_add(by).ok_or_else(no_number)
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
        let Some(&Type { kind, shape: first }) = operands.first() else {
            return Err("takes at least one operand".into());
        };
        if self.axis >= first.rank() {
            return Err(first.no_axis(self.axis));
        }
        let (mut length, mut kind): (usize, Kind) = (0, kind);
        for ty in operands {
            kind = match (kind, ty.kind) {
                (Kind::Real, Kind::Real) => Kind::Real,
                (Kind::Index { bound }, Kind::Index { bound: other }) => {
                    Kind::Index { bound: bound.max(other) }
                }
                _ => return Err("takes real numbers or labels, not both".into()),
            };
            if ty.shape.rank() != first.rank()
                || ty.shape.with(self.axis, 0) != first.with(self.axis, 0)
            {
                return Err(format!("all lengths must agree except along axis {}", self.axis));
            }
            length = longer(length, ty.shape.dims()[self.axis])?;
        }
        Ok(Type { kind, shape: first.with(self.axis, length) })
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let row = Op::grain(self, &output.shape).max(1);
        let first = output.range.start / row;
        let widths = operands.iter().map(|operand| Op::grain(self, &operand.shape));
        let operands = operands.iter().zip(widths);
        match output.values {
            ValuesMut::Real(to) => {
                join(&operands.map(|(operand, width)| (operand.real(), width)), first, row, to);
            }
            ValuesMut::Index(to) => {
                join(&operands.map(|(operand, width)| (operand.index(), width)), first, row, to);
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
        let part = self.parts(gate.operands).nth(operand)?;
        Some(gate.graph().apply(part, &[gate.upstream]))
    }
}

impl Concat {
    /// Which part of the result each operand is.
    pub(crate) fn parts(self, operands: &[Var<'_>]) -> impl Iterator<Item = Slice> {
        let axis = self.axis;
        operands.iter().scan(0, move |end, v| {
            let start = *end;
            *end += v.shape().dims()[axis];
            Some(Slice { axis, start, end: *end })
        })
    }
}

/// Writes rows, from number `first` on, of which each operand has a part of this width.
fn join<'a, E: Copy + 'a>(
    operands: &(impl Iterator<Item = (&'a [E], usize)> + Clone),
    first: usize,
    row: usize,
    to: &mut [E],
) {
    for (i, target) in to.chunks_mut(row).enumerate() {
        let mut at = 0;
        for (from, width) in operands.clone() {
            let begin = (first + i) * width;
            target[at..at + width].copy_from_slice(&from[begin..begin + width]);
            at += width;
        }
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
        reals(operands)?;
        let [Type { shape: from, .. }] = operands else { return Err("takes one operand".into()) };
        match from.get(self.axis) {
            Some(length) => {
                let length = longer(longer(length, self.before)?, self.after)?;
                Ok(Type::real(from.with(self.axis, length)))
            }
            None => Err(from.no_axis(self.axis)),
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
        let slice = Slice { axis: self.axis, start: self.before, end: self.before + length };
        Some(cropped(gate.upstream, slice))
    }
}

impl Graph {
    /// These values, of any number, one after another along `axis`: all are copied once.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let parts: Vec<_> = (1..=20).map(|n| g.constant(1.0).broadcast_to([n])).collect();
    /// assert_eq!(g.concat(0, &parts).shape().dims(), [210]);
    /// ```
    #[doc(alias("cat", "concatenate"))]
    #[track_caller]
    pub fn concat<'g>(&'g self, axis: isize, parts: &[Var<'g>]) -> Var<'g> {
        let shape = parts.first().map_or(Shape::scalar(), Var::shape);
        self.apply(Concat { axis: shape.axis(axis) }, parts)
    }

    /// These values of one shape, of any number, side by side along a new axis, which is `axis` of the
    /// result.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let hidden: Vec<_> = (0..32).map(|t| g.input(&format!("h{t}"), [64, 50])).collect();
    /// assert_eq!(g.stack(1, &hidden).shape().dims(), [64, 32, 50]);
    /// ```
    #[track_caller]
    pub fn stack<'g>(&'g self, axis: isize, parts: &[Var<'g>]) -> Var<'g> {
        let _place = self.pin();
        let shape = parts.first().map(Var::shape);
        if let Some(other) = parts.iter().find(|v| Some(v.shape()) != shape && !v.is_poison()) {
            return self.fail("stack", "takes values of one shape", &[parts[0], *other]);
        }
        let parts: Vec<Var<'g>> = parts.iter().map(|v| v.unsqueeze(axis)).collect();
        self.concat(axis, &parts)
    }
}

impl<'g> Var<'g> {
    /// This value and `others`, one after another along `axis`; of a list, [`Graph::concat`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (a, b) = (g.input("a", [2, 3]), g.input("b", [4, 3]));
    /// assert_eq!(a.concat(0, &[b]).shape().dims(), [6, 3]);
    /// ```
    #[doc(alias = "cat")]
    #[track_caller]
    #[must_use]
    pub fn concat(self, axis: isize, others: &[Var<'g>]) -> Self {
        self.graph().concat(axis, &[&[self], others].concat())
    }

    /// This value and `others`, of one shape, side by side along a new axis; of a list,
    /// [`Graph::stack`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (x, y) = (g.input("x", [2, 3]), g.input("y", [2, 3]));
    /// assert_eq!(x.stack(-1, &[y]).shape().dims(), [2, 3, 2]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn stack(self, axis: isize, others: &[Var<'g>]) -> Self {
        self.graph().stack(axis, &[&[self], others].concat())
    }

    /// The states of a recurrence along `axis`, such as time, side by side along that axis: `step` makes
    /// each of the state before it, at first `state`, and of what stands at its position.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(4).to_real();
    /// let sums = x.scan(0, g.constant(0.0), |sum, x| sum + x);
    /// assert_eq!(sums.eval()?.values(), [0.0, 1.0, 3.0, 6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("RNN", "recurrent", "unroll"))]
    #[track_caller]
    #[must_use]
    pub fn scan(
        self,
        axis: isize,
        mut state: Var<'g>,
        mut step: impl FnMut(Var<'g>, Var<'g>) -> Var<'g>,
    ) -> Self {
        let axis = self.shape().axis(axis);
        let Some(length) = self.shape().get(axis) else {
            return self.graph().fail("scan", &self.shape().no_axis(axis), &[self]);
        };
        let mut states = Vec::with_capacity(length);
        for at in 0..length {
            let before = state;
            state = step(state, self.index(axis.cast_signed(), at.cast_signed()));
            if at > 0 && state.shape() != before.shape() {
                let (from, to) = (before.shape(), state.shape());
                let message = format!("the step turned a state {from} into {to}: keep its shape");
                return self.graph().fail("scan", &message, &[self]);
            }
            states.push(state);
        }
        self.graph().stack(axis.cast_signed(), &states)
    }

    /// Zeros before and after, along `axis`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [5]).pad(0, 1, 2).shape().dims(), [8]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn pad(self, axis: isize, before: usize, after: usize) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(Pad { axis, before, after }, &[self])
    }
}

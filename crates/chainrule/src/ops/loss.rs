//! Losses: softmax with loss, half squared error, mean squared error.

use super::reduce::{MEAN, sum_of, sum_run};
use super::softmax::{exp_rows, largest, row_sum};
use super::{Gate, OneHot, Op, Operand, Output, Real, Type, ValuesMut, reals};
use crate::graph::{Kind, Var};
use crate::tensor::Shape;

/// The mean over the batch of the cross-entropy −Σ t·ln softmax(x), for logits x and
/// distributions t, both of shape `[…, classes]`; the batch is all axes but the last.
///
/// The gradient of the logits is (y·Σt − t)/batch, which for distributions (Σt = 1) is the
/// textbook's (y − t)/batch with y = softmax(x) (Bishop, *Pattern Recognition*, equation 4.109).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SoftmaxWithLoss;

impl Op for SoftmaxWithLoss {
    fn name(&self) -> &'static str {
        "softmax_with_loss"
    }
    fn glyph(&self) -> &'static str {
        "softmax, loss"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        Op::infer(&RowLosses, operands).map(|_| Type::real([]))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let shape = rows(operands[0].shape);
        let mut losses = vec![T::zero(); shape.len()];
        let (range, values) = (0..losses.len(), ValuesMut::Real(&mut losses));
        RowLosses.forward(operands, Output { shape, range, values });
        output.real().fill(mean(&losses));
    }
    fn cost(&self, operands: &[Type]) -> usize {
        operands[0].shape.len() * 10
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let (x, t) = (gate.operands[0], gate.operands[1]);
        let scale = gate.upstream / rows(x.shape()).len() as f64;
        if operand == 1 {
            return Some(-x.log_softmax() * scale);
        }
        let y = x.softmax();
        let is_one_hot = gate.graph().node(t.id, |node| node.source.is::<OneHot>());
        let expected = if is_one_hot { y } else { y * row_sum(t) };
        Some((expected - t) * scale)
    }
}

/// The cross-entropy of each row: what plans compute before they take the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RowLosses;

/// The axes of the rows: all but the last.
pub(crate) fn rows(logits: Shape) -> Shape {
    logits.without(|axis| axis + 1 == logits.rank())
}

fn classes(logits: &Shape) -> usize {
    logits.dims().last().copied().unwrap_or(1)
}

/// Elements whose exponentials are kept at once.
const CHUNK: usize = 1024;

impl Op for RowLosses {
    fn name(&self) -> &'static str {
        Op::name(&SoftmaxWithLoss)
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        match operands {
            [x, t] if x.shape == t.shape && x.shape.rank() > 0 => match x.shape.is_empty() {
                true => Err("takes at least one row and one class".into()),
                false => Ok(Type::real(rows(x.shape))),
            },
            _ => Err("takes logits and targets of one shape […, classes]".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let classes = classes(&operands[0].shape);
        let range = output.range.start * classes..output.range.end * classes;
        let [x, t] = [0, 1].map(|i| &operands[i].real()[range.clone()]);
        let losses = output.real();
        if classes > CHUNK {
            for ((loss, x), t) in losses.iter_mut().zip(x.chunks(classes)).zip(t.chunks(classes)) {
                *loss = wide_row(x, t);
            }
            return;
        }
        let mut exps = [T::zero(); CHUNK];
        let rows = CHUNK / classes;
        let chunks = x.chunks(rows * classes).zip(t.chunks(rows * classes));
        for (losses, (x, t)) in losses.chunks_mut(rows).zip(chunks) {
            exp_rows(x, classes, &mut exps[..x.len()], |row, top, sum, _| {
                let at = row * classes..(row + 1) * classes;
                losses[row] = cross_entropy(&x[at.clone()], &t[at], top, sum.ln());
            });
        }
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn cost(&self, operands: &[Type]) -> usize {
        classes(&operands[0].shape) * 10
    }
    /// A part of [`SoftmaxWithLoss`], whose rule stands for both.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

/// The mean of all elements: what plans compute after the elements themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MeanOfAll;

impl Op for MeanOfAll {
    fn name(&self) -> &'static str {
        MEAN
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands).map(|()| Type::real([]))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        output.real().fill(mean(operands[0].real()));
    }
    fn cost(&self, operands: &[Type]) -> usize {
        operands[0].shape.len()
    }
    /// A part of an operation whose rule stands for it.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

fn mean<T: Real>(values: &[T]) -> T {
    sum_run(values) / T::from_f64(values.len() as f64)
}

/// −Σ t·(x − top − log_sum). A target of 0 takes no part, even where its logit is −∞: a label's row is
/// zeros but for one, so that eight of them are passed at a time.
fn cross_entropy<T: Real>(x: &[T], t: &[T], top: T, log_sum: T) -> T {
    sum_of(x.len(), |range| {
        let mut sum = T::zero();
        for (x, t) in x[range.clone()].chunks(8).zip(t[range].chunks(8)) {
            if t.iter().fold(true, |none, t| none & (*t == T::zero())) {
                continue;
            }
            let taken = x.iter().zip(t).filter(|(_, t)| **t != T::zero());
            sum = taken.fold(sum, |sum, (&x, &t)| sum + t * (log_sum - (x - top)));
        }
        sum
    })
}

/// The loss of a row whose exponentials are too many to keep.
fn wide_row<T: Real>(x: &[T], t: &[T]) -> T {
    let top = largest(x);
    let sum =
        sum_of(x.len(), |range| x[range].iter().fold(T::zero(), |sum, &x| sum + (x - top).exp()));
    cross_entropy(x, t, top, sum.ln())
}

impl<'g> Var<'g> {
    /// The mean cross-entropy of these logits `[…, classes]` against labels `[…]`, or against one-hot or
    /// soft targets `[…, classes]`; see [`SoftmaxWithLoss`]. There may be any axes before the last, such
    /// as `[batch, time, classes]`: the mean is over all of them.
    ///
    /// ```
    /// let g = chainrule::Graph::new();
    /// let loss = g.constant(0.0).broadcast_to([3, 10]).softmax_with_loss(g.labels("t", [3], 10));
    /// let mut plan = g.compile::<f64>(&[loss])?;
    /// plan.feed_labels("t", &[7, 2, 1])?;
    /// plan.run()?;
    /// assert!((plan.value(loss)?[0] - 10f64.ln()).abs() < 1e-12);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("cross_entropy", "CrossEntropyLoss"))]
    #[track_caller]
    #[must_use]
    pub fn softmax_with_loss(self, target: Var<'g>) -> Self {
        let target = self.distributions(Op::name(&SoftmaxWithLoss), target);
        self.graph().apply(SoftmaxWithLoss, &[self, target])
    }

    /// The target as a distribution for each row of these logits; a mistake of `loss` if it is none.
    #[track_caller]
    pub(crate) fn distributions(self, loss: &str, target: Var<'g>) -> Self {
        if !target.belongs_to(self.graph()) || self.is_poison() || target.is_poison() {
            return target;
        }
        let (logits, Type { shape, kind }) = (self.shape(), target.ty());
        if logits.rank() == 0 {
            let message =
                "takes logits […, classes], with a number for each class along the last axis";
            return self.graph().fail(loss, message, &[self, target]);
        }
        let (rows, classes) = (rows(logits), classes(&logits));
        let message = match kind {
            Kind::Real if shape == logits => return target,
            Kind::Real if shape == rows => {
                "takes labels as class numbers, not real numbers: record them by `Graph::labels`"
            }
            Kind::Real => "takes a distribution for each row of the logits, in their shape",
            Kind::Index { bound } if bound > classes => {
                let highest = bound - 1;
                &format!("labels go up to {highest}, but there are logits of {classes} classes")
            }
            Kind::Index { .. } if shape == rows => return target.one_hot(classes),
            Kind::Index { .. } => &format!("takes one label for each row of the logits: {rows}"),
        };
        self.graph().fail(loss, message, &[self, target])
    }

    /// ½·Σ (f − t)² over all elements: its gradient is f − t. The target has the prediction's shape.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let loss = g.constant(220.0).half_squared_error(g.constant(219.0));
    /// assert_eq!(loss.eval()?.values(), [0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn half_squared_error(self, target: Var<'g>) -> Self {
        let _block = self.graph().block("half_squared_error");
        let squares = self.squared_error("half_squared_error", target);
        let total = if squares.shape().rank() == 0 { squares } else { squares.sum(&[]) };
        total * 0.5
    }

    /// The mean of (f − t)² over all elements. The target has the prediction's shape: of `[3, 1]` and
    /// `[3]`, each prediction would meet each target.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let loss = g.constant(3.0).mean_squared_error(g.constant(1.0));
    /// assert_eq!(loss.eval()?.values(), [4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("mse_loss", "MSELoss"))]
    #[track_caller]
    #[must_use]
    pub fn mean_squared_error(self, target: Var<'g>) -> Self {
        let _block = self.graph().block("mean_squared_error");
        self.squared_error("mean_squared_error", target).mean(&[])
    }

    /// (f − t)², of one shape.
    fn squared_error(self, loss: &str, target: Var<'g>) -> Self {
        if target.belongs_to(self.graph()) && target.ty() != Type::real(self.shape()) {
            let message = match target.ty().kind {
                Kind::Real => "the target must have the prediction's shape: reshape one of them",
                Kind::Index { .. } => "takes a target of real numbers, not labels",
            };
            return self.graph().fail(loss, message, &[self, target]);
        }
        (self - target).square()
    }
}

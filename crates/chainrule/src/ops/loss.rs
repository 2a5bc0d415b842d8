//! Losses: softmax with loss, half squared error, mean squared error.

use super::softmax::{log_sum_exp, row_sum};
use super::{Gate, Op, Operand, Output, Real, Type, reals};
use crate::graph::{Kind, Var};

/// The mean over the batch of the cross-entropy −Σ t·ln softmax(x), for logits x and
/// distributions t, both of shape `[batch, classes]`.
///
/// The gradient of the logits is (y·Σt − t)/batch, which for distributions (Σt = 1) is the
/// textbook's (y − t)/batch with y = softmax(x) (Bishop, *Pattern Recognition*, equation 4.109).
#[derive(Debug, Clone, Copy)]
pub struct SoftmaxWithLoss;

impl Op for SoftmaxWithLoss {
    fn name(&self) -> &'static str {
        "softmax_with_loss"
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        match operands {
            [x, t] if x.shape == t.shape && x.shape.rank() == 2 && !x.shape.is_empty() => {
                Ok(Type::real([]))
            }
            _ => Err("takes logits and targets of one shape [batch, classes]".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (batch, classes) = (operands[0].shape.dims()[0], operands[0].shape.dims()[1]);
        let rows = operands[0].real().chunks(classes).zip(operands[1].real().chunks(classes));
        let total = rows.fold(T::zero(), |total, (x, t)| {
            let (top, log_sum) = log_sum_exp(x);
            // A target of 0 takes no part, even where its logit is −∞.
            let taken = x.iter().zip(t).filter(|(_, t)| **t != T::zero());
            taken.fold(total, |sum, (&x, &t)| sum + t * (log_sum - (x - top)))
        });
        output.real().fill(total / T::from_f64(batch as f64));
    }
    fn cost(&self, operands: &[Type]) -> usize {
        operands[0].shape.len() * 10
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let (x, t) = (gate.operands[0], gate.operands[1]);
        let scale = gate.upstream / x.shape().dims()[0] as f64;
        if operand == 1 {
            return Some(-x.log_softmax() * scale);
        }
        let y = x.softmax();
        let is_one_hot = gate.graph().node(t.id, |node| node.op_name() == "one_hot");
        let expected = if is_one_hot { y } else { y * row_sum(t) };
        Some((expected - t) * scale)
    }
}

impl<'g> Var<'g> {
    /// The mean cross-entropy of these logits `[batch, classes]` against labels `[batch]`, or against
    /// one-hot or soft targets `[batch, classes]`; see [`SoftmaxWithLoss`].
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
    #[track_caller]
    #[must_use]
    pub fn softmax_with_loss(self, target: Var<'g>) -> Self {
        let target = match target.ty().kind {
            Kind::Index { .. } => target.one_hot(self.shape().dims().last().copied().unwrap_or(0)),
            Kind::Real => target,
        };
        self.graph().apply(SoftmaxWithLoss, &[self, target])
    }

    /// ½·Σ (f − t)² over all elements: its gradient is f − t.
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
        let squares = (self - target).square();
        let total = if squares.shape().rank() == 0 { squares } else { squares.sum(&[]) };
        total * 0.5
    }

    /// The mean of (f − t)² over all elements.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let loss = g.constant(3.0).mean_squared_error(g.constant(1.0));
    /// assert_eq!(loss.eval()?.values(), [4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn mean_squared_error(self, target: Var<'g>) -> Self {
        let _block = self.graph().block("mean_squared_error");
        (self - target).square().mean(&[])
    }
}

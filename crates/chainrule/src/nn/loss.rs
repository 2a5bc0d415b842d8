//! Losses.

use crate::error::Result;
use crate::graph::{Kind, Var};
use crate::settings::{self, Form};
use crate::tensor::Tensor;

crate::kinds! {
    /// What a model's outputs are measured by.
    ///
    /// The mean over the batch of each example's loss, or with weights w the weighted mean Σ w·l / Σ w;
    /// it is 0 where no example counts.
    ///
    /// ```
    /// use chainrule::Graph;
    /// use chainrule::nn::{Loss, Targets};
    /// let g = Graph::new();
    /// let logits = g.input("logits", [100, 10]);
    /// let labels = Targets::Labels(g.labels("t", [100], 10));
    /// let loss = Loss::CrossEntropy { label_smoothing: 0.1 }.record(logits, labels, None);
    /// assert_eq!(loss.shape().rank(), 0);
    /// assert_eq!("huber".parse::<Loss>()?, Loss::Huber { delta: 1.0 });
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub enum Loss = "loss", ' ' {
        /// −Σ t·ln softmax(x) of logits x `[batch, …, classes]`, against labels or distributions t.
        ///
        /// See [`SoftmaxWithLoss`](crate::ops::SoftmaxWithLoss).
        CrossEntropy = "cross-entropy" | "cross-entropy-loss" | "ce" | "categorical-cross-entropy" {
            /// The share of each target that is spread evenly over all classes (Szegedy et al., 2016,
            /// section 7).
            label_smoothing: f64 [Form::PART] = 0.0 => "0.1",
        },
        /// −t·ln σ(x) − (1 − t)·ln(1 − σ(x)) of logits x, σ the logistic function, averaged over an
        /// example's outputs; t are labels 0 and 1 for one output, or probabilities.
        BinaryCrossEntropy = "binary-cross-entropy" | "bce" | "bce-with-logits-loss",
        /// (f − t)², averaged over an example's outputs.
        MeanSquared = "mean-squared" | "mse" | "mse-loss" | "mean-squared-error" | "l2",
        /// ½·(f − t)², summed over an example's outputs.
        HalfSquared = "half-squared" | "half-squared-error",
        /// |f − t|, averaged over an example's outputs.
        L1 = "l1" | "l1-loss" | "mae" | "mean-absolute-error",
        /// ½·d² where |d| ≤ δ, else δ·(|d| − ½·δ), with d = f − t, averaged over an example's outputs
        /// (Huber, 1964).
        Huber = "huber" | "huber-loss" | "smooth-l1" | "smooth-l1-loss" {
            /// δ, where the square turns into a line.
            delta: f64 [Form::POSITIVE] = 1.0,
        },
    }
}

/// What the outputs should be.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'g> {
    /// Classes, `[batch]`.
    Labels(Var<'g>),
    /// Real numbers in the shape of the outputs, or `[batch]` for one output.
    Values(Var<'g>),
}

/// One weight per example from one per class, for [`Loss::record`].
///
/// ```
/// # let g = chainrule::Graph::new();
/// let weights = chainrule::nn::class_weights(g.labels("t", [100], 2), &[1.0, 3.0]);
/// assert_eq!(weights.shape().dims(), [100]);
/// ```
#[track_caller]
#[must_use]
pub fn class_weights<'g>(labels: Var<'g>, of: &[f64]) -> Var<'g> {
    const NAME: &str = "class_weights";
    if let Kind::Index { bound } = labels.ty().kind
        && bound > of.len()
    {
        let message = format!("labels go up to {}, but there are {} weights", bound - 1, of.len());
        return labels.graph().fail(NAME, &message, &[labels]);
    }
    match Tensor::new([of.len()], of.to_vec()) {
        Ok(weights) => labels.graph().constant_tensor(weights).gather(0, labels),
        Err(error) => labels.graph().fail(NAME, &error.to_string(), &[labels]),
    }
}

impl Loss {
    /// The loss of `output`, `[batch, outputs]`, as a scalar; `weights` are one per example.
    ///
    /// ```
    /// use chainrule::nn::{Loss, Targets};
    /// # let g = chainrule::Graph::new();
    /// let (f, t) = (g.constant(3.0).broadcast_to([1, 2]), g.constant(1.0).broadcast_to([1, 2]));
    /// let loss = |loss: Loss| loss.record(f, Targets::Values(t), None).eval();
    /// assert_eq!(loss(Loss::MeanSquared)?.values(), [4.0]);
    /// assert_eq!(loss(Loss::HalfSquared)?.values(), [4.0]);
    /// assert_eq!(loss(Loss::L1)?.values(), [2.0]);
    /// assert_eq!(loss(Loss::Huber { delta: 1.0 })?.values(), [1.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn record<'g>(
        &self,
        output: Var<'g>,
        targets: Targets<'g>,
        weights: Option<Var<'g>>,
    ) -> Var<'g> {
        let g = output.graph();
        if let Self::CrossEntropy { label_smoothing } = *self {
            return cross_entropy(output, targets, label_smoothing, weights);
        }
        let _block = g.block(self.name());
        let (Targets::Labels(given) | Targets::Values(given)) = targets;
        let target = match (self, given.ty().kind) {
            (_, Kind::Real) => in_shape_of(output, given),
            (Self::BinaryCrossEntropy, Kind::Index { bound: ..=2 }) => {
                in_shape_of(output, given.one_hot(2).slice(-1, 1, 2))
            }
            (Self::BinaryCrossEntropy, Kind::Index { bound }) => {
                let message = format!("takes labels 0 and 1, but these go up to {}", bound - 1);
                return g.fail(self.name(), &message, &[given]);
            }
            (_, Kind::Index { .. }) => {
                return g.fail(self.name(), "takes real numbers as targets, not labels", &[given]);
            }
        };
        if given.belongs_to(g) && !target.is_poison() && target.shape() != output.shape() {
            let message = "the targets must have the shape of the outputs";
            return g.fail(self.name(), message, &[output, given]);
        }
        let elements = self.elements(output, target);
        match (self, weights) {
            (Self::HalfSquared, _) => weighted_mean(self.name(), row_sums(elements), weights),
            (_, None) => elements.mean(&[]),
            (_, Some(_)) => {
                let width = elements.shape().len() / elements.shape().get(0).unwrap_or(1).max(1);
                weighted_mean(self.name(), row_sums(elements) / width as f64, weights)
            }
        }
    }

    /// The loss of each output by itself.
    fn elements<'g>(&self, output: Var<'g>, target: Var<'g>) -> Var<'g> {
        if let Self::BinaryCrossEntropy = self {
            // ln(1 + e⁻ˣ) and ln(1 + eˣ) lose no digits where the loss is small.
            return target * (-output).softplus() + (1.0 - target) * output.softplus();
        }
        let difference = output - target;
        match *self {
            Self::L1 => difference.abs(),
            Self::HalfSquared => difference.square() * 0.5,
            Self::Huber { delta } => {
                let size = difference.abs();
                let line = (size - 0.5 * delta) * delta;
                size.less_equal(size.like(delta)).select(difference.square() * 0.5, line)
            }
            _ => difference.square(),
        }
    }

    /// Whether the targets are, or may be, labels.
    ///
    /// ```
    /// use chainrule::nn::Loss;
    /// assert!(Loss::BinaryCrossEntropy.takes_labels() && !Loss::L1.takes_labels());
    /// ```
    #[must_use]
    pub fn takes_labels(&self) -> bool {
        matches!(self, Self::CrossEntropy { .. } | Self::BinaryCrossEntropy)
    }

    /// Checks the settings' domains.
    ///
    /// ```
    /// assert!(chainrule::nn::Loss::Huber { delta: 0.0 }.check().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn check(&self) -> Result<()> {
        settings::check(self)
    }
}

#[track_caller]
fn cross_entropy<'g>(
    logits: Var<'g>,
    targets: Targets<'g>,
    smoothing: f64,
    weights: Option<Var<'g>>,
) -> Var<'g> {
    let (Targets::Labels(target) | Targets::Values(target)) = targets;
    if smoothing == 0.0 && weights.is_none() {
        return logits.softmax_with_loss(target);
    }
    let _block = logits.graph().block("cross-entropy");
    let classes = logits.shape().dims().last().copied().unwrap_or(1);
    let target = match (logits.distributions("cross-entropy", target), smoothing) {
        (target, 0.0) => target,
        (target, share) => target * (1.0 - share) + share / classes as f64,
    };
    if weights.is_none() {
        return logits.softmax_with_loss(target);
    }
    let losses = -(target * logits.log_softmax()).sum(&[-1]);
    let each = match losses.shape().get(0) {
        Some(batch) if losses.shape().rank() > 1 => {
            row_sums(losses) / (losses.shape().len() / batch.max(1)) as f64
        }
        _ => losses,
    };
    weighted_mean("cross-entropy", each, weights)
}

/// Targets `[batch]` of a single output as `[batch, 1]`, which `[batch]` would not be broadcast to; and
/// the other way round.
fn in_shape_of<'g>(output: Var<'g>, target: Var<'g>) -> Var<'g> {
    match (output.shape().dims(), target.shape().dims()) {
        ([batch, 1], [count]) | ([batch], [count, 1]) if batch == count => {
            target.reshape(output.shape())
        }
        _ => target,
    }
}

/// The sum of each example's elements.
fn row_sums(x: Var<'_>) -> Var<'_> {
    let axes: Vec<isize> = (1..x.shape().rank().cast_signed()).collect();
    if axes.is_empty() { x } else { x.sum(&axes) }
}

/// Σ w·l / Σ w, or the mean without weights.
#[track_caller]
fn weighted_mean<'g>(loss: &str, losses: Var<'g>, weights: Option<Var<'g>>) -> Var<'g> {
    match weights {
        None => losses.mean(&[]),
        Some(weights) if !weights.is_poison() && weights.shape() != losses.shape() => {
            let message = format!("takes one weight per example, {}", losses.shape());
            losses.graph().fail(loss, &message, &[weights])
        }
        Some(weights) => {
            let total = weights.sum(&[]);
            // A batch of which no example counts moves nothing.
            let divisor = total.equal(total.like(0.0)).select(total.like(1.0), total);
            (losses * weights).sum(&[]) / divisor
        }
    }
}

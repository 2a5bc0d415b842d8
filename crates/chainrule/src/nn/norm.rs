//! Batch normalisation and layer normalisation.

use super::{Cx, Init, Module, Values};
use crate::graph::Var;
use crate::settings::Form;

crate::settings! {
    /// Each feature brought to mean 0 and variance 1 over the batch, then scaled and shifted.
    ///
    /// That is w·(x − mean)/√(variance + ε) + b of x `[batch, features]` (Ioffe and Szegedy, 2015,
    /// algorithm 1). When the model trains, mean and variance are the batch's own, which needs two
    /// examples, and the running ones follow them: (1 − momentum)·old + momentum·new, the variance with
    /// the divisor batch − 1, as in PyTorch. When it predicts, the running ones are used.
    ///
    /// ```
    /// use chainrule::nn::{BatchNorm, Cx};
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::train(&g, 0, g.labels("step", [], 1000));
    /// let y = cx.call("norm", &BatchNorm::default(), g.input("x", [20, 50]));
    /// let names: Vec<String> = cx.parameters().into_iter().map(|p| p.name).collect();
    /// assert_eq!(names, ["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"]);
    /// // The running mean and variance, with their new values.
    /// assert_eq!(cx.updates().len(), 2);
    /// ```
    #[derive(Copy)]
    pub struct BatchNorm = "batch-norm" {
        /// How far the running statistics follow a batch.
        momentum: f64 [Form::PART] = 0.1,
        /// Added to the variance.
        epsilon: f64 [Form::POSITIVE] = 1e-5,
    }
}

crate::settings! {
    /// Each example brought to mean 0 and variance 1, then scaled and shifted by features.
    ///
    /// That is w·(x − mean)/√(variance + ε) + b along the last axis of x (Ba, Kiros and Hinton, 2016,
    /// equation 3).
    ///
    /// ```
    /// use chainrule::nn::{Cx, LayerNorm};
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::predict(&g);
    /// let y = cx.call("norm", &LayerNorm::default(), g.input("x", [1, 2])).one();
    /// let mut plan = g.compile::<f64>(&[y])?;
    /// plan.feed("x", &[1.0, 3.0])?;
    /// plan.run_with(&cx.initial(0)?)?;
    /// assert!((plan.value(y)?[1] - 1.0).abs() < 1e-5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct LayerNorm = "layer-norm" {
        /// Added to the variance.
        epsilon: f64 [Form::POSITIVE] = 1e-5,
    }
}

/// x minus its mean along an axis, the mean, and the mean square of the difference; the last two keep
/// the axis with length 1.
fn moments(x: Var<'_>, axis: isize) -> (Var<'_>, Var<'_>, Var<'_>) {
    let mean = x.mean_keep(&[axis]);
    let centred = x - mean;
    (centred, mean, centred.square().mean_keep(&[axis]))
}

impl BatchNorm {
    /// The batch's mean and variance, `[1, features]`, which the running ones follow.
    fn of_batch<'g>(&self, cx: &Cx<'g>, x: Var<'g>, running: [Var<'g>; 2]) -> (Var<'g>, Var<'g>) {
        let (centred, mean, variance) = moments(x, 0);
        let batch = x.size(0) as f64;
        let unbiased = variance * (batch / (batch - 1.0));
        for (old, new) in running.into_iter().zip([mean, unbiased]) {
            let new = new.reshape(old.shape());
            cx.keep_from(old, |old| old * (1.0 - self.momentum) + new * self.momentum);
        }
        (centred, variance)
    }
}

impl Module for BatchNorm {
    fn kind(&self) -> &str {
        "batch_norm"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        let x = x.one();
        cx.needs_batch(2);
        let features = match *x.shape().dims() {
            [batch, _] if cx.is_training() && batch < 2 => {
                let message = "a batch must have at least two examples to train on";
                return cx.fail("batch_norm", message, &[x]);
            }
            [_, features] => features,
            _ => {
                let message = "takes a batch [batch, features]; a flatten layer makes one";
                return cx.fail("batch_norm", message, &[x]);
            }
        };
        let weight = cx.param("weight", [features], Init::Ones);
        let bias = cx.param("bias", [features], Init::Zeros);
        let running_mean = cx.kept("running_mean", [features], Init::Zeros);
        let running_variance = cx.kept("running_var", [features], Init::Ones);
        let (centred, variance) = match cx.is_training() {
            true => self.of_batch(cx, x, [running_mean, running_variance]),
            false => (x - running_mean, running_variance),
        };
        (centred / (variance + self.epsilon).sqrt() * weight + bias).into()
    }
}

impl Module for LayerNorm {
    fn kind(&self) -> &str {
        "layer_norm"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        let x = x.one();
        let Some(&features) = x.shape().dims().last() else {
            return cx.fail("layer_norm", "takes a batch [batch, …, features]", &[x]);
        };
        let weight = cx.param("weight", [features], Init::Ones);
        let bias = cx.param("bias", [features], Init::Zeros);
        let (centred, _, variance) = moments(x, -1);
        (centred / (variance + self.epsilon).sqrt() * weight + bias).into()
    }
}

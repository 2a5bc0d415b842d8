//! Batch normalisation and layer normalisation.

use super::build::Build;
use super::{Init, Layer, Pass, Spec};
use crate::error::Result;
use crate::graph::Var;
use crate::settings::{self, Form};

crate::settings! {
    /// Each feature brought to mean 0 and variance 1 over the batch, then scaled and shifted.
    ///
    /// The layer is [`BatchNorm`].
    #[derive(Copy)]
    pub struct BatchNormSpec = "batch-norm" {
        /// How far the running statistics follow a batch.
        momentum: f64 [Form::PART] = 0.1,
        /// Added to the variance.
        epsilon: f64 [Form::POSITIVE] = 1e-5,
    }
}

impl Build for BatchNormSpec {
    fn build(&self, inputs: usize, _init: Init) -> Result<Box<dyn Layer>> {
        settings::check(self)?;
        let Self { momentum, epsilon } = *self;
        Ok(Box::new(BatchNorm { features: inputs, momentum, epsilon }))
    }
}

crate::settings! {
    /// Each example brought to mean 0 and variance 1, then scaled and shifted by features.
    ///
    /// The layer is [`LayerNorm`].
    #[derive(Copy)]
    pub struct LayerNormSpec = "layer-norm" {
        /// Added to the variance.
        epsilon: f64 [Form::POSITIVE] = 1e-5,
    }
}

impl Build for LayerNormSpec {
    fn build(&self, inputs: usize, _init: Init) -> Result<Box<dyn Layer>> {
        settings::check(self)?;
        Ok(Box::new(LayerNorm { features: inputs, epsilon: self.epsilon }))
    }
}

/// x minus its mean along an axis, the mean, and the mean square of the difference; the last two keep
/// the axis with length 1.
fn moments(x: Var<'_>, axis: isize) -> (Var<'_>, Var<'_>, Var<'_>) {
    let mean = x.mean_keep(&[axis]);
    let centred = x - mean;
    (centred, mean, centred.square().mean_keep(&[axis]))
}

/// Each feature of `[batch, features]` brought to mean 0 and variance 1 over the batch, then scaled and
/// shifted: w·(x − mean)/√(variance + ε) + b (Ioffe and Szegedy, 2015, algorithm 1).
///
/// When the model trains, mean and variance are the batch's own, which needs two examples, and the
/// running ones follow them: (1 − momentum)·old + momentum·new, the variance with the divisor
/// batch − 1, as in PyTorch. When it predicts, the running ones are used.
///
/// ```
/// use chainrule::nn::{BatchNorm, Sequential};
/// let model = Sequential::new().with(BatchNorm::new(50));
/// let names: Vec<String> = model.parameters().map(|(_, spec)| spec.name).collect();
/// assert_eq!(names, ["weight", "bias", "running_mean", "running_var"]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm {
    /// The length of the last axis.
    pub features: usize,
    /// How far the running statistics follow those of a batch: 0.1 at first.
    pub momentum: f64,
    /// Keeps the division finite where a feature does not vary: 10⁻⁵ at first.
    pub epsilon: f64,
}

impl BatchNorm {
    /// Batch normalisation of so many features.
    ///
    /// ```
    /// assert_eq!(chainrule::nn::BatchNorm::new(50).momentum, 0.1);
    /// ```
    #[must_use]
    pub fn new(features: usize) -> Self {
        let BatchNormSpec { momentum, epsilon } = BatchNormSpec::default();
        Self { features, momentum, epsilon }
    }

    /// The batch's mean and variance, `[1, features]`, which the running ones follow.
    fn of_batch<'g>(
        &self,
        x: Var<'g>,
        running: [Var<'g>; 2],
        pass: &Pass<'g>,
    ) -> (Var<'g>, Var<'g>) {
        let (centred, mean, variance) = moments(x, 0);
        let batch = x.shape().dims()[0] as f64;
        let unbiased = variance * (batch / (batch - 1.0));
        for (old, new) in running.into_iter().zip([mean, unbiased]) {
            let new = new.reshape([self.features]);
            pass.update(old, old * (1.0 - self.momentum) + new * self.momentum);
        }
        (centred, variance)
    }
}

impl Layer for BatchNorm {
    fn kind(&self) -> &'static str {
        "batch_norm"
    }
    fn parameters(&self) -> Vec<Spec> {
        vec![
            Spec::new("weight", [self.features], Init::Ones),
            Spec::new("bias", [self.features], Init::Zeros),
            Spec::kept("running_mean", [self.features], Init::Zeros),
            Spec::kept("running_var", [self.features], Init::Ones),
        ]
    }
    fn smallest_batch(&self) -> usize {
        2
    }
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>], pass: &Pass<'g>) -> Var<'g> {
        let fail = |message| x.graph().fail("batch_norm", message, &[x]);
        let [weight, bias, running_mean, running_variance] = *parameters else {
            return fail("takes a weight, a bias, a running mean and a running variance");
        };
        let (centred, variance) = match *x.shape().dims() {
            [_, features] if features != self.features => {
                return fail("the last axis must have as many features as the weight");
            }
            [batch, _] if pass.is_training() && batch < self.smallest_batch() => {
                return fail("a batch must have at least two examples to train on");
            }
            [_, _] if pass.is_training() => {
                self.of_batch(x, [running_mean, running_variance], pass)
            }
            [_, _] => (x - running_mean, running_variance),
            _ => return fail("takes a batch [batch, features]; a flatten layer makes one"),
        };
        centred / (variance + self.epsilon).sqrt() * weight + bias
    }
}

/// Each example brought to mean 0 and variance 1 along its last axis, then scaled and shifted by
/// features: w·(x − mean)/√(variance + ε) + b (Ba, Kiros and Hinton, 2016, equation 3).
///
/// ```
/// use chainrule::{Graph, nn::{LayerNorm, Sequential}};
/// let model = Sequential::new().with(LayerNorm::new(2));
/// let g = Graph::new();
/// let y = model.forward(g.input("x", [1, 2]));
/// let mut plan = g.compile::<f64>(&[y])?;
/// plan.feed("x", &[1.0, 3.0])?;
/// plan.run_with(&model.initial(0)?)?;
/// assert!((plan.value(y)?[1] - 1.0).abs() < 1e-5);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm {
    /// The length of the last axis.
    pub features: usize,
    /// Keeps the division finite where an example does not vary: 10⁻⁵ at first.
    pub epsilon: f64,
}

impl LayerNorm {
    /// Layer normalisation of so many features.
    ///
    /// ```
    /// assert_eq!(chainrule::nn::LayerNorm::new(50).epsilon, 1e-5);
    /// ```
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self { features, epsilon: LayerNormSpec::default().epsilon }
    }
}

impl Layer for LayerNorm {
    fn kind(&self) -> &'static str {
        "layer_norm"
    }
    fn parameters(&self) -> Vec<Spec> {
        vec![
            Spec::new("weight", [self.features], Init::Ones),
            Spec::new("bias", [self.features], Init::Zeros),
        ]
    }
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>], _pass: &Pass<'g>) -> Var<'g> {
        let fail = |message| x.graph().fail("layer_norm", message, &[x]);
        let [weight, bias] = *parameters else { return fail("takes a weight and a bias") };
        if x.shape().dims().last() != Some(&self.features) {
            return fail("the last axis must have as many features as the weight");
        }
        let (centred, _, variance) = moments(x, -1);
        centred / (variance + self.epsilon).sqrt() * weight + bias
    }
}

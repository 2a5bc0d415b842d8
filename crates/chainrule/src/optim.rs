//! Optimizers: functions that build the nodes of the parameters' new values.

use crate::error::{Error, Result};
use crate::graph::{Source, Var};
use crate::ops::{Class, Gate, InPlace, Op, Operand, Output, Type, pointwise};
use crate::parameters::Parameters;
use crate::runtime::vectorized;
use crate::tensor::{Real, Tensor};

fn check_rate(learning_rate: f64) -> Result<()> {
    let ok = learning_rate > 0.0 && learning_rate.is_finite();
    Error::check(ok, "the learning rate", learning_rate, "positive and finite")
}

/// Stochastic gradient descent: W ← W − η·∂L/∂W (Robbins and Monro, 1951).
///
/// ```
/// use chainrule::{Graph, optim::Sgd};
/// let g = Graph::new();
/// let w = g.parameter("w", [3]);
/// let gradients = g.backward(w.square().sum(&[]), &[w]);
/// let updates = Sgd::new(0.1)?.updates(&[w], &gradients);
/// assert_eq!(updates[0].1.shape(), w.shape());
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    learning_rate: f64,
}

impl Sgd {
    /// Gradient descent with the learning rate η.
    ///
    /// # Errors
    /// A learning rate that is not positive and finite.
    pub fn new(learning_rate: f64) -> Result<Self> {
        check_rate(learning_rate)?;
        Ok(Self { learning_rate })
    }

    /// Each parameter with its new value.
    #[track_caller]
    #[must_use]
    pub fn updates<'g>(
        &self,
        parameters: &[Var<'g>],
        gradients: &[Var<'g>],
    ) -> Vec<(Var<'g>, Var<'g>)> {
        let pairs = parameters.iter().zip(gradients);
        pairs
            .map(|(&w, &dw)| {
                let rate = w.like(self.learning_rate);
                (w, w.graph().apply(SgdStep, &[w, dw, rate]))
            })
            .collect()
    }
}

/// Adam (Kingma and Ba, 2015, algorithm 1): steps along a running mean of the gradients, divided by the
/// root of a running mean of their squares, both corrected for their start at zero.
///
/// The means and the number of steps are kept beside the parameters, as `NAME.adam.mean`,
/// `NAME.adam.square` and `adam.step`; [`Adam::prepare`] adds them.
///
/// ```
/// use chainrule::{Graph, Parameters, Tensor, optim::Adam};
/// let g = Graph::new();
/// let w = g.parameter("w", []);
/// let loss = (w - 3.0).square();
/// let gradients = g.backward(loss, &[w]);
/// let adam = Adam::new(0.1)?;
/// let mut plan = g.compile_step::<f64>(loss, &adam.updates(&[w], &gradients))?;
/// let mut parameters = Parameters::new();
/// parameters.insert("w", Tensor::scalar(1.0));
/// adam.prepare(&mut parameters);
/// plan.step(&mut parameters)?;
/// // The first step has the size of the learning rate.
/// assert!((parameters.get("w")?.values()[0] - 1.1).abs() < 1e-8);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    learning_rate: f64,
}

/// How much of the running mean of gradients a step keeps: the paper's default.
const KEPT_MEAN: f64 = 0.9;

/// How much of the running mean of squares a step keeps: the paper's default.
const KEPT_SQUARE: f64 = 0.999;

/// Keeps the step finite where all gradients have been zero: the paper's default.
const EPSILON: f64 = 1e-8;

impl Adam {
    /// Adam with the learning rate η and the paper's other settings: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
    ///
    /// # Errors
    /// A learning rate that is not positive and finite.
    pub fn new(learning_rate: f64) -> Result<Self> {
        check_rate(learning_rate)?;
        Ok(Self { learning_rate })
    }

    /// Adds the state of every parameter, all zero.
    pub fn prepare<T: Real>(&self, parameters: &mut Parameters<T>) {
        let zeros: Vec<(String, Tensor<T>)> = parameters
            .iter()
            .map(|(name, tensor)| (name.to_owned(), Tensor::full(tensor.shape(), T::zero())))
            .collect();
        for (name, zeros) in zeros {
            parameters.insert(format!("{name}.adam.mean"), zeros.clone());
            parameters.insert(format!("{name}.adam.square"), zeros);
        }
        parameters.insert("adam.step", Tensor::scalar(T::zero()));
    }

    /// Each parameter and each part of the state with its new value.
    #[track_caller]
    #[must_use]
    pub fn updates<'g>(
        &self,
        parameters: &[Var<'g>],
        gradients: &[Var<'g>],
    ) -> Vec<(Var<'g>, Var<'g>)> {
        let Some(first) = parameters.first() else { return Vec::new() };
        let g = first.graph();
        let step = g.parameter("adam.step", []);
        let now = step + 1.0;
        let rate = self.learning_rate / (1.0 - g.constant(KEPT_MEAN).powv(now));
        let correction = 1.0 / (1.0 - g.constant(KEPT_SQUARE).powv(now)).sqrt();
        let mut updates = vec![(step, now)];
        for (&w, &dw) in parameters.iter().zip(gradients) {
            let source = (!w.is_poison()).then(|| g.node(w.id, |node| node.source.clone()));
            let Some(Source::Parameter(name)) = source else {
                g.fail("adam", "takes parameters, whose state it keeps by name", &[w]);
                continue;
            };
            let mean = g.parameter(&format!("{name}.adam.mean"), w.shape());
            let square = g.parameter(&format!("{name}.adam.square"), w.shape());
            let new_mean = g.apply(RunningMean, &[mean, dw]);
            let new_square = g.apply(RunningSquare, &[square, dw]);
            let [rate, correction] = [rate, correction].map(|v| v.broadcast_to(w.shape()));
            let new = g.apply(AdamStep, &[w, new_mean, new_square, rate, correction]);
            updates.extend([(mean, new_mean), (square, new_square), (w, new)]);
        }
        updates
    }
}

/// Writes a pointwise operation of an optimizer: one pass over memory in place of several. A gradient
/// does not flow through an update.
macro_rules! update {
    ($($(#[$doc:meta])* $op:ident $name:literal, |$old:ident, $($other:ident),+| $value:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }
            fn infer(&self, operands: &[Type]) -> Result<Type, String> {
                pointwise(operands, 1 + [$(stringify!($other)),+].len())
            }
            fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
                let operands: Vec<&[T]> = operands.iter().map(Operand::real).collect();
                self.pointwise(&operands, output.real());
            }
            fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
                if let [old, others @ ..] = operands {
                    output.copy_from_slice(old);
                    $op::over(others, output);
                }
            }
            fn in_place<T: Real>(&self) -> Option<InPlace<T>> {
                Some($op::over)
            }
            fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
                None
            }
            fn class(&self) -> Class {
                Class::Pointwise
            }
        }

        impl $op {
            fn over<T: Real>(others: &[&[T]], output: &mut [T]) {
                let [$($other),+] = others else { return };
                // One length for all, so that the loop needs no further checks.
                $(let $other = &$other[..output.len()];)+
                vectorized(#[inline(always)] || {
                    for (i, y) in output.iter_mut().enumerate() {
                        let $old = *y;
                        $(let $other = $other[i];)+
                        *y = $value;
                    }
                });
            }
        }
    )*};
}

update! {
    /// w − η·g.
    SgdStep "sgd_step", |w, g, rate| w - g * rate;
    /// The running mean of gradients: β₁·old + (1 − β₁)·g.
    RunningMean "running_mean", |old, g| {
        old * T::from_f64(KEPT_MEAN) + g * T::from_f64(1.0 - KEPT_MEAN)
    };
    /// The running mean of their squares: β₂·old + (1 − β₂)·g².
    RunningSquare "running_square", |old, g| {
        old * T::from_f64(KEPT_SQUARE) + g * g * T::from_f64(1.0 - KEPT_SQUARE)
    };
    /// w − rate·mean/(√square·correction + ε), where the correction is 1/√(1 − β₂ᵗ).
    AdamStep "adam_step", |w, mean, square, rate, correction| {
        w - mean / (square.sqrt() * correction + T::from_f64(EPSILON)) * rate
    };
}

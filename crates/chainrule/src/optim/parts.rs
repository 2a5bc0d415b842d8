//! An update taken apart: what the gradient makes of it, what earlier gradients, what weight decay.

use super::Optimizer;
use crate::error::Result;
use crate::parameters::Parameters;

/// The update of one parameter, element by element: running + decay − scale·g for the gradient g that
/// the optimizer is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// What the gradient is multiplied by.
    pub scale: Vec<f64>,
    /// What the momentum or the running mean of earlier gradients adds.
    pub running: Vec<f64>,
    /// What weight decay adds.
    pub decay: Vec<f64>,
}

/// A parameter before a step, with its optimizer's state.
pub(crate) struct Before<'p> {
    name: &'p str,
    w: &'p [f64],
    parameters: &'p Parameters<f64>,
}

impl<'p> Before<'p> {
    /// A part of the state that is kept beside the parameter.
    pub(super) fn state(&self, name: &str) -> Result<&'p [f64]> {
        Ok(self.parameters.get(&format!("{}.{name}", self.name))?.values())
    }

    /// A number that is kept once for all parameters.
    pub(super) fn shared(&self, name: &str) -> Result<f64> {
        Ok(self.parameters.get(name)?.at(&[]).unwrap_or(0.0))
    }

    /// The parts, with those of the weight decay λ.
    pub(super) fn parts(
        &self,
        scale: Vec<f64>,
        running: Vec<f64>,
        rate: f64,
        weight_decay: f64,
    ) -> Parts {
        let decay = self.w.iter().map(|w| -rate * weight_decay * w).collect();
        Parts { scale, running, decay }
    }
}

impl Optimizer {
    /// Takes the update of the parameter `name` by the gradient `dw` apart; `before` holds the
    /// parameters and the state before the step, `rate` is the parameter's learning rate.
    ///
    /// # Errors
    /// The parameter or a part of the state is missing.
    pub fn parts(
        &self,
        name: &str,
        before: &Parameters<f64>,
        dw: &[f64],
        rate: f64,
    ) -> Result<Parts> {
        let w = before.get(name)?.values();
        self.part().parts(&Before { name, w, parameters: before }, dw, rate)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AdaGrad, AdamW, Rates, RmsProp, Sgd};
    use super::*;
    use crate::graph::Graph;
    use crate::tensor::Tensor;

    /// Three steps of each optimizer, every one of which must be the sum of its parts.
    #[test]
    fn parts_add_up_to_the_update() {
        let (epsilon, weight_decay) = (1e-8, 0.1);
        let optimizers = [
            Sgd { momentum: 0.0, nesterov: false, weight_decay }.into(),
            Sgd { momentum: 0.9, nesterov: false, weight_decay }.into(),
            Sgd { momentum: 0.9, nesterov: true, weight_decay }.into(),
            AdaGrad { epsilon, weight_decay }.into(),
            RmsProp { decay: 0.9, epsilon, momentum: 0.0, weight_decay }.into(),
            RmsProp { decay: 0.9, epsilon, momentum: 0.8, weight_decay }.into(),
            Optimizer::adam(),
            AdamW { beta1: 0.9, beta2: 0.99, epsilon, weight_decay }.into(),
        ];
        for optimizer in optimizers {
            let g = Graph::new();
            let (w, dw) = (g.parameter("w", [2]), g.input("dw", [2]));
            let rate = 0.05;
            let updates = optimizer.updates(&Rates::constant(&g, rate), &[w], &[dw]);
            let mut plan = g.compile_step::<f64>(g.constant(0.0), &updates).unwrap();
            let mut parameters = Parameters::new();
            parameters.insert("w", Tensor::new([2], vec![1.0, -2.0]).unwrap());
            optimizer.prepare(&mut parameters, &["w".into()]);
            for gradient in [[0.3, -1.0], [0.1, 0.5], [-0.7, 0.2]] {
                let before = parameters.clone();
                plan.feed("dw", &gradient).unwrap();
                plan.step(&mut parameters).unwrap();
                let parts = optimizer.parts("w", &before, &gradient, rate).unwrap();
                for (at, dw) in gradient.into_iter().enumerate() {
                    let of = |p: &Parameters<f64>| p.get("w").unwrap().values()[at];
                    let sum = parts.running[at] + parts.decay[at] - parts.scale[at] * dw;
                    let moved = of(&parameters) - of(&before);
                    assert!((sum - moved).abs() < 1e-14, "{optimizer:?}: {sum} and {moved}");
                }
            }
        }
    }
}

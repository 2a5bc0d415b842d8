//! An update taken apart: what the gradient makes of it, what earlier gradients, what weight decay.

use std::sync::Arc;

use crate::error::Result;
use crate::state::{Bindings, Group, StateKey};
use crate::tensor::Tensor;

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
#[derive(Debug)]
pub struct Before<'p> {
    /// The parameter.
    pub w: &'p [f64],
    given: Bindings<'p, f64>,
    group: Group,
    of: Arc<str>,
}

impl<'p> Before<'p> {
    /// The parameter `name` among `given`, with what the use `group` of an optimizer keeps for it.
    ///
    /// # Errors
    /// There is no such parameter.
    pub fn of(name: &str, group: Group, given: impl Into<Bindings<'p, f64>>) -> Result<Self> {
        let given = given.into();
        Ok(Self { w: given.parameters.get(name)?.values(), given, group, of: name.into() })
    }

    /// A part of the state that is kept for the parameter.
    ///
    /// # Errors
    /// There is none.
    pub fn state(&self, slot: &str) -> Result<&'p [f64]> {
        Ok(self.kept(slot, Some(self.of.clone()))?.values())
    }

    /// A number that is kept once for all parameters.
    ///
    /// # Errors
    /// There is none.
    pub fn shared(&self, slot: &str) -> Result<f64> {
        Ok(self.kept(slot, None)?.at(&[]).unwrap_or(f64::NAN))
    }

    fn kept(&self, slot: &str, of: Option<Arc<str>>) -> Result<&'p Tensor<f64>> {
        let key = StateKey { group: self.group.clone(), slot: slot.into(), of };
        self.given.kept(&key)
    }

    /// The parts, with those of the weight decay λ.
    pub fn parts(&self, scale: Vec<f64>, running: Vec<f64>, rate: f64, weight_decay: f64) -> Parts {
        let decay = self.w.iter().map(|w| -rate * weight_decay * w).collect();
        Parts { scale, running, decay }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AdaGrad, AdamW, Optimizer, Rates, RmsProp, Rule, Sgd};
    use super::*;
    use crate::{Graph, Parameters, State};

    /// Three steps of each optimizer, every one of which must be the sum of its parts.
    #[test]
    fn parts_add_up_to_the_update() {
        let (epsilon, weight_decay) = (1e-8, 0.1);
        let optimizers: [Optimizer; 8] = [
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
            let mut state = State::new();
            // The first step begins it.
            let mut before = (parameters.clone(), g.initial_state::<f64>());
            for gradient in [[0.3, -1.0], [0.1, 0.5], [-0.7, 0.2]] {
                plan.feed("dw", &gradient).unwrap();
                plan.step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
                let group = Group { rule: Rule::name(&optimizer).into(), number: 0 };
                let was = Before::of("w", group, (&before.0, &before.1)).unwrap();
                let parts = Rule::parts(&optimizer, &was, &gradient, rate).unwrap();
                for (at, dw) in gradient.into_iter().enumerate() {
                    let of = |p: &Parameters<f64>| p.get("w").unwrap().values()[at];
                    let sum = parts.running[at] + parts.decay[at] - parts.scale[at] * dw;
                    let moved = of(&parameters) - of(&before.0);
                    assert!((sum - moved).abs() < 1e-14, "{optimizer:?}: {sum} and {moved}");
                }
                before = (parameters.clone(), state.clone());
            }
        }
    }
}

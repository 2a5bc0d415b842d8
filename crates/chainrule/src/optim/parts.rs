//! An update taken apart: what the gradient makes of it, what earlier gradients, what weight decay.

use super::{Optimizer, adagrad, adam, rmsprop, sgd};
use crate::error::{Error, Result};
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

impl Optimizer {
    /// Takes the update of the parameter `name` by the gradient `dw` apart; `before` holds the
    /// parameters and the state before the step, `rate` is the parameter's learning rate.
    pub fn parts(
        &self,
        name: &str,
        before: &Parameters<f64>,
        dw: &[f64],
        rate: f64,
    ) -> Result<Parts> {
        let w = before.get(name)?.values();
        let state = |suffix: &str| Ok(before.get(&format!("{name}.{suffix}"))?.values());
        let same = |x: f64| vec![x; w.len()];
        let (scale, running, weight_decay) = match *self {
            Self::Sgd { momentum: 0.0, weight_decay, .. } => (same(rate), same(0.0), weight_decay),
            Self::Sgd { momentum, nesterov, weight_decay } => {
                let (of_new, of_old) = match nesterov {
                    true => (1.0 + momentum, momentum * momentum),
                    false => (1.0, momentum),
                };
                let velocity = state(sgd::VELOCITY)?.iter();
                (same(rate * of_new), velocity.map(|v| -rate * of_old * v).collect(), weight_decay)
            }
            Self::AdaGrad { epsilon, weight_decay } => {
                let squares = state(adagrad::SQUARE)?.iter().zip(dw);
                let scale = squares.map(|(s, g)| rate / ((s + g * g).sqrt() + epsilon));
                (scale.collect(), same(0.0), weight_decay)
            }
            Self::RmsProp { decay, epsilon, momentum, weight_decay } => {
                let root = |(s, g): (&f64, &f64)| (s * decay + g * g * (1.0 - decay)).sqrt();
                let squares = state(rmsprop::SQUARE)?.iter().zip(dw);
                let running = match momentum {
                    0.0 => same(0.0),
                    _ => state(rmsprop::VELOCITY)?.iter().map(|v| -rate * momentum * v).collect(),
                };
                (squares.map(|pair| rate / (root(pair) + epsilon)).collect(), running, weight_decay)
            }
            Self::Adam { beta1, beta2, epsilon } => {
                let (scale, running) = adam(name, before, dw, rate, [beta1, beta2, epsilon])?;
                (scale, running, 0.0)
            }
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => {
                let (scale, running) = adam(name, before, dw, rate, [beta1, beta2, epsilon])?;
                (scale, running, weight_decay)
            }
            Self::Lbfgs(_) => return Err(no_parts()),
        };
        let decay = w.iter().map(|w| -rate * weight_decay * w).collect();
        Ok(Parts { scale, running, decay })
    }
}

/// Why L-BFGS has no parts.
pub fn no_parts() -> Error {
    Error::Setting {
        name: "the optimizer".into(),
        value: "`lbfgs`".into(),
        wanted: "another one: a step of L-BFGS tries several points of a batch, and is no sum of parts",
    }
}

/// The scale of the gradient, and what the running mean adds.
fn adam(
    name: &str,
    before: &Parameters<f64>,
    dw: &[f64],
    rate: f64,
    [beta1, beta2, epsilon]: [f64; 3],
) -> Result<(Vec<f64>, Vec<f64>)> {
    let now = before.get(adam::STEP)?.at(&[]).unwrap_or(0.0) + 1.0;
    let rate = rate / (1.0 - beta1.powf(now));
    let correction = 1.0 / (1.0 - beta2.powf(now)).sqrt();
    let means = before.get(&format!("{name}.{}", adam::MEAN))?.values();
    let squares = before.get(&format!("{name}.{}", adam::SQUARE))?.values();
    let each = squares
        .iter()
        .zip(dw)
        .map(|(s, g)| rate / ((s * beta2 + g * g * (1.0 - beta2)).sqrt() * correction + epsilon));
    let each: Vec<f64> = each.collect();
    let running = each.iter().zip(means).map(|(k, mean)| -k * beta1 * mean).collect();
    Ok((each.into_iter().map(|k| k * (1.0 - beta1)).collect(), running))
}

#[cfg(test)]
mod tests {
    use super::super::Rates;
    use super::*;
    use crate::graph::Graph;
    use crate::tensor::Tensor;

    /// Three steps of each optimizer, every one of which must be the sum of its parts.
    #[test]
    fn parts_add_up_to_the_update() {
        let (epsilon, weight_decay) = (1e-8, 0.1);
        let optimizers = [
            Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay },
            Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay },
            Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay },
            Optimizer::AdaGrad { epsilon, weight_decay },
            Optimizer::RmsProp { decay: 0.9, epsilon, momentum: 0.0, weight_decay },
            Optimizer::RmsProp { decay: 0.9, epsilon, momentum: 0.8, weight_decay },
            Optimizer::adam(),
            Optimizer::AdamW { beta1: 0.9, beta2: 0.99, epsilon, weight_decay },
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

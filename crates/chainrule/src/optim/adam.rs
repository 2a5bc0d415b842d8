//! Adam and AdamW.

use super::Each;
use super::update::{AdamStep, RunningMean, RunningSquare};
use crate::graph::Var;

pub(super) const MEAN: &str = "adam.mean";
pub(super) const SQUARE: &str = "adam.square";
pub(super) const STEP: &str = "adam.step";

pub(super) fn steps<'g>(
    all: &[Each<'g>],
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
) -> Vec<(Var<'g>, Var<'g>)> {
    let Some(first) = all.first() else { return Vec::new() };
    let g = first.w.graph();
    let step = g.parameter(STEP, []);
    let now = step + 1.0;
    let bias = 1.0 - g.constant(beta1).powv(now);
    let correction = 1.0 / (1.0 - g.constant(beta2).powv(now)).sqrt();
    let mut updates = vec![(step, now)];
    for each in all {
        let (mean, square) = (each.state(MEAN), each.state(SQUARE));
        let shares = |beta: f64| [beta, 1.0 - beta].map(|share| each.w.like(share));
        let [kept, taken] = shares(beta1);
        let new_mean = g.apply(RunningMean, &[mean, each.dw, kept, taken]);
        let [kept, taken] = shares(beta2);
        let new_square = g.apply(RunningSquare, &[square, each.dw, kept, taken]);
        let operands = [
            each.w,
            new_mean,
            new_square,
            each.spread(each.rate / bias),
            each.spread(correction),
            each.w.like(epsilon),
            each.kept(weight_decay),
        ];
        let new = g.apply(AdamStep, &operands);
        updates.extend([(mean, new_mean), (square, new_square), (each.w, new)]);
    }
    updates
}

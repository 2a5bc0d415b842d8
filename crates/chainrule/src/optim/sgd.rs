//! Stochastic gradient descent.

use super::Each;
use crate::graph::Var;

pub(super) const VELOCITY: &str = "sgd.velocity";

pub(super) fn step<'g>(
    each: &Each<'g>,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
) -> Vec<(Var<'g>, Var<'g>)> {
    if momentum == 0.0 {
        return vec![each.moved(each.dw, weight_decay)];
    }
    let velocity = each.state(VELOCITY);
    let new = velocity * momentum + each.dw;
    let along = if nesterov { each.dw + new * momentum } else { new };
    vec![(velocity, new), each.moved(along, weight_decay)]
}

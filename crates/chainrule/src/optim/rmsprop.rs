//! RMSProp.

use super::Each;
use crate::graph::Var;

pub(super) const SQUARE: &str = "rmsprop.square";
pub(super) const VELOCITY: &str = "rmsprop.velocity";

pub(super) fn step<'g>(
    each: &Each<'g>,
    decay: f64,
    epsilon: f64,
    momentum: f64,
    weight_decay: f64,
) -> Vec<(Var<'g>, Var<'g>)> {
    let square = each.state(SQUARE);
    let new_square = square * decay + each.dw.square() * (1.0 - decay);
    let along = each.dw / (new_square.sqrt() + epsilon);
    if momentum == 0.0 {
        return vec![(square, new_square), each.moved(along, weight_decay)];
    }
    let velocity = each.state(VELOCITY);
    let new = velocity * momentum + along;
    vec![(square, new_square), (velocity, new), each.moved(new, weight_decay)]
}

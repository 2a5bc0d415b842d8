//! AdaGrad.

use super::Each;
use crate::graph::Var;

pub(super) const SQUARE: &str = "adagrad.square";

pub(super) fn step<'g>(
    each: &Each<'g>,
    epsilon: f64,
    weight_decay: f64,
) -> [(Var<'g>, Var<'g>); 2] {
    let square = each.state(SQUARE);
    let new = square + each.dw.square();
    let along = each.dw / (new.sqrt() + epsilon);
    [(square, new), each.moved(along, weight_decay)]
}

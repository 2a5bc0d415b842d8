//! What several uses of a value pass back to it together, told beside it.

use std::collections::HashMap;

use super::{Shape, Wire, short};
use crate::model::Explanation;

/// The gradient of a value that several wires leave.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    pub(super) gradient: String,
    /// The step at which the last of its parts arrives.
    pub(super) step: usize,
}

impl Total {
    /// As it is written beside a shape.
    pub(super) fn text(&self) -> String {
        format!("Σ {}", self.gradient)
    }
}

/// Gives the shapes their totals; `copies` are shapes drawn once more, each with what it repeats.
pub(super) fn tell(
    e: &Explanation,
    shapes: &mut [Shape],
    wires: &[Wire],
    copies: &[(usize, usize)],
) {
    let copies: HashMap<usize, usize> = copies.iter().copied().collect();
    // The node of all wires that leave a shape, how many they are, and the last of their steps.
    let mut leaving: HashMap<usize, (Option<u32>, usize, usize)> = HashMap::new();
    for wire in wires.iter().filter(|wire| wire.gradient.is_some() && !wire.uses.is_empty()) {
        let from = copies.get(&wire.from).copied().unwrap_or(wire.from);
        let step = shapes[wire.to].backward.unwrap_or_default();
        let all = leaving.entry(from).or_insert((Some(wire.node), 0, 0));
        all.0 = all.0.filter(|node| *node == wire.node && wire.several.is_empty());
        *all = (all.0, all.1 + 1, all.2.max(step));
    }
    for (shape, (node, count, step)) in leaving {
        let face = node.filter(|_| count > 1).and_then(|id| e.node(id)).map(|node| e.face(node));
        let gradient = face.and_then(|node| node.gradient.as_ref()).map(short);
        shapes[shape].total = gradient.map(|gradient| Total { gradient, step });
    }
}

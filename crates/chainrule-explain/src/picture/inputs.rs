//! Many inputs of one box, such as the weights of a long sum, as one with the range of their values.

use super::repeats::range;
use super::{Role, Shape, Wire};
use crate::model::Explanation;

/// Up to so many inputs in the same place are drawn one by one.
const MOST: usize = 12;

/// Lets one input stand for many that a box takes alike and nothing else takes, and says which shapes
/// are left.
pub(super) fn fold(e: &Explanation, shapes: &mut [Shape], wires: &mut [Wire]) -> Vec<bool> {
    let mut keep = vec![true; shapes.len()];
    let mut leaving = vec![0; shapes.len()];
    wires.iter().for_each(|wire| leaving[wire.from] += 1);
    let mut columns: Vec<[Vec<usize>; 2]> = vec![Default::default(); shapes.len()];
    for (at, wire) in wires.iter().enumerate() {
        let is_own = shapes[wire.from].role == Role::Input && leaving[wire.from] == 1;
        if let ([(_, place @ 0..=1)], Role::Fold, true) =
            (wire.uses.as_slice(), shapes[wire.to].role, is_own && wire.several.is_empty())
        {
            columns[wire.to][*place].push(at);
        }
    }
    for column in columns.iter().flatten().filter(|column| column.len() > MOST) {
        let (Some(&first), Some(&last)) = (column.first(), column.last()) else { continue };
        column.iter().skip(1).for_each(|&wire| keep[wires[wire].from] = false);
        let ends = [first, last].map(|wire| shapes[wires[wire].from].symbol.as_str());
        let symbol = format!("{} … {}", ends[0], ends[1]);
        let one = &mut shapes[wires[first].from];
        (one.tip, one.value) = (symbol.clone(), None);
        one.symbol = symbol;
        let nodes = column.iter().map(|&wire| wires[wire].node).collect();
        several(e, &mut wires[first], nodes);
    }
    keep
}

/// Has a wire stand for those of all these nodes.
pub(super) fn several(e: &Explanation, wire: &mut Wire, nodes: Vec<u32>) {
    let of = || nodes.iter().filter_map(|&id| e.node(id));
    wire.value = range(of().map(|node| &node.value));
    wire.gradient =
        wire.gradient.is_some().then(|| range(of().filter_map(|n| n.gradient.as_ref())));
    wire.several = nodes;
}

//! Smaller graphs with the same bits: constants folded, equal nodes joined, operations without effect
//! left out.
//!
//! 1. A rewrite stands here only if it changes no bit of any result: x + 0 stays, since −0 + 0 is 0.
//! 2. Nodes are visited in order, each after its operands. So what stands for a node is no later than the
//!    node, has been visited, and stands for itself.
//! 3. It has the node's type, which the shape rules of the readers have seen.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::graph::{Contract, Identity, Node, Source, op};
use crate::ops::{self, AnyOp, Class, View};
use crate::tensor::{Real, Shape, Tensor};

/// Rewrites the needed nodes in place; the answer gives for each node the one that stands for it.
pub(super) fn simplify<T: Real>(nodes: &mut [Node], needed: &[bool]) -> Vec<u32> {
    let mut alias: Vec<u32> = (0..nodes.len() as u32).collect();
    let mut seen = Seen::default();
    for id in 0..nodes.len() {
        if !needed[id] {
            continue;
        }
        for operand in &mut nodes[id].operands {
            *operand = alias[*operand as usize];
        }
        if let Some(other) = without_effect(nodes, id) {
            alias[id] = other;
            continue;
        }
        if let Some(value) = folded::<T>(nodes, id) {
            nodes[id].source = Source::Constant(Arc::new(Tensor::scalar(value)));
            nodes[id].operands = Box::default();
        }
        if let Some(other) = seen.earlier(nodes, id) {
            alias[id] = other;
        }
    }
    alias
}

/// The operand that an operation only repeats: x·1, x/1, a reshape to the same shape.
fn without_effect(nodes: &[Node], id: usize) -> Option<u32> {
    let node = &nodes[id];
    let op = node.op()?;
    let is_one = |operand: u32| nodes[operand as usize].constant_number() == Some(1.0);
    match *node.operands {
        [x] if nodes[x as usize].ty == node.ty && repeats(&**op, &node.ty.shape) => Some(x),
        [a, b] if op.is::<ops::Mul>() => match (is_one(a), is_one(b)) {
            (_, true) => Some(a),
            (true, _) => Some(b),
            _ => None,
        },
        [a, b] if op.is::<ops::Div>() && is_one(b) => Some(a),
        _ => None,
    }
}

/// Whether an operation views an operand of this shape just as it lies.
fn repeats(op: &dyn AnyOp, shape: &Shape) -> bool {
    let plain = View::contiguous(*shape);
    op.class() == Class::View && op.view(&plain, shape) == Some(plain)
}

/// The number that a node repeats in all its elements, if its operands are constants. One whose operation
/// breaks its contract is left for [`Units::add`](super::units::Units::add) to refuse.
fn folded<T: Real>(nodes: &[Node], id: usize) -> Option<f64> {
    let node = &nodes[id];
    let op = node.op()?;
    let value = |at: usize| nodes[*node.operands.get(at)? as usize].constant_number();
    let first = value(0)?;
    let op = match node.contract(op, nodes).ok()? {
        Contract::View => {
            let operand = View::contiguous(nodes[node.operands[0] as usize].ty.shape);
            return node.view(&**op, nodes, &operand).ok()?.map(|_| first);
        }
        Contract::Pointwise(op) => op,
        Contract::Kernel(_) => return None,
    };
    let value = |at| value(at).map(T::from_f64);
    let operands: Vec<T> = (0..node.operands.len()).map(value).collect::<Option<_>>()?;
    Some(Real::to_f64(op::element(&*op, &operands)))
}

/// Operands that an entry can hold; nodes with more are not joined.
const MAX_JOINED: usize = 3;

/// Keys are small numbers that the program chose: std's hash, safe against chosen keys, takes a tenth of
/// compiling a graph of scalars.
type Mixing = BuildHasherDefault<Mix>;

/// A hash that multiplies and turns.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // Odd, and near 2⁶⁴ divided by the golden ratio: Fibonacci hashing, Knuth 6.4.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // The low bits choose the place in the table, and a product mixes into the high ones.
        self.0 ^ (self.0 >> 32)
    }
}

/// The nodes so far, by what they compute.
#[derive(Default)]
struct Seen {
    constants: HashMap<(u64, Shape), u32, Mixing>,
    operations: HashMap<(TypeId, Identity, [u32; MAX_JOINED]), u32, Mixing>,
}

impl Seen {
    /// An earlier node that computes the same, else `None`, and the node is remembered.
    fn earlier(&mut self, nodes: &[Node], id: usize) -> Option<u32> {
        let node = &nodes[id];
        let this = id as u32;
        let first = match &node.source {
            Source::Constant(_) => {
                let bits = node.constant_number()?.to_bits();
                *self.constants.entry((bits, node.ty.shape)).or_insert(this)
            }
            Source::Op(op) if node.operands.len() <= MAX_JOINED => {
                let mut operands = [u32::MAX; MAX_JOINED];
                operands[..node.operands.len()].copy_from_slice(&node.operands);
                let key = (op.as_any().type_id(), op.identity()?, operands);
                *self.operations.entry(key).or_insert(this)
            }
            _ => return None,
        };
        // Another type would be none that the readers' shape rules have seen.
        (first != this && nodes[first as usize].ty == node.ty).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Var};
    use crate::lowering::samples::Sample;

    /// The node that stands for each, and the nodes.
    fn simplified<T: Real>(g: &Graph) -> (Vec<u32>, Vec<Node>) {
        let mut nodes = g.nodes();
        let needed = vec![true; nodes.len()];
        (simplify::<T>(&mut nodes, &needed), nodes)
    }

    /// Whether `other` stands for `v`.
    fn stands_for(other: Var<'_>, v: Var<'_>) -> bool {
        simplified::<f64>(v.graph()).0[v.id() as usize] == other.id()
    }

    #[test]
    fn what_stands_for_a_node_comes_before_it_and_stands_for_itself() {
        for seed in 0..50 {
            let sample = Sample::new(seed, 6);
            let (alias, nodes) = simplified::<f64>(&sample.graph);
            for (id, &other) in alias.iter().enumerate() {
                let other = other as usize;
                assert!(other <= id && alias[other] as usize == other, "seed {seed}, node {id}");
                assert_eq!(nodes[other].ty, nodes[id].ty, "seed {seed}, node {id}");
                let mut operands = nodes[other].operands.iter();
                assert!(operands.all(|&x| alias[x as usize] == x), "seed {seed}, node {id}");
            }
        }
    }

    #[test]
    fn only_what_keeps_every_bit_is_left_out() {
        let g = Graph::new();
        let x = g.input("x", [2, 3]);
        let whole = x.slice(0, 0, 2);
        for same in [x * 1.0, 1.0 * x, x / 1.0, whole, x * 1.0 / 1.0] {
            assert!(stands_for(x, same), "{same:?}");
        }
        for other in [x + 0.0, 0.0 + x, 1.0 / x, x * -1.0, x * 0.0, x.t(), x.slice(0, 0, 1)] {
            assert!(stands_for(other, other), "{other:?}");
        }
        // Of the operand's type, but not as it lies.
        let transposed = g.input("square", [3, 3]).t();
        assert!(stands_for(transposed, transposed));
    }

    #[test]
    fn equal_nodes_are_joined_down_to_their_settings() {
        let g = Graph::new();
        let (x, y) = (g.input("x", [2, 3]), g.input("y", [2, 3]));
        let sum = x.exp() + y.exp();
        assert!(stands_for(sum, x.exp() + y.exp()));
        for other in [y.exp() + x.exp(), x.exp() + x.exp(), x.exp() - y.exp()] {
            assert!(stands_for(other, other), "{other:?}");
        }
        let rows = x.sum(&[1]);
        assert!(stands_for(rows, x.sum(&[1])));
        let columns = x.sum(&[0]);
        assert!(stands_for(columns, columns));
    }

    #[test]
    fn constants_are_folded_in_the_precision_of_the_plan() {
        let g = Graph::new();
        let x = g.input("x", [2]);
        let sum = (g.constant(0.1) + g.constant(0.2)).broadcast_to([2]);
        let number = |nodes: &[Node]| nodes[sum.id() as usize].constant_number();
        assert_eq!(number(&simplified::<f64>(&g).1), Some(0.1 + 0.2));
        assert_eq!(number(&simplified::<f32>(&g).1), Some(f64::from(0.1_f32 + 0.2_f32)));
        let product = x * 0.0;
        assert_eq!(simplified::<f64>(&g).1[product.id() as usize].constant_number(), None);
    }
}

//! Smaller graphs with the same bits: constants folded, equal nodes joined, operations without effect
//! left out.
//!
//! A rewrite stands here only if it changes no bit of any result: x + 0 stays, since −0 + 0 is 0.

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

//! Smaller graphs with the same bits: constants folded, equal nodes joined, operations without effect
//! left out.
//!
//! 1. A rewrite stands here only if it changes no bit of any result: x + 0 stays, since −0 + 0 is 0.
//! 2. Nodes are visited in order, each after its operands. So what stands for a node is no later than the
//!    node, has been visited, and stands for itself.
//! 3. It has the node's type, which the shape rules of the readers have seen.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use crate::graph::{Contract, Node, op};
use crate::mixing::{Mix, Mixing};
use crate::ops::{self, AnyOp, Class, View};
use crate::tensor::{Real, Shape};

/// A graph's nodes, and what rewrites have made of them.
pub(super) struct Rewritten<'a> {
    pub nodes: &'a [Node],
    /// For each node the one that stands for it.
    alias: Vec<u32>,
    /// The numbers that nodes repeat in all their elements though operations compute them.
    folded: HashMap<u32, f64, Mixing>,
}

impl<'a> Rewritten<'a> {
    /// The nodes as they are.
    pub fn new(nodes: &'a [Node]) -> Self {
        let alias = (0..nodes.len() as u32).collect();
        Self { nodes, alias, folded: HashMap::default() }
    }

    /// Rewrites the needed nodes.
    pub fn simplify<T: Real>(&mut self, needed: &[bool]) {
        let mut seen = HashMap::with_capacity_and_hasher(self.nodes.len(), Mixing::default());
        for id in (0..self.nodes.len() as u32).filter(|&id| needed[id as usize]) {
            if let Some(other) = self.without_effect(id) {
                self.alias[id as usize] = other;
                continue;
            }
            if let Some(number) = self.computed_number::<T>(id) {
                self.folded.insert(id, number);
            }
            let Some(hash) = self.hash(id) else { continue };
            let first = *seen.entry(hash).or_insert(id);
            if first != id && self.are_equal(first, id) {
                self.alias[id as usize] = first;
            }
        }
    }

    /// The node that stands for one.
    pub fn now(&self, id: u32) -> u32 {
        self.alias[id as usize]
    }

    /// The nodes that an operation reads.
    pub fn operands(&self, id: u32) -> impl ExactSizeIterator<Item = u32> + '_ {
        let operands: &[u32] = match self.folded_number(id) {
            Some(_) => &[],
            None => &self.nodes[id as usize].operands,
        };
        operands.iter().map(|&operand| self.now(operand))
    }

    /// The number to which the operation of a node was folded.
    pub fn folded_number(&self, id: u32) -> Option<f64> {
        // Most graphs have next to none.
        if self.folded.is_empty() { None } else { self.folded.get(&id).copied() }
    }

    /// For each node, whether one of `wanted` depends on it.
    pub fn needed(&self, wanted: &[u32]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        wanted.iter().for_each(|&id| needed[id as usize] = true);
        for id in (0..self.nodes.len()).rev() {
            if needed[id] {
                self.operands(id as u32).for_each(|operand| needed[operand as usize] = true);
            }
        }
        needed
    }

    /// The number that a node repeats in all its elements, if it is a constant.
    fn number(&self, id: u32) -> Option<f64> {
        self.nodes[id as usize].constant_number().or_else(|| self.folded_number(id))
    }

    /// The operand that an operation only repeats: x·1, x/1, a reshape to the same shape.
    fn without_effect(&self, id: u32) -> Option<u32> {
        let node = &self.nodes[id as usize];
        let op = node.op()?;
        let is_one = |operand: u32| self.number(operand) == Some(1.0);
        match *node.operands {
            [x] => {
                let x = self.now(x);
                let same = self.nodes[x as usize].ty == node.ty;
                (same && repeats(&**op, &node.ty.shape)).then_some(x)
            }
            [a, b] if op.is::<ops::Mul>() => match [a, b].map(|operand| self.now(operand)) {
                [a, b] if is_one(b) => Some(a),
                [a, b] if is_one(a) => Some(b),
                _ => None,
            },
            [a, b] if op.is::<ops::Div>() && is_one(self.now(b)) => Some(self.now(a)),
            _ => None,
        }
    }

    /// The number that a node repeats in all its elements, if its operands are constants. One whose
    /// operation breaks its contract is left for [`Units::add`](super::units::Units::add) to refuse.
    fn computed_number<T: Real>(&self, id: u32) -> Option<f64> {
        let node = &self.nodes[id as usize];
        let op = node.op()?;
        let first = self.number(self.operands(id).next()?)?;
        let op = match node.contract(op, self.nodes).ok()? {
            Contract::View => {
                let operand = View::contiguous(self.nodes[node.operands[0] as usize].ty.shape);
                return node.view(&**op, self.nodes, &operand).ok()?.map(|_| first);
            }
            Contract::Pointwise(op) => op,
            Contract::Kernel(_) => return None,
        };
        let number = |operand| self.number(operand).map(T::from_f64);
        let operands: Vec<T> = self.operands(id).map(number).collect::<Option<_>>()?;
        Some(Real::to_f64(op::element(&*op, &operands)))
    }

    /// A hash of what a node computes; `None` for what is joined with no other. If two that differ ever
    /// have the same, the later one is not joined with its equals: more is computed than needs be.
    fn hash(&self, id: u32) -> Option<u64> {
        let node = &self.nodes[id as usize];
        let mut hash = Mix::default();
        if let Some(number) = self.number(id) {
            (number.to_bits(), node.ty.shape).hash(&mut hash);
        } else {
            let op = node.op()?;
            (op.as_any().type_id(), op.identity()?).hash(&mut hash);
            self.operands(id).for_each(|operand| hash.write_u32(operand));
        }
        Some(hash.finish())
    }

    /// Whether two nodes compute the same, of one type: another would be none that the readers' shape
    /// rules have seen.
    fn are_equal(&self, a: u32, b: u32) -> bool {
        let [first, second] = [a, b].map(|id| &self.nodes[id as usize]);
        let same = match [a, b].map(|id| self.number(id).map(f64::to_bits)) {
            [None, None] => match (first.op(), second.op()) {
                (Some(p), Some(q)) => {
                    p.as_any().type_id() == q.as_any().type_id()
                        && p.identity().is_some_and(|identity| q.identity() == Some(identity))
                        && self.operands(a).eq(self.operands(b))
                }
                _ => false,
            },
            [p, q] => p == q,
        };
        same && first.ty == second.ty
    }
}

/// Whether an operation views an operand of this shape just as it lies.
fn repeats(op: &dyn AnyOp, shape: &Shape) -> bool {
    let plain = View::contiguous(*shape);
    op.class() == Class::View && op.view(&plain, shape) == Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Var};
    use crate::lowering::samples::Sample;

    /// What `look` sees of all nodes, simplified.
    fn simplified<T: Real, R>(g: &Graph, look: impl FnOnce(&Rewritten<'_>) -> R) -> R {
        let nodes = g.nodes();
        let mut rewritten = Rewritten::new(&nodes);
        rewritten.simplify::<T>(&vec![true; nodes.len()]);
        look(&rewritten)
    }

    /// Whether `other` stands for `v`.
    fn stands_for(other: Var<'_>, v: Var<'_>) -> bool {
        simplified::<f64, _>(v.graph(), |graph| graph.now(v.id())) == other.id()
    }

    #[test]
    fn what_stands_for_a_node_comes_before_it_and_stands_for_itself() {
        for seed in 0..50 {
            let sample = Sample::new(seed, 6);
            simplified::<f64, _>(&sample.graph, |graph| {
                let ty = |id: u32| graph.nodes[id as usize].ty;
                for id in 0..graph.nodes.len() as u32 {
                    let other = graph.now(id);
                    assert!(other <= id && graph.now(other) == other, "seed {seed}, node {id}");
                    assert_eq!(ty(other), ty(id), "seed {seed}, node {id}");
                    let mut operands = graph.operands(other);
                    assert!(operands.all(|x| graph.now(x) == x), "seed {seed}, node {id}");
                }
            });
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
        let number = |graph: &Rewritten<'_>| graph.number(sum.id());
        assert_eq!(simplified::<f64, _>(&g, number), Some(0.1 + 0.2));
        assert_eq!(simplified::<f32, _>(&g, number), Some(f64::from(0.1_f32 + 0.2_f32)));
        let product = x * 0.0;
        assert_eq!(simplified::<f64, _>(&g, |graph| graph.number(product.id())), None);
    }
}

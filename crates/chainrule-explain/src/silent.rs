//! Changes of shape that nobody wrote: broadcasts, and the reshapes by which a vector takes part in a
//! product of matrices or in a loss of a batch. Texts and pictures leave them out.

use super::model::{Explanation, Node, Passed};
use super::value::Value;
use chainrule::ops::{MatMul, Notation, Reshape};

impl Node {
    /// Whether the node only changes a shape, which the expression does not say.
    pub(super) fn is_silent(&self) -> bool {
        self.source.op().is_some_and(|op| op.notation() == Notation::Silent)
    }
}

impl Explanation {
    /// The node that a value comes from once silent ones are left out.
    pub(super) fn behind(&self, id: u32) -> u32 {
        let mut id = id;
        while let Some(node) = self.node(id).filter(|node| node.is_silent()) {
            let Some(&operand) = node.operands.first() else { break };
            id = operand;
        }
        id
    }

    /// The gate that uses a value once silent ones are left out.
    pub(super) fn user(&self, id: u32) -> Option<&Node> {
        let mut gate = self.node(id)?;
        while let (true, [entry]) = (gate.is_silent(), gate.ledger.as_slice()) {
            gate = self.node(entry.gate)?;
        }
        Some(gate)
    }

    /// The node whose value and name stand for a gate: a product of a vector is one of matrices, made
    /// into a vector again.
    pub(super) fn face<'a>(&'a self, gate: &'a Node) -> &'a Node {
        // It is recorded next.
        let next = || self.nodes.get(self.nodes.partition_point(|node| node.id <= gate.id));
        let turned = |node: &&Node| node.source.is::<Reshape>() && *node.operands == [gate.id];
        let above = gate.source.is::<MatMul>().then(next).flatten();
        above.filter(turned).unwrap_or(gate)
    }

    /// What arrives behind the silent nodes between a gate and its operand, unless one of them has
    /// other uses: the node, and the gradient that it receives.
    pub(super) fn received<'a>(&'a self, node: &Node, passed: &'a Passed) -> (u32, &'a Value) {
        let (to, _, last) = self.last_passed(node, passed);
        (to, &last.product)
    }

    /// The same with who passes it: the gate itself, or the last of the silent nodes.
    pub(super) fn last_passed<'a>(
        &'a self,
        node: &Node,
        passed: &'a Passed,
    ) -> (u32, u32, &'a Passed) {
        let mut to = node.operands.get(passed.operand).copied().unwrap_or(node.id);
        let (mut by, mut last) = (node.id, passed);
        while let Some(below) = self.node(to).filter(|n| n.is_silent() && n.ledger.len() == 1) {
            let (Some(onwards), Some(operand)) =
                (below.backward.first(), below.operands.first().and_then(|&id| self.node(id)))
            else {
                break;
            };
            if self.face(operand).id == to {
                break;
            }
            (to, by, last) = (operand.id, below.id, onwards);
        }
        (to, by, last)
    }
}

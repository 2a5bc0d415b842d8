//! Where a gradient of 0 could meet a derivative that is no number.
//!
//! A router, as `select` is, sends gradients of exactly 0 to what its value does not depend on. Such a 0
//! must not meet an infinite derivative on its way down, nor an infinite gradient the 0 of a mask: there
//! the backward rules' products are [`Guarded`](crate::ops::Guarded).

use crate::graph::{Graph, Node, Passage, Var};
use crate::ops::{Factors, Mul};

/// What the sweep knows of a node. A number is wild that may be infinite or NaN.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Whether its value or a derivative of its gate may be wild.
    is_wild: bool,
    /// Whether its gradient may be a router's 0.
    is_routed: bool,
    /// Whether its gradient may be wild.
    gets_wild: bool,
}

/// For the nodes of a sweep what their gradients may meet.
pub(crate) struct Guards<'a> {
    seen: Vec<Seen>,
    /// For each node whether a gradient arrives.
    live: &'a [bool],
}

impl<'a> Guards<'a> {
    /// For the nodes `below` a loss, of which those get gradients that are `live`. `None` where there are
    /// no routers or no poles, as in most graphs.
    pub fn new(g: &Graph, below: &[u32], live: &'a [bool]) -> Option<Self> {
        let mut guards = Self { seen: Vec::new(), live };
        let routes = |&id: &u32| live[id as usize] && g.node(id, |node| guards.routes(g, node));
        if !below.iter().any(routes) {
            return None;
        }
        guards.seen.resize(live.len(), Seen::default());
        let mut operands = Vec::new();
        let mut any = false;
        for &id in below {
            let is_wild = g.node(id, |node| {
                let Some(op) = node.op() else { return false };
                operands.clear();
                operands.extend(node.operands.iter().map(|&operand| g.var(operand)));
                // A product of matrices is not guarded, as its sums would carry NaN everywhere.
                let is_cut = op.is_flat() || Factors::of(&**op).is_some();
                let of_operands = operands.iter().any(|v| guards.seen[v.id as usize].is_wild);
                op.has_poles(&operands) || of_operands && !is_cut
            });
            guards.seen[id as usize].is_wild = is_wild;
            any |= is_wild;
        }
        any.then_some(guards)
    }

    /// Whether no gradient goes on from an operand that may be 0.
    fn is_mask(&self, g: &Graph, id: u32) -> bool {
        !self.live[id as usize] && g.var(id).as_constant().is_none_or(|number| number == 0.0)
    }

    /// Whether the gate sends gradients of 0 to what its value does not depend on.
    fn routes(&self, g: &Graph, node: &Node) -> bool {
        let by_mask = || node.operands.iter().any(|&operand| self.is_mask(g, operand));
        node.op().is_some_and(|op| op.is_router() || op.is::<Mul>() && by_mask())
    }

    /// What the gradient of a gate meets there.
    pub fn passage(&self, g: &Graph, id: u32, operands: &[Var<'_>]) -> Passage {
        let Seen { is_wild, is_routed, gets_wild } = self.seen[id as usize];
        let is_mask = |v: &Var<'_>| !self.seen[v.id as usize].is_wild && self.is_mask(g, v.id);
        let bit = |(at, v)| u8::from(is_mask(v)) << at;
        let masks = operands.iter().take(2).enumerate().map(bit).sum();
        Passage { is_guarded: is_wild && is_routed, gets_wild, masks }
    }

    /// A gradient goes down from a gate to an operand.
    pub fn pass(&mut self, g: &Graph, gate: u32, operand: u32) {
        let from = self.seen[gate as usize];
        let (routes, is_product) = g.node(gate, |node| {
            (self.routes(g, node), node.op().is_some_and(|op| Factors::of(&**op).is_some()))
        });
        let to = &mut self.seen[operand as usize];
        to.is_routed |= from.is_routed || routes;
        to.gets_wild |= (from.is_wild || from.gets_wild) && !is_product;
    }
}

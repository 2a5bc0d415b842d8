//! The reverse sweep: from a graph to the nodes that compute its gradients.
//!
//! Reverse accumulation as in Griewank and Walther, *Evaluating Derivatives*, chapter 3.2: nodes are
//! visited from the loss down, each passes its gradient to its operands by its operation's backward
//! rule, and a value used several times gets the sum of what arrives.

use crate::graph::{Graph, Kind, Var};
use crate::ops::Gate;

/// What one operand of a gate received.
#[derive(Clone, Copy, Debug)]
pub struct Contribution<'g> {
    /// The gate that passed it down.
    pub gate: u32,
    /// Which of the gate's operands.
    pub operand: usize,
    /// The gradient passed down.
    pub gradient: Var<'g>,
}

/// The result of a reverse sweep.
#[derive(Debug)]
pub struct Sweep<'g> {
    /// For each node, its gradient, where one arrived.
    pub gradients: Vec<Option<Var<'g>>>,
    /// Every gradient passed from a gate to an operand, in the sweep's order.
    pub contributions: Vec<Contribution<'g>>,
}

impl Graph {
    /// The gradients of the scalar `loss` with respect to `wrt`, as nodes of this graph: they can be
    /// run, differentiated again and explained like any other. A value that the loss does not depend
    /// on gets zeros.
    ///
    /// ```
    /// use chainrule::Graph;
    /// let g = Graph::new();
    /// let x = g.input("x", []);
    /// let y = x.pow(3.0);
    /// let dy = g.backward(y, &[x])[0];
    /// let d2y = g.backward(dy, &[x])[0];
    /// let mut plan = g.compile::<f64>(&[dy, d2y])?;
    /// plan.feed("x", &[2.0])?;
    /// plan.run()?;
    /// assert_eq!((plan.value(dy)?[0], plan.value(d2y)?[0]), (12.0, 12.0));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn backward<'g>(&'g self, loss: Var<'g>, wrt: &[Var<'g>]) -> Vec<Var<'g>> {
        if wrt.iter().chain([&loss]).any(|v| !v.belongs_to(self)) {
            let message = "the loss and the values to differentiate by must belong to this graph";
            return vec![self.fail("backward", message, &[loss]); wrt.len()];
        }
        if loss.is_poison() || wrt.iter().any(Var::is_poison) {
            return vec![Var::poison(self); wrt.len()];
        }
        if loss.shape().rank() != 0 || !loss.is_real() {
            let message = "the loss must be a scalar; reduce it with sum or mean";
            return vec![self.fail("backward", message, &[loss]); wrt.len()];
        }
        let sweep = self.sweep(loss, wrt);
        let zeros = |v: &Var<'g>| self.constant(0.0).broadcast_to(v.shape());
        let found = |v: &Var<'g>| sweep.gradients.get(v.id as usize).copied().flatten();
        wrt.iter().map(|v| found(v).unwrap_or_else(|| zeros(v))).collect()
    }

    /// The sweep behind [`Graph::backward`], with everything that was passed down.
    #[track_caller]
    pub fn sweep<'g>(&'g self, loss: Var<'g>, wrt: &[Var<'g>]) -> Sweep<'g> {
        let _block = self.block("backward");
        let needed = self.depends_on(loss, wrt);
        let mut gradients: Vec<Option<Var<'g>>> = vec![None; loss.id as usize + 1];
        gradients[loss.id as usize] = Some(self.constant(1.0));
        let mut contributions = Vec::new();
        for id in (0..=loss.id).rev() {
            let Some(upstream) = gradients[id as usize].filter(|_| needed[id as usize]) else {
                continue;
            };
            let (op, ids) = self.node(id, |node| (node.op().cloned(), node.operands.clone()));
            let Some(op) = op else { continue };
            let operands: Vec<Var<'g>> = ids.iter().map(|&id| self.var(id)).collect();
            let gate = Gate { operands: &operands, output: self.var(id), upstream };
            self.as_gate(id, || {
                for (operand, &to) in ids.iter().enumerate().filter(|(_, to)| needed[**to as usize])
                {
                    let Some(gradient) = op.backward(&gate, operand) else { continue };
                    contributions.push(Contribution { gate: id, operand, gradient });
                    let sum = &mut gradients[to as usize];
                    *sum = Some(sum.map_or(gradient, |earlier| earlier + gradient));
                }
            });
        }
        Sweep { gradients, contributions }
    }

    /// For each node up to `loss`, whether it depends on one of `wrt`.
    fn depends_on(&self, loss: Var<'_>, wrt: &[Var<'_>]) -> Vec<bool> {
        let mut depends = vec![false; loss.id as usize + 1];
        let mut wanted = depends.clone();
        for v in wrt.iter().filter(|v| v.id <= loss.id) {
            wanted[v.id as usize] = true;
        }
        for id in 0..=loss.id {
            depends[id as usize] = wanted[id as usize]
                || self.node(id, |node| {
                    node.ty.kind == Kind::Real
                        && node.operands.iter().any(|&operand| depends[operand as usize])
                });
        }
        depends
    }
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    fn a_value_used_twice_gets_a_visible_sum() {
        let g = Graph::new();
        let x = g.input("x", []);
        let dx = g.backward(x * x, &[x])[0];
        assert_eq!(g.node(dx.id, crate::graph::Node::op_name), "add");
    }

    #[test]
    fn nodes_tell_the_gate_whose_rule_recorded_them() {
        let g = Graph::new();
        let x = g.input("x", []);
        let y = x.sin();
        let dx = g.backward(y.exp(), &[x])[0];
        let gate = |v: crate::Var<'_>| g.node(v.id, |node| node.gate);
        assert_eq!((gate(x), gate(y), gate(dx)), (None, None, Some(y.id)));
        // Of a second derivative, the gates are those of the first one's nodes.
        let second = gate(g.backward(dx, &[x])[0]).unwrap();
        assert!(second < dx.id + 1 && gate(dx * 2.0).is_none());
    }

    #[test]
    fn a_loss_with_axes_is_an_error() {
        let g = Graph::new();
        let x = g.input("x", [3]);
        g.backward(x, &[x]);
        assert!(g.ok().unwrap_err().to_string().contains("must be a scalar"));
    }

    #[test]
    fn what_the_loss_does_not_depend_on_gets_zeros() {
        let g = Graph::new();
        let (x, y) = (g.input("x", []), g.input("y", [2]));
        assert_eq!(g.backward(x * 2.0, &[y])[0].eval().unwrap().values(), [0.0, 0.0]);
    }
}

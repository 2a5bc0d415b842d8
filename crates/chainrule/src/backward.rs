//! The reverse sweep: from a graph to the nodes that compute its gradients.
//!
//! Reverse accumulation as in Griewank and Walther, *Evaluating Derivatives*, chapter 3.2: nodes are
//! visited from the loss down, each passes its gradient to its operands by its operation's backward
//! rule, and a value used several times gets the sum of what arrives.

use std::collections::HashMap;
use std::sync::Arc;

use crate::graph::{Graph, Kind, Source, Type, Var};
use crate::guards::Guards;
use crate::mixing::Mixing;
use crate::ops::{Abs, AnyOp, Broadcast, Concat, Gate, MatMul, Pow, Slice, Square};

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

/// Matrices of fewer elements get the sum of what arrives, which is read more easily.
const SMALL: usize = 1024;

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
        let sweep = self.swept(loss, wrt, true);
        let zeros = |v: &Var<'g>| self.constant(0.0).broadcast_to(v.shape());
        let found = |v: &Var<'g>| sweep.gradients.get(v.id as usize).copied().flatten();
        let shared = self.received(&sweep, wrt);
        let joined = |v: &Var<'g>| self.joined(&sweep, *v, shared.get(&v.id)?);
        let gradient = |v: &Var<'g>| joined(v).or_else(|| found(v));
        wrt.iter().map(|v| gradient(v).unwrap_or_else(|| zeros(v))).collect()
    }

    /// What each matrix of `wrt` that is not small received, found in one walk over all contributions.
    fn received<'s, 'g>(
        &'g self,
        sweep: &'s Sweep<'g>,
        wrt: &[Var<'g>],
    ) -> HashMap<u32, Vec<&'s Contribution<'g>>> {
        let matrix = |v: &Var<'g>| v.shape().rank() == 2 && v.shape().len() >= SMALL;
        let matrices = wrt.iter().filter(|v| matrix(v));
        let mut received: HashMap<_, _> = matrices.map(|v| (v.id, Vec::new())).collect();
        if received.is_empty() {
            return received;
        }
        for contribution in &sweep.contributions {
            let to = self.node(contribution.gate, |node| node.operands[contribution.operand]);
            received.entry(to).and_modify(|all| all.push(contribution));
        }
        received
    }

    /// The gradient of a matrix that several products share, as a recurrent network's weight is, in one
    /// product: Σ xᵢᵀ·gᵢ is Xᵀ·G for the rows of all xᵢ and gᵢ, one below the other. That saves the
    /// sums of matrices and copies rows, so that it is done where there are fewer of those.
    fn joined<'g>(
        &'g self,
        sweep: &Sweep<'g>,
        weight: Var<'g>,
        received: &[&Contribution<'g>],
    ) -> Option<Var<'g>> {
        let &[m, n] = weight.shape().dims() else { return None };
        let (mut others, mut upstreams) = (Vec::new(), Vec::new());
        let mut side = None;
        for &&Contribution { gate, operand, .. } in received {
            let (product, operands) =
                self.node(gate, |node| (node.source.is::<MatMul>(), node.operands.clone()));
            if !product || *side.get_or_insert(operand) != operand {
                return None;
            }
            let other = self.var(operands[1 - operand]);
            if other.shape().rank() != 2 || other.id == weight.id {
                return None;
            }
            others.push(other);
            upstreams.push(sweep.gradients[gate as usize]?);
        }
        let side = side?;
        // Rows x of products x·w, columns x of products w·x.
        let axis = 1 - side;
        let copied: usize = others.iter().map(|x| x.shape().dims()[axis] * (m + n)).sum();
        if others.len() < 2 || copied > (others.len() - 1) * m * n {
            return None;
        }
        let _block = self.block("backward");
        let [x, upstream] = [&others, &upstreams].map(|parts| self.apply(Concat { axis }, parts));
        Some(if side == 1 { x.t().matmul(upstream) } else { upstream.matmul(x.t()) })
    }

    /// The sweep behind [`Graph::backward`], with everything that was passed down.
    #[track_caller]
    pub fn sweep<'g>(&'g self, loss: Var<'g>, wrt: &[Var<'g>]) -> Sweep<'g> {
        self.swept(loss, wrt, false)
    }

    #[track_caller]
    fn swept<'g>(&'g self, loss: Var<'g>, wrt: &[Var<'g>], joins: bool) -> Sweep<'g> {
        let _block = self.block("backward");
        let below = self.below(&[loss]);
        let needed = self.depend_on(&below, wrt);
        let repeated = match joins {
            true => self.repeated_broadcasts(&below, &needed, wrt),
            false => HashMap::default(),
        };
        let ids: Vec<u32> = below.iter().copied().filter(|&id| needed[id as usize]).collect();
        let parted = if joins { self.parted(&ids) } else { HashMap::default() };
        let mut gradients: Vec<Option<Var<'g>>> = vec![None; loss.id as usize + 1];
        gradients[loss.id as usize] = Some(self.constant(1.0));
        let mut guards = Guards::new(self, &below, &needed);
        let mut contributions = Vec::new();
        let mut operands: Vec<Var<'g>> = Vec::new();
        for id in ids.into_iter().rev() {
            if let Some(slices) = parted.get(&id) {
                gradients[id as usize] = self.put_together(self.var(id), slices, &gradients);
                if let Some(guards) = &mut guards {
                    slices.iter().for_each(|&(_, slice)| guards.pass(self, slice, id));
                }
            }
            let Some(upstream) = gradients[id as usize] else { continue };
            if let Some(&first) = repeated.get(&id) {
                guards.iter_mut().for_each(|guards| guards.pass(self, id, first));
                let sum = &mut gradients[first as usize];
                *sum = Some(sum.map_or(upstream, |later| self.as_gate(id, || later + upstream)));
                continue;
            }
            let op = self.node(id, |node| {
                operands.clear();
                operands.extend(node.operands.iter().map(|&id| self.var(id)));
                node.op().cloned()
            });
            let Some(op) = op else { continue };
            if joins && let Some(x) = self.evenly_raised(&op, &operands, wrt) {
                operands[0] = x;
            }
            let mut gate = Gate::new(&operands, self.var(id), upstream);
            if let Some(guards) = &guards {
                gate.passage = guards.passage(self, id, &operands);
            }
            // Of many parts, each by itself would add up the lengths of all before it.
            let mut parts = op.downcast_ref::<Concat>().map(|concat| concat.parts(&operands));
            self.as_gate(id, || {
                for (operand, &to) in operands.iter().enumerate() {
                    let part = parts.as_mut().and_then(Iterator::next);
                    if !needed[to.id as usize] || parted.contains_key(&to.id) {
                        continue;
                    }
                    let gradient = match part {
                        Some(part) => Some(self.apply(part, &[upstream])),
                        None => op.backward(&gate, operand),
                    };
                    let Some(gradient) = gradient else { continue };
                    let gradient = self.fitting(&*op, gradient, to);
                    guards.iter_mut().for_each(|guards| guards.pass(self, id, to.id));
                    contributions.push(Contribution { gate: id, operand, gradient });
                    let sum = &mut gradients[to.id as usize];
                    *sum = Some(sum.map_or(gradient, |earlier| earlier + gradient));
                }
            });
        }
        Sweep { gradients, contributions }
    }

    /// The x of an even power of |x|, which is one of x: products with sign(x), which is 0 at 0, would not
    /// give its second derivative there.
    fn evenly_raised<'g>(
        &'g self,
        op: &Arc<dyn AnyOp>,
        operands: &[Var<'g>],
        wrt: &[Var<'g>],
    ) -> Option<Var<'g>> {
        let &base = operands.first()?;
        let is_even = match operands {
            [_] => op.is::<Square>(),
            [_, p] => op.is::<Pow>() && p.as_constant().is_some_and(|p| p % 2.0 == 0.0),
            _ => false,
        };
        if !is_even || wrt.iter().any(|v| v.id == base.id) {
            return None;
        }
        let x = self.node(base.id, |node| node.source.is::<Abs>().then(|| node.operands[0]));
        x.map(|x| self.var(x))
    }

    /// For each broadcast that repeats an earlier one, that one, which gets its gradient too: so what is
    /// broadcast at every step of a recurrence, as its weights are, has one sum over the batch, not one
    /// a step. What is broadcast may be computed anew from the same scalars.
    fn repeated_broadcasts(
        &self,
        below: &[u32],
        needed: &[bool],
        wrt: &[Var<'_>],
    ) -> HashMap<u32, u32, Mixing> {
        let is_broadcast = |id| self.node(id, |node| node.source.is::<Broadcast>());
        let mut repeated = HashMap::default();
        if !below.iter().any(|&id| needed[id as usize] && is_broadcast(id)) {
            return repeated;
        }
        let mut wanted = vec![false; needed.len()];
        for v in wrt.iter().filter(|v| (v.id as usize) < needed.len()) {
            wanted[v.id as usize] = true;
        }
        let mut firsts: HashMap<_, u32, Mixing> = HashMap::default();
        let mut scalars: HashMap<u32, u32, Mixing> = HashMap::default();
        // What is differentiated by has a gradient of its own.
        for &id in below.iter().filter(|&&id| !wanted[id as usize]) {
            let key = self.node(id, |node| {
                let broadcast = node.source.is::<Broadcast>() && needed[id as usize];
                let what = match &node.source {
                    _ if !broadcast && node.ty.shape.rank() > 0 => return None,
                    Source::Constant(_) => (None, node.constant_number()?.to_bits()),
                    Source::Op(op) => (Some((op.as_any().type_id(), op.identity()?)), 0),
                    Source::Input(_) | Source::Parameter(_) | Source::State(_) => return None,
                };
                let first = |id: &u32| scalars.get(id).copied().unwrap_or(*id);
                let operands: Vec<u32> = node.operands.iter().map(first).collect();
                Some((broadcast, (what, operands)))
            });
            let Some((broadcast, key)) = key else { continue };
            let first = *firsts.entry(key).or_insert(id);
            if first != id {
                if broadcast { &mut repeated } else { &mut scalars }.insert(id, first);
            }
        }
        repeated
    }

    /// The values that are used in slices alone, which do not overlap, and those slices in their order: as
    /// the steps of a sequence are, or gates that were computed as one product.
    fn parted(&self, needed: &[u32]) -> HashMap<u32, Vec<(Slice, u32)>, Mixing> {
        let mut parted: HashMap<u32, Vec<(Slice, u32)>, Mixing> = HashMap::default();
        let slice = |id| {
            self.node(id, |node| Some((*node.op()?.downcast_ref::<Slice>()?, node.operands[0])))
        };
        for &id in needed {
            if let Some((slice, of)) = slice(id) {
                parted.entry(of).or_default().push((slice, id));
            }
        }
        if parted.is_empty() {
            return parted;
        }
        for &id in needed.iter().filter(|&&id| slice(id).is_none()) {
            self.node(id, |node| node.operands.iter().for_each(|of| drop(parted.remove(of))));
        }
        parted.retain(|_, slices| {
            slices.sort_by_key(|(slice, _)| slice.start);
            let apart = |pair: &[(Slice, u32)]| {
                pair[0].0.axis == pair[1].0.axis && pair[0].0.end <= pair[1].0.start
            };
            slices.len() > 1 && slices.windows(2).all(apart)
        });
        parted
    }

    /// The gradient of what is used in these slices: theirs one after another, zeros where there is none.
    /// That is a copy of each, where a sum of gradients padded with zeros would be as many copies of the whole.
    fn put_together<'g>(
        &'g self,
        of: Var<'g>,
        slices: &[(Slice, u32)],
        gradients: &[Option<Var<'g>>],
    ) -> Option<Var<'g>> {
        let arrived = |&(slice, id): &(Slice, u32)| Some((slice, id, gradients[id as usize]?));
        let arrived: Vec<_> = slices.iter().filter_map(arrived).collect();
        let &(Slice { axis, .. }, gate, _) = arrived.first()?;
        let length = of.shape().dims()[axis];
        self.as_gate(gate, || {
            let zeros = |count| self.constant(0.0).broadcast_to(of.shape().with(axis, count));
            let (mut parts, mut at) = (Vec::with_capacity(arrived.len()), 0);
            for (Slice { start, end, .. }, _, gradient) in arrived {
                parts.extend((at < start).then(|| zeros(start - at)));
                parts.push(gradient);
                at = end;
            }
            parts.extend((at < length).then(|| zeros(length - at)));
            Some(self.apply(Concat { axis }, &parts))
        })
    }

    /// A gradient that a backward rule gives, if it has the operand's shape; else the mistake is kept:
    /// in a sum it could be broadcast to one that has.
    fn fitting<'g>(&'g self, op: &dyn AnyOp, gradient: Var<'g>, operand: Var<'g>) -> Var<'g> {
        if gradient.is_poison() || gradient.ty() == Type::real(operand.shape()) {
            return gradient;
        }
        let (found, wanted) = (gradient.ty(), operand.ty());
        let message = format!("its backward rule gives {found} for an operand {wanted}");
        self.fail(op.name(), &message, &[operand])
    }

    /// For each node up to the last one `below` a loss, whether it depends on one of `wrt`.
    fn depend_on(&self, below: &[u32], wrt: &[Var<'_>]) -> Vec<bool> {
        let end = below.last().map_or(0, |&loss| loss as usize + 1);
        let mut depends = vec![false; end];
        for v in wrt.iter().filter(|v| (v.id as usize) < end) {
            depends[v.id as usize] = true;
        }
        let nodes = self.nodes();
        for &id in below {
            let node = &nodes[id as usize];
            depends[id as usize] |= node.ty.kind == Kind::Real
                && !node.op().is_some_and(|op| op.is_flat())
                && node.operands.iter().any(|&operand| depends[operand as usize]);
        }
        depends
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::{Node, Type};
    use crate::ops::{Class, Gate, Op, Operand, Output, Real};
    use crate::{Graph, Var};

    #[test]
    fn a_value_used_twice_gets_a_visible_sum() {
        let g = Graph::new();
        let x = g.input("x", []);
        let dx = g.backward(x * x, &[x])[0];
        assert_eq!(g.node(dx.id, Node::op_name), "add");
    }

    /// The scalar that is broadcast is computed anew at each step.
    fn recurrence<'g>(w: Var<'g>, x: Var<'g>) -> Var<'g> {
        (0..4).fold(x, |h, _| (h * w.exp() + w).tanh()).sum(&[])
    }

    #[test]
    fn what_is_broadcast_over_and_over_has_one_sum() {
        let g = Graph::new();
        let (w, x) = (g.parameter("w", []), g.input("x", [5]));
        let loss = recurrence(w, x);
        let start = g.len() as u32;
        let dw = g.backward(loss, &[w])[0];
        let sums = (start..g.len() as u32).filter(|&id| g.node(id, Node::op_name) == "sum");
        // Of e^w, and of w.
        assert_eq!(sums.count(), 2);
        let of_each = g.sweep(loss, &[w]).gradients[w.id as usize].unwrap();
        let mut plan = g.compile::<f64>(&[dw, of_each]).unwrap();
        plan.feed("x", &[-1.0, -0.3, 0.1, 0.7, 2.0]).unwrap();
        let mut parameters = crate::Parameters::new();
        parameters.insert("w", crate::Tensor::scalar(0.3));
        plan.run_with(&parameters).unwrap();
        let (joined, each) = (plan.value(dw).unwrap()[0], plan.value(of_each).unwrap()[0]);
        assert!((joined / each - 1.0).abs() < 1e-14 && joined.abs() > 0.1, "{joined} {each}");
    }

    #[test]
    fn a_broadcast_that_is_differentiated_by_keeps_its_gradient_to_itself() {
        let g = Graph::new();
        let w = g.constant(3.0);
        let [a, b] = [w, w].map(|w| w.broadcast_to([2]));
        let loss = (a * 2.0 + b * 5.0).sum(&[]);
        let gradients = g.backward(loss, &[w, a]);
        let values = gradients.iter().map(|v| v.eval().unwrap().values().to_vec());
        assert_eq!(values.collect::<Vec<_>>(), [vec![14.0], vec![2.0, 2.0]]);
        // Nor does a scalar's go to its equal.
        let [a, b] = [w.exp(), w.exp()];
        let loss = (a.broadcast_to([2]) + b.broadcast_to([2]) * 4.0).sum(&[]);
        assert_eq!(g.backward(loss, &[b])[0].eval().unwrap().values(), [8.0]);
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

    /// The output of a recurrent network, a step for each weight.
    fn recurrent<'g>(x: Var<'g>, weights: [Var<'g>; 4], from_the_left: bool) -> Var<'g> {
        weights
            .into_iter()
            .fold(x, |h, w| (if from_the_left { w.matmul(h) } else { h.matmul(w) }).tanh())
    }

    /// What the gradient of the shared weight is, and its difference from the sum of those of copies.
    fn shared(rows: usize, width: usize, from_the_left: bool) -> (&'static str, f64) {
        let g = Graph::new();
        let shape = if from_the_left { [width, rows] } else { [rows, width] };
        let (w, x) = (g.input("w", [width, width]), g.input("x", shape));
        let gradients = |weights, wrt: &[_]| {
            g.backward(recurrent(x, weights, from_the_left).square().sum(&[]), wrt)
        };
        let dw = gradients([w; 4], &[w])[0];
        let copies = [w; 4].map(|w| w * 1.0);
        let sum = gradients(copies, &copies).into_iter().fold(w.like(0.0), |sum, dw| sum + dw);
        let furthest = (dw - sum).abs().max(&[]) / sum.abs().max(&[]);
        let mut plan = g.compile::<f64>(&[furthest]).unwrap();
        let numbers = |count: usize| -> Vec<f64> {
            (0..count).map(|i| (i * 37 % 101) as f64 / 500.0 - 0.1).collect()
        };
        plan.feed("w", &numbers(width * width)).unwrap();
        plan.feed("x", &numbers(rows * width)).unwrap();
        plan.run().unwrap();
        (g.node(dw.id, crate::graph::Node::op_name), plan.value(furthest).unwrap()[0])
    }

    #[test]
    fn a_matrix_of_several_products_gets_one_product_where_that_copies_less() {
        for from_the_left in [false, true] {
            for (rows, width, op) in [(3, 40, "matmul"), (3, 8, "add"), (100, 40, "add")] {
                let (found, difference) = shared(rows, width, from_the_left);
                assert_eq!(found, op, "{rows} rows, {width} wide");
                assert!(difference < 1e-13, "{difference}");
            }
        }
    }

    #[test]
    fn what_is_used_in_slices_gets_their_gradients_one_after_another() {
        let g = Graph::new();
        let x = g.input("x", [3, 5]);
        let [a, b] = [(0, 2), (3, 4)].map(|(start, end)| x.slice(1, start, end));
        let unused = x.slice(1, 4, 5) * 3.0;
        let loss =
            (b.square() * 0.5).sum(&[]) + (a * 7.0).sum(&[]) + unused.stop_gradient().sum(&[]);
        let dx = g.backward(loss, &[x])[0];
        let padded = g.sweep(loss, &[x]).gradients[x.id as usize].unwrap();
        assert_eq!([dx, padded].map(|dx| g.node(dx.id, Node::op_name)), ["concat", "add"]);
        let mut plan = g.compile::<f64>(&[dx, padded]).unwrap();
        plan.feed("x", &(1..=15).map(f64::from).collect::<Vec<_>>()).unwrap();
        plan.run().unwrap();
        let right =
            [[7.0, 7.0, 0.0, 4.0, 0.0], [7.0, 7.0, 0.0, 9.0, 0.0], [7.0, 7.0, 0.0, 14.0, 0.0]];
        assert_eq!(plan.value(dx).unwrap(), right.concat());
        assert_eq!(plan.value(padded).unwrap(), right.concat());
        // Slices that overlap, of two axes, or beside another use: the sum.
        let others: [fn(Var<'_>) -> Var<'_>; 3] = [
            |x| x.slice(1, 0, 2).sum(&[]) + x.slice(1, 1, 3).sum(&[]),
            |x| x.slice(0, 0, 1).sum(&[]) + x.slice(1, 1, 3).sum(&[]),
            |x| x.slice(1, 0, 1).sum(&[]) + x.slice(1, 1, 3).sum(&[]) + x.square().sum(&[]),
        ];
        for other in others {
            let dx = g.backward(other(x), &[x])[0];
            assert_eq!(g.node(dx.id, Node::op_name), "add");
        }
    }

    #[test]
    fn a_gradient_is_recorded_as_if_there_were_no_other_loss() {
        let recorded = |others: isize| {
            let g = Graph::new();
            let x = g.input("x", [5, 2]);
            for at in 0..others {
                let _ = x.index(0, at).exp();
            }
            let loss = x.index(0, 4).square().sum(&[]);
            let start = g.len();
            let dx = g.backward(loss, &[x])[0];
            (g.node(dx.id, Node::op_name), g.len() - start)
        };
        assert_eq!(recorded(3), recorded(0));
        assert_eq!(recorded(3).0, "pad");
    }

    #[test]
    fn a_gradient_of_another_shape_is_an_error() {
        /// 2x, whose backward rule forgets an axis.
        #[derive(Debug)]
        struct Forgetful;
        impl Op for Forgetful {
            fn name(&self) -> &'static str {
                "forgetful"
            }
            fn infer(&self, operands: &[Type]) -> Result<Type, String> {
                Ok(operands[0])
            }
            fn class(&self) -> Class {
                Class::Kernel { strided: false }
            }
            fn forward<T: Real>(&self, _operands: &[Operand<'_, T>], _output: Output<'_, T>) {}
            fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
                Some(gate.upstream.sum(&[]))
            }
        }
        let g = Graph::new();
        let x = g.input("x", [3]);
        let y = g.apply(Forgetful, &[x]) + x;
        let _ = g.backward(y.sum(&[]), &[x]);
        let error = g.ok().unwrap_err().to_string();
        assert!(error.starts_with("forgetful in `backward`: its backward rule gives"), "{error}");
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

//! What rounding may have left of numbers that are 0: an error to first order for each, which starts where
//! something is added up.

use std::collections::HashMap;

use super::model::{Explanation, Node, Passed};
use super::value::Value;
use chainrule::graph::{Graph, Var};
use chainrule::ops::{
    Add, Broadcast, Concat, Gate, MatMul, Mul, Reshape, Slice, Sub, Sum, Transpose,
};
use chainrule::tensor::Tensor;

/// What is smaller, beside what was added up to it, is 0 but for rounding.
const ROUNDING: f64 = 1e-14;

/// For every number of an explanation, the size below which it is rounding alone.
#[derive(Default)]
pub(super) struct Rounding {
    values: HashMap<u32, Vec<f64>>,
    gradients: HashMap<u32, Vec<f64>>,
    /// By the gate that passes it, and to which operand.
    passed: HashMap<(u32, usize), Vec<f64>>,
}

impl Rounding {
    pub(super) fn of(e: &Explanation) -> Self {
        let mut rounding = Self::default();
        for node in &e.nodes {
            let errors = rounding.forward(e, node);
            rounding.values.insert(node.id, errors);
        }
        for node in e.nodes.iter().rev() {
            rounding.arrived(node);
            for passed in &node.backward {
                let errors = rounding.backward(e, node, passed);
                rounding.passed.insert((node.id, passed.operand), errors);
            }
        }
        rounding
    }

    pub(super) fn value(&self, id: u32) -> Vec<f64> {
        self.values.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn gradient(&self, id: u32) -> Vec<f64> {
        self.gradients.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn passed(&self, gate: u32, operand: usize) -> Vec<f64> {
        self.passed.get(&(gate, operand)).cloned().unwrap_or_default()
    }

    /// Of a local derivative: a product's is the other factor.
    pub(super) fn local(&self, gate: &Node, operand: usize) -> Vec<f64> {
        match gate.operands.as_slice() {
            [a, b] if gate.source.is::<Mul>() => self.value(if operand == 0 { *b } else { *a }),
            _ => Vec::new(),
        }
    }

    /// The error of a gate's value.
    fn forward(&self, e: &Explanation, node: &Node) -> Vec<f64> {
        let mut errors = vec![0.0; node.value.numbers().len()];
        let operands: Vec<&Node> = node.operands.iter().filter_map(|&id| e.node(id)).collect();
        if is_linear(node) {
            let sizes: Vec<Vec<f64>> = operands.iter().map(|node| sizes(&node.value)).collect();
            let known: Vec<Vec<f64>> = operands.iter().map(|node| self.value(node.id)).collect();
            add(&mut errors, &applied(node, &operands, &sizes), ROUNDING);
            // One operand's error at a time, as a product of two is none.
            for at in 0..operands.len() {
                let mut one = if node.source.is::<MatMul>() {
                    sizes.clone()
                } else {
                    sizes.iter().map(|size| vec![0.0; size.len()]).collect()
                };
                one[at].clone_from(&known[at]);
                add(&mut errors, &applied(node, &operands, &one), 1.0);
            }
            return errors;
        }
        if node.source.is::<Add>() || node.source.is::<Sub>() {
            for operand in &operands {
                add(&mut errors, &sizes(&operand.value), ROUNDING);
                add(&mut errors, &self.value(operand.id), 1.0);
            }
            return errors;
        }
        for passed in &node.backward {
            if let (Some(local), Some(operand)) = (&passed.local, node.operands.get(passed.operand))
            {
                add(&mut errors, &times(&sizes(local), &self.value(*operand)), 1.0);
            }
        }
        errors
    }

    /// The error of what a gate passes to an operand.
    fn backward(&self, e: &Explanation, gate: &Node, passed: &Passed) -> Vec<f64> {
        let mut errors = vec![0.0; passed.product.numbers().len()];
        let (upstream, known) = (sizes(&passed.upstream), self.gradient(gate.id));
        if let Some(local) = &passed.local {
            add(&mut errors, &times(&sizes(local), &known), 1.0);
            add(&mut errors, &times(&upstream, &self.local(gate, passed.operand)), 1.0);
        } else if is_linear(gate) {
            add(&mut errors, &turned(e, gate, passed, &upstream), ROUNDING);
            add(&mut errors, &turned(e, gate, passed, &known), 1.0);
        }
        errors
    }

    /// The error of a node's gradient, the sum of what its uses pass.
    fn arrived(&mut self, node: &Node) {
        let mut errors = vec![0.0; node.value.numbers().len()];
        for entry in &node.ledger {
            add(&mut errors, &self.passed(entry.gate, entry.operand), 1.0);
            if node.ledger.len() > 1 {
                add(&mut errors, &sizes(&entry.gradient), ROUNDING);
            }
        }
        self.gradients.insert(node.id, errors);
    }
}

/// Whether a gate of arrays moves numbers, adds them up or adds up products of them.
fn is_linear(gate: &Node) -> bool {
    let of = &gate.source;
    let moves = of.is::<Broadcast>() || of.is::<Reshape>() || of.is::<Transpose>();
    moves || of.is::<Slice>() || of.is::<Concat>() || of.is::<Sum>() || of.is::<MatMul>()
}

fn sizes(value: &Value) -> Vec<f64> {
    value.numbers().into_iter().map(f64::abs).collect()
}

fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    // Nothing passes on no error, and an infinite slope neither.
    a.iter().zip(b).map(|(a, b)| if *b == 0.0 { 0.0 } else { a * b }).collect()
}

fn add(sum: &mut [f64], errors: &[f64], factor: f64) {
    sum.iter_mut().zip(errors).for_each(|(sum, error)| *sum += factor * error);
}

/// A gate's value where its operands are these.
fn applied(gate: &Node, operands: &[&Node], numbers: &[Vec<f64>]) -> Vec<f64> {
    let g = Graph::new();
    let operands = operands.iter().zip(numbers).map(|(node, numbers)| constant(&g, node, numbers));
    let operands: Option<Vec<Var<'_>>> = operands.collect();
    let value = gate.source.op().zip(operands).map(|(op, all)| g.apply_shared(op.clone(), &all));
    numbers_of(value)
}

/// What a gate passes to an operand where all are as large as they are and this arrives.
fn turned(e: &Explanation, gate: &Node, passed: &Passed, arrived: &[f64]) -> Vec<f64> {
    let g = Graph::new();
    let operands = gate.operands.iter().filter_map(|&id| e.node(id));
    let operands: Option<Vec<Var<'_>>> =
        operands.map(|node| constant(&g, node, &sizes(&node.value))).collect();
    let known = gate.source.op().zip(operands).zip(constant(&g, gate, arrived));
    numbers_of(known.and_then(|((op, operands), upstream)| {
        let value = g.apply_shared(op.clone(), &operands);
        op.backward(&Gate::new(&operands, value, upstream), passed.operand)
    }))
}

/// None where there are none, as of labels.
fn numbers_of(v: Option<Var<'_>>) -> Vec<f64> {
    v.and_then(|v| v.eval().ok()).map_or_else(Vec::new, |tensor| tensor.values().to_vec())
}

fn constant<'g>(g: &'g Graph, node: &Node, numbers: &[f64]) -> Option<Var<'g>> {
    let tensor = Tensor::new(node.shape.as_slice(), numbers.to_vec()).ok()?;
    Some(g.constant_tensor(tensor))
}

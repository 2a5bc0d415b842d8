//! The numbers of a walk-through that a pupil shall find, each with the number of its blank.

use std::collections::HashMap;

use super::model::{Explanation, Node};
use super::rounding::Rounding;
use super::rules::not_taken;
use super::value::Value;
use super::words::Words;
use chainrule::error::{Error, Result};
use chainrule::graph::Graph;
use chainrule::ops::{Abs, Max, Maximum, Minimum, Relu, SoftmaxWithLoss};
use chainrule::tensor::Tensor;

/// Larger arrays are no work for a pencil, and written by their norm in pages and documents.
const MOST_NUMBERS: usize = 12;
const MOST_SIDE: usize = 6;

/// Nor are walks through more gates.
const MOST_GATES: usize = 40;

/// The significant digits of what is to be found.
pub(super) const DIGITS: i32 = 4;

/// Which number of a walk-through. Serialises as a short word, such as `v:3` or `p:3:0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A node's value: `v`.
    Value(u32),
    /// The probabilities that a cross-entropy takes the logarithms of: `s`.
    Softmax(u32),
    /// The gradient that arrives at a node: `g`.
    Gradient(u32),
    /// A gate's derivative with respect to an operand: `l`.
    Local(u32, usize),
    /// What a gate passes to an operand: `p`.
    Passed(u32, usize),
    /// The output's derivative with respect to a node: `f`.
    Partial(u32),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(node) => write!(f, "v:{node}"),
            Self::Softmax(node) => write!(f, "s:{node}"),
            Self::Gradient(node) => write!(f, "g:{node}"),
            Self::Local(gate, operand) => write!(f, "l:{gate}:{operand}"),
            Self::Passed(gate, operand) => write!(f, "p:{gate}:{operand}"),
            Self::Partial(node) => write!(f, "f:{node}"),
        }
    }
}

impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How one number is printed.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Given(f64),
    /// Blank number so many, to be filled in; with the answer where answers are printed.
    Asked(usize, Option<f64>),
    /// What was found there.
    Found(usize, Option<f64>),
}

/// A gradient that arrives in several parts.
pub(super) struct Sum {
    pub(super) node: u32,
    /// None where these are of other shapes than their sum.
    pub(super) parts: Vec<(Key, Value)>,
    pub(super) total: Value,
}

/// Which numbers of an explanation are to be found, numbered in the order of the walk: values forward,
/// then gradients backward.
pub(super) struct Blanks {
    answers: bool,
    numbers: HashMap<Key, usize>,
    /// Sizes below which numbers are rounding alone; none where all are what they are.
    errors: HashMap<Key, Vec<f64>>,
    count: usize,
    softmax: HashMap<u32, Value>,
    sums: Vec<Sum>,
    rounded: bool,
}

impl Blanks {
    /// The blanks of an explanation; with `answers` in them.
    pub(super) fn of(e: &Explanation, answers: bool) -> Result<Self> {
        let gates = e.nodes.iter().filter(|node| node.is_gate() && !node.is_silent());
        let gates: Vec<&Node> = gates.collect();
        if gates.len() > MOST_GATES {
            return Err(Error::Mismatch(format!(
                "the expression has {} gates, but an exercise has at most {MOST_GATES}",
                gates.len()
            )));
        }
        if let Some(origin) = &e.not_finite {
            return Err(Error::Mismatch(format!(
                "an exercise asks for finite numbers only, and here are others. {}",
                origin.story
            )));
        }
        let mut blanks = Self {
            answers,
            numbers: HashMap::new(),
            errors: HashMap::new(),
            count: 0,
            softmax: HashMap::new(),
            sums: Vec::new(),
            rounded: false,
        };
        let rounding = Rounding::of(e);
        for gate in &gates {
            if let Some(probabilities) = probabilities(e, gate)? {
                blanks.ask(Key::Softmax(gate.id), &probabilities, Vec::new())?;
                blanks.softmax.insert(gate.id, probabilities);
            }
            let face = e.face(gate);
            blanks.ask(Key::Value(gate.id), &face.value, rounding.value(face.id))?;
        }
        let mut arrived: HashMap<u32, Vec<(Key, Value)>> = HashMap::new();
        for gate in gates.iter().rev() {
            blanks.gradient(e, gate, &arrived, &rounding)?;
            for passed in &gate.backward {
                let key = |of: fn(u32, usize) -> Key| of(gate.id, passed.operand);
                if let (true, Some(local)) = (is_scalar_gate(gate), &passed.local) {
                    let errors = rounding.local(gate, passed.operand);
                    blanks.ask(key(Key::Local), local, errors)?;
                }
                let (to, by, last) = e.last_passed(gate, passed);
                let product = &last.product;
                match blanks.numbers.get(&Key::Gradient(gate.id)).copied() {
                    Some(number) if is_handed_on(e, gate, to) => {
                        blanks.numbers.insert(key(Key::Passed), number);
                        blanks.errors.insert(key(Key::Passed), rounding.gradient(gate.id));
                    }
                    _ => {
                        let errors = rounding.passed(by, last.operand);
                        blanks.ask(key(Key::Passed), product, errors)?;
                    }
                }
                let part = (key(Key::Passed), product.clone());
                arrived.entry(e.behind(to)).or_default().push(part);
            }
        }
        for (name, gradient) in &e.gradients {
            let Some(node) = e.input(name) else { continue };
            match arrived.contains_key(&node.id) {
                true => blanks.gradient(e, node, &arrived, &rounding)?,
                // That nothing comes is to be found as well.
                false => blanks.ask_sum(node.id, Vec::new(), gradient, Vec::new())?,
            }
        }
        Ok(blanks)
    }

    /// The gradient of a node: what one gate passes, or a sum that is to be found.
    fn gradient(
        &mut self,
        e: &Explanation,
        node: &Node,
        arrived: &HashMap<u32, Vec<(Key, Value)>>,
        rounding: &Rounding,
    ) -> Result<()> {
        let parts = arrived.get(&node.id).map(Vec::as_slice).unwrap_or_default();
        let Some(gradient) = e.face(node).gradient.as_ref() else { return Ok(()) };
        match parts {
            [] => {}
            [(key, _)] => {
                let number = self.numbers.get(key).copied();
                number.and_then(|number| self.numbers.insert(Key::Gradient(node.id), number));
                let errors = self.errors.get(key).cloned();
                errors.and_then(|errors| self.errors.insert(Key::Gradient(node.id), errors));
            }
            parts => {
                let errors = rounding.gradient(e.face(node).id);
                let fit = parts.iter().all(|(_, part)| part.shape() == gradient.shape());
                let parts = if fit { parts.to_vec() } else { Vec::new() };
                self.ask_sum(node.id, parts, gradient, errors)?;
            }
        }
        Ok(())
    }

    fn ask_sum(
        &mut self,
        node: u32,
        parts: Vec<(Key, Value)>,
        total: &Value,
        errors: Vec<f64>,
    ) -> Result<()> {
        self.ask(Key::Gradient(node), total, errors)?;
        self.sums.push(Sum { node, parts, total: total.clone() });
        Ok(())
    }

    /// Numbers the numbers of a value.
    fn ask(&mut self, key: Key, value: &Value, errors: Vec<f64>) -> Result<()> {
        let numbers = value.numbers();
        let shape = value.shape();
        let is_wide = shape.len() > 2 || shape.iter().any(|&side| side > MOST_SIDE);
        if is_wide || numbers.len() > MOST_NUMBERS {
            return Err(Error::Mismatch(format!(
                "an exercise has vectors and matrices of up to {MOST_SIDE} a side and {MOST_NUMBERS} numbers, but an array here has {}",
                value.dims("×")
            )));
        }
        self.numbers.insert(key, self.count + 1);
        self.count += numbers.len();
        self.errors.insert(key, errors);
        let shown = |x: f64| super::value::digits(x, DIGITS).parse().unwrap_or(x);
        self.rounded |= numbers.iter().any(|x| (x - shown(*x)).abs() > 1e-9 * x.abs());
        Ok(())
    }

    /// Whether an answer does not come out even.
    pub(super) fn rounded(&self) -> bool {
        self.rounded
    }

    /// How the numbers of a value are printed, where they are to be filled in.
    pub(super) fn asked(&self, key: Key) -> impl FnMut(f64) -> Cell + use<> {
        self.cells(key, Cell::Asked)
    }

    /// How they are printed from there on.
    pub(super) fn found(&self, key: Key) -> impl FnMut(f64) -> Cell + use<> {
        self.cells(key, Cell::Found)
    }

    fn cells(
        &self,
        key: Key,
        cell: fn(usize, Option<f64>) -> Cell,
    ) -> impl FnMut(f64) -> Cell + use<> {
        let (mut next, answers) = (self.numbers.get(&key).copied(), self.answers);
        let mut errors = self.errors.get(&key).cloned().unwrap_or_default().into_iter();
        move |x| match &mut next {
            None => Cell::Given(x),
            Some(number) => {
                *number += 1;
                let x = if x.abs() < errors.next().unwrap_or(0.0) { 0.0 } else { x };
                cell(*number - 1, answers.then_some(x))
            }
        }
    }

    /// The probabilities that a cross-entropy takes the logarithms of.
    pub(super) fn softmax(&self, gate: &Node) -> Option<&Value> {
        self.softmax.get(&gate.id)
    }

    /// The parts of a node's gradient, where it has several.
    pub(super) fn sum(&self, node: u32) -> Option<&Sum> {
        self.sums.iter().find(|sum| sum.node == node)
    }
}

impl Explanation {
    /// The node of the input of this name.
    pub(super) fn input(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.is_input(name))
    }
}

/// What a pupil cannot find out: branches that were not taken, and what is agreed on where no slope is.
pub(super) fn notes(e: &Explanation, gate: &Node, words: &Words) -> Vec<String> {
    let mut notes: Vec<String> = not_taken(e, gate, words).into_iter().collect();
    if !gate.backward.is_empty() && is_at_kink(e, gate) {
        let of = &gate.source;
        let id = match () {
            () if of.is::<Maximum>() || of.is::<Minimum>() || of.is::<Max>() => "note-tie",
            () if of.is::<Relu>() || of.is::<Abs>() => "note-corner",
            () => "verdict-corner-array",
        };
        notes.push(words.say(id, &[("op", of.name())]));
    }
    notes
}

/// Whether an operand stands where the gate's slope changes at once.
fn is_at_kink(e: &Explanation, gate: &Node) -> bool {
    let g = Graph::new();
    let constant = |&id: &u32| {
        let node = e.node(id)?;
        let tensor = Tensor::new(node.shape.as_slice(), node.value.numbers()).ok()?;
        Some(g.constant_tensor(tensor))
    };
    let operands: Option<Vec<_>> = gate.operands.iter().map(constant).collect();
    let kinks = gate.source.op().zip(operands).map(|(op, operands)| op.kinks(&operands));
    let is_zero = |v: chainrule::Var<'_>| v.eval().is_ok_and(|at| at.values().contains(&0.0));
    kinks.into_iter().flatten().any(is_zero)
}

/// Whether a gate works on numbers alone, so that its local derivatives are numbers.
pub(super) fn is_scalar_gate(gate: &Node) -> bool {
    let is_number = |value: &Value| value.as_number().is_some();
    gate.shape.is_empty() && gate.backward.iter().all(|passed| is_number(&passed.product))
}

/// Whether a sum of arrays hands its gradient on as it is, under the same name.
pub(super) fn is_handed_on(e: &Explanation, gate: &Node, to: u32) -> bool {
    !is_scalar_gate(gate) && e.node(to).is_some_and(|to| to.gradient_of == gate.gradient_of)
}

/// What the softmax of a cross-entropy gives: it has no node of its own.
fn probabilities(e: &Explanation, gate: &Node) -> Result<Option<Value>> {
    let logits = gate.operands.first().and_then(|&id| e.node(e.behind(id)));
    let Some(logits) = logits.filter(|_| gate.source.is::<SoftmaxWithLoss>()) else {
        return Ok(None);
    };
    let value = &e.face(logits).value;
    let g = Graph::new();
    let tensor = Tensor::new(value.shape().as_slice(), value.numbers())?;
    Ok(Some(Value::from(&g.constant_tensor(tensor).softmax().eval()?)))
}

//! How operations on whole arrays pass their gradient, and what is worth knowing about a layer.

use std::collections::HashSet;

use super::columns::cut;
use super::model::{Entry, Explanation, Node, Passed};
use super::value::{Value, digits, percent};
use super::words::Words;
use chainrule::graph::Source;
use chainrule::ops::{
    Add, Broadcast, Fold, LogSoftmax, Loop, Pow, Relu, Reshape, Sigmoid, Slice, Softmax,
    SoftmaxWithLoss, Tanh, Transpose,
};

/// Names longer than this are cut in a rule.
const LONGEST_NAME: usize = 18;

/// A sigmoid whose slope is below this, a quarter of a tenth of its largest, hardly learns.
const SATURATED: f64 = 0.025;

/// Fills in the rules and notes of an explanation of arrays.
pub(super) fn annotate(explanation: &mut Explanation) {
    let words = Words::new(explanation.language);
    name_gradients(explanation);
    let nodes = &explanation.nodes;
    let mut found = Vec::new();
    for node in nodes {
        let rules: Vec<Option<String>> = node
            .backward
            .iter()
            .map(|p| {
                let up = explanation.gradient_name(node.id);
                rule(explanation, node, p.operand, &up, &words)
            })
            .collect();
        found.push((rules, notes(explanation, node, &words)));
    }
    for (node, (rules, notes)) in explanation.nodes.iter_mut().zip(found) {
        node.notes = notes;
        node.backward.iter_mut().zip(rules).for_each(|(passed, rule)| passed.rule = rule);
    }
}

impl Explanation {
    /// A short name for a value: its own, or what fits of its expression.
    pub(super) fn short_name(&self, id: u32) -> String {
        let Some(node) = self.node(id) else { return "?".into() };
        // A change of shape goes by its operand's name, unless it has one.
        if let (true, false, [operand]) = (node.is_silent(), node.named, node.operands.as_slice()) {
            return self.short_name(*operand);
        }
        let node = self.face(node);
        cut(&node.label, LONGEST_NAME)
    }

    /// The name of a gradient, such as `dY`, or that of the sum which passes it on unchanged.
    pub(super) fn gradient_name(&self, id: u32) -> String {
        let Some(node) = self.node(id) else { return "d?".into() };
        let name = self.short_name(node.gradient_of);
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if plain { format!("d{name}") } else { format!("d({name})") }
    }

    /// The addition whose gradient an unnamed addend receives unchanged.
    fn sum_of(&self, node: &Node) -> Option<&Node> {
        let [entry] = node.ledger.as_slice() else { return None };
        let user = self.node(entry.gate).filter(|_| !node.named && node.is_gate())?;
        (user.shape == node.shape && user.source.is::<Add>()).then_some(user)
    }
}

/// Finds by whose names the gradients go. From the result down, so that a long sum is walked once.
fn name_gradients(explanation: &mut Explanation) {
    for at in (0..explanation.nodes.len()).rev() {
        let node = explanation.face(&explanation.nodes[at]);
        let owner = match explanation.sum_of(node) {
            Some(sum) => sum.gradient_of,
            None => node.id,
        };
        explanation.nodes[at].gradient_of = owner;
    }
}

/// A factor of a product: in parentheses unless it is a name.
pub(super) fn factor(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    if plain { name.into() } else { format!("({name})") }
}

/// How an operation of whole arrays passes its gradient.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    Product,
    Transpose,
    Broadcast,
    Reshape,
    Sum,
    Largest,
    Softmax,
    LogSoftmax,
    Loss,
    /// Elements go back to where they came from.
    Moves,
}

impl Rule {
    /// The rule of a node's operation, where it has one to name: by its loop, so that an operation of
    /// one's own has it too, or as the operation that it is.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let op = node.source.op()?;
        Some(match op.as_loop() {
            Loop::Product => Self::Product,
            Loop::Reduce { fold: Fold::Sum, .. } => Self::Sum,
            Loop::Reduce { fold: Fold::Max, .. } => Self::Largest,
            Loop::Gather { .. }
            | Loop::ScatterAdd { .. }
            | Loop::TakeAlong { .. }
            | Loop::AddAlong { .. }
            | Loop::Concat { .. }
            | Loop::Pad { .. } => Self::Moves,
            _ if op.is::<Slice>() => Self::Moves,
            _ if op.is::<Transpose>() => Self::Transpose,
            _ if op.is::<Broadcast>() => Self::Broadcast,
            _ if op.is::<Reshape>() => Self::Reshape,
            _ if op.is::<Softmax>() => Self::Softmax,
            _ if op.is::<LogSoftmax>() => Self::LogSoftmax,
            _ if op.is::<SoftmaxWithLoss>() => Self::Loss,
            _ => return None,
        })
    }
}

/// The rule by which a gate passes the gradient `up` to an operand, where it works on whole arrays.
pub(super) fn rule(
    explanation: &Explanation,
    node: &Node,
    operand: usize,
    up: &str,
    words: &Words,
) -> Option<String> {
    if node.passed(operand).is_some_and(|passed| passed.local.is_some()) {
        return None;
    }
    let name = |at: usize| {
        node.operands.get(at).map_or_else(|| "?".into(), |&id| factor(&explanation.short_name(id)))
    };
    let below = node.operands.get(operand).and_then(|&id| explanation.node(id))?;
    let say = |id: &str| words.say(id, &[("up", up), ("a", &name(0)), ("b", &name(1))]);
    Some(match (Rule::of(node)?, operand) {
        (Rule::Product, 0) => format!("{up} · {}ᵀ", name(1)),
        (Rule::Product, _) => format!("{}ᵀ · {up}", name(0)),
        (Rule::Transpose, _) => format!("{}ᵀ", factor(up)),
        (Rule::Broadcast, _) => match (below.shape.as_slice(), node.shape.as_slice()) {
            ([], _) => say("rule-sum-all"),
            ([columns] | [1, columns], [_, wide]) if columns == wide => say("rule-column-sums"),
            ([rows, 1], [tall, _]) if rows == tall => say("rule-row-sums"),
            _ => say("rule-sum-repeats"),
        },
        (Rule::Reshape, _) => say("rule-reshape"),
        (Rule::Sum, _) => say("rule-spread"),
        (Rule::Largest, _) => say("rule-largest"),
        (Rule::Softmax, _) => {
            let y = factor(&explanation.short_name(node.id));
            let y = if y.starts_with('(') { explanation.places[0].clone() } else { y };
            format!("{y} ⊙ ({up} − Σ {up} ⊙ {y})")
        }
        (Rule::LogSoftmax, _) => {
            format!("{up} − softmax({}) · Σ {up}", explanation.short_name(below.id))
        }
        (Rule::Loss, _) => {
            let x = explanation.short_name(explanation.behind(*node.operands.first()?));
            let targets = node.operands.get(1).and_then(|&id| explanation.node(id));
            let found = match operand {
                0 if targets.is_none_or(|t| is_distribution(&t.value)) => {
                    format!("softmax({x}) − t")
                }
                0 => format!("Σt · softmax({x}) − t"),
                _ => format!("−ln softmax({x})"),
            };
            let batch = below.shape.first().copied().unwrap_or(1);
            // Its own gradient is 1 where it stands on top.
            let is_root = explanation.nodes.last().is_some_and(|root| root.id == node.id);
            match (is_root, batch) {
                (true, 1) => found,
                (true, _) => format!("({found}) / {batch}"),
                (false, 1) => format!("{up} · ({found})"),
                (false, _) => format!("{up} · ({found}) / {batch}"),
            }
        }
        (Rule::Moves, _) => say("rule-moves"),
    })
}

/// By which rule an operand receives its gradient, on the way past what only changes a shape: one that
/// was repeated to fit gets the sum of the repeats' gradients.
pub(super) fn along(e: &Explanation, node: &Node, passed: &Passed, words: &Words) -> String {
    let up = e.gradient_name(node.id);
    let mut found = match (&passed.rule, &passed.local_in_place) {
        (Some(rule), _) => rule.clone(),
        (None, Some(formula)) => match formula.as_number() {
            Some(1.0) => up,
            Some(number) => format!("{up} · {}", factor(&digits(number, 6))),
            None => format!("{up} ⊙ {}", factor(&formula.to_string())),
        },
        (None, None) => words.say("rule-own", &[("up", &up), ("op", node.source.name())]),
    };
    let (receiver, _) = e.received(node, passed);
    let mut at = node.operands.get(passed.operand).copied();
    while let Some(below) = at.filter(|&id| id != receiver).and_then(|id| e.node(id)) {
        if below.source.is::<Broadcast>() {
            found = rule(e, below, 0, &found, words).unwrap_or(found);
        }
        at = below.operands.first().copied();
    }
    found
}

/// What is worth knowing about a layer at this value.
fn notes(explanation: &Explanation, node: &Node, words: &Words) -> Vec<String> {
    let operand = node.operands.first().and_then(|&id| explanation.node(id));
    let mut notes: Vec<String> = not_taken(explanation, node, words).into_iter().collect();
    let Some(operand) = operand else { return notes };
    if node.source.is::<Relu>() {
        let numbers = operand.value.numbers();
        let off: Vec<String> = numbers
            .iter()
            .enumerate()
            .filter(|(_, x)| **x <= 0.0)
            .map(|(at, _)| at.to_string())
            .collect();
        notes.extend(counted(words, "note-off", off.len(), numbers.len()));
        if !off.is_empty() && numbers.len() > 1 && off.len() <= 12 {
            notes.push(words.say("note-off-which", &[("which", &off.join(", "))]));
        }
    } else if node.source.is::<Pow>() {
        let by_exponent = node.passed(1).is_some();
        let is_at_zero = by_exponent && operand.value.numbers().contains(&0.0);
        notes.extend(is_at_zero.then(|| words.get("note-power-of-zero")));
    } else if node.source.is::<SoftmaxWithLoss>() {
        notes.extend(loss_note(explanation, node, operand, words));
    } else if node.source.is::<Sigmoid>() || node.source.is::<Tanh>() {
        let values = node.value.numbers();
        let saturated = idle(&node.source, &values).1.unwrap_or(0);
        notes.extend(counted(words, "note-saturated", saturated, values.len()));
    }
    notes
}

/// That a router sends this gate no gradient, or lets none of an infinite one pass.
pub(super) fn not_taken(e: &Explanation, node: &Node, words: &Words) -> Option<String> {
    let is_finite = |value: &Value| value.numbers().iter().all(|x| x.is_finite());
    let guarded =
        |p: &Passed| p.local.as_ref().is_some_and(|local| !is_finite(local)) && is_zero(&p.product);
    let is_guarded = node.backward.iter().any(guarded);
    let left_out = !node.ledger.is_empty() && node.ledger.iter().all(|use_| is_left_out(e, use_));
    if node.is_gate() && (left_out || is_guarded && is_below_routers(e, node)) {
        return Some(words.get("note-not-taken"));
    }
    if is_guarded {
        return Some(words.get("note-stays-zero"));
    }
    let blocked = |p: &Passed| is_zero(&p.product) && !is_finite(&p.upstream);
    node.backward.iter().any(blocked).then(|| words.get("note-blocked"))
}

fn is_zero(value: &Value) -> bool {
    value.numbers().iter().all(|x| *x == 0.0)
}

/// Whether a router takes another operand than this one. That a ReLU is off is said of itself.
fn is_left_out(e: &Explanation, entry: &Entry) -> bool {
    let routes = |node: &&Node| node.source.op().is_some_and(|op| op.is_router());
    let gate = e.node(entry.gate).filter(routes).filter(|gate| !gate.source.is::<Relu>());
    let passed = gate.and_then(|gate| gate.passed(entry.operand));
    passed.and_then(|p| p.local.as_ref()).is_some_and(is_zero)
}

/// Whether it is routers that send the gate a gradient of 0, by whatever way.
fn is_below_routers(e: &Explanation, node: &Node) -> bool {
    let (mut ways, mut seen) = (vec![node], HashSet::new());
    while let Some(node) = ways.pop() {
        for entry in node.ledger.iter().filter(|entry| !is_left_out(e, entry)) {
            match e.node(entry.gate) {
                Some(gate) if gate.gradient.as_ref().is_some_and(is_zero) => {
                    ways.extend(seen.insert(gate.id).then_some(gate));
                }
                _ => return false,
            }
        }
    }
    true
}

/// Whether each row of targets sums to 1, within rounding.
fn is_distribution(targets: &Value) -> bool {
    match targets {
        Value::Array(rows) if rows.iter().any(|row| matches!(row, Value::Array(_))) => {
            rows.iter().all(is_distribution)
        }
        row => (row.numbers().iter().sum::<f64>() - 1.0).abs() < 1e-9,
    }
}

/// How many units of an activation pass no gradient: those of a ReLU that are off, those of a sigmoid
/// or tanh that are saturated.
///
/// ```
/// let g = chainrule::Graph::new();
/// let y = g.input("x", [2]).relu();
/// let relu = g.node(y.id(), |node| node.source.clone());
/// assert_eq!(chainrule_explain::idle(&relu, &[0.0, 2.0]), (Some(1), None));
/// ```
#[must_use]
pub fn idle(activation: &Source, outputs: &[f64]) -> (Option<usize>, Option<usize>) {
    let flat =
        |slope: &dyn Fn(f64) -> f64| outputs.iter().filter(|y| slope(**y) < SATURATED).count();
    match () {
        () if activation.is::<Relu>() => {
            (Some(outputs.iter().filter(|y| **y == 0.0).count()), None)
        }
        () if activation.is::<Sigmoid>() => (None, Some(flat(&|y| y * (1.0 - y)))),
        // On the sigmoid's scale: tanh is four times as steep at 0.
        () if activation.is::<Tanh>() => (None, Some(flat(&|y| (1.0 - y * y) / 4.0))),
        () => (None, None),
    }
}

fn counted(words: &Words, id: &str, count: usize, of: usize) -> Option<String> {
    let share = percent(count as f64 / of.max(1) as f64);
    let (count, of) = (count.to_string(), of.to_string());
    let id = if of == "1" { format!("{id}-one") } else { id.into() };
    (count != "0").then(|| words.say(&id, &[("count", &count), ("of", &of), ("share", &share)]))
}

/// Why the gradient of softmax with loss is y − t, with the numbers of the first row.
fn loss_note(explanation: &Explanation, node: &Node, logits: &Node, words: &Words) -> Vec<String> {
    let target = node.operands.get(1).and_then(|&id| explanation.node(id));
    let row = |value: &Value| match value {
        Value::Array(rows) => rows.first().map(Value::numbers).unwrap_or_default(),
        Value::Number(x) => vec![*x],
    };
    let batch = logits.shape.first().copied().filter(|_| logits.shape.len() > 1).unwrap_or(1);
    let (x, Some(t)) = (row(&logits.value), target.map(|t| row(&t.value))) else {
        return Vec::new();
    };
    if target.is_some_and(|t| !is_distribution(&t.value)) {
        return vec![words.get("note-loss-weights")];
    }
    if x.is_empty() || x.len() > 10 || x.len() != t.len() {
        return vec![words.get("note-loss")];
    }
    let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = x.iter().map(|x| (x - top).exp()).collect();
    let sum: f64 = powers.iter().sum();
    let list = |numbers: &mut dyn Iterator<Item = f64>| {
        let shown: Vec<String> = numbers.map(|x| digits(x, 3)).collect();
        shown.join(" ")
    };
    let y = list(&mut powers.iter().map(|p| p / sum));
    let difference = list(&mut powers.iter().zip(&t).map(|(p, t)| p / sum - t));
    let t = list(&mut t.iter().copied());
    let values = [("y", y.as_str()), ("t", t.as_str()), ("difference", difference.as_str())];
    let mut notes = vec![words.get("note-loss"), words.say("note-loss-numbers", &values)];
    let batch = batch.to_string();
    notes.extend((batch != "1").then(|| words.say("note-loss-batch", &[("count", &batch)])));
    notes
}

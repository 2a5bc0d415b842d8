//! What happens in each step of a computation: words, equations, and the numbers in them, as data.

pub(crate) mod math;
mod row;
pub(crate) mod asked;
mod sum;

use std::collections::HashMap;

use super::blanks::{Blanks, Key, is_handed_on, is_scalar_gate};
use super::columns::cut;
use super::formula::Formula;
use super::model::{Entry, Explanation, Node, Passed};
use super::picture::{Role, Shape, View};
use super::sums::Sums;
use super::value::Value;
use super::words::Words;
use math::{fraction, number, text};
pub use row::{Direction, Part, Row, Step};

/// Gates in a box of which the story tells, and parts of a sum that it shows.
const MOST_INSIDE: usize = 40;
const MOST_PARTS: usize = 8;

/// Letters of a label, and of a formula's elements: what is longer is a literal that nobody reads.
pub(crate) const LONGEST: usize = 200;
const MOST_SYMBOLS: usize = 4_000;

/// What a node computes, where it is short enough to read.
pub(crate) fn formula(node: &Node) -> Option<String> {
    node.formula.as_ref().map(Formula::mathml).filter(|symbols| symbols.len() <= MOST_SYMBOLS)
}

/// What a gate is called: by the sign that the picture has for it, where that is not its name.
fn called(node: &Node, shape: &Shape) -> String {
    let name = node.source.name();
    match shape.symbol == name {
        true => name.into(),
        false => format!("{} ({name})", shape.symbol),
    }
}

/// Who tells the steps of an explanation.
pub(crate) struct Teller<'a> {
    pub(crate) e: &'a Explanation,
    pub(crate) words: Words,
    /// What a pupil shall find, on a worksheet.
    pub(crate) blanks: Option<&'a Blanks>,
    /// What is told as one gate.
    sums: Sums,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(e: &'a Explanation) -> Self {
        Self { e, words: Words::new(e.language), blanks: None, sums: Sums::of(e) }
    }

    /// Who tells it with gaps to be filled in, each gate alone.
    pub(crate) fn with_blanks(e: &'a Explanation, blanks: &'a Blanks) -> Self {
        let words = Words::new(e.language);
        Self { e, words, blanks: Some(blanks), sums: Sums::default() }
    }

    /// What happens in each step of a view, the first before any. Rows are told of the view's own step alone
    /// where it has one; of a step beyond the last, of the last.
    pub(crate) fn steps(&self, view: View<'_>) -> Vec<Step> {
        let picture = self.e.picture(view);
        let told = view.step.map(|step| step.min(picture.steps));
        let tells = |step| told.is_none_or(|told| told == step);
        let start = Step { block: None, direction: Direction::Start, rows: Vec::new() };
        let mut steps = vec![start; picture.steps + 1];
        if tells(0) {
            steps[0].rows.push(Row::words(self.words.get("page-inputs")));
        }
        for (at, shape) in picture.shapes.iter().enumerate() {
            let Some(node) = self.e.node(shape.node) else { continue };
            let block = Some(at);
            if let (Role::Gate | Role::Fold, Some(step)) =
                (shape.role, steps.get_mut(shape.forward))
            {
                let rows = match tells(shape.forward) {
                    true => self.forward(node, shape),
                    false => Vec::new(),
                };
                *step = Step { block, direction: Direction::Forward, rows };
            }
            if let Some(at) = shape.backward
                && let Some(step) = steps.get_mut(at)
            {
                let direction = match shape.role {
                    Role::Result => Direction::Seed,
                    _ => Direction::Backward,
                };
                let rows = match tells(at) {
                    true => self.backward(node, shape),
                    false => Vec::new(),
                };
                *step = Step { block, direction, rows };
            }
        }
        steps
    }

    fn forward(&self, node: &Node, shape: &Shape) -> Vec<Row> {
        if shape.role == Role::Fold {
            return self.forward_inside(shape);
        }
        let words = self.words.say("page-forward", &[("op", &called(node, shape))]);
        [vec![Row::words(words)], self.computed(node)].concat()
    }

    /// What the gates in a box compute, each from those before it.
    fn forward_inside(&self, shape: &Shape) -> Vec<Row> {
        let sum = self.sums.at(shape.node).filter(|sum| sum.gates == shape.inside);
        if let (Some(sum), Some(node)) = (sum, self.e.node(shape.node)) {
            return self.sum_forward(sum, node);
        }
        let words = self.words.say("page-forward-box", &[("name", &shape.symbol)]);
        let gates = shape.inside.iter().filter_map(|&id| self.e.node(id));
        self.inside(words, gates, shape.inside.len(), |node| self.computed(node))
    }

    /// The whole way back through a box, gate by gate.
    fn backward_inside(&self, shape: &Shape) -> Vec<Row> {
        let sum = self.sums.at(shape.node).filter(|sum| sum.gates == shape.inside);
        if let (Some(sum), Some(node)) = (sum, self.e.node(shape.node)) {
            return self.sum_backward(sum, node);
        }
        let words = self.words.say("page-backward-box", &[("name", &shape.symbol)]);
        let gates = shape.inside.iter().rev().filter_map(|&id| self.e.node(id));
        self.inside(words, gates, shape.inside.len(), |node| self.passes(node))
    }

    /// Rows for each gate in a box.
    fn inside<'n>(
        &self,
        words: String,
        gates: impl Iterator<Item = &'n Node>,
        count: usize,
        rows: impl Fn(&Node) -> Vec<Row>,
    ) -> Vec<Row> {
        let told = gates.filter(|node| !node.is_silent()).take(MOST_INSIDE).flat_map(rows);
        let others = count.saturating_sub(MOST_INSIDE);
        let more = || Row::words(self.words.say("more", &[("count", &others.to_string())]));
        [Row::words(words)].into_iter().chain(told).chain((others > 0).then(more)).collect()
    }

    /// A gate's value as an equation, and what is worth knowing of it.
    fn computed(&self, node: &Node) -> Vec<Row> {
        let value = Part::value(Key::Value(node.id), &self.e.face(node).value);
        let notes = node.notes.iter().map(|note| Row::Note { text: note.clone() });
        [Row::equation(self.defined(node, Some(value)))].into_iter().chain(notes).collect()
    }

    /// A gate's name, its formula and its value.
    pub(crate) fn defined(&self, node: &Node, value: Option<Part>) -> Vec<Vec<Part>> {
        let formula = formula(node).unwrap_or_else(|| text(&cut(&node.label, LONGEST)));
        let face = self.e.face(node);
        let named = match () {
            () if face.named => Some(text(&face.label)),
            () if self.is_root(node.id) => Some(text(self.e.root())),
            () => (node.id == self.e.output_node).then(|| text(self.e.output_name())),
        };
        let symbols = named.into_iter().chain([formula]).map(Part::math);
        symbols.chain(value).map(|part| vec![part]).collect()
    }

    fn backward(&self, node: &Node, shape: &Shape) -> Vec<Row> {
        match shape.role {
            Role::Result => {
                return vec![Row::words(self.words.say("page-seed", &[("root", self.e.root())]))];
            }
            Role::Fold => return self.backward_inside(shape),
            _ => {}
        }
        let words = self.words.say("page-backward", &[("op", &called(node, shape))]);
        [vec![Row::words(words)], self.passes(node)].concat()
    }

    /// What a gate passes down, and what that adds up to where it is the last part of several.
    fn passes(&self, node: &Node) -> Vec<Row> {
        let rows = self.with_ends(node).flat_map(|(passed, end)| {
            let total = end.and_then(|to| self.total(node, to));
            self.passed(node, passed).into_iter().chain(total)
        });
        let legend = super::text::legend(self.e, &[node], &self.words);
        rows.chain(legend.map(|text| Row::Legend { text })).collect()
    }

    /// What a gate passes down, with the receiver where it is the last part that this gate sends there.
    fn with_ends<'n>(
        &self,
        node: &'n Node,
    ) -> impl Iterator<Item = (&'n Passed, Option<u32>)> + use<'a, 'n> {
        let e = self.e;
        let to = move |passed| e.received(node, passed).0;
        let last = node.backward.iter().map(|passed| (to(passed), passed.operand));
        let last: HashMap<u32, usize> = last.collect();
        node.backward.iter().map(move |passed| {
            let to = to(passed);
            (passed, (last.get(&to) == Some(&passed.operand)).then_some(to))
        })
    }

    /// The gradient of a value that has several uses, where this gate's is the last to come.
    fn total(&self, node: &Node, to: u32) -> Option<Row> {
        let e = self.e;
        let below = e.node(to).filter(|below| below.ledger.len() > 1)?;
        let last = below.ledger.last()?;
        let is_last = e.user(last.gate).is_some_and(|user| user.id == node.id);
        let gradient = below.gradient.as_ref().filter(|_| is_last)?;
        let left = match e.is_scalar() {
            true => fraction(&text(e.root()), &self.name(to)),
            false => text(&e.gradient_name(to)),
        };
        let part =
            |entry: &Entry| Part::factor(Key::Passed(entry.gate, entry.operand), &entry.gradient);
        let mut sum = Vec::new();
        for entry in below.ledger.iter().take(MOST_PARTS) {
            let plus = (!sum.is_empty()).then(|| Part::math("<mo>+</mo>"));
            sum.extend(plus.into_iter().chain([part(entry)]));
        }
        if below.ledger.len() > MOST_PARTS {
            sum.push(Part::math("<mo>+</mo><mo>…</mo>"));
        }
        let total = Part::value(Key::Gradient(to), gradient);
        Some(Row::equation([vec![Part::math(left)], sum, vec![total]]))
    }

    /// ∂L/∂operand = upstream · local derivative, in symbols and in numbers.
    pub(crate) fn passed(&self, node: &Node, passed: &Passed) -> Vec<Row> {
        let e = self.e;
        let (to, product) = e.received(node, passed);
        let of_numbers = match self.blanks {
            Some(_) if is_handed_on(e, node, to) => return Vec::new(),
            Some(_) => is_scalar_gate(node),
            None => e.is_scalar(),
        };
        match of_numbers {
            true => self.passed_number(node, passed, (to, product)),
            false => self.passed_array(node, passed, (to, product)),
        }
    }

    /// A gradient of arrays by its rule, such as dX = dY · Wᵀ.
    fn passed_array(&self, node: &Node, passed: &Passed, (to, product): (u32, &Value)) -> Vec<Row> {
        let e = self.e;
        let (left, rule) = (e.gradient_name(to), super::rules::along(e, node, passed, &self.words));
        let is_part = e.node(to).is_some_and(|below| below.ledger.len() > 1);
        let sides = match (rule != left, is_part) {
            (_, true) => vec![format!("{}<mo>⟵</mo>{}", text(&left), text(&rule))],
            (true, false) => vec![text(&left), text(&rule)],
            (false, false) => vec![text(&left)],
        };
        let asked = self.asked(Key::Passed(node.id, passed.operand), product);
        let value = asked.unwrap_or_else(|| Part::math(number(product)));
        let sides = sides.into_iter().map(Part::math).chain([value]);
        vec![Row::equation(sides.map(|side| vec![side]))]
    }

    fn passed_number(
        &self,
        node: &Node,
        passed: &Passed,
        (to, product): (u32, &Value),
    ) -> Vec<Row> {
        let (gate, operand) = (self.name(node.id), self.name(to));
        let (root, slope) = (text(self.e.root()), fraction(&gate, &operand));
        let symbols = format!(
            "{}<mo>⟵</mo>{}<mo>·</mo>{slope}",
            fraction(&root, &operand),
            fraction(&root, &gate)
        );
        let key = |of: fn(u32, usize) -> Key| of(node.id, passed.operand);
        let local = passed.local.as_ref().map(|local| {
            let asked = self.asked(key(Key::Local), local);
            asked.unwrap_or_else(|| Part::factor(key(Key::Local), local))
        });
        let upstream = self.found_part(Key::Gradient(node.id), &passed.upstream);
        let upstream =
            upstream.unwrap_or_else(|| Part::factor(Key::Gradient(node.id), &passed.upstream));
        let numbers = [upstream, Part::math("<mo>·</mo>")].into_iter().chain(local).collect();
        let asked = self.asked(key(Key::Passed), product);
        let product = asked.unwrap_or_else(|| Part::value(key(Key::Passed), product));
        let gradient = Row::equation([vec![Part::math(symbols)], numbers, vec![product]]);
        let formula = passed.local_in_place.as_ref();
        // A number would be an answer.
        let formula = formula.filter(|f| self.blanks.is_none() || f.as_number().is_none());
        let formula = formula.map(|formula| {
            Row::equation([slope, formula.mathml()].map(|side| vec![Part::math(side)]))
        });
        let (before, after) = match self.blanks {
            // On a worksheet it comes before the number that is to be found by it.
            Some(_) => (formula, None),
            None => (None, formula),
        };
        before.into_iter().chain([gradient]).chain(after).collect()
    }

    fn is_root(&self, id: u32) -> bool {
        self.e.nodes.last().is_some_and(|root| root.id == id)
    }

    /// A node's name in a fraction, in parentheses where it is an expression.
    pub(crate) fn name(&self, id: u32) -> String {
        let e = self.e;
        match e.node(id) {
            _ if self.is_root(id) => text(e.root()),
            Some(node) if id == e.output_node && !node.named => text(e.output_name()),
            Some(node) if e.face(node).named || !node.is_gate() => text(&cut(&node.label, 24)),
            Some(node) => {
                let short = node.label.chars().count() <= 24;
                let formula = node.formula.as_ref().filter(|_| short).map(Formula::mathml);
                let inner = formula.unwrap_or_else(|| text(&cut(&node.label, 24)));
                format!("<mo stretchy=\"false\">(</mo>{inner}<mo stretchy=\"false\">)</mo>")
            }
            None => text("?"),
        }
    }
}

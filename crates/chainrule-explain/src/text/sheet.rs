//! The walk-through as an exercise of a worksheet: what is to be found stands as a blank.

use super::{LONGEST, Page};
use crate::blanks::{Blanks, Cell, DIGITS, Key, is_handed_on};
use crate::columns::{cut, short, width};
use crate::model::{Explanation, Node, Passed};
use crate::rules;
use crate::value::{Value, digits, number};
use chainrule::ops::SoftmaxWithLoss;

/// The width of a worksheet.
pub(crate) const COLUMNS: usize = 60;

/// The width of a blank, and of the answer in it.
const BLANK: usize = 8;

/// Fills an answer up to the width of its blank until lines are broken.
const PADDING: &str = "\u{2800}";

/// A number on a worksheet. An answer stays on its blank's line.
fn cell(cell: Cell) -> String {
    match cell {
        Cell::Given(x) => number(x),
        Cell::Asked(at, None) => format!("#{at}{}", "_".repeat(BLANK)),
        Cell::Asked(at, Some(x)) => {
            let answer = format!("\u{a0}{}", digits(x, DIGITS));
            let rest = PADDING.repeat(BLANK.saturating_sub(width(&answer)));
            format!("#{at}{answer}{rest}")
        }
        Cell::Found(at, None) => format!("#{at}"),
        Cell::Found(_, Some(x)) => digits(x, DIGITS),
    }
}

/// A value whose numbers are to be filled in.
fn asked(blanks: &Blanks, key: Key, value: &Value) -> String {
    let mut cells = blanks.asked(key);
    value.written(&mut |x| cell(cells(x)))
}

/// A value that is given or was found before.
pub(super) fn found(blanks: &Blanks, key: Key, value: &Value) -> String {
    let mut cells = blanks.found(key);
    value.written(&mut |x| cell(cells(x)))
}

impl Explanation {
    /// One exercise of a worksheet, with its number where there are several.
    pub(crate) fn exercise_text(&self, blanks: &Blanks, at: Option<usize>) -> String {
        let mut page = Page::of(self, Some(blanks));
        let lead = at.map_or_else(String::new, |at| format!("{at}. "));
        for (row, statement) in self.statements().iter().enumerate() {
            match row {
                0 => page.wrapped(0, &format!("{lead}{statement}")),
                _ => page.wrapped(lead.len(), statement),
            }
        }
        if let Some(loss) = self.loss_formula() {
            page.wrapped(lead.len(), &loss);
        }
        page.given(lead.len());
        page.forward();
        page.backward();
        page.gradients(blanks);
        let plain = page.out.replace(PADDING, "").replace('\u{a0}', " ");
        let lines = plain.lines().map(|line| line.trim_end().to_owned());
        lines.map(|line| line + "\n").collect()
    }

    /// The loss on top of the expression, in the symbols of a formula.
    pub(crate) fn loss_formula(&self) -> Option<String> {
        let (target, f, loss) = (self.target.as_ref()?, self.output_name(), self.loss_name());
        let top = self.nodes.last()?;
        Some(match top.source.is::<SoftmaxWithLoss>() {
            true => format!("{loss} = −Σ T·ln softmax({f}), T = {}", short(target, COLUMNS)),
            false => format!("{loss} = ½·({f} − {target})²"),
        })
    }
}

impl Page<'_> {
    /// The value of an operand: that from which changes of shape made it.
    pub(super) fn found_behind(&self, blanks: &Blanks, id: u32) -> String {
        let id = self.e.behind(id);
        let value = self.e.node(id).map(|node| &self.e.face(node).value);
        value.map_or_else(|| "?".into(), |value| found(blanks, Key::Value(id), value))
    }

    /// A gate's value forward: what it computes, and the blank.
    pub(super) fn asked_value(&mut self, blanks: &Blanks, node: &Node) {
        let mut computed = self.equation(node);
        if let (Some(value), [logits, targets]) = (blanks.softmax(node), node.operands.as_slice()) {
            let name = self.e.short_name(self.e.behind(*logits));
            let softmax = format!("softmax({name})");
            let left = format!("{softmax} = softmax({})", self.found_behind(blanks, *logits));
            self.asked_rows(2, &left, &asked(blanks, Key::Softmax(node.id), value));
            // What the loss makes of a row of them.
            if value.shape().iter().rev().skip(1).all(|&rows| rows == 1) {
                let is_named = self.e.node(self.e.behind(*targets)).is_some_and(|node| node.named);
                let targets = self.found_behind(blanks, *targets);
                if !is_named {
                    self.wrapped(2, &format!("t = {targets}"));
                }
                let label = cut(&self.e.face(node).label, LONGEST);
                let found = found(blanks, Key::Softmax(node.id), value);
                computed = format!("{label} = −Σ {targets}·ln {found}");
            }
        }
        self.asked_rows(
            2,
            &computed,
            &asked(blanks, Key::Value(node.id), &self.e.face(node).value),
        );
    }

    /// What is equal to numbers that are to be found: those of a matrix row by row. Lines break by what
    /// stands in them, not by its width, so that a solution has the lines of its exercise.
    fn asked_rows(&mut self, indent: usize, left: &str, right: &str) {
        if !left.is_empty() && !right.starts_with('[') && !left.contains(", ") {
            return self.wrapped(indent, &format!("{left} = {right}"));
        }
        if !left.is_empty() {
            self.wrapped(indent, left);
        }
        for (at, row) in right.split_inclusive("], ").enumerate() {
            let lead = if at == 0 { "= " } else { "\u{a0}\u{a0}\u{a0}" };
            self.wrapped(indent + 2, &format!("{lead}{row}"));
        }
    }

    /// Upstream × local derivative = gradient.
    pub(super) fn asked_scalar(&mut self, blanks: &Blanks, gate: &Node, passed: &Passed) {
        let (to, formula) = self.receiver(gate, passed);
        let key = |of: fn(u32, usize) -> Key| of(gate.id, passed.operand);
        let upstream = found(blanks, Key::Gradient(gate.id), &passed.upstream);
        let local = passed.local.as_ref().map(|local| asked(blanks, key(Key::Local), local));
        let (local, product) = (local.unwrap_or_else(|| "·".into()), &passed.product);
        let numbers =
            format!("{upstream} × {local} = {}", asked(blanks, key(Key::Passed), product));
        if formula.is_empty() && width(&to) <= LONGEST / 2 {
            return self.wrapped(5, &format!("{to} {numbers}"));
        }
        let rule = match formula.is_empty() {
            true => to,
            false => format!("{}, {formula}", to.trim_end_matches(':')),
        };
        self.wrapped(5, &rule);
        self.wrapped(9, &numbers);
    }

    /// What a gate of arrays passes to an operand: by which rule, and the numbers.
    pub(super) fn asked_array(&mut self, blanks: &Blanks, node: &Node, passed: &Passed) {
        let (to, product) = self.e.received(node, passed);
        if is_handed_on(self.e, node, to) {
            return;
        }
        let rule = rules::along(self.e, node, passed, &self.words);
        self.wrapped(5, &format!("{} = {rule}", self.e.gradient_name(to)));
        self.asked_rows(5, "", &asked(blanks, Key::Passed(node.id, passed.operand), product));
    }

    /// The gradient of a value with several uses: the sum over these.
    pub(super) fn arrived(&mut self, blanks: &Blanks, node: &Node) {
        let Some(sum) = blanks.sum(node.id) else { return };
        let face = self.e.face(node);
        let mut left = format!("d{}/d{}", self.e.root(), face.label);
        for (at, (key, part)) in sum.parts.iter().enumerate() {
            let part = found(blanks, *key, part);
            let part = if at > 0 && part.starts_with('-') { format!("({part})") } else { part };
            left += &format!("{}{part}", if at == 0 { " = " } else { " + " });
        }
        self.asked_rows(2, &left, &asked(blanks, Key::Gradient(node.id), &sum.total));
    }

    /// What the inputs' gradients have come to.
    fn gradients(&mut self, blanks: &Blanks) {
        let e = self.e;
        if e.gradients.is_empty() {
            return;
        }
        self.title("sheet-gradients", &[]);
        self.line("");
        for (name, gradient) in &e.gradients {
            let Some(node) = e.input(name) else { continue };
            match blanks.sum(node.id) {
                Some(_) => self.arrived(blanks, node),
                None => {
                    let value = found(blanks, Key::Gradient(node.id), gradient);
                    let left = format!("d{}/d{name}", e.root());
                    match value.starts_with("[[") {
                        true => self.asked_rows(2, &left, &value),
                        false => self.wrapped(2, &format!("{left} = {value}")),
                    }
                }
            }
        }
    }
}

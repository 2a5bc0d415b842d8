//! An explanation laid out for a terminal and a reader who is learning.

mod plot;
mod forward;
mod sum;
mod answers;
mod sheet;

use std::collections::{BTreeSet, HashSet};

use super::blanks::{self, Blanks, Key, is_scalar_gate};
use super::columns::{
    COLUMNS, cut, first_rows, lines, short, table, unbroken, width, wrapped_within,
};
use super::expression::{self, Statement};
use super::formula::Formula;
use super::model::{Explanation, Node, Passed};
use super::rules;
use super::sums::Sums;
use super::value::number;
use super::words::Words;
pub(super) use answers::{extreme, verdict};
use chainrule::ops::{Softmax, SoftmaxWithLoss};
pub(super) use sheet::COLUMNS as SHEET_COLUMNS;

/// Labels and formulas longer than this are cut.
const LONGEST: usize = 30;

/// Given arrays longer than this, some lines, are summarised.
const LONGEST_GIVEN: usize = 240;

/// Values longer than this are cut in tables.
const LONGEST_VALUE: usize = 20;

/// Nodes that the drawing and the backward section show.
const MOST_NODES: usize = 60;

impl Explanation {
    /// The explanation as text for a terminal of 80 columns.
    ///
    /// ```
    /// use chainrule_explain::{Request, explain, values};
    /// let request = Request { expression: "x ^ 2".into(), values: values("x=3")?, ..Request::default() };
    /// assert!(explain(&request)?.to_text().contains("2 * x"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        Page::of(self, None).write()
    }

    /// The expression's statements, the last with the name of the result.
    pub(super) fn statements(&self) -> Vec<String> {
        let f = self.output_name();
        let mut told: Vec<String> = Vec::new();
        let mut statements = expression::statements(&self.expression);
        let last = statements.pop();
        told.extend(statements.into_iter().map(|statement| statement.text));
        match last {
            Some(Statement { gives: Some((name, _)), text }) if name == f => told.push(text),
            Some(Statement { gives: Some((name, true)), text }) => {
                told.extend([text, format!("{f} = {name}")]);
            }
            // The value's name alone says nothing new.
            Some(Statement { gives: None, text }) if text == f && !told.is_empty() => {}
            Some(Statement { text, .. }) => told.push(format!("{f} = {text}")),
            None => {}
        }
        told
    }
}

/// A text on its way.
struct Page<'a> {
    e: &'a Explanation,
    words: Words,
    /// What a pupil shall find, on a worksheet.
    blanks: Option<&'a Blanks>,
    columns: usize,
    /// What is told as one gate.
    sums: Sums,
    out: String,
}

impl<'a> Page<'a> {
    fn of(e: &'a Explanation, blanks: Option<&'a Blanks>) -> Self {
        let columns = if blanks.is_some() { sheet::COLUMNS } else { COLUMNS };
        // A worksheet asks for each gate.
        let sums = if blanks.is_some() { Sums::default() } else { Sums::of(e) };
        Self { e, words: Words::new(e.language), blanks, columns, sums, out: String::new() }
    }

    fn write(mut self) -> String {
        self.heading();
        self.origin();
        self.drawing();
        self.forward();
        self.backward();
        self.extreme();
        self.ledgers();
        self.partials();
        self.hessian();
        self.paths();
        self.what_if();
        self.goals();
        self.ranked();
        self.descent();
        self.sweep();
        self.out
    }

    fn title(&mut self, id: &str, values: &[(&str, &str)]) {
        let text = self.words.say(id, values);
        self.out.push('\n');
        self.wrapped(0, &text);
    }

    fn wrapped(&mut self, indent: usize, text: &str) {
        wrapped_within(&mut self.out, indent, text, self.columns);
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn heading(&mut self) {
        let (e, f) = (self.e, self.e.output_name());
        for statement in e.statements() {
            self.wrapped(0, &statement);
        }
        self.given(0);
        for (name, value) in &e.inputs {
            let is_whole = width(&value.to_string()) <= LONGEST_GIVEN;
            if let Some(rows) = first_rows(value).filter(|_| !is_whole) {
                self.wrapped(2, &format!("{name}: {rows}"));
            }
        }
        self.line(&format!("{f} = {}", short(&e.output, 60)));
        if let (Some(target), Some(loss)) = (&e.target, e.loss) {
            let (output, target) = (short(&e.output, 20), short(target, 20));
            let (id, numbers) = match self.is_half_squared() {
                true => ("heading-loss", format!("½·({output} − {target})² = {}", number(loss))),
                false => ("heading-cross-entropy", format!("{} (T = {target})", number(loss))),
            };
            let text = self
                .words
                .say(id, &[("numbers", &numbers), ("output", f), ("loss", e.loss_name())]);
            self.wrapped(0, &text);
        }
    }

    /// The inputs' values.
    fn given(&mut self, indent: usize) {
        let inputs = self.e.inputs.iter();
        let values: Vec<String> = inputs
            .map(|(name, value)| {
                format!("{name}\u{a0}=\u{a0}{}", unbroken(&short(value, LONGEST_GIVEN)))
            })
            .collect();
        if !values.is_empty() {
            let at = self.words.say("heading-at", &[("values", &values.join(", "))]);
            self.wrapped(indent, &at);
        }
    }

    fn is_half_squared(&self) -> bool {
        self.e.nodes.last().is_some_and(|node| !node.source.is::<SoftmaxWithLoss>())
    }

    /// A number that is not finite comes first: it is what the reader came for.
    fn origin(&mut self) {
        let Some(origin) = &self.e.not_finite else { return };
        self.title("origin-title", &[]);
        self.line("");
        self.wrapped(2, &origin.story);
        if let Some(remedy) = &origin.remedy {
            self.wrapped(2, remedy);
        }
    }

    fn drawing(&mut self) {
        let (e, root) = (self.e, self.e.root());
        self.title("drawing-title", &[]);
        let legend = self.words.say("drawing-legend", &[("root", root)]);
        self.line(&legend);
        let mut stack: Vec<(u32, String, String)> = Vec::new();
        if let Some(last) = e.nodes.last() {
            stack.push((last.id, String::new(), String::new()));
        }
        let (mut drawn, mut rows) = (HashSet::new(), Vec::new());
        while let Some((id, lead, indent)) = stack.pop() {
            let Some(node) = e.node(id) else { continue };
            if let (true, [operand]) = (node.is_silent(), node.operands.as_slice()) {
                stack.push((*operand, lead, indent));
                continue;
            }
            let face = e.face(node);
            if rows.len() == MOST_NODES {
                rows.push(vec![format!("  {}", self.words.get("more-nodes"))]);
                break;
            }
            let again = !drawn.insert(id) && !node.operands.is_empty();
            let note = if again { self.words.get("see-above") } else { String::new() };
            let gradient = match &face.gradient {
                Some(gradient) => format!("d{root}/d· = {}", short(gradient, LONGEST_VALUE)),
                None => String::new(),
            };
            let title = format!("{} {note}", self.gate(node));
            let value = short(&face.value, LONGEST_VALUE);
            rows.push(vec![format!("{lead}{}", title.trim_end()), value, gradient]);
            if again {
                continue;
            }
            let below = self.sums.at(id).map_or(&node.operands, |sum| &sum.terms);
            for (at, &operand) in below.iter().enumerate().rev() {
                let last = at + 1 == below.len();
                let branch = if last { "└─ " } else { "├─ " };
                let below = if last { "   " } else { "│  " };
                stack.push((operand, format!("{indent}{branch}"), format!("{indent}{below}")));
            }
        }
        if rows.iter().flatten().any(|cell| cell.contains('‖')) {
            let legend = self.words.get("drawing-norms");
            self.wrapped(0, &legend);
        }
        self.line("");
        table(&mut self.out, &rows);
    }

    /// A node's line: its gate, and its name or expression.
    fn gate(&self, node: &Node) -> String {
        match node.is_gate() {
            false => cut(&node.label, LONGEST),
            true => {
                let sum = self.sums.at(node.id).map(|_| "Σ");
                let name = sum.unwrap_or(node.source.name());
                format!("[{name}] {}", cut(&self.e.face(node).label, LONGEST))
            }
        }
    }

    fn backward(&mut self) {
        let e = self.e;
        let passes = |node: &&Node| {
            !node.backward.is_empty() && !node.is_silent() && !self.sums.is_inside(node.id)
        };
        let gates: Vec<&Node> = e.nodes.iter().rev().filter(passes).take(MOST_NODES).collect();
        if gates.is_empty() {
            return;
        }
        let title = if self.blanks.is_some() { "sheet-backward" } else { "backward-title" };
        self.title(title, &[]);
        if let Some(legend) = legend(e, &gates, &self.words) {
            self.wrapped(0, &legend);
        }
        self.line("");
        if e.target.is_some() && self.blanks.is_none() {
            let output = e.node(e.output_node).and_then(|node| node.gradient.as_ref());
            if let Some(gradient) = output {
                let (root, f) = (e.root(), e.output_name());
                self.line(&format!("  d{root}/d{f} = {}", short(gradient, 60)));
                self.line("");
            }
        }
        for node in gates {
            if let Some(sum) = self.sums.at(node.id).cloned() {
                self.sum_backward(&sum, node);
                continue;
            }
            if let Some(blanks) = self.blanks {
                self.arrived(blanks, node);
            }
            let value = self.value(node).map_or_else(String::new, |value| format!(" = {value}"));
            self.line(&cut(&format!("  {}{value}", self.gate(node)), self.columns));
            match is_scalar_gate(node) {
                true => self.scalar_gate(node),
                false => self.array_gate(node),
            }
            // On a worksheet the others would tell what is to be found.
            let notes = match self.blanks {
                Some(_) => blanks::notes(e, node, &self.words),
                None => node.notes.clone(),
            };
            for note in notes {
                self.wrapped(5, &note);
            }
        }
    }

    /// A gate's value: of arrays on a worksheet, the sheet has it above.
    fn value(&self, node: &Node) -> Option<String> {
        let value = &self.e.face(node).value;
        match self.blanks {
            None => Some(short(value, LONGEST)),
            Some(blanks) => {
                value.as_number().map(|_| sheet::found(blanks, Key::Value(node.id), value))
            }
        }
    }

    /// To which operand a gate passes its gradient, and by which local derivative where this is no number.
    fn receiver(&self, node: &Node, passed: &Passed) -> (String, String) {
        let to = node.operands.get(passed.operand).and_then(|&id| self.e.node(id));
        let to = to.map_or_else(String::new, |node| cut(&node.label, LONGEST));
        let formula = match &passed.local_in_place {
            Some(formula) if formula.as_number().is_none() => {
                self.words.say("local", &[("formula", &formula.to_string())])
            }
            _ => String::new(),
        };
        (self.words.say("to", &[("operand", &to)]), formula)
    }

    /// Upstream × local derivative = gradient, a row for each operand.
    fn scalar_gate(&mut self, node: &Node) {
        let mut rows = Vec::new();
        for passed in &node.backward {
            if let Some(blanks) = self.blanks {
                self.asked_scalar(blanks, node, passed);
                continue;
            }
            let (to, formula) = self.receiver(node, passed);
            let local = passed.local.as_ref().map_or_else(|| "·".into(), |v| short(v, LONGEST));
            rows.push(vec![
                format!("   {to}"),
                format!("{} × {local}", short(&passed.upstream, LONGEST)),
                format!("= {}", short(&passed.product, LONGEST)),
                formula,
            ]);
        }
        let widest = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell) + 2).max()
        };
        if (0..4).filter_map(widest).sum::<usize>() <= COLUMNS {
            return table(&mut self.out, &rows);
        }
        // What does not fit beside the numbers stands below them, whole.
        for mut row in rows {
            let formula = row.pop().unwrap_or_default();
            table(&mut self.out, &[row]);
            if !formula.is_empty() {
                self.wrapped(9, &formula);
            }
        }
    }

    /// How the gradient of a whole array is passed: the rule in names, then the numbers.
    fn array_gate(&mut self, node: &Node) {
        for passed in &node.backward {
            let (to, product) = self.e.received(node, passed);
            if let Some(blanks) = self.blanks {
                self.asked_array(blanks, node, passed);
                continue;
            }
            let right = rules::along(self.e, node, passed, &self.words);
            let left = self.e.gradient_name(to);
            // One part of what several uses add up to.
            let is_part = self.e.node(to).is_some_and(|below| below.ledger.len() > 1);
            let left = if is_part { format!("{left} +") } else { format!("{left} ") };
            let shape = product.shape();
            let shape = if shape.is_empty() { String::new() } else { format!("  {shape:?}") };
            let is_same = left.trim_end() == right;
            if !is_same {
                self.line(&cut(&format!("     {left}= {right}{shape}"), self.columns));
            }
            let indent = if is_same { left.chars().count() + 5 } else { 7 };
            for (at, line) in lines(product, indent + 2).iter().enumerate() {
                let lead = match (at, is_same) {
                    (0, true) => format!("     {left}= "),
                    (0, false) => format!("{}= ", " ".repeat(indent)),
                    _ => " ".repeat(indent + 2),
                };
                self.line(&format!("{lead}{line}"));
            }
        }
    }
}

/// What the places mean by which the local derivatives of these gates speak of unnamed values.
pub(super) fn legend(e: &Explanation, gates: &[&Node], words: &Words) -> Option<String> {
    let (names, [own, takes]) = (places(e, gates), &e.places);
    let id = match (names.contains(own), names.len()) {
        (_, 0) => return None,
        (true, 1) => "backward-own",
        (false, _) => "backward-takes",
        _ => "backward-places",
    };
    Some(words.say(id, &[("own", own), ("takes", takes)]))
}

/// The places by which the local derivatives of these gates speak of unnamed values.
fn places(e: &Explanation, gates: &[&Node]) -> BTreeSet<String> {
    let [own, takes] = &e.places;
    let mut names = BTreeSet::new();
    for node in gates {
        let formulas = node.backward.iter().filter_map(|passed| passed.local_in_place.as_ref());
        let formulas: Vec<&Formula> = formulas.collect();
        let shown = |name: &str| formulas.iter().any(|formula| formula.names(name));
        let by_rule = node.source.is::<Softmax>() && e.short_name(node.id).contains('(');
        names.extend((!node.named && (by_rule || shown(own))).then(|| own.clone()));
        let taken = (1..=node.operands.len()).map(|at| format!("{takes}{at}"));
        let taken = taken.chain([takes.clone()]).any(|name| shown(&name));
        names.extend(taken.then(|| takes.clone()));
    }
    names
}

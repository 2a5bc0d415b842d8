//! Worksheets as pages, for a screen or a printer.

use super::rows::written;
use crate::blanks::{Blanks, Key, notes};
use crate::model::{Explanation, Node};
use crate::notation::escaped;
use crate::story::asked::mark;
use crate::story::math::{fraction, number, text};
use crate::story::{Part, Row, Teller};
use crate::value::Value;
use crate::words::Words;

const STYLE: &str = include_str!("sheet.css");

/// A page of exercises.
pub(crate) fn sheet(words: &Words, title: &str, legend: &[String], exercises: &str) -> String {
    let title = escaped(title);
    let legend = legend.iter().map(|line| format!("<p>{}</p>\n", escaped(line)));
    let legend = legend.collect::<String>().replace("#1", &mark(1));
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n{legend}{exercises}</body>\n</html>\n",
        words.get("language")
    )
}

impl Explanation {
    /// One exercise of a worksheet, with its number where there are several.
    pub(crate) fn exercise_html(&self, blanks: &Blanks, at: Option<usize>) -> String {
        let teller = Teller::with_blanks(self, blanks);
        let statements: Vec<String> =
            self.statements().into_iter().chain(self.loss_formula()).collect();
        let lead = at.map_or_else(String::new, |at| format!("{at}. "));
        let gates = || self.nodes.iter().filter(|node| node.is_gate() && !node.is_silent());
        let forward: Vec<Row> = gates().flat_map(|node| values(&teller, blanks, node)).collect();
        let backward = gates().rev().flat_map(|node| {
            let passed = node.backward.iter().flat_map(|passed| teller.passed(node, passed));
            let notes = notes(self, node, &teller.words).into_iter();
            let notes = notes.map(|text| Row::Note { text });
            arrived(&teller, blanks, node).into_iter().chain(passed).chain(notes)
        });
        let backward: Vec<Row> = backward.collect();
        let gates: Vec<&Node> = gates().filter(|node| !node.backward.is_empty()).collect();
        let legend = crate::text::legend(self, &gates, &teller.words).map(|text| escaped(&text));
        let legend = legend.map_or_else(String::new, |text| format!("<p>{text}</p>\n"));
        let section = |title: &str, body: &str| match body.is_empty() {
            true => String::new(),
            false => format!("<h3>{}</h3>\n{body}\n", escaped(&teller.words.get(title))),
        };
        let rows = |rows: &[Row]| written(rows);
        format!(
            "<section>\n<h2>{lead}{}</h2>\n<div class=\"given\">{}</div>\n{}{}{}</section>\n",
            escaped(&statements.join("; ")),
            rows(&given(self)),
            section("forward-title", &rows(&forward)),
            section("sheet-backward", &(legend + &rows(&backward))),
            section("sheet-gradients", &rows(&gradients(&teller, blanks))),
        )
    }
}

/// The inputs' values.
fn given(e: &Explanation) -> Vec<Row> {
    let row = |(name, value): &(String, Value)| {
        Row::equation([text(name), number(value)].map(|side| vec![Part::math(side)]))
    };
    e.inputs.iter().map(row).collect()
}

/// A gate's value forward: what it computes, and the blank.
fn values(teller: &Teller<'_>, blanks: &Blanks, node: &Node) -> Vec<Row> {
    let e = teller.e;
    let mut rows = Vec::new();
    if let (Some(value), Some(logits)) = (blanks.softmax(node), node.operands.first()) {
        let targets = node.operands.get(1).and_then(|&id| e.node(e.behind(id)));
        if let Some(targets) = targets.filter(|targets| !targets.named) {
            let sides = [text("t"), number(&targets.value)];
            rows.push(Row::equation(sides.map(|side| vec![Part::math(side)])));
        }
        let name = format!("softmax({})", e.short_name(e.behind(*logits)));
        let asked = teller.asked(Key::Softmax(node.id), value);
        rows.push(Row::equation([vec![Part::math(text(&name))], asked.into_iter().collect()]));
    }
    let asked = teller.asked(Key::Value(node.id), &e.face(node).value);
    rows.push(Row::equation(teller.defined(node, asked)));
    rows
}

/// The gradient of a value with several uses: the sum over these.
fn arrived(teller: &Teller<'_>, blanks: &Blanks, node: &Node) -> Option<Row> {
    let sum = blanks.sum(node.id)?;
    let mut parts = Vec::new();
    for (at, (key, part)) in sum.parts.iter().enumerate() {
        let found = match at {
            0 => teller.found(*key, part),
            _ => teller.found_part(*key, part),
        };
        let plus = (at > 0).then(|| Part::math("<mo>+</mo>"));
        parts.extend(plus.into_iter().chain(found));
    }
    let total = teller.asked(Key::Gradient(node.id), &sum.total)?;
    let left = fraction(&text(teller.e.root()), &teller.name(node.id));
    Some(Row::equation([vec![Part::math(left)], parts, vec![total]]))
}

/// What the inputs' gradients have come to.
fn gradients(teller: &Teller<'_>, blanks: &Blanks) -> Vec<Row> {
    let line = |(name, gradient): &(String, Value)| {
        let node = teller.e.input(name)?;
        arrived(teller, blanks, node).or_else(|| {
            let left = fraction(&text(teller.e.root()), &text(name));
            let found = teller.found(Key::Gradient(node.id), gradient)?;
            Some(Row::equation([vec![Part::math(left)], vec![found]]))
        })
    };
    teller.e.gradients.iter().filter_map(line).collect()
}

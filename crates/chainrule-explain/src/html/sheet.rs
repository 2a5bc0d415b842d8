//! Worksheets as pages, for a screen or a printer.

use super::math::{array, equation, fraction, number, scalar, text};
use super::{Page, STYLE};
use crate::blanks::{Blanks, Cell, DIGITS, Key, notes};
use crate::model::{Explanation, Node};
use crate::notation::escaped;
use crate::picture::View;
use crate::sums::Sums;
use crate::value::{Value, digits, with_minus};
use crate::words::Words;

const SHEET_STYLE: &str = include_str!("sheet.css");

/// A number on a worksheet. HTML within a formula stands in a text of its own.
fn cell(cell: Cell) -> String {
    let shown = |x: f64| with_minus(&digits(x, DIGITS));
    match cell {
        Cell::Given(x) => format!("<mn>{}</mn>", scalar(x)),
        Cell::Asked(at, answer) => {
            let answer = answer.map_or_else(String::new, shown);
            // A space holds the line open.
            let blank = format!("<span class=\"blank\">{answer}&#160;</span>");
            format!("<mtext><span class=\"cell\">{}{blank}</span></mtext>", mark(at))
        }
        Cell::Found(at, None) => format!("<mtext>{}</mtext>", mark(at)),
        Cell::Found(_, Some(x)) => format!("<mn>{}</mn>", shown(x)),
    }
}

/// The number of a blank.
fn mark(at: usize) -> String {
    format!("<span class=\"number\">{at}</span>")
}

/// A page of exercises.
pub(crate) fn sheet(words: &Words, title: &str, legend: &[String], exercises: &str) -> String {
    let title = escaped(title);
    let legend = legend.iter().map(|line| format!("<p>{}</p>\n", escaped(line)));
    let legend = legend.collect::<String>().replace("#1", &mark(1));
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}{SHEET_STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n{legend}{exercises}</body>\n</html>\n",
        words.get("language")
    )
}

impl Explanation {
    /// One exercise of a worksheet, with its number where there are several.
    pub(crate) fn exercise_html(&self, blanks: &Blanks, at: Option<usize>) -> String {
        let words = Words::new(self.language);
        let page = Page {
            e: self,
            view: View::default(),
            words,
            operations: None,
            blanks: Some(blanks),
            sums: Sums::default(),
        };
        let statements: Vec<String> =
            self.statements().into_iter().chain(self.loss_formula()).collect();
        let lead = at.map_or_else(String::new, |at| format!("{at}. "));
        let gates = || self.nodes.iter().filter(|node| node.is_gate() && !node.is_silent());
        let forward: String = gates().map(|node| page.asked_value(blanks, node)).collect();
        let backward = gates().rev().map(|node| {
            let passed = node.backward.iter().map(|passed| page.passed(node, passed));
            let notes = notes(self, node, &page.words).into_iter();
            let notes = notes.map(|note| format!("<p class=\"note\">{}</p>", escaped(&note)));
            page.arrived(blanks, node).into_iter().chain(passed).chain(notes).collect::<String>()
        });
        let backward: String = backward.collect();
        let gates: Vec<&Node> = gates().filter(|node| !node.backward.is_empty()).collect();
        let legend = crate::text::legend(self, &gates, &page.words).map(|text| escaped(&text));
        let legend = legend.map_or_else(String::new, |text| format!("<p>{text}</p>\n"));
        let section = |title: &str, body: &str| match body.is_empty() {
            true => String::new(),
            false => format!("<h3>{}</h3>\n{body}\n", escaped(&page.words.get(title))),
        };
        format!(
            "<section>\n<h2>{lead}{}</h2>\n{}{}{}{}</section>\n",
            escaped(&statements.join("; ")),
            page.given(),
            section("forward-title", &forward),
            section("sheet-backward", &(legend + &backward)),
            section("sheet-gradients", &page.gradients(blanks)),
        )
    }
}

impl Page<'_> {
    /// A value, as blanks where it is to be found.
    pub(super) fn asked(&self, key: Key, value: &Value) -> Option<String> {
        let mut cells = self.blanks?.asked(key);
        Some(array(value, &mut |x| cell(cells(x))))
    }

    /// A value that is given or was found before.
    pub(super) fn found(&self, key: Key, value: &Value) -> Option<String> {
        let mut cells = self.blanks?.found(key);
        Some(array(value, &mut |x| cell(cells(x))))
    }

    /// The same as a factor or an addend: in parentheses where it is negative.
    pub(super) fn found_part(&self, key: Key, value: &Value) -> Option<String> {
        let shown = self.found(key, value)?;
        let is_negative = shown.starts_with("<mn>−");
        Some(if is_negative { format!("<mo>(</mo>{shown}<mo>)</mo>") } else { shown })
    }

    /// The inputs' values.
    fn given(&self) -> String {
        let given = self.e.inputs.iter();
        let given = given.map(|(name, value)| equation(&[text(name), number(value)]));
        format!("<div class=\"given\">{}</div>\n", given.collect::<String>())
    }

    /// A gate's value forward: what it computes, and the blank.
    fn asked_value(&self, blanks: &Blanks, node: &Node) -> String {
        let mut out = String::new();
        if let (Some(value), Some(logits)) = (blanks.softmax(node), node.operands.first()) {
            let targets = node.operands.get(1).and_then(|&id| self.e.node(self.e.behind(id)));
            if let Some(targets) = targets.filter(|targets| !targets.named) {
                out += &equation(&[text("t"), number(&targets.value)]);
            }
            let name = format!("softmax({})", self.e.short_name(self.e.behind(*logits)));
            let asked = self.asked(Key::Softmax(node.id), value);
            out += &equation(&[text(&name), asked.unwrap_or_default()]);
        }
        let parts = self.defined(node, self.asked(Key::Value(node.id), &self.e.face(node).value));
        out + &equation(&parts)
    }

    /// The gradient of a value with several uses: the sum over these.
    fn arrived(&self, blanks: &Blanks, node: &Node) -> Option<String> {
        let sum = blanks.sum(node.id)?;
        let parts = sum.parts.iter().enumerate().filter_map(|(at, (key, part))| match at {
            0 => self.found(*key, part),
            _ => self.found_part(*key, part),
        });
        let parts = parts.collect::<Vec<String>>().join("<mo>+</mo>");
        let total = self.asked(Key::Gradient(node.id), &sum.total)?;
        let left = fraction(&text(self.e.root()), &self.name(node.id));
        let parts = [left, parts, total].into_iter().filter(|part| !part.is_empty());
        Some(equation(&parts.collect::<Vec<String>>()))
    }

    /// What the inputs' gradients have come to.
    fn gradients(&self, blanks: &Blanks) -> String {
        let line = |(name, gradient): &(String, Value)| {
            let node = self.e.input(name)?;
            self.arrived(blanks, node).or_else(|| {
                let left = fraction(&text(self.e.root()), &text(name));
                Some(equation(&[left, self.found(Key::Gradient(node.id), gradient)?]))
            })
        };
        self.e.gradients.iter().filter_map(line).collect()
    }
}

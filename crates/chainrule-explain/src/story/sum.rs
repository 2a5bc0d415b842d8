//! A sum of many products in a story: one gate, which opens.

use super::math::text;
use super::{Part, Row, Teller};
use crate::blanks::Key;
use crate::model::{Node, Passed};
use crate::sums::Sum;
use crate::value::Value;

/// Terms that are told.
const MOST_TERMS: usize = 100;

/// What a term passes on: to which node, and the number.
type Handed = (u32, Part);

impl Teller<'_> {
    pub(super) fn sum_forward(&self, sum: &Sum, node: &Node) -> Vec<Row> {
        let words = Row::words(self.words.get("page-forward-sum"));
        let terms = format!("<mo>Σ</mo>{}", text(&sum.written(self.e)));
        let name = node.named.then(|| Part::math(self.name(node.id)));
        let value = Part::value(Key::Value(node.id), &node.value);
        let sides = name.into_iter().chain([Part::math(terms), value]);
        let equation = Row::equation(sides.map(|side| vec![side]));
        vec![words, equation, self.sum_terms(sum, |_| Vec::new())]
    }

    pub(super) fn sum_backward(&self, sum: &Sum, node: &Node) -> Vec<Row> {
        let e = self.e;
        let passes = |term: &Node| -> Vec<Handed> {
            let cell = |passed: &Passed| {
                let key = Key::Passed(term.id, passed.operand);
                (e.received(term, passed).0, Part::value(key, &passed.product))
            };
            match (sum.gates.binary_search(&term.id).is_ok(), &node.gradient) {
                (true, _) => term.backward.iter().map(cell).collect(),
                (false, Some(up)) if term.gradient.is_some() => {
                    vec![(term.id, Part::value(Key::Gradient(node.id), up))]
                }
                _ => Vec::new(),
            }
        };
        let gates = sum.gates.iter().rev().filter_map(|&id| e.node(id));
        let totals = gates
            .flat_map(|gate| self.with_ends(gate).filter_map(|(_, end)| self.total(gate, end?)));
        [self.sum_rule(sum, node), self.sum_terms(sum, passes)].into_iter().chain(totals).collect()
    }

    /// The rule in a sentence, in which the gradient that arrives stands as a number.
    fn sum_rule(&self, sum: &Sum, node: &Node) -> Row {
        let (e, gap) = (self.e, "\u{1}");
        let values = [("root", e.root()), ("sum", sum.name(e)), ("upstream", gap)];
        let words = self.words.say("sum-rule", &values);
        let upstream = node.gradient.as_ref().and_then(Value::as_number);
        let mut parts = Vec::new();
        for (at, words) in words.split(gap).enumerate() {
            if let (true, Some(value)) = (at > 0, upstream) {
                parts.push(Part::Number { key: Key::Gradient(node.id), value, factor: false });
            }
            parts.push(Part::Text { text: words.into() });
        }
        Row::Words { parts }
    }

    /// The terms as a table that opens: each with its value, and what `passes` tells of it.
    fn sum_terms(&self, sum: &Sum, passes: impl Fn(&Node) -> Vec<Handed>) -> Row {
        let count = sum.products.to_string();
        let terms = sum.terms.iter().take(MOST_TERMS).filter_map(|&id| self.e.node(id));
        let row = |term: &Node| {
            let written = Part::Text { text: sum.term(self.e, term.id) };
            let value = Part::value(Key::Value(term.id), &term.value);
            let passed = passes(term)
                .into_iter()
                .map(|(to, number)| vec![Part::math(self.name(to) + "<mo>⟵</mo>"), number]);
            [vec![written], vec![value]].into_iter().chain(passed).collect()
        };
        let others = sum.terms.len().saturating_sub(MOST_TERMS);
        Row::Table {
            title: self.words.say("sum-products", &[("count", &count)]),
            rows: terms.map(row).collect(),
            more: (others > 0).then(|| self.words.say("more", &[("count", &others.to_string())])),
        }
    }
}

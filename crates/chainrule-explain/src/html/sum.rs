//! A sum of many products on a page: one gate, which opens.

use std::fmt::Write;

use super::Page;
use super::math::{equation, scalar, text};
use crate::model::{Node, Passed};
use crate::notation::escaped;
use crate::sums::Sum;
use crate::value::Value;

/// Terms that a page shows.
const MOST_TERMS: usize = 100;

impl Page<'_> {
    pub(super) fn sum_forward(&self, sum: &Sum, node: &Node) -> String {
        let words = self.words.get("page-forward-sum");
        let terms = format!("<mo>Σ</mo>{}", text(&sum.written(self.e)));
        let value = self.live(&format!("v:{}", node.id), &node.value);
        let parts = [vec![self.name(node.id)], vec![terms, value]].concat();
        let parts = if node.named { &parts[..] } else { &parts[1..] };
        let rows = self.sum_rows(sum, |_| Vec::new());
        format!("<p>{}</p>{}{rows}", escaped(&words), equation(parts))
    }

    pub(super) fn sum_backward(&self, sum: &Sum, node: &Node) -> String {
        let e = self.e;
        let x = node.gradient.as_ref().and_then(Value::as_number).map_or_else(String::new, scalar);
        let upstream = "\u{1}";
        let values = [("root", e.root()), ("sum", sum.name(e)), ("upstream", upstream)];
        let words = self.words.say("sum-rule", &values);
        let passes = |term: &Node| -> Vec<(u32, String, Value)> {
            let cell = |passed: &Passed| {
                let key = format!("p:{}:{}", term.id, passed.operand);
                (e.received(term, passed).0, key, passed.product.clone())
            };
            match (sum.gates.binary_search(&term.id).is_ok(), &node.gradient) {
                (true, _) => term.backward.iter().map(cell).collect(),
                (false, Some(up)) if term.gradient.is_some() => {
                    vec![(term.id, format!("g:{}", node.id), up.clone())]
                }
                _ => Vec::new(),
            }
        };
        let rows = self.sum_rows(sum, passes);
        let gates = sum.gates.iter().rev().filter_map(|&id| e.node(id));
        let totals = gates.flat_map(|gate| gate.backward.iter().map(move |p| self.total(gate, p)));
        let live = match self.operations {
            Some(_) => format!("<span data-x=\"g:{}\">{x}</span>", node.id),
            None => x,
        };
        let words = escaped(&words).replace(upstream, &live);
        format!("<p>{words}</p>{rows}{}", totals.collect::<String>())
    }

    /// The terms as a table that opens: each with its value, and what `passes` tells of it.
    fn sum_rows(&self, sum: &Sum, passes: impl Fn(&Node) -> Vec<(u32, String, Value)>) -> String {
        let count = sum.products.to_string();
        let title = escaped(&self.words.say("sum-products", &[("count", &count)]));
        let mut out = format!("<details><summary>{title}</summary><table>");
        for term in sum.terms.iter().take(MOST_TERMS).filter_map(|&id| self.e.node(id)) {
            let written = escaped(&sum.term(self.e, term.id));
            let value = self.live(&format!("v:{}", term.id), &term.value);
            let _ = write!(out, "<tr><td>{written}</td><td><math>{value}</math></td>");
            for (to, key, product) in passes(term) {
                let (name, product) = (self.name(to), self.live(&key, &product));
                let _ = write!(out, "<td><math>{name}<mo>⟵</mo>{product}</math></td>");
            }
            out += "</tr>";
        }
        out += "</table>";
        if sum.terms.len() > MOST_TERMS {
            let count = (sum.terms.len() - MOST_TERMS).to_string();
            let more = self.words.say("more", &[("count", &count)]);
            let _ = write!(out, "<p>{}</p>", escaped(&more));
        }
        out + "</details>"
    }
}

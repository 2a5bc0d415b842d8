//! A sum of many products: one line forward, and backward its rule once with a table.

use super::Page;
use crate::columns::{COLUMNS, cut, table};
use crate::model::Node;
use crate::sums::Sum;
use crate::value::{Value, number};

/// Terms that the table shows.
const MOST_TERMS: usize = 16;

impl Page<'_> {
    /// `Σ: w0·x0 + w1·x1 + … + b = 3.2`, after the sum's name.
    pub(super) fn sum_forward(&mut self, sum: &Sum, node: &Node) {
        let name = if node.named { format!("{} = ", node.label) } else { String::new() };
        let value = node.value.as_number().map_or_else(String::new, number);
        let line = format!("{name}Σ: {} = {value}", sum.written(self.e));
        self.wrapped(2, &line);
    }

    /// The rule, then what each term is and what its factors receive.
    pub(super) fn sum_backward(&mut self, sum: &Sum, node: &Node) {
        let e = self.e;
        let of = |value: Option<&Value>| {
            value.and_then(Value::as_number).map_or_else(String::new, number)
        };
        let value = of(Some(&node.value));
        let title = match node.named {
            true => format!("[Σ] {}", node.label),
            false => format!("Σ: {}", sum.written(e)),
        };
        self.line(&cut(&format!("  {title} = {value}"), COLUMNS));
        let upstream = of(node.gradient.as_ref());
        let rule = self
            .words
            .say("sum-rule", &[("root", e.root()), ("sum", sum.name(e)), ("upstream", &upstream)]);
        self.wrapped(5, &rule);
        let mut rows = Vec::new();
        for &id in sum.terms.iter().take(MOST_TERMS) {
            let Some(term) = e.node(id) else { continue };
            let is_product = sum.gates.binary_search(&id).is_ok();
            let mut row =
                vec![format!("   {}", sum.term(e, id)), format!("= {}", of(Some(&term.value)))];
            for (at, factor) in term.operands.iter().enumerate().filter(|_| is_product) {
                let passed = term.passed(at);
                let name = e.node(*factor).map_or("", |node| node.label.as_str());
                row.push(passed.map_or_else(String::new, |passed| {
                    format!("{}: {}", cut(name, 16), of(Some(&passed.product)))
                }));
            }
            let receives = !is_product && term.gradient.is_some();
            row.extend(receives.then(|| format!("{}: {upstream}", sum.term(e, id))));
            rows.push(row);
        }
        table(&mut self.out, &rows);
        if sum.terms.len() > MOST_TERMS {
            let count = (sum.terms.len() - MOST_TERMS).to_string();
            let more = self.words.say("more", &[("count", &count)]);
            self.line(&format!("     {more}"));
        }
    }
}

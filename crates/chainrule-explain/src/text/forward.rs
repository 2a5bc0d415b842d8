//! The values on their way up, as equations: x * m = 100 × 2 = 200.

use super::{LONGEST, MOST_NODES, Page};
use crate::columns::{MOST_NUMBERS, cut, first_rows, short, unbroken};
use crate::expression::CROSS_ENTROPY;
use crate::model::Node;
use crate::value::Value;
use chainrule::ops::{Notation, SoftmaxWithLoss};

/// The characters that twelve numbers take.
const LONGEST_ARRAY: usize = 120;

impl Page<'_> {
    /// Each gate's value, computed from those that it takes.
    pub(super) fn forward(&mut self) {
        let e = self.e;
        let gates = e.nodes.iter().filter(|node| node.is_gate() && !node.is_silent());
        let gates: Vec<&Node> = gates.filter(|node| !self.sums.is_inside(node.id)).collect();
        if gates.is_empty() {
            return;
        }
        self.title("forward-title", &[]);
        if e.nodes.iter().any(|node| node.value.numbers().len() > MOST_NUMBERS) {
            let legend = self.words.get("forward-legend");
            self.wrapped(0, &legend);
        }
        self.line("");
        for node in gates.iter().take(MOST_NODES) {
            if let Some(blanks) = self.blanks {
                self.asked_value(blanks, node);
                continue;
            }
            if let Some(sum) = self.sums.at(node.id).cloned() {
                self.sum_forward(&sum, node);
                continue;
            }
            let equation = self.equation(node);
            let value = &e.face(node).value;
            self.wrapped(2, &format!("{equation} =\u{a0}{}", shown(value)));
            if let Some(rows) = first_rows(value) {
                self.wrapped(5, &rows);
            }
        }
        if gates.len() > MOST_NODES {
            let more = format!("  {}", self.words.get("more-nodes"));
            self.line(&more);
        }
    }

    /// What a gate is called, and what it computes in numbers.
    pub(super) fn equation(&self, node: &Node) -> String {
        let value = |id: &u32| match self.blanks {
            Some(blanks) => self.found_behind(blanks, *id),
            None => self.e.node(*id).map_or_else(|| "?".into(), |n| shown(&n.value)),
        };
        let operands: Vec<String> = node.operands.iter().map(value).collect();
        let later = |text: &String| match text.starts_with('-') {
            true => format!("({text})"),
            false => text.clone(),
        };
        let op = node.source.op();
        let computed = match (op.map(|op| op.notation()), operands.as_slice()) {
            (Some(Notation::Infix(sign, _)), [a, b]) => {
                let sign = match sign {
                    "*" => "×",
                    "-" => "−",
                    other => other,
                };
                let a = if sign == "^" { later(a) } else { a.clone() };
                format!("{a} {sign} {}", later(b))
            }
            (Some(Notation::Prefix(_)), [a]) => format!("−{}", later(a)),
            (Some(Notation::Power(n)), [a]) => format!("{}^{n}", later(a)),
            (Some(Notation::Root), [a]) => format!("sqrt({a})"),
            _ if node.source.is::<SoftmaxWithLoss>() => {
                format!("{CROSS_ENTROPY}({})", operands.join(", "))
            }
            _ => format!("{}({})", node.source.name(), operands.join(", ")),
        };
        let face = self.e.face(node);
        format!("{} = {computed}", cut(&face.label, LONGEST))
    }
}

/// A value as a line of numbers where these are few.
fn shown(value: &Value) -> String {
    match value.numbers().len() <= MOST_NUMBERS {
        true => unbroken(&short(value, LONGEST_ARRAY)),
        false => format!("{} ‖{}‖", value.dims("×"), crate::value::digits(value.norm(), 3)),
    }
}

//! The JavaScript of a page's operations, written from their terms.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Explanation, Node};
use crate::term::Language;
use chainrule::ops::{AnyPointwise, Identity, derivative};

/// The operations of a computation of numbers, each once.
pub(super) struct Operations {
    /// Of each operation a list of functions, and its name.
    written: Vec<(String, &'static str)>,
    /// For each node the place of its operation; `None` for what is given.
    of_nodes: Vec<Option<usize>>,
}

impl Operations {
    /// The operations of an explanation; `None` where arrays are computed, or an operation has no term.
    pub(super) fn of(e: &Explanation) -> Option<Self> {
        if !e.is_scalar() {
            return None;
        }
        let mut found = Self { written: Vec::new(), of_nodes: Vec::new() };
        let mut known = HashMap::new();
        for node in &e.nodes {
            let place = match node.is_gate() {
                true => Some(found.place(node, &mut known)?),
                false => None,
            };
            found.of_nodes.push(place);
        }
        Some(found)
    }

    fn place(
        &mut self,
        node: &Node,
        known: &mut HashMap<(TypeId, Identity), usize>,
    ) -> Option<usize> {
        let op = node.source.op()?;
        let key = op.identity().map(|identity| ((**op).as_any().type_id(), identity));
        if let Some(&place) = key.as_ref().and_then(|key| known.get(key)) {
            return Some(place);
        }
        let place = self.written.len();
        self.written.push((functions(&op.clone().pointwise()?)?, op.name()));
        known.extend(key.map(|key| (key, place)));
        Some(place)
    }

    /// For each node the place of its operation in the table.
    pub(super) fn of_nodes(&self) -> impl Iterator<Item = Option<usize>> {
        self.of_nodes.iter().copied()
    }

    /// The table that the page's script reads: of each operation the value as a function of the
    /// operands, and the derivative by each operand as a function of the operands and the value.
    pub(super) fn table(&self) -> String {
        let rows =
            self.written.iter().map(|(functions, name)| format!("  [{functions}], // {name}\n"));
        format!("const OPS = [\n{}];\n", rows.collect::<String>())
    }
}

/// The value and the derivatives of an operation; `None` where a derivative is more than a term.
fn functions(op: &Arc<dyn AnyPointwise>) -> Option<String> {
    let operands = &["a", "b", "c", "d", "e", "f", "g", "h"][..op.arity()];
    let function = |names: &[&str], body: String| format!("({}) => {body}", names.join(", "));
    let value = function(operands, Language::JavaScript.body(&op.term(), operands));
    let names = [operands, &["y"]].concat();
    let slopes = (0..op.arity()).map(|operand| {
        let slope = derivative(op, operand)?;
        Some(function(&names, Language::JavaScript.body(&slope, &names)))
    });
    let all: Vec<String> = std::iter::once(Some(value)).chain(slopes).collect::<Option<_>>()?;
    Some(all.join(", "))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::Operations;
    use crate::{Explanation, Request, Value, View, explain, values};

    fn explained(expression: &str, at: &str) -> Explanation {
        let (expression, values) = (expression.into(), values(at).unwrap());
        explain(&Request { expression, values, ..Request::default() }).unwrap()
    }

    #[test]
    fn a_page_has_exactly_its_operations() {
        let table = |e: &Explanation| Operations::of(e).map(|found| found.table());
        let apple =
            "const OPS = [\n  [(a, b) => a * b, (a, b, y) => b, (a, b, y) => a], // mul\n];\n";
        assert_eq!(table(&explained("x * m * t", "x=1,m=2,t=3")).as_deref(), Some(apple));
        assert_eq!(table(&explained("sum(x * x)", "x=[1,2]")), None);
        assert!(!explained("x * m", "x=1,m=2").to_html(View::default()).contains("Math.tan"));
    }

    /// Every pointwise operation, on both sides of its kinks.
    const ALL: &str = "sin(x) + cos(x) + tan(x) + asin(x) + acos(x) + atan(x) + sinh(x) + cosh(x) + tanh(x) + erf(x) \
        - erf(4 * y) + sigmoid(x) + exp(x) + ln(y) / sqrt(y) + abs(x) + sign(x) + square(x) + relu(x) + relu(y) + softplus(x) \
        + max(x, y) * min(x, y) + max(y, y) + y ^ x + x ^ 3 + select(x > 0, x, -y) + (x >= y) + (x < y) * x + (x <= y) + (x == y) + (x != y)";

    /// A document without elements.
    const DOCUMENT: &str = "const element = () => ({ textContent: data });
        globalThis.document = { getElementById: element, querySelector: () => null, querySelectorAll: () => [], addEventListener() {} };\n";

    /// The program is asked for once, by a name that says what is missing where it is not there.
    #[test]
    fn a_page_computes_the_numbers_of_the_library() {
        let e = explained(ALL, "x=-0.3,y=0.7");
        let page = e.to_html(View::default());
        let between = |start: &str, end: &str| {
            page.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
        };
        let data = between("type=\"application/json\">", "</script>");
        let print = "const { values, gradients } = compute(DATA.inputs);
            for (const { id } of DATA.nodes) console.log(values.get(id), gradients.get(id));";
        let script = format!(
            "const data = {data:?};\n{DOCUMENT}{}{print}",
            between("//<![CDATA[", "//]]>").replace("\"use strict\";", "")
        );
        let mut program = Command::new("node");
        program.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut node) = program.spawn() else {
            println!("skipped: the program `node` is not installed");
            return;
        };
        node.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), e.nodes.len());
        for (line, node) in text.lines().zip(&e.nodes) {
            // Where the library has no gradient, nothing asked for one.
            let expected = [Some(&node.value), node.gradient.as_ref()].into_iter().flatten();
            for (found, expected) in line.split(' ').zip(expected.filter_map(Value::as_number)) {
                let found: f64 = found.parse().unwrap();
                let near = (found - expected).abs() <= 1e-13 * expected.abs().max(1.0);
                assert!(near, "{}: {found} on the page, {expected}", node.label);
            }
        }
    }
}

//! What a page computes with: the JavaScript of its operations, written from their terms.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Explanation, Node};
use crate::term::{JAVASCRIPT_PRELUDE, Language};
use chainrule::ops::{AnyPointwise, Identity, derivative};

/// Of more nodes a page would hold megabytes, for sliders that nobody counts.
const MOST_NODES: usize = 2000;

/// The operations of a computation of numbers, each once.
pub(super) struct Local {
    /// Of each operation a list of functions, and its name.
    written: Vec<(String, &'static str)>,
    /// For each node the place of its operation; `None` for what is given.
    of_nodes: Vec<Option<usize>>,
    /// For each node whether a gradient of 0 may arrive from a branch that was not taken. Whatever the
    /// slope there, it stays 0.
    routed: Vec<bool>,
}

impl Local {
    /// The operations of an explanation; `None` where arrays are computed, an operation has no term, or
    /// there are too many nodes.
    pub(super) fn of(e: &Explanation) -> Option<Self> {
        if !e.is_scalar() || e.nodes.len() > MOST_NODES {
            return None;
        }
        let mut found = Self { written: Vec::new(), of_nodes: Vec::new(), routed: routed(e) };
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

    /// The script that sets what `web/src/engine/local.ts` computes with. Of each operation there is the
    /// value as a function of the operands, and the derivative by each operand as a function of the
    /// operands and the value.
    pub(super) fn script(&self) -> String {
        let rows =
            self.written.iter().map(|(functions, name)| format!("  [{functions}], // {name}\n"));
        let places =
            |place: &Option<usize>| place.map_or_else(|| "null".into(), |at| at.to_string());
        let of_nodes: Vec<String> = self.of_nodes.iter().map(places).collect();
        let routed: Vec<String> = self.routed.iter().map(ToString::to_string).collect();
        format!(
            "<script>\n//<![CDATA[\n(() => {{\n\"use strict\";\n{JAVASCRIPT_PRELUDE}\
             globalThis.chainruleLocal = {{ operations: [\n{}], of_nodes: [{}], routed: [{}] }};\n}})();\n//]]>\n\
             </script>\n",
            rows.collect::<String>(),
            of_nodes.join(","),
            routed.join(","),
        )
    }
}

/// For each node whether it is below an operation that sends gradients of 0, as `select` does.
fn routed(e: &Explanation) -> Vec<bool> {
    let places: HashMap<u32, usize> =
        e.nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
    let mut routed = vec![false; e.nodes.len()];
    for (at, node) in e.nodes.iter().enumerate().rev() {
        if routed[at] || node.source.op().is_some_and(|op| op.is_router()) {
            let below = node.operands.iter().filter_map(|id| places.get(id));
            below.for_each(|&below| routed[below] = true);
        }
    }
    routed
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
#[path = "../../../chainrule/tests/skipped/mod.rs"]
mod skipped;

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::{Local, skipped};
    use crate::{Explanation, Request, Value, View, explain, values};

    fn explained(expression: &str, at: &str) -> Explanation {
        let (expression, values) = (expression.into(), values(at).unwrap());
        explain(&Request { expression, values, ..Request::default() }).unwrap()
    }

    #[test]
    fn a_page_has_exactly_its_operations() {
        let script = |e: &Explanation| Local::of(e).map(|local| local.script());
        let apple = script(&explained("x * m * t", "x=1,m=2,t=3")).unwrap();
        let operations =
            "operations: [\n  [(a, b) => a * b, (a, b, y) => b, (a, b, y) => a], // mul\n]";
        assert!(apple.contains(operations), "{apple}");
        assert!(apple.contains("of_nodes: [null,null,null,0,0], routed: [false,"), "{apple}");
        assert!(script(&explained("sum(x * x)", "x=[1,2]")).is_none());
        let page = explained("x * m", "x=1,m=2").to_html(View::default());
        assert!(page.contains("chainruleLocal") && !page.contains("Math.tan("));
    }

    /// Every pointwise operation, on both sides of its kinks.
    const ALL: &str = "sin(x) + cos(x) + tan(x) + asin(x) + acos(x) + atan(x) + sinh(x) + cosh(x) + tanh(x) + erf(x) \
        - erf(4 * y) + sigmoid(x) + exp(x) + ln(y) / sqrt(y) + abs(x) + sign(x) + square(x) + relu(x) + relu(y) + softplus(x) \
        + max(x, y) * min(x, y) + max(y, y) + y ^ x + x ^ 3 + select(x > 0, x, -y) + (x >= y) + (x < y) * x + (x <= y) + (x == y) + (x != y)";

    /// Runs the operations forward and backward, and prints each node's value and gradient.
    const WALK: &str = r#"
        const { operations, of_nodes, routed } = globalThis.chainruleLocal, { nodes, root } = screen;
        const values = new Map(), gradients = new Map([[root.node, 1]]);
        nodes.forEach((node, at) => {
            const below = node.operands.map((id) => values.get(id)), place = of_nodes[at];
            values.set(node.id, place === null ? node.value : operations[place][0](...below));
        });
        for (let at = nodes.length - 1; at >= 0; at--) {
            const node = nodes[at], upstream = gradients.get(node.id), place = of_nodes[at];
            if (upstream === undefined || place === null) continue;
            const known = [...node.operands, node.id].map((id) => values.get(id));
            node.operands.forEach((id, operand) => {
                const product = routed[at] && upstream === 0 ? 0 : upstream * operations[place][1 + operand](...known);
                gradients.set(id, (gradients.get(id) ?? 0) + product);
            });
        }
        for (const { id } of nodes) console.log(values.get(id), gradients.get(id));
    "#;

    /// What the operations of a page print, as far as the program is installed.
    fn run(e: &Explanation) -> Option<String> {
        let page = e.to_html(View::default());
        let between = |start: &str, end: &str| {
            page.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
        };
        let data = between("type=\"application/json\">", "</script>");
        let local = between("<script>\n//<![CDATA[", "//]]>");
        let script = format!("{local}\nconst screen = {data};\n{WALK}");
        let mut program = Command::new("node");
        program.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut node) = program.spawn() else {
            skipped::skip("the operations of pages", "the program `node` is not installed");
            return None;
        };
        node.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        assert!(output.status.success());
        Some(String::from_utf8(output.stdout).unwrap())
    }

    #[test]
    fn a_page_computes_the_numbers_of_the_library() {
        let e = explained(ALL, "x=-0.3,y=0.7");
        let Some(text) = run(&e) else { return };
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

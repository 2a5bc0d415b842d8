//! The JavaScript of a page's operations, written from their terms.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Explanation, Node};
use crate::term::Language;
use chainrule::ops::{AnyPointwise, Identity, derivative};

/// Of more nodes a page would hold megabytes, for sliders that nobody counts.
const MOST_NODES: usize = 2000;

/// The operations of a computation of numbers, each once.
pub(super) struct Operations {
    /// Of each operation a list of functions, and its name.
    written: Vec<(String, &'static str)>,
    /// For each node the place of its operation; `None` for what is given.
    of_nodes: Vec<Option<usize>>,
    /// For each node whether a gradient of 0 may arrive from a branch that was not taken. Whatever the
    /// slope there, it stays 0.
    routed: Vec<bool>,
}

impl Operations {
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

    /// For each node the place of its operation in the table, and whether it is below a router.
    pub(super) fn of_nodes(&self) -> impl Iterator<Item = (Option<usize>, bool)> {
        self.of_nodes.iter().copied().zip(self.routed.iter().copied())
    }

    /// The table that the page's script reads: of each operation the value as a function of the
    /// operands, and the derivative by each operand as a function of the operands and the value.
    pub(super) fn table(&self) -> String {
        let rows =
            self.written.iter().map(|(functions, name)| format!("  [{functions}], // {name}\n"));
        format!("const OPS = [\n{}];\n", rows.collect::<String>())
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

    use super::{Operations, skipped};
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

    /// As much of a document as the script uses: `shown` finds the elements with numbers in a text.
    const DOCUMENT: &str = r#"
        const shown = (html) => [...html.matchAll(/<(\w+)([^>]*data-(?:x|range|input)=[^>]*)>([^<]*)/g)].map(([, , list, text]) => {
            const attributes = Object.fromEntries([...list.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
            return {
                textContent: text, value: attributes.value, dataset: { input: attributes["data-input"] },
                getAttribute: (name) => attributes[name] ?? null, classList: { toggle() {} },
            };
        });
        const given = shown(page);
        let stories = [];
        const story = { set innerHTML(html) { stories = shown(html); } };
        const other = () => ({ textContent: data });
        globalThis.document = {
            getElementById: (id) => id === "story" ? story : other(),
            querySelector: () => null,
            querySelectorAll: (selector) => selector === "[data-input]" ? given.filter((one) => one.dataset.input)
                : selector.startsWith("[data-x]") ? [...given, ...stories].filter((one) => !one.dataset.input) : [],
            addEventListener() {},
        };
        const keys = (one) => ["data-x", "data-range", "data-factor", "data-before"].map((name) => one.getAttribute(name) ?? "").join(";");
        const print = (list) => list.filter((one) => keys(one).includes(":")).forEach((one) => console.log(`${keys(one)} ${one.textContent}`));
    "#;

    /// What a page's script prints, with `more` behind it, as far as the program is installed. It is
    /// asked for once, by a name that says what is missing where it is not there.
    fn run(e: &Explanation, more: &str) -> Option<String> {
        let page = e.to_html(View::default());
        let between = |start: &str, end: &str| {
            page.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
        };
        let data = between("type=\"application/json\">", "</script>");
        let body = between("<body>", "<script");
        let script = format!(
            "const data = {data:?}, page = {body:?};\n{DOCUMENT}{}{more}",
            between("//<![CDATA[", "//]]>").replace("\"use strict\";", "")
        );
        let mut program = Command::new("node");
        program.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut node) = program.spawn() else {
            skipped::skip("the script of pages", "the program `node` is not installed");
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
        let print =
            "for (const { id } of DATA.nodes) console.log(now.get(`v:${id}`), now.get(`g:${id}`));";
        let Some(text) = run(&e, print) else { return };
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

    /// A row of equal blocks, whose wires show ranges.
    const BLOCKS: &str =
        "a = tanh(x * w1); b = tanh(a * w2); c = tanh(b * w3); d = tanh(c * w4); d * x";

    /// Whoever moves a slider reads on the whole page what an explanation of the new values says.
    #[test]
    fn a_moved_slider_says_everywhere_what_a_new_explanation_says() {
        for (expression, before, after, target) in [
            ("x * m * t", "x=100,m=2,t=1.1", "x=100,m=3,t=1.1", Some(219.0)),
            ("x * m * t", "x=100,m=2,t=1.1", "x=-40,m=1.5,t=0", None),
            ("h = x * w + b; h * h - x * h + exp(x)", "x=2,w=-0.5,b=0.3", "x=1,w=0.5,b=0", None),
            ("select(x < 1, x, sqrt(x)) * y", "x=0.5,y=2", "x=0,y=2e-6", Some(1.0)),
            ("gelu(x) + x", "x=0.5", "x=0.25", None),
            (BLOCKS, "x=1,w1=1,w2=2,w3=-0.5,w4=1", "x=0.5,w1=1,w2=1.5,w3=-0.25,w4=2", None),
        ] {
            let at = |at: &str| {
                let (expression, values) = (expression.into(), values(at).unwrap());
                explain(&Request { expression, values, target, ..Request::default() }).unwrap()
            };
            let written: Vec<String> =
                after.split(',').map(|pair| pair.replacen('=', "\": ", 1)).collect();
            let inputs = format!("{{ \"{} }}", written.join(", \""));
            let moved = format!(
                "const to = {inputs};
                for (const one of document.querySelectorAll('[data-input]')) one.value = to[one.dataset.input];
                recompute();
                print(given);
                for (let at = 0; at <= DATA.steps; at++) {{ go(at); print(stories); }}"
            );
            let new = "print(shown(page)); for (const story of DATA.stories) print(shown(story));";
            let (Some(moved), Some(new)) = (run(&at(before), &moved), run(&at(after), new)) else {
                return;
            };
            assert!(new.lines().count() > 10);
            for (moved, new) in moved.lines().zip(new.lines()) {
                assert_eq!(moved, new, "{expression}");
            }
            assert_eq!(moved.lines().count(), new.lines().count());
        }
    }
}

//! An explanation as one page that needs no network: the picture with its steps, the formulas
//! rendered, and sliders that recompute.

mod plot;
mod script;

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::columns::cut;
use super::formula::Formula;
use super::model::{Explanation, Node, Passed};
use super::notation::escaped;
use super::picture::{Look, Role, View};
use super::term::JAVASCRIPT_PRELUDE;
use super::value::{Value, digits};
use super::words::Words;
use script::Operations;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl Explanation {
    /// The explanation as one self-contained HTML page.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// assert!(explain(&request)?.to_html(View::default()).contains("<svg"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_html(&self, view: View) -> String {
        Page { e: self, view, words: Words::new(self.language) }.write()
    }
}

struct Page<'a> {
    e: &'a Explanation,
    view: View,
    words: Words,
}

impl Page<'_> {
    fn write(&self) -> String {
        let view = View { step: None, ..self.view };
        let picture = self.e.draw(Look { view, page: true });
        let word = |id: &str| escaped(&self.words.get(id));
        let operations = Operations::of(self.e);
        let live = operations.is_some();
        let (sliders, formulas, plot) = (self.sliders(live), self.formulas(), self.plot());
        let table = operations.as_ref().map_or_else(String::new, Operations::table);
        // A closing tag inside a string would end the script.
        let data = self.data(operations.as_ref()).to_string().replace('<', "\\u003c");
        let expression = escaped(self.e.expression.trim());
        format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{expression}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <h1>{expression}</h1>\n<div class=\"picture\">{picture}</div>\n\
             <div class=\"controls\"><button id=\"start\" title=\"{start}\">⏮</button>\
             <button id=\"back\">◀ {back}</button><button id=\"next\">{next} ▶</button>\
             <button id=\"end\" title=\"{end}\">⏭</button>\
             <input id=\"step\" type=\"range\" min=\"0\" max=\"{steps}\" value=\"0\" aria-label=\"{step}\"/></div>\n\
             <div id=\"story\" aria-live=\"polite\"></div>\n{sliders}{plot}{formulas}\
             <script id=\"data\" type=\"application/json\">{data}</script>\n\
             <script>\n//<![CDATA[\n\"use strict\";\n{JAVASCRIPT_PRELUDE}{table}{SCRIPT}//]]>\n</script>\n</body>\n</html>\n",
            language = self.words.get("language"),
            start = word("page-start"),
            back = word("page-back"),
            next = word("page-next"),
            end = word("page-end"),
            step = word("step"),
            steps = self.e.steps(self.view),
        )
    }

    /// What the script knows; the nodes only where it can recompute them.
    fn data(&self, operations: Option<&Operations>) -> Json {
        let e = self.e;
        let scalar = |value: &Value| value.as_number().unwrap_or(f64::NAN);
        let node = |(node, op): (&Node, Option<usize>)| {
            let name = node.is_input(&node.label).then_some(&node.label);
            json!({
                "id": node.id, "op": op, "operands": node.operands, "name": name,
                "value": node.value.as_number(),
            })
        };
        let nodes = operations.iter().flat_map(|found| e.nodes.iter().zip(found.of_nodes()));
        let inputs: serde_json::Map<String, Json> =
            e.inputs.iter().map(|(name, value)| (name.clone(), json!(scalar(value)))).collect();
        json!({
            "live": operations.is_some(),
            "steps": e.steps(self.view),
            "stories": self.stories(),
            "nodes": nodes.map(node).collect::<Vec<Json>>(),
            "root": e.nodes.last().map(|node| node.id),
            "output": e.output_node,
            "value": e.nodes.last().and_then(|node| node.value.as_number()),
            "names": e.gradients.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "inputs": inputs,
            "gradient": e.gradients.iter().map(|(_, value)| scalar(value)).collect::<Vec<_>>(),
            "curvature": e.curvature,
        })
    }

    /// What happens in each step, with its formulas.
    fn stories(&self) -> Vec<String> {
        let picture = self.e.picture(self.view);
        let start = escaped(&self.words.get("page-inputs"));
        let mut stories = vec![format!("<p>{start}</p>"); picture.steps + 1];
        for shape in &picture.shapes {
            let Some(node) = self.e.node(shape.node) else { continue };
            if matches!(shape.role, Role::Gate | Role::Fold)
                && let Some(story) = stories.get_mut(shape.forward)
            {
                *story = self.forward(node);
            }
            if let Some(story) = shape.backward.and_then(|step| stories.get_mut(step)) {
                *story = match shape.role {
                    Role::Result => {
                        let root = self.e.root();
                        let words = self.words.say("page-seed", &[("root", root)]);
                        format!("<p>{}</p>", escaped(&words))
                    }
                    _ => self.backward(node),
                };
            }
        }
        stories
    }

    fn forward(&self, node: &Node) -> String {
        let words = self.words.say("page-forward", &[("op", node.source.name())]);
        let formula = node.formula.as_ref().map_or_else(|| text(&node.label), Formula::mathml);
        let face = self.e.face(node);
        let named = match () {
            () if face.named => Some(text(&face.label)),
            () if self.is_root(node.id) => Some(text(self.e.root())),
            () => (node.id == self.e.output_node).then(|| text(self.e.output_name())),
        };
        let parts: Vec<String> = named.into_iter().chain([formula, number(&face.value)]).collect();
        let notes: String =
            node.notes.iter().map(|note| format!("<p>{}</p>", escaped(note))).collect();
        format!("<p>{}</p>{}{notes}", escaped(&words), equation(&parts))
    }

    fn backward(&self, node: &Node) -> String {
        let words = self.words.say("page-backward", &[("op", node.source.name())]);
        let rows: String = node.backward.iter().map(|p| self.passed(node, p)).collect();
        format!("<p>{}</p>{rows}", escaped(&words))
    }

    /// ∂L/∂operand = upstream · local derivative, in symbols and in numbers.
    fn passed(&self, node: &Node, passed: &Passed) -> String {
        let e = self.e;
        let (to, product) = e.received(node, passed);
        if !e.is_scalar() {
            let (left, rule) =
                (e.gradient_name(to), super::rules::along(e, node, passed, &self.words));
            let rule = (rule != left).then(|| text(&rule));
            let parts: Vec<String> =
                [text(&left)].into_iter().chain(rule).chain([number(product)]).collect();
            return equation(&parts);
        }
        let (gate, operand) = (self.name(node.id), self.name(to));
        let (root, slope) = (text(e.root()), fraction(&gate, &operand));
        let symbols = format!(
            "{}<mo>⟵</mo>{}<mo>·</mo>{slope}",
            fraction(&root, &operand),
            fraction(&root, &gate)
        );
        let local = passed.local.as_ref().map_or_else(String::new, number);
        let numbers = format!("{}<mo>·</mo>{local}", number(&passed.upstream));
        let formula = passed.local_formula.as_ref().map(|formula| [slope, formula.mathml()]);
        let formula = formula.as_ref().map_or_else(String::new, |parts| equation(parts));
        equation(&[symbols, numbers, number(product)]) + &formula
    }

    fn is_root(&self, id: u32) -> bool {
        self.e.nodes.last().is_some_and(|root| root.id == id)
    }

    /// A node's name in a fraction, in parentheses where it is an expression.
    fn name(&self, id: u32) -> String {
        let e = self.e;
        match e.node(id) {
            _ if self.is_root(id) => text(e.root()),
            Some(node) if id == e.output_node && !node.named => text(e.output_name()),
            Some(node) if e.face(node).named || !node.is_gate() => text(&cut(&node.label, 24)),
            Some(node) => format!("<mo>(</mo>{}<mo>)</mo>", text(&cut(&node.label, 24))),
            None => text("?"),
        }
    }

    /// The table of what-ifs.
    fn sliders(&self, live: bool) -> String {
        if !live {
            return String::new();
        }
        let word = |id: &str| escaped(&self.words.get(id));
        let mut out = format!("<h2>{}</h2>\n<table class=\"what-if\">\n", word("page-what-if"));
        for (name, _) in &self.e.gradients {
            let value = self.e.inputs.iter().find(|(known, _)| known == name);
            let Some(x) = value.and_then(|(_, value)| value.as_number()) else { continue };
            let reach = if x == 0.0 { 1.0 } else { x.abs() };
            let name = escaped(name);
            let _ = writeln!(
                out,
                "<tr><td><label for=\"in-{name}\">{name}</label></td><td><input id=\"in-{name}\" \
                 type=\"range\" data-input=\"{name}\" min=\"{}\" max=\"{}\" step=\"any\" value=\"{x}\"/></td>\
                 <td id=\"now-{name}\"></td></tr>",
                x - reach,
                x + reach
            );
        }
        let root = self.e.root();
        let rows = [
            ("output", self.e.output_name().to_owned()),
            ("result", root.into()),
            ("change", self.words.say("page-change", &[("root", root)])),
            ("first", self.words.get("page-first")),
            ("second", self.words.get("page-second")),
        ];
        for (id, label) in rows {
            let label = escaped(&label);
            let _ = writeln!(out, "<tr><td colspan=\"2\">{label}</td><td id=\"{id}\"></td></tr>");
        }
        let _ =
            writeln!(out, "</table>\n<p><button id=\"reset\">{}</button></p>", word("page-reset"));
        out
    }

    /// The sweep, where one was asked for.
    fn plot(&self) -> String {
        let Some(sweep) = &self.e.sweep else { return String::new() };
        let (root, name) = (self.e.root(), sweep.name.as_str());
        let title = self.words.say("page-sweep", &[("root", root), ("name", name)]);
        match plot::plot(sweep, root, &self.words.get("page-tangent")) {
            Some(plot) => format!(
                "<h2>{}</h2>\n<div class=\"plot\">{}</div>\n",
                escaped(&title),
                plot.svg(&title)
            ),
            None => String::new(),
        }
    }

    /// The partial derivatives.
    fn formulas(&self) -> String {
        let title = escaped(&self.words.get("partials-title"));
        let mut out = format!("<h2>{title}</h2>\n<div class=\"formulas\">\n");
        for (name, partial) in &self.e.partials {
            let formula = partial.formula.as_ref().map(Formula::mathml);
            let left = fraction(&text(self.e.output_name()), &text(name));
            let parts: Vec<String> =
                [left].into_iter().chain(formula).chain([number(&partial.value)]).collect();
            let _ = writeln!(out, "{}", equation(&parts));
        }
        out + "</div>\n"
    }
}

/// ∂above/∂below.
fn fraction(above: &str, below: &str) -> String {
    format!("<mfrac><mrow><mi>∂</mi>{above}</mrow><mrow><mi>∂</mi>{below}</mrow></mfrac>")
}

/// What is equal, from left to right. Lines break before a sign: each part is an element of its own, as
/// no browser breaks a line within one.
fn equation(parts: &[String]) -> String {
    let part = |(at, part): (usize, &String)| {
        let sign = if at == 0 { "" } else { "<mo>=</mo>" };
        format!("<span><math displaystyle=\"true\">{sign}<mrow>{part}</mrow></math></span>")
    };
    let parts: Vec<String> = parts.iter().enumerate().map(part).collect();
    format!("<p class=\"equation\">{}</p>", parts.join(" "))
}

/// A name or expression as it stands.
fn text(text: &str) -> String {
    let tag = if text.chars().count() == 1 { "mi" } else { "mtext" };
    format!("<{tag}>{}</{tag}>", escaped(text))
}

/// Arrays up to these many rows and columns are shown whole.
const MOST_SIDE: usize = 6;

/// A number, a small vector or matrix, or the shape and norm of a large one.
fn number(value: &Value) -> String {
    let one = |x: f64| {
        let size = format!("<mn>{}</mn>", digits(x.abs(), 6));
        if x < 0.0 { format!("<mo>−</mo>{size}") } else { size }
    };
    let row = |row: &Value| {
        let cells = row.numbers().into_iter().map(|x| format!("<mtd>{}</mtd>", one(x)));
        format!("<mtr>{}</mtr>", cells.collect::<String>())
    };
    let rows = match (value, value.shape().as_slice()) {
        (Value::Number(x), _) if *x < 0.0 => return format!("<mo>(</mo>{}<mo>)</mo>", one(*x)),
        (Value::Number(x), _) => return one(*x),
        (_, [1..=MOST_SIDE]) => row(value),
        (Value::Array(rows), [1..=MOST_SIDE, 1..=MOST_SIDE]) => rows.iter().map(row).collect(),
        _ => return text(&super::picture::short(value)),
    };
    format!("<mrow><mo>[</mo><mtable>{rows}</mtable><mo>]</mo></mrow>")
}

//! An explanation as one page that needs no network: the picture with its steps, the formulas
//! rendered, and sliders that recompute.

mod math;
mod plot;
mod script;
mod sheet;
mod sum;

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::blanks::{Blanks, Key, is_handed_on, is_scalar_gate};
use super::chart::Drawing;
use super::columns::cut;
use super::formula::Formula;
use super::model::{Entry, Explanation, Node, Passed, Sweep};
use super::notation::escaped;
use super::picture::{Look, Role, Shape, View};
use super::sums::Sums;
use super::term::JAVASCRIPT_PRELUDE;
use super::value::Value;
use super::words::Words;
use math::{equation, fraction, number, scalar, text};
use script::Operations;
pub(super) use sheet::sheet;

/// Gates in a box of which the story tells, and parts of a sum that it shows.
const MOST_INSIDE: usize = 40;
const MOST_PARTS: usize = 8;

/// Partial derivatives of a page; who wants them all asks for JSON.
const MOST_FORMULAS: usize = 300;

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
        let operations = Operations::of(self);
        let words = Words::new(self.language);
        Page { e: self, view, words, operations, sums: Sums::of(self), blanks: None }.write()
    }
}

struct Page<'a> {
    e: &'a Explanation,
    view: View,
    words: Words,
    /// What its script computes with; `None` where it cannot.
    operations: Option<Operations>,
    /// What a pupil shall find, on a worksheet.
    blanks: Option<&'a Blanks>,
    /// What is told as one gate.
    sums: Sums,
}

impl Page<'_> {
    fn write(&self) -> String {
        let view = View { step: None, ..self.view };
        let picture = self.e.draw(Look { view, page: true });
        let word = |id: &str| escaped(&self.words.get(id));
        let (sliders, formulas, plot) = (self.sliders(), self.formulas(), self.plot());
        let table = self.operations.as_ref().map_or_else(String::new, Operations::table);
        // A closing tag inside a string would end the script.
        let data = self.data().to_string().replace('<', "\\u003c");
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

    /// What the script knows; the nodes and what is given only where it can recompute them.
    fn data(&self) -> Json {
        let e = self.e;
        let scalar = |value: &Value| value.as_number().unwrap_or(f64::NAN);
        let node = |(node, (op, is_routed)): (&Node, (Option<usize>, bool))| {
            let name = node.is_input(&node.label).then_some(&node.label);
            json!({
                "id": node.id, "op": op, "operands": node.operands, "name": name,
                "value": node.value.as_number(), "routed": is_routed,
            })
        };
        let nodes = self.operations.iter().flat_map(|found| e.nodes.iter().zip(found.of_nodes()));
        let of_sliders = |given: &[(String, Value)]| match self.operations {
            Some(_) => given.iter().map(|(name, value)| (name.clone(), scalar(value))).collect(),
            None => Vec::new(),
        };
        let inputs: serde_json::Map<String, Json> =
            of_sliders(&e.inputs).into_iter().map(|(name, x)| (name, json!(x))).collect();
        let (names, gradient): (Vec<String>, Vec<f64>) =
            of_sliders(&e.gradients).into_iter().unzip();
        let sweep = self.drawn().map(|(sweep, (_, frame))| {
            let xs: Vec<f64> = sweep.points.iter().map(|point| point.at).collect();
            let node = e.nodes.iter().find(|node| node.is_input(&sweep.name)).map(|node| node.id);
            json!({ "name": sweep.name, "node": node, "xs": xs, "frame": frame })
        });
        json!({
            "live": self.operations.is_some(),
            "steps": e.steps(self.view),
            "stories": self.stories(),
            "nodes": nodes.map(node).collect::<Vec<Json>>(),
            "root": e.nodes.last().map(|node| node.id),
            "output": e.output_node,
            "value": e.nodes.last().and_then(|node| node.value.as_number()),
            "names": names,
            "inputs": inputs,
            "gradient": gradient,
            "curvature": e.curvature,
            "sweep": sweep,
        })
    }

    /// A number that the script keeps right; the key tells which.
    fn live(&self, key: &str, value: &Value) -> String {
        match (&self.operations, value) {
            (Some(_), Value::Number(x)) => {
                format!("<mn data-x=\"{key}\">{}</mn>", scalar(*x))
            }
            _ => number(value),
        }
    }

    /// The same as a factor: in parentheses where it is negative.
    fn factor(&self, key: &str, value: &Value) -> String {
        let shown = self.live(&format!("{key}\" data-factor=\""), value);
        match value {
            Value::Number(x) if *x < 0.0 => {
                shown.replace("\">−", "\">(−").replace("</mn>", ")</mn>")
            }
            _ => shown,
        }
    }

    /// What happens in each step, with its formulas.
    fn stories(&self) -> Vec<String> {
        let picture = self.e.picture(self.view);
        let start = escaped(&self.words.get("page-inputs"));
        let mut stories = vec![format!("<p>{start}</p>"); picture.steps + 1];
        for shape in picture.shapes {
            let Some(node) = self.e.node(shape.node) else { continue };
            if let Some(story) = stories.get_mut(shape.forward) {
                match shape.role {
                    Role::Gate => *story = self.forward(node),
                    Role::Fold => *story = self.forward_inside(&shape),
                    _ => {}
                }
            }
            if let Some(story) = shape.backward.and_then(|step| stories.get_mut(step)) {
                *story = match shape.role {
                    Role::Result => {
                        let root = self.e.root();
                        let words = self.words.say("page-seed", &[("root", root)]);
                        format!("<p>{}</p>", escaped(&words))
                    }
                    Role::Fold => self.backward_inside(&shape),
                    _ => self.backward(node),
                };
            }
        }
        stories
    }

    fn forward(&self, node: &Node) -> String {
        let words = self.words.say("page-forward", &[("op", node.source.name())]);
        format!("<p>{}</p>{}", escaped(&words), self.computed(node))
    }

    /// What the gates in a box compute, each from those before it.
    fn forward_inside(&self, shape: &Shape) -> String {
        let sum = self.sums.at(shape.node).filter(|sum| sum.gates == shape.inside);
        if let (Some(sum), Some(node)) = (sum, self.e.node(shape.node)) {
            return self.sum_forward(sum, node);
        }
        let words = self.words.say("page-forward-box", &[("name", &shape.symbol)]);
        let gates = shape.inside.iter().filter_map(|&id| self.e.node(id));
        self.inside(&words, gates, shape.inside.len(), |node| self.computed(node))
    }

    /// The whole way back through a box, gate by gate.
    fn backward_inside(&self, shape: &Shape) -> String {
        let sum = self.sums.at(shape.node).filter(|sum| sum.gates == shape.inside);
        if let (Some(sum), Some(node)) = (sum, self.e.node(shape.node)) {
            return self.sum_backward(sum, node);
        }
        let words = self.words.say("page-backward-box", &[("name", &shape.symbol)]);
        let gates = shape.inside.iter().rev().filter_map(|&id| self.e.node(id));
        self.inside(&words, gates, shape.inside.len(), |node| self.passes(node))
    }

    /// A row for each gate in a box.
    fn inside<'n>(
        &self,
        words: &str,
        gates: impl Iterator<Item = &'n Node>,
        count: usize,
        row: impl Fn(&Node) -> String,
    ) -> String {
        let rows: String =
            gates.filter(|node| !node.is_silent()).take(MOST_INSIDE).map(row).collect();
        let others = count.saturating_sub(MOST_INSIDE).to_string();
        let more = match count > MOST_INSIDE {
            true => format!("<p>{}</p>", escaped(&self.words.say("more", &[("count", &others)]))),
            false => String::new(),
        };
        format!("<p>{}</p>{rows}{more}", escaped(words))
    }

    /// A gate's value as an equation, and what is worth knowing of it.
    fn computed(&self, node: &Node) -> String {
        let value = self.live(&format!("v:{}", node.id), &self.e.face(node).value);
        let notes: String = node
            .notes
            .iter()
            .map(|note| format!("<p class=\"note\">{}</p>", escaped(note)))
            .collect();
        equation(&self.defined(node, Some(value))) + &notes
    }

    /// A gate's name, its formula and its value.
    fn defined(&self, node: &Node, value: Option<String>) -> Vec<String> {
        let formula = node.formula.as_ref().map_or_else(|| text(&node.label), Formula::mathml);
        let face = self.e.face(node);
        let named = match () {
            () if face.named => Some(text(&face.label)),
            () if self.is_root(node.id) => Some(text(self.e.root())),
            () => (node.id == self.e.output_node).then(|| text(self.e.output_name())),
        };
        named.into_iter().chain([formula]).chain(value).collect()
    }

    fn backward(&self, node: &Node) -> String {
        let words = self.words.say("page-backward", &[("op", node.source.name())]);
        format!("<p>{}</p>{}", escaped(&words), self.passes(node))
    }

    /// What a gate passes down, and what that adds up to where it is the last part of several.
    fn passes(&self, node: &Node) -> String {
        let row = |passed: &Passed| self.passed(node, passed) + &self.total(node, passed);
        let rows: String = node.backward.iter().map(row).collect();
        let legend = super::text::legend(self.e, &[node], &self.words);
        let legend = legend
            .map_or_else(String::new, |text| format!("<p class=\"legend\">{}</p>", escaped(&text)));
        rows + &legend
    }

    /// The gradient of a value that has several uses, where this gate's is the last to come.
    fn total(&self, node: &Node, passed: &Passed) -> String {
        let e = self.e;
        let (to, _) = e.received(node, passed);
        let shared = e.node(to).filter(|below| below.ledger.len() > 1);
        let last = shared.and_then(|below| Some((below, below.ledger.last()?)));
        let Some((below, last)) = last else { return String::new() };
        let is_last = e.user(last.gate).is_some_and(|user| user.id == node.id)
            && node.backward.iter().rfind(|other| e.received(node, other).0 == to) == Some(passed);
        let Some(gradient) = below.gradient.as_ref().filter(|_| is_last) else {
            return String::new();
        };
        let left = match e.is_scalar() {
            true => fraction(&text(e.root()), &self.name(to)),
            false => text(&e.gradient_name(to)),
        };
        let part = |entry: &Entry| {
            self.factor(&format!("p:{}:{}", entry.gate, entry.operand), &entry.gradient)
        };
        let parts: Vec<String> = below.ledger.iter().take(MOST_PARTS).map(part).collect();
        let rest = if below.ledger.len() > MOST_PARTS { "<mo>+</mo><mo>…</mo>" } else { "" };
        let sum = parts.join("<mo>+</mo>") + rest;
        equation(&[left, sum, self.live(&format!("g:{to}"), gradient)])
    }

    /// ∂L/∂operand = upstream · local derivative, in symbols and in numbers.
    fn passed(&self, node: &Node, passed: &Passed) -> String {
        let e = self.e;
        let (to, product) = e.received(node, passed);
        let of_numbers = match self.blanks {
            Some(_) if is_handed_on(e, node, to) => return String::new(),
            Some(_) => is_scalar_gate(node),
            None => e.is_scalar(),
        };
        let key = |of: fn(u32, usize) -> Key| of(node.id, passed.operand);
        let asked = self.asked(key(Key::Passed), product);
        if !of_numbers {
            let (left, rule) =
                (e.gradient_name(to), super::rules::along(e, node, passed, &self.words));
            let is_part = e.node(to).is_some_and(|below| below.ledger.len() > 1);
            let parts = match (rule != left, is_part) {
                (_, true) => vec![format!("{}<mo>⟵</mo>{}", text(&left), text(&rule))],
                (true, false) => vec![text(&left), text(&rule)],
                (false, false) => vec![text(&left)],
            };
            return equation(&[parts, vec![asked.unwrap_or_else(|| number(product))]].concat());
        }
        let (gate, operand) = (self.name(node.id), self.name(to));
        let (root, slope) = (text(e.root()), fraction(&gate, &operand));
        let symbols = format!(
            "{}<mo>⟵</mo>{}<mo>·</mo>{slope}",
            fraction(&root, &operand),
            fraction(&root, &gate)
        );
        let live = format!("{}:{}", node.id, passed.operand);
        let local = passed.local.as_ref().map_or_else(String::new, |x| {
            let asked = self.asked(key(Key::Local), x);
            asked.unwrap_or_else(|| self.factor(&format!("l:{live}"), x))
        });
        let upstream = self.found_part(Key::Gradient(node.id), &passed.upstream);
        let upstream =
            upstream.unwrap_or_else(|| self.factor(&format!("g:{}", node.id), &passed.upstream));
        let numbers = format!("{upstream}<mo>·</mo>{local}");
        let product = asked.unwrap_or_else(|| self.live(&format!("p:{live}"), product));
        let formula = passed.local_in_place.as_ref();
        // A number would be an answer.
        let formula = formula.filter(|f| self.blanks.is_none() || f.as_number().is_none());
        let formula = formula.map(|formula| [slope, formula.mathml()]);
        let formula = formula.as_ref().map_or_else(String::new, |parts| equation(parts));
        let gradient = equation(&[symbols, numbers, product]);
        // On a worksheet it comes before the number that is to be found by it.
        if self.blanks.is_some() { formula + &gradient } else { gradient + &formula }
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
            Some(node) => {
                let short = node.label.chars().count() <= 24;
                let formula = node.formula.as_ref().filter(|_| short).map(Formula::mathml);
                let inner = formula.unwrap_or_else(|| text(&cut(&node.label, 24)));
                format!("<mo stretchy=\"false\">(</mo>{inner}<mo stretchy=\"false\">)</mo>")
            }
            None => text("?"),
        }
    }

    /// The table of what-ifs.
    fn sliders(&self) -> String {
        if self.operations.is_none() {
            return String::new();
        }
        let word = |id: &str| escaped(&self.words.get(id));
        let mut out = format!("<h2>{}</h2>\n<table class=\"what-if\">\n", word("page-what-if"));
        for (name, _) in &self.e.gradients {
            let value = self.e.inputs.iter().find(|(known, _)| known == name);
            let node = self.e.nodes.iter().find(|node| node.is_input(name));
            let (Some(x), Some(node)) =
                (value.and_then(|(_, value)| value.as_number()), node.map(|node| node.id))
            else {
                continue;
            };
            let reach = if x == 0.0 { 1.0 } else { x.abs() };
            let name = escaped(name);
            let _ = writeln!(
                out,
                "<tr><td><label for=\"in-{name}\">{name}</label></td><td><input id=\"in-{name}\" \
                 type=\"range\" data-input=\"{name}\" min=\"{}\" max=\"{}\" step=\"any\" value=\"{x}\"/></td>\
                 <td data-x=\"v:{node}\">{}</td></tr>",
                x - reach,
                x + reach,
                scalar(x)
            );
        }
        let (e, root) = (self.e, self.e.root());
        let output = e.target.is_some().then_some((e.output_name(), e.node(e.output_node)));
        let values = output.into_iter().chain([(root, e.nodes.last())]);
        let values = values.filter_map(|(name, node)| {
            let node = node?;
            let x = node.value.as_number().map_or_else(String::new, scalar);
            Some((name.to_owned(), format!("v:{}\">{x}", node.id)))
        });
        let second = (self.words.get("page-second"), "second\">0".to_owned());
        let predictions = [
            (self.words.say("page-change", &[("root", root)]), "change\">0".to_owned()),
            (self.words.get("page-first"), "first\">0".to_owned()),
        ];
        let predictions = predictions.into_iter().chain(e.curvature.is_some().then_some(second));
        for (label, cell) in values.chain(predictions) {
            let label = escaped(&label);
            let _ =
                writeln!(out, "<tr><td colspan=\"2\">{label}</td><td data-x=\"{cell}</td></tr>");
        }
        let _ =
            writeln!(out, "</table>\n<p><button id=\"reset\">{}</button></p>", word("page-reset"));
        out
    }

    /// The sweep, where one was asked for.
    fn drawn(&self) -> Option<(&Sweep, (Drawing, [f64; 4]))> {
        let sweep = self.e.sweep.as_ref()?;
        Some((sweep, plot::plot(sweep, self.e.root(), &self.words.get("page-tangent"))?))
    }

    fn plot(&self) -> String {
        let Some((sweep, (drawing, _))) = self.drawn() else { return String::new() };
        let (root, name) = (self.e.root(), sweep.name.as_str());
        let title = self.words.say("page-sweep", &[("root", root), ("name", name)]);
        let plot = drawing.svg(&title);
        format!("<h2>{}</h2>\n<div class=\"plot\">{plot}</div>\n", escaped(&title))
    }

    /// The partial derivatives.
    fn formulas(&self) -> String {
        let title = escaped(&self.words.get("partials-title"));
        let mut out = format!("<h2>{title}</h2>\n<div class=\"formulas\">\n");
        for (name, partial) in self.e.partials.iter().take(MOST_FORMULAS) {
            let formula = partial.formula.as_ref().map(Formula::mathml);
            let left = fraction(&text(self.e.output_name()), &text(name));
            let input = self.e.nodes.iter().find(|node| node.is_input(name));
            let value = match input {
                Some(input) => self.live(&format!("f:{}", input.id), &partial.value),
                None => number(&partial.value),
            };
            let parts: Vec<String> = [left].into_iter().chain(formula).chain([value]).collect();
            let _ = writeln!(out, "{}", equation(&parts));
        }
        let others = self.e.partials.len().saturating_sub(MOST_FORMULAS);
        if others > 0 {
            let more = self.words.say("more", &[("count", &others.to_string())]);
            let _ = writeln!(out, "<p>{}</p>", escaped(&more));
        }
        out + "</div>\n"
    }
}

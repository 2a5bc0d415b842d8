//! An explanation as one page that needs no network: the picture with its steps, the formulas
//! rendered, and sliders that recompute.

mod plot;
mod script;
mod rows;
mod sheet;

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::blanks::Key;
use super::chart::Drawing;
use super::formula::Formula;
use super::model::{Explanation, Node, Sweep};
use super::notation::escaped;
use super::picture::{Look, View};
use super::story::math::{fraction, number, scalar, text};
use super::story::{Part, Row, Teller};
use super::term::JAVASCRIPT_PRELUDE;
use super::value::Value;
use super::words::Words;
use rows::written;
use script::Operations;
pub(super) use sheet::sheet;

/// Partial derivatives of a page; who wants them all asks for JSON.
const MOST_FORMULAS: usize = 300;

/// What draws an explanation in a browser and lets one step through it and change it: a module, built from
/// `web/`.
pub const PAGE_SCRIPT: &str = include_str!("bundle/app.js");

/// How it looks.
pub const PAGE_STYLE: &str = include_str!("bundle/app.css");

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
    pub fn to_html(&self, view: View<'_>) -> String {
        let operations = Operations::of(self);
        let words = Words::new(self.language);
        Page { e: self, view, words, operations }.write()
    }
}

struct Page<'a> {
    e: &'a Explanation,
    view: View<'a>,
    words: Words,
    /// What its script computes with; `None` where it cannot.
    operations: Option<Operations>,
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

    /// A number that the script keeps right.
    fn live(&self, key: Key, value: &Value) -> Part {
        match self.operations {
            Some(_) => Part::value(key, value),
            None => Part::math(number(value)),
        }
    }

    fn written(&self, rows: &[Row]) -> String {
        written(rows, self.operations.is_some())
    }

    /// What happens in each step, with its formulas.
    fn stories(&self) -> Vec<String> {
        let steps = Teller::new(self.e).steps(self.view);
        steps.iter().map(|step| self.written(&step.rows)).collect()
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
                Some(input) => self.live(Key::Partial(input.id), &partial.value),
                None => Part::math(number(&partial.value)),
            };
            let sides = [left].into_iter().chain(formula).map(Part::math).chain([value]);
            let row = Row::equation(sides.map(|side| vec![side]));
            let _ = writeln!(out, "{}", self.written(&[row]));
        }
        let others = self.e.partials.len().saturating_sub(MOST_FORMULAS);
        if others > 0 {
            let more = self.words.say("more", &[("count", &others.to_string())]);
            let _ = writeln!(out, "<p>{}</p>", escaped(&more));
        }
        out + "</div>\n"
    }
}

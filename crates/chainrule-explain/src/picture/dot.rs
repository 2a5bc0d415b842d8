//! The picture as DOT, for Graphviz.

use std::fmt::Write;

use super::{Role, Total, View};
use crate::model::Explanation;
use crate::notation::escaped;

impl Explanation {
    /// The graph in Graphviz's language.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// assert!(explain(&request)?.to_dot(View::default()).starts_with("digraph"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_dot(&self, view: View<'_>) -> String {
        let picture = self.picture(view);
        let mut out = String::from(
            "digraph chainrule {\n  rankdir=LR;\n  node [fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=11];\n",
        );
        for (at, shape) in picture.shapes.iter().enumerate() {
            let form = match shape.role {
                Role::Gate if shape.symbol.chars().count() <= 2 => "shape=circle",
                Role::Gate => "shape=ellipse",
                Role::Fold => "shape=box, style=rounded",
                Role::Input => "shape=box",
                Role::Repeat => "shape=box, style=dashed",
                Role::Constant => "shape=plaintext, fontcolor=\"#64748b\"",
                Role::Result => "shape=plaintext",
            };
            let total = shape.total.as_ref().map(Total::text).unwrap_or_default();
            let texts = [shape.symbol.clone(), shape.caption.clone(), total];
            let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            let label = quoted(&texts.join("\n"));
            let tip = quoted(&super::told(&shape.tip, shape.value.as_ref()));
            let _ = writeln!(out, "  n{at} [{form}, label={label}, tooltip={tip}];");
        }
        for wire in &picture.wires {
            let value = font("#1d4ed8", &wire.value);
            let gradient = wire.gradient.as_ref().map(|text| font("#c2410c", &format!("← {text}")));
            let lines: Vec<String> = [value, gradient.flatten()].into_iter().flatten().collect();
            let label = match lines.is_empty() {
                true => String::new(),
                false => format!(" [label=<{}>]", lines.join("<br/>")),
            };
            let _ = writeln!(out, "  n{} -> n{}{label};", wire.from, wire.to);
        }
        out + "}\n"
    }
}

/// A string of the language.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Coloured text inside an HTML-like label, where empty text is not allowed.
fn font(colour: &str, text: &str) -> Option<String> {
    let shown = escaped(text);
    (!text.is_empty()).then(|| format!("<font color=\"{colour}\">{shown}</font>"))
}

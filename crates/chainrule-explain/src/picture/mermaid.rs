//! The picture as a Mermaid flowchart, which many pages and editors draw.

use std::fmt::Write;

use super::{Role, Total, View};
use crate::model::Explanation;

impl Explanation {
    /// The graph as a Mermaid flowchart: values on the edges, then the gradients that run back.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// assert!(explain(&request)?.to_mermaid(View::default()).starts_with("flowchart LR"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_mermaid(&self, view: View<'_>) -> String {
        let picture = self.picture(view);
        let mut out = String::from("flowchart LR\n");
        for (at, shape) in picture.shapes.iter().enumerate() {
            let total = shape.total.as_ref().map(Total::text).unwrap_or_default();
            let texts = [shape.symbol.clone(), shape.caption.clone(), total];
            let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            let text = quoted(&texts.join(" : "));
            let _ = match shape.role {
                Role::Gate if shape.symbol.chars().count() <= 2 => {
                    writeln!(out, "  n{at}(({text}))")
                }
                Role::Gate => writeln!(out, "  n{at}([{text}])"),
                Role::Fold => writeln!(out, "  n{at}({text})"),
                Role::Input | Role::Repeat => writeln!(out, "  n{at}[{text}]"),
                Role::Constant | Role::Result => writeln!(out, "  n{at}[{text}]:::plain"),
            };
        }
        for wire in &picture.wires {
            let label = match &wire.gradient {
                Some(gradient) => format!("{} | ← {gradient}", wire.value),
                None => wire.value.clone(),
            };
            let label = match label.is_empty() {
                true => String::new(),
                false => format!("|{}|", quoted(&label)),
            };
            let _ = writeln!(out, "  n{} -->{label} n{}", wire.from, wire.to);
        }
        out + "  classDef plain fill:none,stroke:none\n"
    }
}

/// Text in quotes, its special characters written as entities.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '|' | '[' | ']' | '{' | '}' | '\\' | '*' | '_' => {
                let _ = write!(out, "#{};", c as u32);
            }
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out + "\""
}

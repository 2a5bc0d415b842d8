//! An explanation laid out for a terminal and a reader who is learning.

use std::collections::HashSet;
use std::fmt::Write;

use super::{Explanation, Node, Value, number};

/// Labels and formulas longer than this are cut.
const LONGEST: usize = 30;

/// Nodes that the drawing and the backward section show.
const MOST_NODES: usize = 60;

/// Values longer than this are cut.
const LONGEST_VALUE: usize = 18;

fn cut(text: &str) -> String {
    cut_to(text, LONGEST)
}

fn cut_to(text: &str, longest: usize) -> String {
    match text.chars().count() > longest {
        true => text.chars().take(longest - 1).chain(['…']).collect(),
        false => text.into(),
    }
}

/// A value, cut where it is a large array.
fn short(value: &Value) -> String {
    cut_to(&value.to_string(), LONGEST_VALUE)
}

fn signed(value: f64) -> String {
    if value >= 0.0 { format!("+{}", number(value)) } else { number(value) }
}

/// Writes rows with aligned columns: the first to the left, the others to the right.
fn table(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let space = " ".repeat(widths[column] - cell.chars().count());
            line +=
                &if column == 0 { format!(" {cell}{space}") } else { format!("  {space}{cell}") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

impl Explanation {
    /// The explanation as text for a terminal.
    ///
    /// ```
    /// use chainrule::explain::{Request, explain, values};
    /// let request = Request { expression: "x ^ 2".into(), values: values("x=3")?, ..Request::default() };
    /// assert!(explain(&request)?.to_text().contains("2 * x"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.heading(&mut out);
        self.drawing(&mut out);
        self.backward(&mut out);
        self.partials(&mut out);
        self.what_if(&mut out);
        self.ranked(&mut out);
        out
    }

    /// What the gradients are of.
    fn root(&self) -> &'static str {
        if self.target.is_some() { "L" } else { "f" }
    }

    fn heading(&self, out: &mut String) {
        let _ = writeln!(out, "f = {}", self.expression.trim());
        let values: Vec<String> =
            self.inputs.iter().map(|(name, value)| format!("{name} = {}", short(value))).collect();
        if !values.is_empty() {
            let _ = writeln!(out, "at {}", values.join(", "));
        }
        let _ = writeln!(out, "f = {}", short(&self.output));
        if let (Some(target), Some(loss)) = (self.target, self.loss) {
            let _ = writeln!(
                out,
                "loss L = ½·(f − target)² = ½·({} − {})² = {}",
                short(&self.output),
                number(target),
                number(loss)
            );
        }
    }

    fn drawing(&self, out: &mut String) {
        let root = self.root();
        let _ = writeln!(out, "\nThe graph, from the result down to the inputs");
        let _ = writeln!(out, "(value → computed upwards, d{root}/d· ← passed downwards)\n");
        let mut stack: Vec<(u32, String, String)> = Vec::new();
        if let Some(last) = self.nodes.last() {
            stack.push((last.id, String::new(), String::new()));
        }
        let (mut drawn, mut rows) = (HashSet::new(), Vec::new());
        while let Some((id, lead, indent)) = stack.pop() {
            let Some(node) = self.node(id) else { continue };
            if rows.len() == MOST_NODES {
                rows.push(vec![
                    "  … more nodes: see --format json".into(),
                    String::new(),
                    String::new(),
                ]);
                break;
            }
            let again = !drawn.insert(id) && !node.operands.is_empty();
            let note = if again { " (see above)" } else { "" };
            let gradient = match &node.gradient {
                Some(gradient) => format!("d{root}/d· = {}", short(gradient)),
                None => String::new(),
            };
            let label = format!("{lead}{}{note}", self.title(node));
            rows.push(vec![label, short(&node.value), gradient]);
            if again {
                continue;
            }
            for (at, &operand) in node.operands.iter().enumerate().rev() {
                let last = at + 1 == node.operands.len();
                let branch = if last { "└─ " } else { "├─ " };
                let below = if last { "   " } else { "│  " };
                stack.push((operand, format!("{indent}{branch}"), format!("{indent}{below}")));
            }
        }
        table(out, &rows);
    }

    /// A node's line in the drawing: its gate, and its name or expression.
    fn title(&self, node: &Node) -> String {
        match node.op.as_str() {
            "input" | "constant" => cut(&node.label),
            op => format!("[{op}] {}", cut(&node.label)),
        }
    }

    fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.binary_search_by_key(&id, |node| node.id).ok().map(|at| &self.nodes[at])
    }

    fn backward(&self, out: &mut String) {
        let _ = writeln!(out, "\nBackward, gate by gate: upstream × local derivative = gradient\n");
        if let Some(gradient) = self.nodes.iter().rev().find_map(|node| match &node.gradient {
            Some(gradient) if self.target.is_some() && node.label == self.output_label() => {
                Some(gradient)
            }
            _ => None,
        }) {
            let _ = writeln!(out, "  dL/df = {}\n", short(gradient));
        }
        for node in
            self.nodes.iter().rev().filter(|node| !node.backward.is_empty()).take(MOST_NODES)
        {
            let _ = writeln!(out, "  [{}] {} = {}", node.op, cut(&node.label), short(&node.value));
            let mut rows = Vec::new();
            for passed in &node.backward {
                let to = self.node(node.operands[passed.operand]);
                let to = to.map_or_else(String::new, |node| cut(&node.label));
                let local = passed.local.as_ref().map_or("(array rule)".into(), short);
                let formula = match passed.local_formula.as_deref() {
                    Some(formula) if formula != local => format!("local: {}", cut(formula)),
                    _ => String::new(),
                };
                rows.push(vec![
                    format!("   to {to}:"),
                    format!("{} × {local}", short(&passed.upstream)),
                    format!("= {}", short(&passed.product)),
                    formula,
                ]);
            }
            table(out, &rows);
        }
    }

    /// The label of the node that the expression itself computes.
    fn output_label(&self) -> &str {
        let output =
            self.nodes.iter().rev().find(|node| {
                node.value == self.output && node.op != "constant" && node.op != "input"
            });
        output.map_or("", |node| &node.label)
    }

    fn partials(&self, out: &mut String) {
        let _ = writeln!(out, "\nPartial derivatives of the result\n");
        let rows: Vec<Vec<String>> = self
            .partials
            .iter()
            .map(|(name, partial)| {
                let formula = partial.formula.as_deref().unwrap_or("(too long to show)");
                let value = short(&partial.value);
                let formula = if formula == value { String::new() } else { cut(formula) };
                vec![format!("df/d{name}"), format!("= {formula}"), format!("= {value}")]
            })
            .collect();
        table(out, &rows);
    }

    fn what_if(&self, out: &mut String) {
        if self.what_if.is_empty() {
            return;
        }
        let what = if self.target.is_some() { "L" } else { "f" };
        let _ = writeln!(out, "\nWhat if? The change of {what}, and what derivatives predict\n");
        let has_target = self.target.is_some();
        let mut head = vec!["change", "f then"];
        if has_target {
            head.push("L then");
        }
        head.extend(["change", "gradient", "+ curvature"]);
        let mut rows = vec![head.into_iter().map(String::from).collect::<Vec<_>>()];
        for row in &self.what_if {
            let change = match &row.delta {
                Value::Number(delta) => format!("{} {}", row.name, signed(*delta)),
                Value::Array(_) => format!("{} + {}", row.name, short(&row.delta)),
            };
            let mut cells = vec![change, number(row.output)];
            cells.extend(row.loss.map(number));
            cells.push(signed(row.loss_change.unwrap_or(row.output_change)));
            cells.extend([signed(row.first_order), signed(row.second_order)]);
            rows.push(cells);
        }
        table(out, &rows);
    }

    fn ranked(&self, out: &mut String) {
        let _ = writeln!(out, "\nBy the size of their gradient d{}/d·\n", self.root());
        let rows: Vec<Vec<String>> = self
            .ranking
            .iter()
            .enumerate()
            .filter_map(|(place, name)| {
                let (_, gradient) = self.gradients.iter().find(|(known, _)| known == name)?;
                Some(vec![format!("{}. {name}", place + 1), short(gradient)])
            })
            .collect();
        table(out, &rows);
    }
}

//! An explanation as a LaTeX document: the chain rule for every variable, in symbols, then in numbers.

use std::collections::HashMap;
use std::fmt::Write;

use super::model::{Explanation, Node, Passed};
use super::notation::latex_sign;
use super::rules::Rule;
use super::tex;
use super::value::{Value, digits};
use super::words::Words;
use chainrule::ops::Notation;
use chainrule::term::Binding;

/// Gates and variables beyond this fill more pages than anyone reads.
const MOST: usize = 200;

/// Factors of a chain, and chains of a sum, that still fit on a line.
const MOST_FACTORS: usize = 8;
const MOST_PATHS: usize = 3;

/// Numbers that fit beside each other on a line.
const MOST_COLUMNS: usize = 7;

/// The longest formula of a local derivative, in letters of its source.
const LONGEST: usize = 60;

/// Arrays up to these many rows and columns are printed.
const MOST_SIDE: usize = 6;

impl Explanation {
    /// A LaTeX document that compiles as it is: the values, each gate's local derivatives, and the
    /// chain rule for every variable, in symbols and then in numbers.
    ///
    /// ```
    /// use chainrule_explain::{Request, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// assert!(explain(&request)?.to_latex().contains(r"\frac{\partial f}{\partial x}"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_latex(&self) -> String {
        let document = Document { e: self, words: Words::new(self.language), names: names(self) };
        document.write()
    }
}

/// A name for every node: its own, `f` and `L` for the results, else u with a number.
fn names(e: &Explanation) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    let mut next = 0;
    for node in e.nodes.iter().filter(|node| !node.is_silent()) {
        let face = e.face(node);
        let name = match () {
            () if e.nodes.last().is_some_and(|root| root.id == node.id) => e.root().into(),
            () if node.id == e.behind(e.output_node) => e.output_name().into(),
            () if node.is_literal() => number(&node.value),
            () if face.named || !node.is_gate() => tex::name(&face.label),
            () => {
                next += 1;
                format!("u_{{{next}}}")
            }
        };
        names.insert(node.id, name);
    }
    names
}

struct Document<'a> {
    e: &'a Explanation,
    words: Words,
    names: HashMap<u32, String>,
}

impl Document<'_> {
    fn write(&self) -> String {
        let title = tex::text(&self.words.get("latex-title"));
        let mut out = format!("\\begin{{document}}\n\\section*{{{title}}}\n");
        self.inputs(&mut out);
        self.section(&mut out, "latex-forward", &self.forward());
        self.section(&mut out, "latex-backward", &self.backward());
        self.section(&mut out, "latex-variables", &self.variables());
        let fonts = if tex::has_other(&out) { tex::OTHER_SCRIPT } else { "" };
        format!("{HEAD}{fonts}{out}\\end{{document}}\n")
    }

    fn section(&self, out: &mut String, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let title = tex::text(&self.words.get(title));
        let _ = writeln!(out, "\\subsection*{{{title}}}\n\\begin{{align*}}");
        let _ = writeln!(out, "{}\n\\end{{align*}}", lines.join(" \\\\\n"));
    }

    fn name(&self, id: u32) -> String {
        self.names.get(&self.e.behind(id)).cloned().unwrap_or_else(|| "?".into())
    }

    fn inputs(&self, out: &mut String) {
        let given: Vec<String> = self
            .e
            .inputs
            .iter()
            .map(|(name, value)| format!("${} = {}$", tex::name(name), number(value)))
            .collect();
        if !given.is_empty() {
            let _ = writeln!(out, "{}\n", given.join(",\\quad "));
        }
    }

    /// Every gate's value: name = what it computes from the names below = number.
    fn forward(&self) -> Vec<String> {
        let gates = self.e.nodes.iter().filter(|node| node.is_gate() && !node.is_silent());
        gates
            .take(MOST)
            .map(|node| {
                let (operation, value) = (self.operation(node), &self.e.face(node).value);
                format!("{} &= {operation} = {}", self.name(node.id), number(value))
            })
            .collect()
    }

    /// A gate's operation on its operands' names.
    fn operation(&self, node: &Node) -> String {
        let names: Vec<String> = node.operands.iter().map(|&id| self.operand(id)).collect();
        let Some(op) = node.source.op() else {
            unreachable!("{} is no operation", node.source.name())
        };
        match (op.notation(), names.as_slice()) {
            (Notation::Infix("*", _), [a, b]) => format!(r"{a} \cdot {b}"),
            (Notation::Infix("/", _), [a, b]) => format!(r"\frac{{{a}}}{{{b}}}"),
            (Notation::Infix("^", _), [a, b]) => format!("{{{a}}}^{{{b}}}"),
            // Iverson's bracket: 1 where it is true, else 0.
            (Notation::Infix(sign, Binding::Comparison), [a, b]) => {
                format!(r"\left[{a}{}{b}\right]", latex_sign(sign))
            }
            (Notation::Infix(sign, _), [a, b]) => format!("{a}{}{b}", latex_sign(sign)),
            (Notation::Prefix(sign), [a]) => format!("{sign}{a}"),
            (Notation::Power(n), [a]) => format!("{{{a}}}^{{{n}}}"),
            (Notation::Root, [a]) => format!(r"\sqrt{{{a}}}"),
            (_, names) => format!(
                r"\operatorname{{{}}}\left({}\right)",
                op.name().replace('_', r"\_"),
                names.join(", ")
            ),
        }
    }

    /// An operand's name, in parentheses where it begins with a sign.
    fn operand(&self, id: u32) -> String {
        let name = self.name(id);
        if name.starts_with('-') { format!("({name})") } else { name }
    }

    fn partial(&self, below: u32) -> String {
        let root = self.e.root();
        format!(r"\frac{{\partial {root}}}{{\partial {}}}", self.name(below))
    }

    /// Each gate's share: upstream × local derivative, in symbols and numbers.
    fn backward(&self) -> Vec<String> {
        let gates = self.e.nodes.iter().rev().filter(|node| !node.is_silent());
        let passed = gates.flat_map(|node| node.backward.iter().map(move |passed| (node, passed)));
        passed.take(2 * MOST).filter_map(|(node, passed)| self.passed(node, passed)).collect()
    }

    fn passed(&self, node: &Node, passed: &Passed) -> Option<String> {
        let (to, product) = self.e.received(node, passed);
        let local = match (&passed.local_formula, &passed.rule) {
            // A long formula says less than the number, and runs off the page.
            (Some(formula), _) => Some(formula.latex()).filter(|text| text.len() <= LONGEST),
            (None, Some(rule)) => {
                let (left, right) = (self.partial(to), self.rule(node, passed, rule));
                return Some(format!("{left} &= {right} & &= {}", number(product)));
            }
            (None, None) => return None,
        };
        let (gate, operand) = (self.name(node.id), self.operand(to));
        let slope = format!(r"\frac{{\partial {gate}}}{{\partial {operand}}}");
        let numbers = match (passed.local.as_ref(), passed.product.as_number()) {
            (Some(local), Some(_)) => format!(
                r"{} \cdot {} = {}",
                bracketed(&passed.upstream),
                bracketed(local),
                number(product)
            ),
            _ => number(product),
        };
        let local = local.unwrap_or_else(|| passed.local.as_ref().map_or_else(String::new, number));
        // Element by element.
        let sign = if node.shape.is_empty() { "" } else { r"\odot " };
        let (sum, upstream) = (sum(passed, product), self.partial(node.id));
        Some(format!("{slope} &= {local}, & {sum}{upstream} {sign}{slope} &= {numbers}"))
    }

    /// How an operation of whole arrays passes its gradient.
    fn rule(&self, node: &Node, passed: &Passed, rule: &str) -> String {
        let (up, root) = (self.partial(node.id), self.e.nodes.last().map(|root| root.id));
        let name =
            |at: usize| node.operands.get(at).map_or_else(|| "?".into(), |&id| self.operand(id));
        match (Rule::of(node), passed.operand) {
            (Some(Rule::Product), 0) => format!(r"{up}\,{{{}}}^{{\mathsf{{T}}}}", name(1)),
            (Some(Rule::Product), _) => format!(r"{{{}}}^{{\mathsf{{T}}}}\,{up}", name(0)),
            (Some(Rule::Transpose), _) => format!(r"\left({up}\right)^{{\mathsf{{T}}}}"),
            (Some(Rule::Loss), operand) => {
                let softmax = format!(r"\operatorname{{softmax}}({})", name(0));
                let found = match operand {
                    0 => format!("{softmax} - {}", name(1)),
                    _ => format!(r"-\ln {softmax}"),
                };
                // Its own gradient is 1 where it stands on top.
                let factor = if root == Some(node.id) { String::new() } else { format!(r"{up}\,") };
                let part = match passed.product.shape().first() {
                    Some(batch) if *batch > 1 => format!(r"\tfrac{{1}}{{{batch}}}"),
                    _ => String::new(),
                };
                match factor.is_empty() && part.is_empty() {
                    true => found,
                    false => format!(r"{factor}{part}\left({found}\right)"),
                }
            }
            _ => format!("\\text{{{}}}", tex::text(rule)),
        }
    }

    /// The chain rule for every variable: the factors of each path from the result down to it.
    fn variables(&self) -> Vec<String> {
        let e = self.e;
        let mut lines = Vec::new();
        for (name, gradient) in e.gradients.iter().take(MOST) {
            let Some(node) = e.nodes.iter().find(|n| n.is_input(name)) else {
                continue;
            };
            let left = self.partial(node.id);
            match self.chains(name) {
                Some((symbols, numbers)) => {
                    let gradient = number(gradient);
                    let result = (numbers != gradient).then(|| format!(" = {gradient}"));
                    let result = result.unwrap_or_default();
                    lines.push(format!("{left} &= {symbols}"));
                    lines.push(format!("&= {numbers}{result}"));
                }
                None => {
                    let mut left = format!("{left} ");
                    if let Some(uses) = self.uses(node) {
                        lines.push(format!("{left}&= {uses}"));
                        left.clear();
                    }
                    lines.push(format!("{left}&= {}", self.ledger(node, gradient)));
                }
            }
        }
        lines
    }

    /// All paths in symbols and in numbers, where they are few and short.
    fn chains(&self, name: &str) -> Option<(String, String)> {
        if !self.e.is_scalar() {
            return None;
        }
        let paths = super::paths::of_scalars(self.e, name);
        let short = paths.largest.iter().all(|path| path.locals.len() <= MOST_FACTORS);
        if !short || paths.largest.is_empty() || paths.count > MOST_PATHS as f64 {
            return None;
        }
        let (mut symbols, mut numbers) = (Vec::new(), Vec::new());
        for path in &paths.largest {
            let factors = path.nodes.windows(2).map(|pair| {
                format!(
                    r"\frac{{\partial {}}}{{\partial {}}}",
                    self.name(pair[0]),
                    self.name(pair[1])
                )
            });
            let factors: Vec<String> = factors.collect();
            symbols.push(if factors.is_empty() { "1".into() } else { factors.join(" ") });
            let locals = path.locals.iter().map(|x| bracketed(&Value::Number(*x)));
            let locals: Vec<String> = locals.collect();
            numbers.push(if locals.is_empty() { "1".into() } else { locals.join(r" \cdot ") });
        }
        Some((symbols.join(" + "), numbers.join(" + ")))
    }

    /// What each use of an input contributes, in symbols, where these are few.
    fn uses(&self, input: &Node) -> Option<String> {
        let gates = self.e.nodes.iter().rev().filter(|node| !node.is_silent());
        let passed = gates.flat_map(|gate| gate.backward.iter().map(move |passed| (gate, passed)));
        let to_it = passed.filter(|(gate, passed)| self.e.received(gate, passed).0 == input.id);
        let terms = to_it.map(|(gate, passed)| match (&passed.local, &passed.rule) {
            (None, Some(rule)) => self.rule(gate, passed, rule),
            _ => {
                let (up, gate_name) = (self.partial(gate.id), self.name(gate.id));
                let sign = if gate.shape.is_empty() { "" } else { r"\odot " };
                let slope =
                    format!(r"\frac{{\partial {gate_name}}}{{\partial {}}}", self.name(input.id));
                format!("{}{up} {sign}{slope}", sum(passed, self.e.received(gate, passed).1))
            }
        });
        let terms: Vec<String> = terms.take(MOST_PATHS + 1).collect();
        (1..=MOST_PATHS).contains(&terms.len()).then(|| terms.join(" + "))
    }

    /// The sum over the value's uses, in as many lines as it needs.
    fn ledger(&self, node: &Node, gradient: &Value) -> String {
        if node.ledger.len() < 2 {
            return number(gradient);
        }
        let shown = node.ledger.iter().take(MOST_FACTORS).map(|entry| &entry.gradient);
        let mut parts: Vec<(String, usize)> =
            shown.map(|value| (bracketed(value), columns(value))).collect();
        parts.extend((node.ledger.len() > MOST_FACTORS).then(|| (r"\dots".into(), 1)));
        let (mut out, mut used) = (String::new(), 0);
        for (at, (part, columns)) in parts.iter().enumerate() {
            used += columns;
            let sign = if at == 0 { "" } else { " + " };
            if used > MOST_COLUMNS && at > 0 {
                used = *columns;
                out += " \\\\\n&\\quad";
            }
            out += &format!("{sign}{part}");
        }
        let result = if used + columns(gradient) > MOST_COLUMNS { " \\\\\n&=" } else { " =" };
        format!("{out}{result} {}", number(gradient))
    }
}

/// How many numbers stand beside each other.
fn columns(value: &Value) -> usize {
    value.shape().last().copied().filter(|columns| *columns <= MOST_SIDE).unwrap_or(2)
}

/// The document's head, for any LaTeX.
const HEAD: &str = r"\documentclass{article}
\usepackage{iftex}
\ifpdftex
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
\else
  \usepackage{fontspec}
\fi
\usepackage{amsmath}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
";

/// An operand that was repeated to fit receives the sum over its repeats.
fn sum(passed: &Passed, received: &Value) -> &'static str {
    if received.numbers().len() == passed.product.numbers().len() { "" } else { r"\textstyle\sum " }
}

/// A number, a small matrix, or the shape and norm of a large one.
fn number(value: &Value) -> String {
    let one = |x: f64| {
        let text = digits(x, 6);
        match text.split_once('e') {
            Some((digits, exponent)) => format!(r"{digits} \cdot 10^{{{exponent}}}"),
            None if x.is_nan() => r"\text{NaN}".into(),
            None if x.is_infinite() => text.replace("inf", r"\infty"),
            None => text,
        }
    };
    let shape = value.shape();
    match (value, shape.as_slice()) {
        (Value::Number(x), _) => one(*x),
        (Value::Array(_), [side]) if *side <= MOST_SIDE => {
            let cells: Vec<String> = value.numbers().into_iter().map(one).collect();
            format!(r"\begin{{pmatrix}}{}\end{{pmatrix}}", cells.join(" & "))
        }
        (Value::Array(rows), [tall, wide]) if *tall <= MOST_SIDE && *wide <= MOST_SIDE => {
            let row = |row: &Value| {
                row.numbers().into_iter().map(one).collect::<Vec<String>>().join(" & ")
            };
            let rows: Vec<String> = rows.iter().map(row).collect();
            format!(r"\begin{{pmatrix}}{}\end{{pmatrix}}", rows.join(r" \\ "))
        }
        _ => {
            let dims = value.dims(r" \times ");
            format!(r"[{dims}],\ \lVert\cdot\rVert = {}", one(value.norm()))
        }
    }
}

/// A factor: in parentheses where it begins with a sign.
fn bracketed(value: &Value) -> String {
    let text = number(value);
    if text.starts_with('-') { format!("({text})") } else { text }
}

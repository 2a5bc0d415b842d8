//! An explanation as a LaTeX document: the chain rule for every variable, in symbols, then in numbers.

mod sheet;

use std::collections::HashMap;
use std::fmt::Write;

use super::blanks::{Blanks, Key, is_handed_on};
use super::equations::{Equation, lines, rows, wide};
use super::expression::CROSS_ENTROPY;
use super::formula::Formula;
use super::model::{Explanation, Node, Passed};
use super::notation::latex_sign;
use super::paths::Followed;
use super::rules::Rule;
use super::tex;
use super::value::{Value, digits};
use super::words::Words;
use chainrule::ops::{Notation, SoftmaxWithLoss};
use chainrule::term::Binding;
pub(super) use sheet::sheet;

/// Gates and variables beyond this fill more pages than anyone reads.
const MOST: usize = 200;

/// Factors of a chain, chains of a sum and uses of a value that are written.
const MOST_FACTORS: usize = 8;
const MOST_PATHS: usize = 3;

/// The longest piece of a formula that stays on one line, in points.
const WIDEST_PIECE: f64 = 230.0;

/// The widest formula of a local derivative, in points: of a wider one the number says more.
const WIDEST_LOCAL: f64 = 400.0;

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
        Document::of(self, None).write()
    }
}

/// A name for every node but literals: its own, those of the results, else u with a number.
fn names(e: &Explanation) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    let letter = letter(e);
    let mut next = 0;
    for node in e.nodes.iter().filter(|node| !node.is_silent() && !node.is_literal()) {
        let face = e.face(node);
        let name = match () {
            () if e.nodes.last().is_some_and(|root| root.id == node.id) => e.root().into(),
            () if node.id == e.behind(e.output_node) => e.output_name().into(),
            () if face.named || !node.is_gate() => face.label.clone(),
            () => {
                next += 1;
                tex::numbered(letter, next)
            }
        };
        names.insert(node.id, name);
    }
    names
}

/// What unnamed values are called with a number: the first letter by which nobody else numbers names.
fn letter(e: &Explanation) -> &'static str {
    let numbers = |label: &str, letter: &str| {
        let rest = label.strip_prefix(letter).map(|rest| rest.trim_start_matches('_'));
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(char::is_numeric))
    };
    let taken = |letter: &&str| e.nodes.iter().any(|node| numbers(&node.label, letter));
    ["u", "v", "h", "q"].into_iter().find(|letter| !taken(letter)).unwrap_or("u")
}

struct Document<'a> {
    e: &'a Explanation,
    words: Words,
    names: HashMap<u32, String>,
    /// By the value that receives it, what gates pass down, from the result on.
    uses: HashMap<u32, Vec<(&'a Node, &'a Passed)>>,
    /// Of a computation of numbers, the paths to every variable.
    paths: Option<Followed<'a>>,
    /// What a pupil shall find, on a worksheet.
    blanks: Option<&'a Blanks>,
}

impl<'a> Document<'a> {
    fn of(e: &'a Explanation, blanks: Option<&'a Blanks>) -> Self {
        let mut uses: HashMap<u32, Vec<_>> = HashMap::new();
        for gate in e.nodes.iter().rev().filter(|node| !node.is_silent()) {
            for passed in &gate.backward {
                uses.entry(e.received(gate, passed).0).or_default().push((gate, passed));
            }
        }
        let paths = e.is_scalar().then(|| Followed::new(e));
        Self { e, words: Words::new(e.language), names: names(e), uses, paths, blanks }
    }

    fn write(&self) -> String {
        let title = tex::text(&self.words.get("latex-title"));
        let mut out = format!("\\begin{{document}}\n\\section*{{{title}}}\n");
        self.inputs(&mut out);
        self.section(&mut out, "latex-forward", &lines(self.forward().iter()));
        self.section(&mut out, "latex-backward", &rows(&self.backward()));
        self.section(&mut out, "latex-shared", &lines(self.shared().iter()));
        self.section(&mut out, "latex-variables", &lines(self.variables().iter()));
        document(&out)
    }

    fn section(&self, out: &mut String, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let title = tex::text(&self.words.get(title));
        let command = if self.blanks.is_some() { "subsubsection" } else { "subsection" };
        let _ = writeln!(out, "\\{command}*{{{title}}}\n\\begin{{align*}}");
        let _ = writeln!(out, "{}\n\\end{{align*}}", lines.join(" \\\\\n"));
    }

    fn name(&self, id: u32) -> String {
        let id = self.e.behind(id);
        let literal = self.e.node(id).filter(|node| node.is_literal());
        match (literal, self.names.get(&id)) {
            (Some(node), _) => number(&node.value),
            (None, name) => name.map_or_else(|| "?".into(), |name| tex::name(name)),
        }
    }

    fn inputs(&self, out: &mut String) {
        let given: Vec<String> = self
            .e
            .inputs
            .iter()
            .map(|(name, value)| format!("${} = {}$", tex::name(name), number(value)))
            .collect();
        if !given.is_empty() {
            let _ = writeln!(out, "{{\\raggedright {}\\par}}\n", given.join(",\\quad "));
        }
    }

    /// Every gate's value: name = what it computes from the names below = number.
    fn forward(&self) -> Vec<Equation> {
        let gates = self.e.nodes.iter().filter(|node| node.is_gate() && !node.is_silent());
        let equation = |node: &Node| {
            let value = self.asked(Key::Value(node.id), &self.e.face(node).value);
            let operation = self.minus_logarithms(node).unwrap_or_else(|| self.operation(node));
            Equation::new(self.name(node.id), vec![operation, vec![value]])
        };
        let equations = |node| self.probabilities(node).into_iter().chain([equation(node)]);
        gates.take(MOST).flat_map(equations).collect()
    }

    /// A gate's operation on its operands' names, in pieces where it is long.
    fn operation(&self, node: &Node) -> Vec<String> {
        let names: Vec<String> = node.operands.iter().map(|&id| self.operand(id)).collect();
        let Some(op) = node.source.op() else {
            unreachable!("{} is no operation", node.source.name())
        };
        let written = match (op.notation(), names.as_slice()) {
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
            (_, names) => {
                let is_loss = node.source.is::<SoftmaxWithLoss>();
                let name = if is_loss { CROSS_ENTROPY } else { op.name() };
                let function = format!(r"\operatorname{{{}}}", name.replace('_', r"\_"));
                let whole = format!(r"{function}\left({}\right)", names.join(", "));
                if wide(&whole) > WIDEST_PIECE {
                    let piece = |(at, name): (usize, &String)| {
                        let start = if at == 0 { format!("{function}(") } else { String::new() };
                        format!("{start}{name}{}", if at + 1 == names.len() { ")" } else { ", " })
                    };
                    return names.iter().enumerate().map(piece).collect();
                }
                whole
            }
        };
        vec![written]
    }

    /// An operand's name, in parentheses where it begins with a sign.
    fn operand(&self, id: u32) -> String {
        let name = self.name(id);
        if name.starts_with('-') { format!("({name})") } else { name }
    }

    fn partial(&self, below: u32) -> String {
        format!(r"\frac{{\partial {}}}{{\partial {}}}", tex::name(self.e.root()), self.name(below))
    }

    /// Each gate's share: its local derivative, then upstream × local derivative in symbols and numbers.
    fn backward(&self) -> Vec<[Option<Equation>; 2]> {
        let gates = self.e.nodes.iter().rev().filter(|node| !node.is_silent());
        let rows = gates.flat_map(|node| {
            let sum = self.arrived(node).filter(|_| node.is_gate()).map(|sum| [None, Some(sum)]);
            sum.into_iter().chain(node.backward.iter().filter_map(|p| self.passed(node, p)))
        });
        rows.take(2 * MOST).collect()
    }

    fn passed(&self, node: &Node, passed: &Passed) -> Option<[Option<Equation>; 2]> {
        let (to, product) = self.e.received(node, passed);
        if self.blanks.is_some() && is_handed_on(self.e, node, to) {
            return None;
        }
        let key = |of: fn(u32, usize) -> Key| of(node.id, passed.operand);
        let value = vec![self.asked(key(Key::Passed), product)];
        let local = match (&passed.local_in_place, &passed.local, &passed.rule) {
            (None, None, Some(rule)) => {
                let found = vec![self.rule(node, passed, rule)];
                // One part of what several uses add up to.
                let is_part = self.e.node(to).is_some_and(|below| below.ledger.len() > 1);
                let sign = if is_part { r"\mathrel{+}" } else { "" };
                let left = self.partial(to) + sign;
                return Some([Some(Equation::new(left, vec![found, value])), None]);
            }
            (None, None, None) => return None,
            (Some(formula), ..) => Some(self.in_place(formula)),
            (None, Some(_), _) => None,
        };
        let local = local.filter(|text| wide(text) <= WIDEST_LOCAL);
        let local = match self.asked_local(node, passed) {
            // A number would be the answer.
            Some(asked) => {
                let is_number =
                    passed.local_in_place.as_ref().is_some_and(|f| f.as_number().is_some());
                local
                    .filter(|_| !is_number)
                    .into_iter()
                    .chain([asked])
                    .map(|part| vec![part])
                    .collect()
            }
            None => {
                let local = local.or_else(|| passed.local.as_ref().map(number));
                vec![local.into_iter().collect()]
            }
        };
        let (gate, operand) = (self.name(node.id), self.operand(to));
        let slope = format!(r"\frac{{\partial {gate}}}{{\partial {operand}}}");
        let factors = match (passed.local.as_ref(), passed.product.as_number()) {
            (Some(local), Some(_)) => {
                let upstream = self.found(Key::Gradient(node.id), &passed.upstream);
                let local = self.found(key(Key::Local), local);
                Some(vec![format!(r"{} \cdot {}", bracketed(upstream), bracketed(local))])
            }
            _ => None,
        };
        // Element by element.
        let sign = if node.shape.is_empty() { "" } else { r"\odot " };
        let chain = format!("{}{} {sign}{slope}", sum(passed, product), self.partial(node.id));
        let parts = factors.into_iter().chain([value]).collect();
        Some([Some(Equation::new(slope, local)), Some(Equation::new(chain, parts))])
    }

    /// A local derivative by the names that values have in this document.
    fn in_place(&self, formula: &Formula) -> String {
        let [own, takes] = &self.e.places;
        let is_place = |name: &str| {
            let number = name.strip_prefix(takes.as_str());
            name == own || number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
        };
        let name = |known: &str, id: u32| {
            let found = is_place(known).then(|| self.names.get(&self.e.behind(id))).flatten();
            found.cloned()
        };
        formula.renamed(&name).latex()
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

    /// Gates whose values are used several times: what each use contributes, and the sum.
    fn shared(&self) -> Vec<Equation> {
        let is_shared = |node: &&Node| node.is_gate() && node.ledger.len() > 1;
        let mut equations = Vec::new();
        for node in self.e.nodes.iter().rev().filter(is_shared).take(MOST) {
            let left = self.partial(node.id);
            let parts = self.ledger(node).into_iter();
            let parts =
                parts.chain(node.gradient.as_ref().map(|total| vec![number(total)])).collect();
            let symbols = self.uses(node);
            let goes_on = if symbols.is_some() { String::new() } else { left.clone() };
            equations.extend(symbols.map(|symbols| Equation::new(left, vec![symbols])));
            equations.push(Equation::new(goes_on, parts));
        }
        equations
    }

    /// The chain rule for every variable: the factors of each path from the result down to it.
    fn variables(&self) -> Vec<Equation> {
        let e = self.e;
        let mut equations = Vec::new();
        for (name, gradient) in e.gradients.iter().take(MOST) {
            let Some(node) = e.nodes.iter().find(|n| n.is_input(name)) else {
                continue;
            };
            let left = self.partial(node.id);
            let result = vec![number(gradient)];
            let (symbols, mut parts) = match self.chains(name) {
                Some((symbols, numbers)) => (Some(symbols), vec![numbers]),
                None => (self.uses(node), self.ledger(node).into_iter().collect()),
            };
            if parts.last().is_none_or(|last| last.concat() != result.concat()) {
                parts.push(result);
            }
            let goes_on = if symbols.is_some() { String::new() } else { left.clone() };
            equations.extend(symbols.map(|symbols| Equation::new(left, vec![symbols])));
            equations.push(Equation::new(goes_on, parts));
        }
        equations
    }

    /// All paths in symbols and in numbers, where they are few and short.
    fn chains(&self, name: &str) -> Option<(Vec<String>, Vec<String>)> {
        let paths = self.paths.as_ref()?.to(name);
        let short = paths.largest.iter().all(|path| path.locals.len() <= MOST_FACTORS);
        if !short || paths.largest.is_empty() || paths.count > MOST_PATHS as f64 {
            return None;
        }
        let (mut symbols, mut numbers) = (Vec::new(), Vec::new());
        for path in &paths.largest {
            let factor = |pair: &[u32]| {
                let (above, below) = (self.name(pair[0]), self.name(pair[1]));
                format!(r"\frac{{\partial {above}}}{{\partial {below}}}")
            };
            let factors: Vec<String> = path.nodes.windows(2).map(factor).collect();
            symbols.extend(pieces(&factors, " ", symbols.is_empty()));
            let locals = path.locals.iter().map(|x| bracketed(number(&Value::Number(*x))));
            let locals: Vec<String> = locals.collect();
            numbers.extend(pieces(&locals, r" \cdot ", numbers.is_empty()));
        }
        Some((symbols, numbers))
    }

    /// What each use of an input contributes, in symbols, where these are few.
    fn uses(&self, input: &Node) -> Option<Vec<String>> {
        let to_it = self.uses.get(&input.id)?.iter();
        let terms = to_it.map(|&(gate, passed)| match (&passed.local, &passed.rule) {
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
        (1..=MOST_PATHS).contains(&terms.len()).then(|| terms_of_sum(terms))
    }

    /// The sum over the value's uses, where it has several.
    fn ledger(&self, node: &Node) -> Option<Vec<String>> {
        let shown =
            node.ledger.iter().take(MOST_FACTORS).map(|entry| bracketed(number(&entry.gradient)));
        let others = (node.ledger.len() > MOST_FACTORS).then(|| r"\dots".into());
        (node.ledger.len() > 1).then(|| terms_of_sum(shown.chain(others).collect()))
    }
}

/// A sum in pieces.
fn terms_of_sum(terms: Vec<String>) -> Vec<String> {
    let sign = |(at, term)| if at == 0 { term } else { format!(" + {term}") };
    terms.into_iter().enumerate().map(sign).collect()
}

/// A product as a term of a sum: one piece, or where it is long a piece for each factor.
fn pieces(factors: &[String], sign: &str, is_first: bool) -> Vec<String> {
    let plus = if is_first { "" } else { " + " };
    let whole = format!("{plus}{}", factors.join(sign));
    match factors.len() {
        0 => vec![format!("{plus}1")],
        _ if wide(&whole) <= WIDEST_PIECE => vec![whole],
        _ => {
            let start = |at| if at == 0 { plus } else { sign };
            factors.iter().enumerate().map(|(at, f)| format!("{}{f}", start(at))).collect()
        }
    }
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

/// A document of this body.
fn document(body: &str) -> String {
    let fonts = if tex::has_other(body) { tex::OTHER_SCRIPT } else { "" };
    format!("{HEAD}{fonts}{body}\\end{{document}}\n")
}

/// An operand that was repeated to fit receives the sum over its repeats.
fn sum(passed: &Passed, received: &Value) -> &'static str {
    if received.numbers().len() == passed.product.numbers().len() { "" } else { r"\textstyle\sum " }
}

/// A number, a small matrix, or the shape and norm of a large one.
fn number(value: &Value) -> String {
    array(value, &mut |x| rounded(x, 6))
}

/// A number with so many digits.
fn rounded(x: f64, count: i32) -> String {
    let text = digits(x, count);
    match text.split_once('e') {
        Some((digits, exponent)) => format!(r"{digits} \cdot 10^{{{exponent}}}"),
        None if x.is_nan() => r"\text{NaN}".into(),
        None if x.is_infinite() => text.replace("inf", r"\infty"),
        None => text,
    }
}

/// The same with each number, row by row, as `one` writes it.
fn array(value: &Value, one: &mut dyn FnMut(f64) -> String) -> String {
    let shape = value.shape();
    match (value, shape.as_slice()) {
        (Value::Number(x), _) => one(*x),
        (Value::Array(_), [side]) if *side <= MOST_SIDE => {
            let cells: Vec<String> = value.numbers().into_iter().map(one).collect();
            format!(r"\begin{{pmatrix}}{}\end{{pmatrix}}", cells.join(" & "))
        }
        (Value::Array(rows), [tall, wide]) if *tall <= MOST_SIDE && *wide <= MOST_SIDE => {
            let mut row = |row: &Value| {
                row.numbers().into_iter().map(&mut *one).collect::<Vec<String>>().join(" & ")
            };
            let rows: Vec<String> = rows.iter().map(&mut row).collect();
            format!(r"\begin{{pmatrix}}{}\end{{pmatrix}}", rows.join(r" \\ "))
        }
        _ => {
            let dims = value.dims(r" \times ");
            format!(r"[{dims}],\ \lVert\cdot\rVert = {}", one(value.norm()))
        }
    }
}

/// A factor: in parentheses where it begins with a sign.
fn bracketed(text: String) -> String {
    if text.starts_with('-') { format!("({text})") } else { text }
}

//! Worksheets as LaTeX documents.

use std::fmt::Write;

use super::{Document, array, bracketed, document, number, rounded, terms_of_sum};
use crate::blanks::{Blanks, Cell, DIGITS, Key, is_scalar_gate, notes};
use crate::equations::{Equation, lines, rows};
use crate::model::{Explanation, Node, Passed};
use crate::tex;
use crate::value::Value;

/// The number of a blank, and a blank with what stands in it.
const COMMANDS: &str = r"\newcommand{\blankno}[1]{{\setlength{\fboxsep}{1.5pt}\fbox{\scriptsize #1}}}
\newcommand{\blank}[2]{\blankno{#1}\,\underline{\makebox[14mm]{\strut$#2$}}}
\renewcommand{\arraystretch}{1.4}
";

/// A number on a worksheet.
fn cell(cell: Cell) -> String {
    match cell {
        Cell::Given(x) => rounded(x, 6),
        Cell::Asked(at, answer) => {
            let answer = answer.map_or_else(String::new, |x| rounded(x, DIGITS));
            format!(r"\blank{{{at}}}{{{answer}}}")
        }
        Cell::Found(at, None) => format!(r"\blankno{{{at}}}"),
        Cell::Found(_, Some(x)) => rounded(x, DIGITS),
    }
}

/// A document of exercises.
pub(crate) fn sheet(title: &str, legend: &[String], exercises: &str) -> String {
    let mut out = format!("{COMMANDS}\\begin{{document}}\n\\section*{{{}}}\n", tex::text(title));
    for line in legend {
        let line = tex::text(line).replace(r"\#1", r"\blankno{1}");
        let _ = writeln!(out, "{line}\n");
    }
    document(&(out + exercises))
}

impl Explanation {
    /// One exercise of a worksheet, with its number where there are several.
    pub(crate) fn exercise_latex(&self, blanks: &Blanks, at: Option<usize>) -> String {
        let document = Document::of(self, Some(blanks));
        let mut out = at.map_or_else(String::new, |at| format!("\\subsection*{{{at}.}}\n"));
        let statements = self.statements().into_iter().chain(self.loss_formula());
        for statement in statements {
            let _ = writeln!(out, "{{\\raggedright\\ttfamily {}\\par}}", tex::text(&statement));
        }
        out += "\\smallskip\n";
        document.inputs(&mut out);
        document.section(&mut out, "forward-title", &lines(document.forward().iter()));
        document.section(&mut out, "sheet-backward", &rows(&document.backward()));
        for node in self.nodes.iter().rev().filter(|node| node.is_gate() && !node.is_silent()) {
            for note in notes(self, node, &document.words) {
                let gate = format!("[{}] {}: ", node.source.name(), self.face(node).label);
                let _ = writeln!(out, "{}\n", tex::text(&(gate + &note)));
            }
        }
        document.section(&mut out, "sheet-gradients", &lines(document.gradients().iter()));
        out
    }
}

impl Document<'_> {
    /// A value, as blanks where it is to be found.
    pub(super) fn asked(&self, key: Key, value: &Value) -> String {
        let Some(blanks) = self.blanks else { return number(value) };
        let mut cells = blanks.asked(key);
        array(value, &mut |x| cell(cells(x)))
    }

    /// A value that is given or was found before.
    pub(super) fn found(&self, key: Key, value: &Value) -> String {
        let Some(blanks) = self.blanks else { return number(value) };
        let mut cells = blanks.found(key);
        array(value, &mut |x| cell(cells(x)))
    }

    /// A gate's local derivative, where it is a number to be found.
    pub(super) fn asked_local(&self, gate: &Node, passed: &Passed) -> Option<String> {
        self.blanks.filter(|_| is_scalar_gate(gate))?;
        Some(self.asked(Key::Local(gate.id, passed.operand), passed.local.as_ref()?))
    }

    /// The softmax that a cross-entropy begins with.
    pub(super) fn probabilities(&self, gate: &Node) -> Option<Equation> {
        let asked = self.asked(Key::Softmax(gate.id), self.blanks?.softmax(gate)?);
        let logits = self.operand(*gate.operands.first()?);
        let left = format!(r"\operatorname{{softmax}}({logits})");
        Some(Equation::new(left, vec![vec![asked]]))
    }

    /// What a cross-entropy makes of them, where they are one row.
    pub(super) fn minus_logarithms(&self, gate: &Node) -> Option<Vec<String>> {
        let is_row = |value: &&Value| value.shape().iter().rev().skip(1).all(|&rows| rows == 1);
        self.blanks?.softmax(gate).filter(is_row)?;
        let &[logits, targets] = gate.operands.as_slice() else { return None };
        let (x, t) = (self.operand(logits), self.name(targets));
        Some(vec![format!(r"-\textstyle\sum {t} \odot \ln \operatorname{{softmax}}({x})")])
    }

    /// The gradient of a value with several uses: the sum over these.
    pub(super) fn arrived(&self, node: &Node) -> Option<Equation> {
        let sum = self.blanks?.sum(node.id)?;
        let parts = sum.parts.iter().enumerate().map(|(at, (key, part))| {
            let part = self.found(*key, part);
            if at == 0 { part } else { bracketed(part) }
        });
        let parts = Some(terms_of_sum(parts.collect())).filter(|parts| !parts.is_empty());
        let total = vec![self.asked(Key::Gradient(node.id), &sum.total)];
        Some(Equation::new(self.partial(node.id), parts.into_iter().chain([total]).collect()))
    }

    /// What the inputs' gradients have come to.
    fn gradients(&self) -> Vec<Equation> {
        let equation = |(name, gradient): &(String, Value)| {
            let node = self.e.input(name)?;
            let found = || vec![vec![self.found(Key::Gradient(node.id), gradient)]];
            let alone = || Equation::new(self.partial(node.id), found());
            Some(self.arrived(node).unwrap_or_else(alone))
        };
        self.e.gradients.iter().filter_map(equation).collect()
    }
}

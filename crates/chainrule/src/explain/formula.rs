//! Formulas read off a graph's nodes, simplified as far as a reader would by hand.

use std::collections::HashMap;
use std::rc::Rc;

use super::number;
use crate::graph::{Graph, Source};
use crate::ops::Notation;

/// Formulas with more parts than this are not shown.
const MAX_SIZE: usize = 300;

/// A formula in a normal form: sums of products of powers.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    Number(f64),
    /// A name, and the number of its node, by which factors are ordered.
    Symbol(Rc<str>, u32),
    /// Two terms or more.
    Sum(Vec<Formula>),
    /// A coefficient and factors with their constant exponents.
    Product(f64, Vec<(Formula, f64)>),
    Call(&'static str, Vec<Formula>),
    Infix(&'static str, Formula, Formula),
}

/// A simplified formula.
#[derive(Clone, Debug)]
pub(super) struct Formula {
    term: Rc<Term>,
    size: usize,
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.term, &other.term) || (self.size == other.size && self.term == other.term)
    }
}

impl Formula {
    fn new(term: Term) -> Self {
        let size = match &term {
            Term::Number(_) | Term::Symbol(..) => 1,
            Term::Sum(terms) | Term::Call(_, terms) => {
                1 + terms.iter().map(|t| t.size).sum::<usize>()
            }
            Term::Product(_, factors) => 1 + factors.iter().map(|(f, _)| f.size).sum::<usize>(),
            Term::Infix(_, a, b) => 1 + a.size + b.size,
        };
        Self { term: Rc::new(term), size }
    }

    fn number(value: f64) -> Self {
        Self::new(Term::Number(value))
    }

    fn as_number(&self) -> Option<f64> {
        match *self.term {
            Term::Number(value) => Some(value),
            _ => None,
        }
    }

    fn is_equality_with_zero(&self) -> bool {
        matches!(&*self.term, Term::Infix("==", _, zero) if zero.as_number() == Some(0.0))
    }

    /// The coefficient and the factors.
    fn factors(&self) -> (f64, Vec<(Self, f64)>) {
        match &*self.term {
            Term::Number(value) => (*value, Vec::new()),
            Term::Product(coefficient, factors) => (*coefficient, factors.clone()),
            _ => (1.0, vec![(self.clone(), 1.0)]),
        }
    }

    fn product(coefficient: f64, factors: Vec<(Self, f64)>) -> Self {
        let mut merged: Vec<(Self, f64)> = Vec::new();
        for (base, exponent) in factors {
            match merged.iter_mut().find(|(known, _)| *known == base) {
                Some((_, sum)) => *sum += exponent,
                None => merged.push((base, exponent)),
            }
        }
        merged.retain(|(_, exponent)| *exponent != 0.0);
        // Names first, in the order in which they were given, as one would write m·t.
        merged.sort_by_key(|(base, _)| match &*base.term {
            Term::Symbol(_, order) => *order,
            _ => u32::MAX,
        });
        match merged.as_slice() {
            _ if coefficient == 0.0 => Self::number(0.0),
            [] => Self::number(coefficient),
            [(base, 1.0)] if coefficient == 1.0 => base.clone(),
            _ => Self::new(Term::Product(coefficient, merged)),
        }
    }

    fn times(&self, other: &Self) -> Self {
        let ((a, mut factors), (b, more)) = (self.factors(), other.factors());
        factors.extend(more);
        Self::product(a * b, factors)
    }

    /// This to a constant power. Powers of powers join only where that is right for negative bases.
    fn power(&self, exponent: f64) -> Self {
        if exponent == 1.0 {
            return self.clone();
        }
        let (coefficient, factors) = self.factors();
        if exponent.fract() == 0.0 {
            let scaled = factors.into_iter().map(|(base, e)| (base, e * exponent)).collect();
            return Self::product(coefficient.powf(exponent), scaled);
        }
        match self.as_number() {
            Some(value) => Self::number(value.powf(exponent)),
            None => Self::product(1.0, vec![(self.clone(), exponent)]),
        }
    }

    fn plus(&self, other: &Self) -> Self {
        let terms = |f: &Self| match &*f.term {
            Term::Sum(terms) => terms.clone(),
            _ => vec![f.clone()],
        };
        // Like terms join: each is a coefficient and the product that it multiplies.
        let mut merged: Vec<(f64, Self)> = Vec::new();
        for term in terms(self).into_iter().chain(terms(other)) {
            let (coefficient, factors) = term.factors();
            let unit = Self::product(1.0, factors);
            match merged.iter_mut().find(|(_, known)| *known == unit) {
                Some((sum, _)) => *sum += coefficient,
                None => merged.push((coefficient, unit)),
            }
        }
        merged.retain(|(coefficient, _)| *coefficient != 0.0);
        let mut terms: Vec<Self> =
            merged.iter().map(|(c, unit)| Self::number(*c).times(unit)).collect();
        match terms.len() {
            0 => Self::number(0.0),
            1 => terms.remove(0),
            _ => Self::new(Term::Sum(terms)),
        }
    }
}

/// Reads formulas off a graph.
pub(super) struct Formulas<'g> {
    graph: &'g Graph,
    known: HashMap<u32, Option<Formula>>,
    /// Whether named values stand for themselves, rather than for what defines them.
    keep_names: bool,
}

impl<'g> Formulas<'g> {
    pub(super) fn new(graph: &'g Graph, keep_names: bool) -> Self {
        Self { graph, known: HashMap::new(), keep_names }
    }

    /// The formula of a node; `None` where it is too long to show.
    pub(super) fn of(&mut self, id: u32) -> Option<Formula> {
        // Nodes come after their operands, so that one pass in order needs no recursion.
        let mut needed = vec![id];
        let mut order = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(id) = needed.pop() {
            if self.known.contains_key(&id) || !seen.insert(id) {
                continue;
            }
            order.push(id);
            self.graph.node(id, |node| needed.extend(&node.operands));
        }
        order.sort_unstable();
        for id in order {
            let formula = self.build(id).filter(|formula| formula.size <= MAX_SIZE);
            self.known.insert(id, formula);
        }
        self.known.get(&id).cloned().flatten()
    }

    /// The formula of a node itself, even if it has a name.
    pub(super) fn definition(&mut self, id: u32) -> Option<Formula> {
        self.of(id)?;
        self.operation(id)
    }

    fn build(&self, id: u32) -> Option<Formula> {
        match self.graph.label(id).filter(|_| self.keep_names) {
            Some(name) => Some(Formula::new(Term::Symbol(name.as_ref().into(), id))),
            None => self.operation(id),
        }
    }

    fn operation(&self, id: u32) -> Option<Formula> {
        let node = self.graph.node(id, Clone::clone);
        let op = match &node.source {
            Source::Input(name) | Source::Parameter(name) => {
                return Some(Formula::new(Term::Symbol(name.as_ref().into(), id)));
            }
            Source::Constant(tensor) => {
                return match tensor.at(&[]) {
                    Some(value) => Some(Formula::number(value)),
                    None => {
                        let text = super::Value::from(&**tensor).to_string();
                        Some(Formula::new(Term::Symbol(text.into(), id)))
                    }
                };
            }
            Source::Op(op) => op,
        };
        let operands: Vec<Formula> = node
            .operands
            .iter()
            .map(|operand| self.known.get(operand).cloned().flatten())
            .collect::<Option<_>>()?;
        let minus = |f: &Formula| Formula::number(-1.0).times(f);
        Some(match (op.name(), operands.as_slice()) {
            ("add", [a, b]) => a.plus(b),
            ("sub", [a, b]) => a.plus(&minus(b)),
            ("mul", [a, b]) => a.times(b),
            ("div", [a, b]) => a.times(&b.power(-1.0)),
            ("neg", [a]) => minus(a),
            ("square", [a]) => a.power(2.0),
            ("sqrt", [a]) => a.power(0.5),
            ("pow", [a, b]) if b.as_number().is_some() => a.power(b.as_number()?),
            ("ln", [a]) if a.as_number() == Some(std::f64::consts::E) => Formula::number(1.0),
            (_, [a]) if op.notation() == Notation::Silent => a.clone(),
            // A guard of a single point, such as `pow`'s at 0: the formula of all others is shown.
            ("select", [condition, _, other]) if condition.is_equality_with_zero() => other.clone(),
            (_, [a, b]) => match op.notation() {
                Notation::Infix(sign) => Formula::new(Term::Infix(sign, a.clone(), b.clone())),
                _ => Formula::new(Term::Call(op.name(), operands)),
            },
            _ => Formula::new(Term::Call(op.name(), operands)),
        })
    }
}

/// How tightly a formula's outermost operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Comparison,
    Sum,
    Product,
    Power,
    Atom,
}

/// Where a formula is written: as text that the program reads back, or as LaTeX.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Text,
    Latex,
}

impl Formula {
    /// As an expression that the program reads back.
    pub(super) fn text(&self) -> String {
        self.write(Style::Text).0
    }

    /// As LaTeX.
    pub(super) fn latex(&self) -> String {
        self.write(Style::Latex).0
    }

    fn write(&self, style: Style) -> (String, Binding) {
        match &*self.term {
            Term::Number(value) => {
                let binding = if *value < 0.0 { Binding::Sum } else { Binding::Atom };
                (constant(*value, style), binding)
            }
            Term::Symbol(name, _) => (symbol(name, style), Binding::Atom),
            Term::Sum(terms) => (sum(terms, style), Binding::Sum),
            Term::Product(coefficient, factors) => product(*coefficient, factors, style),
            Term::Call(name, arguments) => (call(name, arguments, style), Binding::Atom),
            Term::Infix(sign, a, b) => {
                let (sign, binding) = match (*sign, style) {
                    ("^", Style::Text) => ("^".into(), Binding::Power),
                    ("^", Style::Latex) => {
                        let base = a.at_least(Binding::Atom, style);
                        let text = format!("{base}^{{{}}}", b.write(style).0);
                        return (text, Binding::Power);
                    }
                    ("@", Style::Text) => (" @ ".into(), Binding::Product),
                    ("@", Style::Latex) => (r"\,".into(), Binding::Product),
                    (sign, _) => (format!(" {sign} "), Binding::Comparison),
                };
                let inner = if binding == Binding::Power { Binding::Atom } else { Binding::Power };
                let [a, b] = [a, b].map(|f| f.at_least(inner, style));
                (format!("{a}{sign}{b}"), binding)
            }
        }
    }

    /// Written in parentheses unless its operator binds at least this tightly.
    fn at_least(&self, wanted: Binding, style: Style) -> String {
        let (text, binding) = self.write(style);
        match (binding >= wanted, style) {
            (true, _) => text,
            (false, Style::Text) => format!("({text})"),
            (false, Style::Latex) => format!(r"\left({text}\right)"),
        }
    }
}

fn constant(value: f64, style: Style) -> String {
    let text = if style == Style::Text { format!("{value}") } else { number(value) };
    match (style, text.split_once('e')) {
        (Style::Latex, Some((digits, exponent))) => format!(r"{digits} \cdot 10^{{{exponent}}}"),
        _ => text,
    }
}

fn symbol(name: &str, style: Style) -> String {
    let escaped = name.replace('_', r"\_");
    match style {
        Style::Text => name.into(),
        Style::Latex if name.chars().count() == 1 => escaped,
        Style::Latex => format!(r"\mathrm{{{escaped}}}"),
    }
}

fn sum(terms: &[Formula], style: Style) -> String {
    let mut out = String::new();
    for term in terms {
        let text = term.at_least(Binding::Sum, style);
        match (out.is_empty(), text.strip_prefix('-')) {
            (true, _) => out = text,
            (false, Some(positive)) => out = format!("{out} - {positive}"),
            (false, None) => out = format!("{out} + {text}"),
        }
    }
    out
}

fn product(coefficient: f64, factors: &[(Formula, f64)], style: Style) -> (String, Binding) {
    let write = |list: Vec<(&Formula, f64)>, first: Option<f64>| -> Vec<String> {
        let numbers = first.into_iter().map(|value| constant(value, style));
        numbers.chain(list.into_iter().map(|(base, e)| power(base, e, style))).collect()
    };
    let above: Vec<_> = factors.iter().filter(|(_, e)| *e > 0.0).map(|(f, e)| (f, *e)).collect();
    let below: Vec<_> = factors.iter().filter(|(_, e)| *e < 0.0).map(|(f, e)| (f, -e)).collect();
    let size = coefficient.abs();
    let shown = (size != 1.0 || above.is_empty()).then_some(size);
    let sign = if coefficient < 0.0 { "-" } else { "" };
    let (above, below) = (write(above, shown), write(below, None));
    let joint = if style == Style::Text { " * " } else { r"\," };
    let single = above.len() == 1 && below.is_empty() && sign.is_empty();
    let text = match (below.len(), style) {
        (0, _) => format!("{sign}{}", above.join(joint)),
        (1, Style::Text) => format!("{sign}{} / {}", above.join(joint), below[0]),
        (_, Style::Text) => format!("{sign}{} / ({})", above.join(joint), below.join(joint)),
        (_, Style::Latex) => {
            format!(r"{sign}\frac{{{}}}{{{}}}", above.join(joint), below.join(joint))
        }
    };
    let binding = match (sign.is_empty(), single) {
        (false, _) => Binding::Sum,
        (true, true) => Binding::Power,
        (true, false) => Binding::Product,
    };
    (text, binding)
}

fn power(base: &Formula, exponent: f64, style: Style) -> String {
    if exponent == 1.0 {
        return base.at_least(Binding::Power, style);
    }
    match (exponent == 0.5, style) {
        (true, Style::Text) => format!("sqrt({})", base.write(style).0),
        (true, Style::Latex) => format!(r"\sqrt{{{}}}", base.write(style).0),
        (false, Style::Text) => format!("{}^{exponent}", base.at_least(Binding::Atom, style)),
        (false, Style::Latex) => {
            format!("{}^{{{}}}", base.at_least(Binding::Atom, style), number(exponent))
        }
    }
}

fn call(name: &str, arguments: &[Formula], style: Style) -> String {
    let list: Vec<String> = arguments.iter().map(|f| f.write(style).0).collect();
    let list = list.join(", ");
    let standard = ["exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"];
    match style {
        Style::Text => format!("{name}({list})"),
        Style::Latex if standard.contains(&name) => format!(r"\{name}\left({list}\right)"),
        Style::Latex => {
            let name = name.replace('_', r"\_");
            format!(r"\operatorname{{{name}}}\left({list}\right)")
        }
    }
}

//! Formulas read off a graph's nodes, simplified as far as a reader would by hand.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::graph::{Graph, Source};
use crate::ops::Notation;

/// Formulas with more parts than this are not shown.
const MAX_SIZE: usize = 300;

/// A formula in a normal form: sums of products of powers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Number(f64),
    /// A name, and the number of its node, by which factors are ordered.
    Symbol(Arc<str>, u32),
    /// Two terms or more.
    Sum(Vec<Formula>),
    /// A coefficient and factors with their constant exponents.
    Product(f64, Vec<(Formula, f64)>),
    Call(&'static str, Vec<Formula>),
    Infix(&'static str, Formula, Formula),
}

/// A formula, simplified as far as a reader would by hand.
///
/// ```
/// use chainrule::explain::{Request, explain, values};
/// let request = Request { expression: "x * m * t".into(), values: values("x=1,m=2,t=3")?, ..Request::default() };
/// let partial = explain(&request)?.partials.remove(0).1;
/// let formula = partial.formula.expect("short");
/// assert_eq!(formula.to_string(), "m * t");
/// assert_eq!(formula.latex(), r"m\,t");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Formula {
    pub(super) term: Arc<Term>,
    size: usize,
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.term, &other.term) || (self.size == other.size && self.term == other.term)
    }
}

/// Serialises as an expression that the program reads.
impl Serialize for Formula {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
        Self { term: Arc::new(term), size }
    }

    fn number(value: f64) -> Self {
        Self::new(Term::Number(value))
    }

    pub(super) fn as_number(&self) -> Option<f64> {
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

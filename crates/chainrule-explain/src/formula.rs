//! Formulas and their algebra: sums, products and powers in a normal form.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use chainrule::tensor::Shape;

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
    Prefix(&'static str, Formula),
    Infix(&'static str, Formula, Formula),
}

/// A formula, simplified as far as a reader would by hand.
///
/// ```
/// use chainrule_explain::{Request, explain, values};
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
    pub(super) size: usize,
    /// Its shape, if it is an array's: formulas of numbers are many, and small.
    array: Option<Arc<Shape>>,
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
    pub(super) fn new(term: Term) -> Self {
        let parts: Vec<&Self> = match &term {
            Term::Number(_) | Term::Symbol(..) => Vec::new(),
            Term::Sum(terms) | Term::Call(_, terms) => terms.iter().collect(),
            Term::Product(_, factors) => factors.iter().map(|(factor, _)| factor).collect(),
            Term::Prefix(_, a) => vec![a],
            Term::Infix(_, a, b) => vec![a, b],
        };
        let size = 1 + parts.iter().map(|part| part.size).sum::<usize>();
        let arrays = parts.iter().filter(|part| part.array.is_some());
        let broadcast =
            |shape: Shape, part: &&Self| shape.broadcast(&part.shape()).unwrap_or(shape);
        let shape = arrays.fold(Shape::scalar(), broadcast);
        Self { term: Arc::new(term), size, array: None }.shaped(shape)
    }

    /// The shape of what it evaluates to, which may be less than that of the node it stands for: the
    /// formula of a broadcast is its operand's.
    pub(super) fn shape(&self) -> Shape {
        self.array.as_deref().copied().unwrap_or_else(Shape::scalar)
    }

    /// With a shape of its own rather than that of its parts broadcast.
    pub(super) fn shaped(self, shape: Shape) -> Self {
        Self { array: (shape.rank() > 0).then(|| Arc::new(shape)), ..self }
    }

    pub(super) fn number(value: f64) -> Self {
        Self::new(Term::Number(value))
    }

    pub(super) fn symbol(name: &str, id: u32) -> Self {
        Self::new(Term::Symbol(name.into(), id))
    }

    /// Whether it is a name or a number.
    pub(super) fn is_atom(&self) -> bool {
        matches!(&*self.term, Term::Symbol(..) | Term::Number(_))
    }

    /// Which axes a reduction goes over, as its call says it; nothing where it goes over all.
    pub(super) fn of_axes(axes: &[bool]) -> Option<Self> {
        let named: Vec<String> =
            (0..axes.len()).filter(|&axis| axes[axis]).map(|axis| axis.to_string()).collect();
        let text = match named.as_slice() {
            all if all.len() == axes.len() => return None,
            [axis] => format!("axis={axis}"),
            several => format!("axis=({})", several.join(", ")),
        };
        Some(Self::new(Term::Symbol(text.into(), 0)))
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match *self.term {
            Term::Number(value) => Some(value),
            _ => None,
        }
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

    pub(super) fn times(&self, other: &Self) -> Self {
        let ((a, mut factors), (b, more)) = (self.factors(), other.factors());
        factors.extend(more);
        Self::product(a * b, factors)
    }

    /// This to a constant power. Powers of powers join only where that is right for negative bases.
    pub(super) fn power(&self, exponent: f64) -> Self {
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

    pub(super) fn plus(&self, other: &Self) -> Self {
        if self.has_number() && other.has_number() {
            return self.spread().added(&other.spread());
        }
        self.added(other)
    }

    /// Whether a number is added in it, on the outside or in what a number multiplies.
    fn has_number(&self) -> bool {
        match &*self.term {
            Term::Number(_) => true,
            Term::Sum(terms) => terms.iter().any(|term| term.as_number().is_some()),
            Term::Product(_, factors) => match factors.as_slice() {
                [(base, 1.0)] => matches!(&*base.term, Term::Sum(_)) && base.has_number(),
                _ => false,
            },
            _ => false,
        }
    }

    /// Each term of a sum that a number multiplies multiplied by it, so that 1 − (1 − x) is x.
    fn spread(&self) -> Self {
        let Term::Product(coefficient, factors) = &*self.term else { return self.clone() };
        let [(base, 1.0)] = factors.as_slice() else { return self.clone() };
        let Term::Sum(terms) = &*base.term else { return self.clone() };
        let scaled = terms.iter().map(|term| Self::number(*coefficient).times(term)).collect();
        Self::new(Term::Sum(scaled))
    }

    fn added(&self, other: &Self) -> Self {
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

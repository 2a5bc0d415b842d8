//! Formulas as data: what a function over any [`Number`] computes, recorded by running it on
//! [`Symbol`]s.
//!
//! ```
//! use chainrule_numbers::number::{Number, Truth};
//! use chainrule_numbers::term::Term;
//!
//! let term = Term::record(1, |x| x[0].at_most(x[0].like(0.0)).choose(x[0].like(0.0), x[0]));
//! assert_eq!(term.eval(&[-2.0_f32]), Some(0.0));
//! ```

use std::cell::RefCell;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Sub};

use crate::number::{Function, Number, Truth};

/// How tightly an expression's outermost operator binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    /// One of two, by a condition.
    Choice,
    /// Either of two conditions.
    Or,
    /// Both of two conditions.
    And,
    /// A comparison.
    Comparison,
    /// A sum or difference.
    Sum,
    /// A product or quotient.
    Product,
    /// A sign before a number.
    Sign,
    /// A power.
    Power,
    /// A name, a number, a call.
    Atom,
}

/// An arithmetic operation on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// a + b
    Add,
    /// a − b
    Sub,
    /// a · b
    Mul,
    /// a / b
    Div,
    /// aᵇ
    Pow,
}

/// A comparison of two numbers. All but [`Comparison::Differs`] are false of NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// a > b
    Above,
    /// a ≥ b
    AtLeast,
    /// a < b
    Below,
    /// a ≤ b
    AtMost,
    /// a = b
    Equals,
    /// a ≠ b
    Differs,
}

/// Where a part of a term stands among its parts.
pub type At = usize;

/// A part of a term; the parts that it reads stand before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// The operand of this number.
    Operand(usize),
    /// A constant.
    Literal(f64),
    /// −a
    Neg(At),
    /// An arithmetic operation on two numbers.
    Arithmetic(Arithmetic, At, At),
    /// a·b + c, rounded once.
    MulAdd(At, At, At),
    /// An elementary function of a number.
    Call(Function, At),
    /// A comparison, whose answer is a truth.
    Compare(Comparison, At, At),
    /// Both truths.
    And(At, At),
    /// One truth or both.
    Or(At, At),
    /// By a truth, the first number or the second.
    Choice(At, At, At),
}

impl Part {
    /// The part with other parts in place of those that it reads.
    #[must_use]
    pub fn map(self, mut to: impl FnMut(At) -> At) -> Self {
        match self {
            Self::Operand(_) | Self::Literal(_) => self,
            Self::Neg(a) => Self::Neg(to(a)),
            Self::Arithmetic(sign, a, b) => Self::Arithmetic(sign, to(a), to(b)),
            Self::MulAdd(a, b, c) => Self::MulAdd(to(a), to(b), to(c)),
            Self::Call(function, a) => Self::Call(function, to(a)),
            Self::Compare(sign, a, b) => Self::Compare(sign, to(a), to(b)),
            Self::And(a, b) => Self::And(to(a), to(b)),
            Self::Or(a, b) => Self::Or(to(a), to(b)),
            Self::Choice(c, a, b) => Self::Choice(to(c), to(a), to(b)),
        }
    }

    /// The parts that this one reads.
    #[must_use]
    pub fn reads(self) -> Vec<At> {
        let mut found = Vec::new();
        let _ = self.map(|at| {
            found.push(at);
            at
        });
        found
    }

    /// Whether the part is a truth rather than a number.
    #[must_use]
    pub fn is_truth(self) -> bool {
        matches!(self, Self::Compare(..) | Self::And(..) | Self::Or(..))
    }

    /// Whether two parts are the same; literals are by their bits.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => a.to_bits() == b.to_bits(),
            _ => self == other,
        }
    }
}

/// A number's or a condition's formula: a list of parts, each of which reads earlier ones. The last is
/// the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    parts: Vec<Part>,
}

/// A part's value while a term is evaluated.
#[derive(Clone, Copy)]
enum Found<T: Number> {
    Number(T),
    Truth(T::Truth),
}

impl Term {
    /// Records a number's formula of so many operands.
    pub fn record(
        operands: usize,
        formula: impl for<'a> FnOnce(&[Symbol<'a>]) -> Symbol<'a>,
    ) -> Self {
        let recorder = Recorder::default();
        let operands: Vec<Symbol<'_>> = (0..operands).map(|i| recorder.operand(i)).collect();
        let end = formula(&operands).at;
        recorder.finish(end)
    }

    /// Records a condition, if there is one.
    ///
    /// ```
    /// use chainrule_numbers::number::Number;
    /// use chainrule_numbers::term::Term;
    /// let positive = Term::condition(1, |x| Some(x[0].above(x[0].like(0.0)))).expect("given");
    /// assert_eq!(positive.holds(&[-1.0]), Some(false));
    /// ```
    pub fn condition(
        operands: usize,
        formula: impl for<'a> FnOnce(&[Symbol<'a>]) -> Option<Condition<'a>>,
    ) -> Option<Self> {
        let recorder = Recorder::default();
        let operands: Vec<Symbol<'_>> = (0..operands).map(|i| recorder.operand(i)).collect();
        let end = formula(&operands)?.0.at;
        Some(recorder.finish(end))
    }

    /// The parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The value at these operands, by the same steps as the function that was recorded; `None` for a
    /// condition, or where operands are missing.
    #[must_use]
    pub fn eval<T: Number>(&self, operands: &[T]) -> Option<T> {
        match self.result(operands)? {
            Found::Number(value) => Some(value),
            Found::Truth(_) => None,
        }
    }

    /// Whether a condition holds for these operands; `None` for a number.
    #[must_use]
    pub fn holds<T: Number>(&self, operands: &[T]) -> Option<T::Truth> {
        match self.result(operands)? {
            Found::Number(_) => None,
            Found::Truth(truth) => Some(truth),
        }
    }

    fn result<T: Number>(&self, operands: &[T]) -> Option<Found<T>> {
        let first = *operands.first()?;
        let mut found: Vec<Found<T>> = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let number = |at: At| match found[at] {
                Found::Number(value) => value,
                Found::Truth(_) => unreachable!("part {at} is a truth: {:?}", self.parts),
            };
            let truth = |at: At| match found[at] {
                Found::Truth(truth) => truth,
                Found::Number(_) => unreachable!("part {at} is a number: {:?}", self.parts),
            };
            let next = match *part {
                Part::Operand(i) => Found::Number(*operands.get(i)?),
                Part::Literal(value) => Found::Number(first.like(value)),
                Part::Neg(a) => Found::Number(-number(a)),
                Part::Arithmetic(sign, a, b) => {
                    let (a, b) = (number(a), number(b));
                    Found::Number(match sign {
                        Arithmetic::Add => a + b,
                        Arithmetic::Sub => a - b,
                        Arithmetic::Mul => a * b,
                        Arithmetic::Div => a / b,
                        Arithmetic::Pow => a.pow(b),
                    })
                }
                Part::MulAdd(a, b, c) => Found::Number(number(a).mul_add(number(b), number(c))),
                Part::Call(function, a) => Found::Number(number(a).call(function)),
                Part::Compare(sign, a, b) => {
                    let (a, b) = (number(a), number(b));
                    Found::Truth(match sign {
                        Comparison::Above => a.above(b),
                        Comparison::AtLeast => a.at_least(b),
                        Comparison::Below => a.below(b),
                        Comparison::AtMost => a.at_most(b),
                        Comparison::Equals => a.equals(b),
                        Comparison::Differs => a.differs(b),
                    })
                }
                Part::And(a, b) => Found::Truth(truth(a) & truth(b)),
                Part::Or(a, b) => Found::Truth(truth(a) | truth(b)),
                Part::Choice(c, a, b) => Found::Number(truth(c).choose(number(a), number(b))),
            };
            found.push(next);
        }
        found.pop()
    }
}

/// The parts of a formula as they are recorded. Equal ones are recorded once.
#[derive(Debug, Default)]
struct Recorder {
    parts: RefCell<Vec<Part>>,
}

impl Recorder {
    fn operand(&self, number: usize) -> Symbol<'_> {
        self.symbol(Part::Operand(number))
    }

    fn symbol(&self, part: Part) -> Symbol<'_> {
        let mut parts = self.parts.borrow_mut();
        // Formulas are short: a walk finds a part sooner than a table would.
        let at = parts.iter().position(|known| known.is(&part)).unwrap_or_else(|| {
            parts.push(part);
            parts.len() - 1
        });
        Symbol { recorder: self, at }
    }

    /// What part `end` needs, in order.
    fn finish(&self, end: At) -> Term {
        let parts = self.parts.borrow();
        let mut needed = vec![false; end + 1];
        needed[end] = true;
        for at in (0..=end).rev() {
            if needed[at] {
                parts[at].reads().into_iter().for_each(|read| needed[read] = true);
            }
        }
        let mut place = vec![0; end + 1];
        let mut kept = Vec::new();
        for at in (0..=end).filter(|&at| needed[at]) {
            place[at] = kept.len();
            kept.push(parts[at].map(|read| place[read]));
        }
        Term { parts: kept }
    }
}

/// A number that records what is done with it.
#[derive(Clone, Copy, Debug)]
pub struct Symbol<'a> {
    recorder: &'a Recorder,
    at: At,
}

/// What comparisons of [`Symbol`]s answer.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a>(Symbol<'a>);

impl<'a> Symbol<'a> {
    fn then(self, part: Part) -> Self {
        self.recorder.symbol(part)
    }

    fn literal(self) -> Option<f64> {
        match self.recorder.parts.borrow()[self.at] {
            Part::Literal(value) => Some(value),
            _ => None,
        }
    }

    fn compared(self, sign: Comparison, other: Self) -> Condition<'a> {
        Condition(self.then(Part::Compare(sign, self.at, other.at)))
    }
}

impl<'a> Number for Symbol<'a> {
    type Truth = Condition<'a>;

    fn like(self, value: f64) -> Self {
        self.then(Part::Literal(value))
    }

    fn mul_add(self, factor: Self, addend: Self) -> Self {
        self.then(Part::MulAdd(self.at, factor.at, addend.at))
    }

    fn pow(self, exponent: Self) -> Self {
        self.then(Part::Arithmetic(Arithmetic::Pow, self.at, exponent.at))
    }

    fn above(self, other: Self) -> Condition<'a> {
        self.compared(Comparison::Above, other)
    }

    fn at_least(self, other: Self) -> Condition<'a> {
        self.compared(Comparison::AtLeast, other)
    }

    fn below(self, other: Self) -> Condition<'a> {
        self.compared(Comparison::Below, other)
    }

    fn at_most(self, other: Self) -> Condition<'a> {
        self.compared(Comparison::AtMost, other)
    }

    fn equals(self, other: Self) -> Condition<'a> {
        self.compared(Comparison::Equals, other)
    }

    fn differs(self, other: Self) -> Condition<'a> {
        self.compared(Comparison::Differs, other)
    }

    fn call(self, function: Function) -> Self {
        self.then(Part::Call(function, self.at))
    }
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Symbol<'_> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                // x·1, 1·x and x/1 are x to the bit; derivatives are full of them.
                let one = |symbol: Self| symbol.literal() == Some(1.0);
                match Arithmetic::$trait {
                    Arithmetic::Mul | Arithmetic::Div if one(other) => self,
                    Arithmetic::Mul if one(self) => other,
                    sign => self.then(Part::Arithmetic(sign, self.at, other.at)),
                }
            }
        }
    )*};
}

arithmetic! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl Neg for Symbol<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        match self.literal() {
            Some(value) => self.like(-value),
            None => self.then(Part::Neg(self.at)),
        }
    }
}

impl BitAnd for Condition<'_> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0.then(Part::And(self.0.at, other.0.at)))
    }
}

impl BitOr for Condition<'_> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0.then(Part::Or(self.0.at, other.0.at)))
    }
}

impl<'a> Truth<Symbol<'a>> for Condition<'a> {
    fn choose(self, yes: Symbol<'a>, no: Symbol<'a>) -> Symbol<'a> {
        match yes.at == no.at {
            true => yes,
            false => yes.then(Part::Choice(self.0.at, yes.at, no.at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Term};
    use crate::number::{Number, Truth};

    #[test]
    fn equal_parts_are_recorded_once_and_unused_ones_not_at_all() {
        let term = Term::record(2, |x| {
            let _ = x[0].exp();
            x[1].ln() + x[1].ln()
        });
        assert_eq!(term.parts().len(), 3);
        assert_eq!(term.parts()[0], Part::Operand(1));
        // 0 and −0 are different numbers.
        let term = Term::record(1, |x| x[0].above(x[0]).choose(x[0].like(0.0), x[0].like(-0.0)));
        assert!(term.eval(&[1.0]).is_some_and(f64::is_sign_negative));
    }

    #[test]
    fn factors_of_one_leave_no_trace() {
        let term = Term::record(1, |x| x[0] * x[0].like(1.0) / x[0].like(1.0));
        assert_eq!(term.parts(), [Part::Operand(0)]);
    }

    #[test]
    fn a_term_of_a_term_is_the_composition() {
        let square = Term::record(1, |x| x[0] * x[0]);
        let composed = Term::record(1, |x| square.eval(&[x[0].exp()]).expect("a number"));
        assert_eq!(composed.eval(&[2.0]), Some(2f64.exp() * 2f64.exp()));
    }
}

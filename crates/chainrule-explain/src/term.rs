//! Terms of operations in other languages.
//!
//! ```
//! use chainrule::ops::{all_pointwise, derivative};
//! use chainrule_explain::term::Language;
//! let root = all_pointwise().into_iter().find(|op| op.name() == "sqrt").unwrap();
//! let slope = derivative(&root, 0).unwrap();
//! assert_eq!(Language::Text.write(&slope, &["x", "y"]), "0.5 / y");
//! ```

use chainrule::number::Function;
use chainrule::term::{Arithmetic, At, Binding, Comparison, Part, Term};

/// A language in which terms are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Text as the program reads it, but for conditions that join others, which it does not know.
    Text,
    /// LaTeX, for math mode.
    Latex,
    /// JavaScript. Products that are rounded once with a sum are rounded twice.
    JavaScript,
    /// C, in single precision. Functions that C lacks are called by their name here.
    CFloat,
    /// C, in double precision.
    CDouble,
}

/// What JavaScript must be given before terms: the functions that it lacks.
pub const JAVASCRIPT_PRELUDE: &str = include_str!("term/prelude.js");

impl Language {
    /// A term as one expression of operands with these names.
    ///
    /// ```
    /// use chainrule::number::Number;
    /// use chainrule::term::Term;
    /// use chainrule_explain::term::Language;
    /// let term = Term::record(2, |x| (x[0] - (x[1] - x[0])).sqrt());
    /// assert_eq!(Language::Text.write(&term, &["a", "b"]), "sqrt(a - (b - a))");
    /// assert_eq!(Language::CFloat.write(&term, &["a", "b"]), "sqrtf(a - (b - a))");
    /// ```
    #[must_use]
    pub fn write(self, term: &Term, operands: &[&str]) -> String {
        let parts = term.parts();
        let names = vec![None; parts.len()];
        Writer { parts, language: self, operands, names }.part(parts.len() - 1).0
    }

    /// A term as the body of a function in JavaScript or C: what is used more than once has a name.
    ///
    /// ```
    /// use chainrule::number::Number;
    /// use chainrule::term::Term;
    /// use chainrule_explain::term::Language;
    /// let term = Term::record(1, |x| x[0].exp() / (x[0].exp() + x[0].like(1.0)));
    /// assert_eq!(
    ///     Language::CFloat.body(&term, &["x"]),
    ///     "{ const float t1 = expf(x); return t1 / (t1 + 1.0f); }"
    /// );
    /// ```
    #[must_use]
    pub fn body(self, term: &Term, operands: &[&str]) -> String {
        let parts = term.parts();
        let mut uses = vec![0; parts.len()];
        for part in parts {
            part.reads().into_iter().for_each(|read| uses[read] += 1);
        }
        let names = vec![None; parts.len()];
        let mut writer = Writer { parts, language: self, operands, names };
        let mut statements = String::new();
        for (at, part) in parts.iter().enumerate() {
            if uses[at] < 2 || part.reads().is_empty() {
                continue;
            }
            let kind = match (self, part.is_truth()) {
                (Self::CFloat, false) => "const float",
                (Self::CDouble, false) => "const double",
                (Self::CFloat | Self::CDouble, true) => "const int",
                _ => "const",
            };
            statements += &format!("{kind} t{at} = {}; ", writer.part(at).0);
            writer.names[at] = Some(format!("t{at}"));
        }
        let value = writer.part(parts.len() - 1).0;
        match statements.is_empty() && !self.is_c() {
            true => value,
            false => format!("{{ {statements}return {value}; }}"),
        }
    }

    /// A call of an elementary function.
    fn call(self, function: Function, argument: &str) -> String {
        match self {
            Self::Text => format!("{}({argument})", function.name()),
            Self::Latex => latex(function).replace('#', argument),
            Self::JavaScript => match function {
                Function::Ln => format!("Math.log({argument})"),
                Function::Ln1p => format!("Math.log1p({argument})"),
                Function::Sigmoid | Function::Erf => format!("{}({argument})", function.name()),
                _ => format!("Math.{}({argument})", function.name()),
            },
            Self::CFloat | Self::CDouble => {
                let name = match function {
                    Function::Abs => "fabs",
                    Function::Ln => "log",
                    Function::Ln1p => "log1p",
                    _ => function.name(),
                };
                let single = if self == Self::CFloat { "f" } else { "" };
                format!("{name}{single}({argument})")
            }
        }
    }

    fn is_c(self) -> bool {
        matches!(self, Self::CFloat | Self::CDouble)
    }

    fn compare(self, sign: Comparison) -> &'static str {
        match (sign, self) {
            (Comparison::Above, _) => ">",
            (Comparison::Below, _) => "<",
            (Comparison::AtLeast, Self::Latex) => r"\ge",
            (Comparison::AtMost, Self::Latex) => r"\le",
            (Comparison::Equals, Self::Latex) => "=",
            (Comparison::Differs, Self::Latex) => r"\ne",
            (Comparison::AtLeast, _) => ">=",
            (Comparison::AtMost, _) => "<=",
            (Comparison::Equals, Self::JavaScript) => "===",
            (Comparison::Differs, Self::JavaScript) => "!==",
            (Comparison::Equals, _) => "==",
            (Comparison::Differs, _) => "!=",
        }
    }

    fn number(self, value: f64) -> String {
        let [infinity, nan] = match self {
            Self::Text => ["inf", "nan"],
            Self::Latex => [r"\infty", r"\mathrm{NaN}"],
            Self::JavaScript => ["Infinity", "NaN"],
            Self::CFloat | Self::CDouble => ["INFINITY", "NAN"],
        };
        if value.is_nan() {
            return nan.into();
        }
        let too_large = self == Self::CFloat && (value as f32).is_infinite();
        if value.is_infinite() || too_large {
            return if value > 0.0 { infinity.into() } else { format!("-{infinity}") };
        }
        match self {
            // In C, 1 is a whole number and 1.0 a double.
            Self::CFloat => format!("{:?}f", value as f32),
            Self::CDouble => format!("{value:?}"),
            Self::Text | Self::Latex | Self::JavaScript => format!("{value}"),
        }
    }

    fn parentheses(self, text: &str) -> String {
        match self {
            Self::Latex => format!(r"\left({text}\right)"),
            _ => format!("({text})"),
        }
    }
}

/// A function in LaTeX, with `#` in place of its argument.
fn latex(function: Function) -> String {
    match function {
        Function::Abs => r"\left|#\right|".into(),
        Function::Floor => r"\left\lfloor#\right\rfloor".into(),
        Function::Sqrt => r"\sqrt{#}".into(),
        Function::Cbrt => r"\sqrt[3]{#}".into(),
        Function::Ln1p => r"\ln\left(1 + #\right)".into(),
        Function::Asin => r"\arcsin\left(#\right)".into(),
        Function::Acos => r"\arccos\left(#\right)".into(),
        Function::Atan => r"\arctan\left(#\right)".into(),
        Function::Sigmoid | Function::Erf => {
            format!(r"\operatorname{{{}}}\left(#\right)", function.name())
        }
        _ => format!(r"\{}\left(#\right)", function.name()),
    }
}

struct Writer<'a> {
    parts: &'a [Part],
    language: Language,
    operands: &'a [&'a str],
    /// The parts that have a name.
    names: Vec<Option<String>>,
}

impl Writer<'_> {
    fn part(&self, at: At) -> (String, Binding) {
        if let Some(name) = &self.names[at] {
            return (name.clone(), Binding::Atom);
        }
        match self.parts[at] {
            Part::Operand(i) => {
                let name = self.operands.get(i);
                (name.map_or_else(|| format!("x{i}"), |name| (*name).into()), Binding::Atom)
            }
            Part::Literal(value) => {
                let sign = value.is_sign_negative() && !value.is_nan();
                let binding = if sign { Binding::Sign } else { Binding::Atom };
                (self.language.number(value), binding)
            }
            Part::Neg(a) => (format!("-{}", self.at_least(Binding::Power, a)), Binding::Sign),
            Part::Arithmetic(sign, a, b) => self.arithmetic(sign, a, b),
            Part::MulAdd(a, b, c) => self.mul_add(a, b, c),
            Part::Call(function, a) => {
                (self.language.call(function, &self.part(a).0), Binding::Atom)
            }
            Part::Compare(sign, a, b) => {
                let sign = self.language.compare(sign);
                let [a, b] = [a, b].map(|at| self.at_least(Binding::Sum, at));
                (format!("{a} {sign} {b}"), Binding::Comparison)
            }
            Part::And(a, b) => self.joined([a, b], ["and", r"\wedge", "&&"], Binding::And),
            Part::Or(a, b) => self.joined([a, b], ["or", r"\vee", "||"], Binding::Or),
            Part::Choice(c, a, b) => self.choice(c, a, b),
        }
    }

    /// A part in parentheses unless its operator binds at least this tightly.
    fn at_least(&self, wanted: Binding, at: At) -> String {
        let (text, binding) = self.part(at);
        if binding >= wanted { text } else { self.language.parentheses(&text) }
    }

    fn arithmetic(&self, sign: Arithmetic, a: At, b: At) -> (String, Binding) {
        let language = self.language;
        let between = |sign: &str, binding: Binding, right: Binding| {
            let (a, b) = (self.at_least(binding, a), self.at_least(right, b));
            (format!("{a}{sign}{b}"), binding)
        };
        match (sign, language) {
            (Arithmetic::Add, _) => between(" + ", Binding::Sum, Binding::Product),
            (Arithmetic::Sub, _) => between(" - ", Binding::Sum, Binding::Product),
            (Arithmetic::Mul, Language::Latex) => {
                between(r" \cdot ", Binding::Product, Binding::Power)
            }
            (Arithmetic::Mul, _) => between(" * ", Binding::Product, Binding::Power),
            (Arithmetic::Div, Language::Latex) => {
                let [a, b] = [a, b].map(|at| self.part(at).0);
                (format!(r"\frac{{{a}}}{{{b}}}"), Binding::Power)
            }
            (Arithmetic::Div, _) => between(" / ", Binding::Product, Binding::Power),
            (Arithmetic::Pow, Language::Latex) => (
                format!("{{{}}}^{{{}}}", self.at_least(Binding::Atom, a), self.part(b).0),
                Binding::Power,
            ),
            (Arithmetic::Pow, Language::Text) => between("^", Binding::Atom, Binding::Atom),
            (Arithmetic::Pow, _) => {
                let call = match language {
                    Language::JavaScript => "Math.pow(",
                    Language::CFloat => "powf(",
                    _ => "pow(",
                };
                (format!("{call}{}, {})", self.part(a).0, self.part(b).0), Binding::Atom)
            }
        }
    }

    fn mul_add(&self, a: At, b: At, c: At) -> (String, Binding) {
        let name = match self.language {
            Language::CFloat => "fmaf",
            Language::CDouble => "fma",
            language => {
                let dot = if language == Language::Latex { r" \cdot " } else { " * " };
                let [a, b] = [(Binding::Product, a), (Binding::Power, b)]
                    .map(|(binding, at)| self.at_least(binding, at));
                let c = self.at_least(Binding::Product, c);
                return (format!("{a}{dot}{b} + {c}"), Binding::Sum);
            }
        };
        let [a, b, c] = [a, b, c].map(|at| self.part(at).0);
        (format!("{name}({a}, {b}, {c})"), Binding::Atom)
    }

    fn joined(&self, parts: [At; 2], words: [&str; 3], binding: Binding) -> (String, Binding) {
        let [a, b] = parts.map(|at| self.at_least(binding, at));
        let word = match self.language {
            Language::Text => words[0],
            Language::Latex => words[1],
            _ => words[2],
        };
        (format!("{a} {word} {b}"), binding)
    }

    fn choice(&self, c: At, a: At, b: At) -> (String, Binding) {
        let text = match self.language {
            Language::Text => {
                let [c, a, b] = [c, a, b].map(|at| self.part(at).0);
                return (format!("select({c}, {a}, {b})"), Binding::Atom);
            }
            Language::Latex => {
                let [c, a, b] = [c, a, b].map(|at| self.part(at).0);
                let cases = format!(r"{a} & {c} \\ {b} & \text{{otherwise}}");
                return (format!(r"\begin{{cases}}{cases}\end{{cases}}"), Binding::Atom);
            }
            _ => {
                let c = self.at_least(Binding::Or, c);
                let a = self.at_least(Binding::Or, a);
                format!("{c} ? {a} : {}", self.part(b).0)
            }
        };
        (text, Binding::Choice)
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Term};
    use chainrule::number::{Number, Truth};

    /// What the four languages of expressions write of a term over a, b and c.
    fn written(term: &Term) -> [String; 4] {
        use Language::{CFloat, JavaScript, Latex, Text};
        [Text, Latex, JavaScript, CFloat].map(|language| language.write(term, &["a", "b", "c"]))
    }

    #[test]
    fn parentheses_keep_the_order_of_operations_and_no_others_are_written() {
        let term = Term::record(3, |x| x[0] - (x[1] - x[2]) + x[1] * (x[2] / x[0]));
        let expected = "a - (b - c) + b * (c / a)";
        let latex = r"a - \left(b - c\right) + b \cdot \frac{c}{a}";
        assert_eq!(written(&term), [expected, latex, expected, expected]);
        let term = Term::record(3, |x| -(x[0] + x[1]) * -x[2]);
        let expected = "-(a + b) * (-c)";
        let latex = r"-\left(a + b\right) \cdot \left(-c\right)";
        assert_eq!(written(&term), [expected, latex, expected, expected]);
        let term = Term::record(2, |x| (x[0] + x[1]).pow(-x[1]));
        let [text, latex, script, c] = written(&term);
        assert_eq!((text, latex), ("(a + b)^(-b)".into(), r"{\left(a + b\right)}^{-b}".into()));
        assert_eq!((script, c), ("Math.pow(a + b, -b)".into(), "powf(a + b, -b)".into()));
    }

    #[test]
    fn choices_nest() {
        let term = Term::record(2, |x| {
            let [a, b] = [x[0], x[1]];
            let inner = a.equals(b).choose(a, b);
            (a.below(b) | a.is_nan() & b.above(a)).choose(inner, a.like(-1.0)) + a.like(0.5)
        });
        let [text, _, script, c] = written(&term);
        assert_eq!(text, "select(a < b or a != a and b > a, select(a == b, a, b), -1) + 0.5");
        assert_eq!(script, "(a < b || a !== a && b > a ? (a === b ? a : b) : -1) + 0.5");
        assert_eq!(c, "(a < b || a != a && b > a ? (a == b ? a : b) : -1.0f) + 0.5f");
    }

    #[test]
    fn what_is_used_twice_gets_a_name() {
        let term = Term::record(1, |x| {
            let e = (-x[0].abs()).exp();
            x[0].below(x[0].like(0.0)).choose(e, x[0].like(1.0)) / (e + x[0].like(1.0))
        });
        assert_eq!(
            Language::JavaScript.body(&term, &["x"]),
            "{ const t3 = Math.exp(-Math.abs(x)); return (x < 0 ? t3 : 1) / (t3 + 1); }"
        );
    }
}

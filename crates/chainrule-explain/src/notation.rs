//! Writing formulas: as text that the program reads back, as LaTeX, as MathML.

use std::f64::consts::{E, PI};

use super::columns::steers;
use super::formula::{Formula, Term};
use super::tex;
use super::value::number;
use chainrule::number::Number;
use chainrule::term::Binding;

/// Where a formula is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Text,
    Latex,
    MathMl,
}

/// As an expression that the program reads.
impl std::fmt::Display for Formula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.write(Style::Text).0)
    }
}

impl Formula {
    /// As LaTeX, for math mode.
    #[must_use]
    pub fn latex(&self) -> String {
        self.write(Style::Latex).0
    }

    /// As presentation MathML, for inside a `math` element.
    ///
    /// ```
    /// use chainrule_explain::{Request, explain, values};
    /// let request = Request { expression: "x ^ 3".into(), values: values("x=2")?, ..Request::default() };
    /// let partial = explain(&request)?.partials.remove(0).1;
    /// let math = partial.formula.expect("short").mathml();
    /// assert!(math.contains("<msup><mi>x</mi><mn>2</mn></msup>"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn mathml(&self) -> String {
        format!("<mrow>{}</mrow>", self.write(Style::MathMl).0)
    }

    fn write(&self, style: Style) -> (String, Binding) {
        match &*self.term {
            Term::Number(value) => {
                let binding = match Constant::of(value.abs()) {
                    _ if *value < 0.0 => Binding::Sign,
                    Some(Constant { below: Some(_), .. }) if style == Style::Text => {
                        Binding::Product
                    }
                    _ => Binding::Atom,
                };
                (style.number(*value), binding)
            }
            Term::Symbol(name, _) => (style.name(name), Binding::Atom),
            Term::Sum(terms) => (sum(terms, style), Binding::Sum),
            Term::Product(coefficient, factors) => product(*coefficient, factors, style),
            Term::Prefix(sign, operand) => {
                let sign = if *sign == "-" { style.minus() } else { sign };
                (format!("{sign}{}", operand.at_least(Binding::Power, style)), Binding::Sign)
            }
            Term::Call(name, arguments) => (call(name, arguments, style), Binding::Atom),
            Term::Infix(sign, a, b) => infix(sign, [a, b], style),
        }
    }

    /// Written in parentheses unless its operator binds at least this tightly.
    fn at_least(&self, wanted: Binding, style: Style) -> String {
        let (text, binding) = self.write(style);
        if binding >= wanted { text } else { style.parentheses(&text) }
    }
}

impl Style {
    fn minus(self) -> &'static str {
        if self == Self::MathMl { "<mo>−</mo>" } else { "-" }
    }

    fn plus(self) -> &'static str {
        if self == Self::MathMl { "<mo>+</mo>" } else { " + " }
    }

    fn sign(self, sign: &str) -> String {
        match (self, sign) {
            (Self::Latex, "@") => r"\,".into(),
            (Self::Latex, ">=") => r" \ge ".into(),
            (Self::Latex, "<=") => r" \le ".into(),
            (Self::Latex, "==") => " = ".into(),
            (Self::Latex, "!=") => r" \ne ".into(),
            (Self::Text | Self::Latex, sign) => format!(" {sign} "),
            (Self::MathMl, "@") => "<mo>\u{2062}</mo>".into(),
            (Self::MathMl, ">=") => "<mo>≥</mo>".into(),
            (Self::MathMl, "<=") => "<mo>≤</mo>".into(),
            (Self::MathMl, "==") => "<mo>=</mo>".into(),
            (Self::MathMl, "!=") => "<mo>≠</mo>".into(),
            (Self::MathMl, "-") => "<mo>−</mo>".into(),
            (Self::MathMl, sign) => format!("<mo>{}</mo>", escaped(sign)),
        }
    }

    fn parentheses(self, text: &str) -> String {
        match self {
            Self::Text => format!("({text})"),
            Self::Latex => format!(r"\left({text}\right)"),
            Self::MathMl => format!("<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"),
        }
    }

    fn number(self, value: f64) -> String {
        let constants = [(PI, "pi", r"\pi", "π"), (E, "e", "e", "e")];
        if let Some(&(_, text, latex, letter)) =
            constants.iter().find(|(known, ..)| *known == value.abs())
        {
            let sign = if value < 0.0 { self.minus() } else { "" };
            return match self {
                Self::Text => format!("{sign}{text}"),
                Self::Latex => format!("{sign}{latex}"),
                Self::MathMl => format!("{sign}<mi>{letter}</mi>"),
            };
        }
        if let Some(known) = Constant::of(value.abs()) {
            let sign = if value < 0.0 { self.minus() } else { "" };
            return format!("{sign}{}", known.written(self));
        }
        let shown = match self {
            // All digits, so that the formula reads back to the same value.
            Self::Text if value == 0.0 || (1e-5..1e16).contains(&value.abs()) => {
                return format!("{value}");
            }
            Self::Text => return format!("{value:e}"),
            _ => number(value),
        };
        match (self, shown.split_once('e')) {
            (Self::Latex, Some((digits, exponent))) => {
                format!(r"{digits} \cdot 10^{{{exponent}}}")
            }
            (Self::MathMl, _) if value < 0.0 => {
                format!("<mo>−</mo><mn>{}</mn>", shown.trim_start_matches('-'))
            }
            (Self::MathMl, _) => format!("<mn>{shown}</mn>"),
            _ => shown,
        }
    }

    /// A number above its base, where a quotient in a line needs parentheses.
    fn exponent(self, value: f64) -> String {
        let text = self.number(value);
        let is_quotient = self == Self::Text && text.contains(' ');
        if is_quotient { format!("({text})") } else { text }
    }

    fn name(self, name: &str) -> String {
        match self {
            Self::Text => name.into(),
            Self::Latex => tex::name(name),
            Self::MathMl => format!("<mi>{}</mi>", escaped(name)),
        }
    }

    fn raised(self, base: &str, exponent: &str) -> String {
        match self {
            Self::Text => format!("{base}^{exponent}"),
            Self::Latex => format!("{base}^{{{exponent}}}"),
            // One element each, as the format wants.
            Self::MathMl => format!("<msup>{}{}</msup>", grouped(base), grouped(exponent)),
        }
    }

    fn fraction(self, top: &str, bottom: &str) -> String {
        match self {
            Self::MathMl => format!("<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"),
            _ => format!(r"\frac{{{top}}}{{{bottom}}}"),
        }
    }

    fn times(self, factors: &[String]) -> String {
        let mut out = String::new();
        for factor in factors {
            let digit = factor.starts_with(|c: char| c.is_ascii_digit());
            out += match self {
                _ if out.is_empty() => "",
                Self::Text => " * ",
                // Two numbers side by side would read as one.
                Self::Latex if digit => r" \cdot ",
                Self::Latex => r"\,",
                Self::MathMl => "<mo>·</mo>",
            };
            out += factor;
        }
        out
    }
}

/// A number that is one in name: a fraction of small whole numbers, or of a well-known constant.
#[derive(Clone, Copy)]
struct Constant {
    above: Factor,
    below: Option<Factor>,
}

/// A whole number, or a function of one.
#[derive(Clone, Copy)]
enum Factor {
    Whole(u32),
    Root(u32),
    RootOfPi,
    Ln(u32),
    Pi(u32),
}

impl Factor {
    /// As the program computes it.
    fn value(self) -> f64 {
        match self {
            Self::Whole(n) => n.into(),
            Self::Root(n) => f64::from(n).sqrt(),
            Self::RootOfPi => PI.sqrt(),
            Self::Ln(n) => Number::ln(f64::from(n)),
            Self::Pi(1) => PI,
            Self::Pi(n) => f64::from(n) * PI,
        }
    }

    fn written(self, style: Style) -> String {
        match (self, style) {
            (Self::Whole(n), Style::MathMl) => format!("<mn>{n}</mn>"),
            (Self::Whole(n), _) => n.to_string(),
            (Self::Root(n), Style::Text) => format!("sqrt({n})"),
            (Self::Root(n), Style::Latex) => format!(r"\sqrt{{{n}}}"),
            (Self::Root(n), Style::MathMl) => format!("<msqrt><mn>{n}</mn></msqrt>"),
            (Self::RootOfPi, Style::Text) => "sqrt(pi)".into(),
            (Self::RootOfPi, Style::Latex) => r"\sqrt{\pi}".into(),
            (Self::RootOfPi, Style::MathMl) => "<msqrt><mi>π</mi></msqrt>".into(),
            (Self::Ln(n), Style::Text) => format!("ln({n})"),
            (Self::Ln(n), Style::Latex) => format!(r"\ln {n}"),
            (Self::Ln(n), Style::MathMl) => {
                format!("<mi>ln</mi><mo>\u{2061}</mo><mn>{n}</mn>")
            }
            (Self::Pi(1), _) => style.number(PI),
            (Self::Pi(n), Style::Text) => format!("{n} * pi"),
            (Self::Pi(n), Style::Latex) => format!(r"{n}\pi"),
            (Self::Pi(n), Style::MathMl) => format!("<mn>{n}</mn><mi>π</mi>"),
        }
    }
}

/// The largest whole number above and below the line of a fraction.
const SMALL: u32 = 12;

impl Constant {
    /// The one that the program computes to this very number.
    fn of(value: f64) -> Option<Self> {
        // Most numbers are whole or have few digits, and are shown so.
        if !value.is_finite() || value == 0.0 || (value * 1000.0).fract() == 0.0 {
            return None;
        }
        let fractions = (2..=SMALL).flat_map(|below| {
            (1..=SMALL * 2).map(move |above| (Factor::Whole(above), Factor::Whole(below)))
        });
        let roots = [2, 3].into_iter().map(Factor::Root).chain([Factor::RootOfPi]);
        let logarithms = [2, 10].into_iter().map(Factor::Ln);
        let known = roots.chain(logarithms).flat_map(|factor| {
            let over = (1..=SMALL).map(move |n| (Factor::Whole(n), Some(factor)));
            let under = (2..=SMALL).map(move |n| (factor, Some(Factor::Whole(n))));
            over.chain(under).chain([(factor, None)])
        });
        let pi = (1..=SMALL).flat_map(|n| {
            let over = (2..=SMALL).map(move |below| (Factor::Pi(n), Some(Factor::Whole(below))));
            over.chain([(Factor::Whole(n), Some(Factor::Pi(1))), (Factor::Pi(n), None)])
        });
        let all = fractions.map(|(above, below)| (above, Some(below))).chain(known).chain(pi);
        let computed = |(above, below): &(Factor, Option<Factor>)| {
            below.map_or(above.value(), |below| above.value() / below.value())
        };
        all.into_iter()
            .find(|pair| computed(pair) == value)
            .map(|(above, below)| Self { above, below })
    }

    fn written(self, style: Style) -> String {
        let above = self.above.written(style);
        match (self.below.map(|below| below.written(style)), style) {
            (None, _) => above,
            (Some(below), Style::Text) => format!("{above} / {below}"),
            (Some(below), _) => style.fraction(&above, &below),
        }
    }
}

/// What LaTeX writes between the operands of a sign.
pub(super) fn latex_sign(sign: &str) -> String {
    Style::Latex.sign(sign)
}

/// An element of its own, unless it is one already.
fn grouped(text: &str) -> String {
    let single = text.matches("<mn>").count() + text.matches("<mi>").count() == 1
        && !text.contains("<mo>")
        && (text.starts_with("<mn>") || text.starts_with("<mi>"));
    if single { text.into() } else { format!("<mrow>{text}</mrow>") }
}

/// Text inside XML, of which letters that steer, or that XML has not, are shown; lines may end.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(letter),
            _ if steers(letter) => out.extend(letter.escape_default()),
            _ => out.push(letter),
        }
    }
    out
}

/// Two operands with what stands between them, in as few parentheses as keep its structure.
fn infix(sign: &str, [a, b]: [&Formula; 2], style: Style) -> (String, Binding) {
    let (binding, right) = match sign {
        "^" => return (raised(a, b, style), Binding::Power),
        "+" | "-" => (Binding::Sum, Binding::Product),
        "*" | "/" | "@" => (Binding::Product, Binding::Power),
        _ => (Binding::Comparison, Binding::Sum),
    };
    let left = if binding == Binding::Comparison { Binding::Sum } else { binding };
    if let ("/", Style::Latex | Style::MathMl) = (sign, style) {
        let [top, bottom] = [a, b].map(|f| f.write(style).0);
        return (style.fraction(&top, &bottom), Binding::Power);
    }
    let (a, mut b) = (a.at_least(left, style), b.at_least(right, style));
    if b.starts_with(style.minus()) {
        b = style.parentheses(&b);
    }
    let text = match sign {
        "*" => style.times(&[a, b]),
        _ => format!("{a}{}{b}", style.sign(sign)),
    };
    (text, binding)
}

fn raised(a: &Formula, b: &Formula, style: Style) -> String {
    let exponent = match (style, b.as_number()) {
        (Style::Text, Some(number)) => style.exponent(number),
        (Style::Text, None) => b.at_least(Binding::Power, style),
        _ => b.write(style).0,
    };
    style.raised(&a.at_least(Binding::Atom, style), &exponent)
}

fn sum(terms: &[Formula], style: Style) -> String {
    let mut out = String::new();
    for term in terms {
        let text = term.at_least(Binding::Sum, style);
        match (out.is_empty(), text.strip_prefix(style.minus()), style) {
            (true, ..) => out = text,
            (false, Some(positive), Style::MathMl) => out = format!("{out}<mo>−</mo>{positive}"),
            (false, Some(positive), _) => out = format!("{out} - {positive}"),
            (false, None, _) => out = format!("{out}{}{text}", style.plus()),
        }
    }
    out
}

fn product(coefficient: f64, factors: &[(Formula, f64)], style: Style) -> (String, Binding) {
    let write = |list: Vec<(&Formula, f64)>, first: Option<f64>| -> Vec<String> {
        let numbers = first.into_iter().map(|value| style.number(value));
        numbers.chain(list.into_iter().map(|(base, e)| power(base, e, style))).collect()
    };
    let above: Vec<_> = factors.iter().filter(|(_, e)| *e > 0.0).map(|(f, e)| (f, *e)).collect();
    let below: Vec<_> = factors.iter().filter(|(_, e)| *e < 0.0).map(|(f, e)| (f, -e)).collect();
    let size = coefficient.abs();
    let shown = (size != 1.0 || above.is_empty()).then_some(size);
    let sign = if coefficient < 0.0 { style.minus() } else { "" };
    let (above, below) = (write(above, shown), write(below, None));
    let is_quotient =
        style == Style::Text && shown.and_then(Constant::of).is_some_and(|c| c.below.is_some());
    let single = above.len() == 1 && below.is_empty() && sign.is_empty() && !is_quotient;
    let (top, bottom) = (style.times(&above), style.times(&below));
    let text = match (below.len(), style) {
        (0, _) => format!("{sign}{top}"),
        (1, Style::Text) => format!("{sign}{top} / {bottom}"),
        (_, Style::Text) => format!("{sign}{top} / ({bottom})"),
        (_, Style::Latex | Style::MathMl) => format!("{sign}{}", style.fraction(&top, &bottom)),
    };
    let is_root = matches!(factors, [(_, 0.5)]);
    let binding = match (sign.is_empty(), single) {
        (true, true) if is_root => Binding::Atom,
        (false, _) => Binding::Sign,
        (true, true) => Binding::Power,
        (true, false) => Binding::Product,
    };
    (text, binding)
}

fn power(base: &Formula, exponent: f64, style: Style) -> String {
    match (exponent, style) {
        (1.0, _) => base.at_least(Binding::Power, style),
        (0.5, Style::Text) => format!("sqrt({})", base.write(style).0),
        (0.5, Style::Latex) => format!(r"\sqrt{{{}}}", base.write(style).0),
        (0.5, Style::MathMl) => format!("<msqrt>{}</msqrt>", base.write(style).0),
        _ => style.raised(&base.at_least(Binding::Atom, style), &style.exponent(exponent)),
    }
}

/// The functions for which LaTeX has a command of their name.
const LATEX_COMMANDS: &str = "exp ln sin cos tan sinh cosh tanh max min";

fn call(name: &str, arguments: &[Formula], style: Style) -> String {
    let list: Vec<String> = arguments.iter().map(|f| f.write(style).0).collect();
    match style {
        Style::Text => format!("{name}({})", list.join(", ")),
        Style::Latex if LATEX_COMMANDS.split(' ').any(|known| known == name) => {
            format!(r"\{name}\left({}\right)", list.join(", "))
        }
        Style::Latex => {
            let name = name.replace('_', r"\_");
            format!(r"\operatorname{{{name}}}\left({}\right)", list.join(", "))
        }
        Style::MathMl => {
            let list = list.join("<mo>,</mo>");
            format!("<mi>{name}</mi><mo>\u{2061}</mo><mrow><mo>(</mo>{list}<mo>)</mo></mrow>")
        }
    }
}

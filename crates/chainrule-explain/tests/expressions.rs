//! Two thousand random expressions of 1 to 200 operations against an independent reference: the
//! expression is kept as a tree of its own and evaluated with dual numbers, forward mode against the
//! library's backward mode; nothing of the library takes part.

use chainrule::{Graph, Tensor};
use chainrule_explain::{Explanation, Names, Request, Value, View, explain, record, values};

const NAMES: [&str; 3] = ["x", "y", "z"];

/// A value with its derivatives by the three variables, and a bound on what rounding may have done to
/// each: the sum of the sizes that were added and multiplied on the way.
#[derive(Clone, Copy, Debug)]
struct Dual {
    value: f64,
    slope: [f64; 3],
    /// The condition: relative rounding of this many times the machine's.
    size: f64,
    slope_size: [f64; 3],
}

impl Dual {
    fn constant(value: f64) -> Self {
        Self { value, slope: [0.0; 3], size: value.abs(), slope_size: [0.0; 3] }
    }

    /// f(self) with f′ and a bound on f″ times the value's own rounding.
    fn map(self, value: f64, slope: f64, bend: f64) -> Self {
        let (mut out, mut sizes) = ([0.0; 3], [0.0; 3]);
        for i in 0..3 {
            out[i] = slope * self.slope[i];
            sizes[i] =
                slope.abs() * self.slope_size[i] + bend.abs() * self.size * self.slope[i].abs();
        }
        let size = value.abs() + slope.abs() * self.size;
        Self { value, slope: out, size, slope_size: sizes }
    }

    fn add(self, other: Self, sign: f64) -> Self {
        let (mut slope, mut sizes) = ([0.0; 3], [0.0; 3]);
        for i in 0..3 {
            slope[i] = self.slope[i] + sign * other.slope[i];
            sizes[i] = self.slope_size[i] + other.slope_size[i];
        }
        let value = self.value + sign * other.value;
        Self { value, slope, size: self.size + other.size, slope_size: sizes }
    }

    fn mul(self, other: Self) -> Self {
        let (mut slope, mut sizes) = ([0.0; 3], [0.0; 3]);
        for i in 0..3 {
            slope[i] = self.slope[i] * other.value + self.value * other.slope[i];
            sizes[i] = self.slope_size[i] * other.size + self.size * other.slope_size[i];
        }
        Self {
            value: self.value * other.value,
            slope,
            size: self.size * other.size,
            slope_size: sizes,
        }
    }
}

/// An expression as a tree.
#[derive(Clone, Debug)]
enum Tree {
    Name(usize),
    Number(f64),
    One(&'static str, Box<Tree>),
    Two(char, Box<Tree>, Box<Tree>),
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Self::Name(i) => NAMES[*i].into(),
            Self::Number(x) => format!("{x}"),
            Self::One("neg", a) => format!("(-{})", a.text()),
            Self::One(name, a) => format!("{name}({})", a.text()),
            Self::Two(sign, a, b) => format!("({} {sign} {})", a.text(), b.text()),
        }
    }

    fn eval(&self, at: [f64; 3]) -> Dual {
        match self {
            Self::Name(i) => {
                let mut slope = [0.0; 3];
                slope[*i] = 1.0;
                Dual { value: at[*i], slope, size: at[*i].abs(), slope_size: slope }
            }
            Self::Number(x) => Dual::constant(*x),
            Self::One(name, a) => one(name, a.eval(at)),
            Self::Two('+', a, b) => a.eval(at).add(b.eval(at), 1.0),
            Self::Two('-', a, b) => a.eval(at).add(b.eval(at), -1.0),
            Self::Two('*', a, b) => a.eval(at).mul(b.eval(at)),
            Self::Two(_, a, b) => {
                let b = b.eval(at);
                let (value, slope) = (1.0 / b.value, -1.0 / (b.value * b.value));
                a.eval(at).mul(b.map(value, slope, 2.0 * slope / b.value))
            }
        }
    }

    fn operations(&self) -> usize {
        match self {
            Self::Name(_) | Self::Number(_) => 0,
            Self::One(_, a) => 1 + a.operations(),
            Self::Two(_, a, b) => 1 + a.operations() + b.operations(),
        }
    }
}

/// Functions whose arguments have no bounds, by their definitions and derivatives from a table.
fn one(name: &str, a: Dual) -> Dual {
    let x = a.value;
    match name {
        "neg" => a.map(-x, -1.0, 0.0),
        "sin" => a.map(x.sin(), x.cos(), 1.0),
        "cos" => a.map(x.cos(), -x.sin(), 1.0),
        "atan" => a.map(x.atan(), 1.0 / (1.0 + x * x), 1.0),
        "tanh" => a.map(x.tanh(), 1.0 / x.cosh().powi(2), 1.0),
        "sigmoid" => {
            let y = 1.0 / (1.0 + (-x).exp());
            a.map(y, (-x).exp() / (1.0 + (-x).exp()).powi(2), 1.0)
        }
        "softplus" => {
            let y = if x > 30.0 { x } else { x.exp().ln_1p() };
            a.map(y, 1.0 / (1.0 + (-x).exp()), 1.0)
        }
        "square" => a.map(x * x, 2.0 * x, 2.0),
        "relu" => a.map(x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }, 0.0),
        "abs" => a.map(x.abs(), if x > 0.0 { 1.0 } else { -1.0 }, 0.0),
        other => panic!("{other}"),
    }
}

const FUNCTIONS: &[&str] =
    &["neg", "sin", "cos", "atan", "tanh", "sigmoid", "softplus", "square", "relu", "abs"];

/// A generator of our own, so that the expressions are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 24) as f64 / f64::from(1 << 24)
    }

    /// A tree of exactly so many operations.
    fn tree(&mut self, operations: usize) -> Tree {
        match operations {
            0 if self.below(4) == 0 => Tree::Number((self.unit() * 300.0).round() / 100.0 + 0.5),
            0 => Tree::Name(self.below(3)),
            // Functions of functions flatten, and squares of squares explode: mostly two operands.
            _ if self.below(3) == 0 => {
                let inner = self.tree(operations - 1);
                Tree::One(FUNCTIONS[self.below(FUNCTIONS.len())], Box::new(inner))
            }
            _ => {
                // Near the middle, so that the depth stays far below the parser's bound.
                let left = (operations - 1) / 3 + self.below((operations - 1) / 3 + 1);
                let (a, b) = (self.tree(left), self.tree(operations - 1 - left));
                let sign = ['+', '-', '*', '/'][self.below(4)];
                Tree::Two(sign, Box::new(a), Box::new(b))
            }
        }
    }
}

fn number(value: &Value) -> f64 {
    value.as_number().unwrap()
}

/// A random expression with a moderate value and slopes, its reference, and its explanation.
fn case(seed: u64) -> Option<(String, Dual, [f64; 3], Explanation)> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1);
    let operations = 1 + random.below(200);
    let tree = random.tree(operations);
    assert_eq!(tree.operations(), operations);
    let at = [0.3 + random.unit(), -0.9 + 0.5 * random.unit(), 1.5 + random.unit()];
    let expected = tree.eval(at);
    // Where rounding may have eaten ten digits, no two ways to compute agree to nine.
    let tame = |value: f64, size: f64| value.is_finite() && size < 1e6 * value.abs().max(1e-3);
    let slopes = expected.slope.iter().zip(expected.slope_size);
    if !tame(expected.value, expected.size)
        || !slopes.clone().all(|(&slope, size)| slope == 0.0 && size == 0.0 || tame(slope, size))
    {
        return None;
    }
    let text = tree.text();
    let used = |name: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
    let given: Vec<(String, Tensor<f64>)> = NAMES
        .iter()
        .zip(at)
        .filter(|(name, _)| used(name))
        .map(|(name, x)| ((*name).to_owned(), Tensor::scalar(x)))
        .collect();
    let request = Request { expression: text.clone(), values: given, ..Request::default() };
    let explained = explain(&request).unwrap_or_else(|error| panic!("{text}: {error}"));
    Some((text, expected, at, explained))
}

fn close(found: f64, expected: f64, what: &str, text: &str) {
    // Relative; what cancels to below a thousandth agrees to 1e-12.
    let bound = 1e-9 * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= bound, "{what} of {text}: {found}, {expected} expected");
}

#[test]
fn two_thousand_expressions_agree_with_dual_numbers() {
    let (mut checked, mut formulas, mut seed) = (0, 0, 0);
    while checked < 2000 {
        seed += 1;
        assert!(seed < 20_000, "only {checked} tame expressions");
        let Some((text, expected, at, explained)) = case(seed) else { continue };
        checked += 1;
        close(number(&explained.output), expected.value, "the value", &text);
        for (name, gradient) in &explained.gradients {
            let which = NAMES.iter().position(|known| known == name).unwrap();
            close(number(gradient), expected.slope[which], &format!("d/d{name}"), &text);
        }
        ledgers_sum_to_gradients(&explained, &text);
        formulas += formulas_evaluate(&explained, at, &text);
    }
    assert!(formulas > 1000, "only {formulas} formulas were short enough to check");
}

/// A node's gradient is exactly the sum of what its uses contribute, in their order.
fn ledgers_sum_to_gradients(explained: &Explanation, text: &str) {
    for node in explained.nodes.iter().rev().skip(1) {
        let contributions = node.ledger.iter().map(|entry| number(&entry.gradient));
        let sum = contributions.reduce(|sum, next| sum + next);
        let gradient = node.gradient.as_ref().map(number);
        assert_eq!(sum, gradient, "node {} of {text}", node.label);
    }
}

/// Every partial derivative's formula, read back as an expression, has the partial's value.
fn formulas_evaluate(explained: &Explanation, at: [f64; 3], text: &str) -> usize {
    let mut checked = 0;
    for (name, partial) in &explained.partials {
        let Some(formula) = &partial.formula else { continue };
        let formula = formula.to_string();
        let used =
            |name: &str| formula.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
        let pairs = NAMES.iter().zip(at).filter(|(name, _)| used(name));
        let given: Vec<String> = pairs.map(|(name, x)| format!("{name}={x}")).collect();
        let given = values(&given.join(",")).unwrap();
        let g = Graph::new();
        let v = record(&g, &formula, &given, Names::Inputs)
            .unwrap_or_else(|error| panic!("d/d{name} of {text}: {formula}: {error}"));
        let mut plan = g.compile::<f64>(&[v]).unwrap();
        for (name, tensor) in &given {
            plan.feed(name, tensor.values()).unwrap();
        }
        plan.run().unwrap();
        close(
            plan.value(v).unwrap()[0],
            number(&partial.value),
            &format!("the formula d/d{name}"),
            text,
        );
        checked += 1;
    }
    checked
}

#[test]
fn pictures_of_random_expressions_are_well_formed() {
    let drawn = (1..200).filter_map(case).map(|(text, _, _, explained)| {
        let picture = explained.to_svg(View::default());
        roxmltree::Document::parse(&picture).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(explained.to_text().lines().all(|line| line.chars().count() <= 80), "{text}");
    });
    assert!(drawn.count() > 50);
}

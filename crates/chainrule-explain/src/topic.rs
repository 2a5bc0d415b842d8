//! Random exercises by topic, whose numbers work out by hand.

use super::expression::values;
use super::request::Request;
use chainrule::random::uniform;

chainrule::kinds! {
    /// What random exercises are about.
    ///
    /// ```
    /// use chainrule_explain::Topic;
    /// assert_eq!("softmax".parse::<Topic>()?, Topic::Softmax);
    /// let error = "sigmiod".parse::<Topic>().unwrap_err().to_string();
    /// assert_eq!(error, "there is no topic named `sigmiod`; did you mean `sigmoid`?");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Topic = "topic", ' ', short {
        /// Sums, products and powers of numbers, some of them used twice.
        ChainRule = "chain-rule",
        /// Neurons.
        Sigmoid = "sigmoid",
        /// The cross-entropy of a softmax.
        Softmax = "softmax",
        /// Affine maps of small vectors and matrices.
        Matrix = "matrix",
    }
}

/// Expressions of numbers.
const CHAINS: &[&str] = &[
    "(w * x + b)^2",
    "(x + y) * z",
    "x * y + y * z",
    "u = x * y; v = u + z; u * v",
    "(x - y)^2 * z",
    "h = w * x; h^2 + h * b",
    "a * x^2 + b * x",
    "(x + y) * (x - y)",
];

/// Functions of a neuron's sum `w * x + b`, and of one with two inputs.
const NEURONS: &[(&str, usize)] = &[
    ("sigmoid(w * x + b)", 1),
    ("sigmoid(w1 * x1 + w2 * x2 + b)", 2),
    ("v * sigmoid(w * x + b)", 1),
    ("y = sigmoid(w * x + b); y^2", 1),
    ("y = sigmoid(w * x + b); 0.5 * (y - 1)^2", 1),
];

/// The lengths of arrays, by name.
type Arrays = &'static [(&'static str, &'static [usize])];

/// Affine maps, with the lengths of their arrays.
const MAPS: &[(&str, Arrays)] = &[
    ("y = W @ x + b; sum(y)", &[("W", &[2, 2]), ("x", &[2]), ("b", &[2])]),
    ("y = W @ x + b; sum(y^2)", &[("W", &[2, 2]), ("x", &[2]), ("b", &[2])]),
    ("Y = X @ W + b; sum(Y)", &[("X", &[2, 2]), ("W", &[2, 2]), ("b", &[2])]),
    ("r = W @ x - t; 0.5 * sum(r^2)", &[("W", &[2, 2]), ("x", &[2]), ("t", &[2])]),
    ("y = W @ x; sum(y^2)", &[("W", &[2, 3]), ("x", &[3])]),
];

/// Logits, with the lengths of the arrays that make them.
const LOGITS: &[(&str, Arrays, u32)] = &[
    ("f = cross_entropy(z, {t})", &[("z", &[3])], 3),
    ("z = W @ x; f = cross_entropy(z, {t})", &[("W", &[2, 2]), ("x", &[2])], 2),
    ("z = W @ x + b; f = cross_entropy(z, {t})", &[("W", &[2, 2]), ("x", &[2]), ("b", &[2])], 2),
    ("z = W @ x; f = cross_entropy(z, {t})", &[("W", &[3, 2]), ("x", &[2])], 3),
];

/// Random numbers that one exercise takes at most.
const MOST_DRAWN: usize = 64;

/// How often one that is on the sheet already is drawn again; of some kinds there are few.
const MOST_REDRAWN: u64 = 100;

impl Topic {
    /// So many exercises. The same seed gives the same ones, and a longer list begins like a shorter.
    ///
    /// ```
    /// use chainrule_explain::Topic;
    /// let drawn = |count| Topic::Matrix.exercises(count, 7);
    /// assert_eq!(drawn(5)[1].expression, drawn(2)[1].expression);
    /// ```
    #[must_use]
    pub fn exercises(self, count: usize, seed: u64) -> Vec<Request> {
        let drawn: Vec<f64> = uniform(MOST_DRAWN * (count + 1), seed);
        let mut drawn = drawn.chunks(MOST_DRAWN).map(|chunk| Draw(chunk.iter()));
        let mut first = drawn.next().unwrap_or(Draw([].iter()));
        let kinds = match self {
            Self::ChainRule => CHAINS.len(),
            Self::Sigmoid => NEURONS.len(),
            Self::Softmax => LOGITS.len(),
            Self::Matrix => MAPS.len(),
        };
        // Every kind once before one comes again.
        let mut order: Vec<usize> = (0..kinds).collect();
        for at in (1..kinds).rev() {
            order.swap(at, first.whole(0, at as i32) as usize);
        }
        let mut exercises: Vec<Request> = Vec::with_capacity(count);
        for (at, (mut draw, kind)) in drawn.zip(order.into_iter().cycle()).enumerate() {
            let mut exercise = self.exercise(kind, &mut draw);
            let is_known = |new: &Request| {
                let is_same = |old: &Request| {
                    (&old.expression, &old.values) == (&new.expression, &new.values)
                };
                exercises.iter().any(is_same)
            };
            for again in 1..=MOST_REDRAWN {
                if !is_known(&exercise) {
                    break;
                }
                // By the place alone, so that a longer list goes on as a shorter.
                let seed = seed ^ ((at as u64 + 1) << 32 | again);
                let drawn: Vec<f64> = uniform(MOST_DRAWN, seed);
                exercise = self.exercise(kind, &mut Draw(drawn.iter()));
            }
            exercises.push(exercise);
        }
        exercises
    }

    fn exercise(self, kind: usize, draw: &mut Draw<'_>) -> Request {
        let (expression, at) = match self {
            Self::ChainRule => {
                let expression = CHAINS[kind];
                (expression.to_owned(), draw.numbers(expression))
            }
            Self::Sigmoid => {
                let (expression, inputs) = NEURONS[kind];
                (expression.to_owned(), draw.neuron(expression, inputs))
            }
            Self::Softmax => {
                let (expression, arrays, classes) = LOGITS[kind];
                let class = draw.whole(0, classes as i32 - 1).to_string();
                (expression.replace("{t}", &class), draw.arrays(arrays, -1, 2))
            }
            Self::Matrix => {
                let (expression, arrays) = MAPS[kind];
                (expression.to_owned(), draw.arrays(arrays, -2, 3))
            }
        };
        let Ok(values) = values(&at) else { unreachable!("{at} is written as values are read") };
        // A target is given once and for all.
        let learned = values.iter().map(|(name, _)| name.clone()).filter(|name| name != "t");
        Request { wrt: Some(learned.collect()), expression, values, ..Request::default() }
    }
}

/// Random numbers in their order.
struct Draw<'a>(std::slice::Iter<'a, f64>);

impl Draw<'_> {
    /// A whole number from `low` to `high`.
    fn whole(&mut self, low: i32, high: i32) -> i32 {
        let Some(unit) = self.0.next() else {
            unreachable!("an exercise takes at most {MOST_DRAWN} random numbers")
        };
        low + (unit * f64::from(high - low + 1)) as i32
    }

    /// The same without 0, at which products and powers have nothing to learn from.
    fn factor(&mut self, low: i32, high: i32) -> i32 {
        let x = self.whole(low, high - 1);
        if x < 0 { x } else { x + 1 }
    }

    /// A value for each letter of an expression that is not given by it.
    fn numbers(&mut self, expression: &str) -> String {
        let defined = |name: char| expression.contains(&format!("{name} = "));
        let mut names: Vec<char> = Vec::new();
        for name in expression.chars().filter(char::is_ascii_lowercase) {
            if !names.contains(&name) && !defined(name) {
                names.push(name);
            }
        }
        let values: Vec<String> =
            names.iter().map(|name| format!("{name}={}", self.factor(-3, 5))).collect();
        values.join(",")
    }

    /// Weights, inputs and the bias by which the sum is from -2 to 2, where a sigmoid has a slope.
    fn neuron(&mut self, expression: &str, inputs: usize) -> String {
        let mut sum = self.whole(-2, 2);
        let mut values = String::new();
        for at in 1..=inputs {
            let (w, x) = (self.factor(-3, 3), self.factor(-3, 3));
            let at = if inputs == 1 { String::new() } else { at.to_string() };
            values += &format!("w{at}={w},x{at}={x},");
            sum -= w * x;
        }
        if expression.starts_with('v') {
            values += &format!("v={},", self.factor(-3, 5));
        }
        format!("{values}b={sum}")
    }

    /// Arrays of whole numbers: logits with 0, factors and addends without.
    fn arrays(&mut self, arrays: Arrays, low: i32, high: i32) -> String {
        let mut values = Vec::new();
        for (name, dims) in arrays {
            let mut one = || match *name {
                "z" => self.whole(low, high),
                _ => self.factor(low, high),
            };
            let mut parts: Vec<String> =
                (0..dims.iter().product()).map(|_| one().to_string()).collect();
            for &length in dims.iter().rev() {
                parts = parts.chunks(length).map(|row| format!("[{}]", row.join(","))).collect();
            }
            values.push(format!("{name}={}", parts.join(",")));
        }
        values.join(",")
    }
}

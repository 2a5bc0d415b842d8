//! Explaining a computation: its graph, values, gradients, formulas and what-ifs.
//!
//! Everything is read off the graph that ran, in f64: values and gradients from one plan with all
//! nodes kept, local derivatives by an operation's own backward rule with an upstream gradient of 1,
//! formulas from the nodes of the gradients. [`explain`] gives an [`Explanation`], which holds all
//! of it as plain data and writes itself in every format.

mod explainer;
mod expression;
mod formula;
mod html;
mod label;
mod latex;
mod loss;
mod model;
mod network;
mod notation;
mod origin;
mod paths;
mod picture;
mod probe;
mod reading;
mod rules;
mod silent;
mod text;
mod value;
mod what_if;
mod words;

pub use expression::{Names, Values, literal, record, values};
pub use formula::Formula;
pub use loss::cross_entropy;
pub use model::{
    Descent, DescentPoint, Entry, Explanation, Goal, Hessian, Node, Partial, Passed, Path, Paths,
    Sweep, SweepPoint, WhatIf,
};
pub use network::{
    Branch, Layer, Ledger, NetworkExplanation, Said, Statistics, Wanted, Weight, network, op_name,
    outputs,
};
pub use origin::Origin;
pub use picture::View;
pub use rules::idle;
pub use text::{table, wrapped};
pub use value::Value;
pub use value::{digits, number, percent};
pub use words::Language;
pub use words::Words;

use chainrule::error::{Error, Result};
use chainrule::graph::Graph;
use chainrule::tensor::Tensor;

/// What to explain.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The expression.
    pub expression: String,
    /// Its names' values.
    pub values: Values,
    /// The target, which puts the half squared error on top.
    pub target: Option<f64>,
    /// In its place, a class or a distribution: puts the cross-entropy of an array's softmax on top.
    pub cross_entropy: Option<Tensor<f64>>,
    /// The names whose gradients are wanted; all where `None`.
    pub wrt: Option<Vec<String>>,
    /// What-if changes; 1 % of each value where `None`.
    pub nudges: Option<Values>,
    /// The input whose paths are wanted.
    pub paths: Option<String>,
    /// The goal of the inverse question: of the loss, else of the output. Where there is a target, a
    /// loss of 0 unless this says otherwise.
    pub goal: Option<f64>,
    /// An input to sweep over a range.
    pub sweep: Option<Range>,
    /// The learning rate of the gradient step; chosen by the curvature where `None`.
    pub lr: Option<f64>,
    /// The number of gradient steps; one where `None` and there is a target or a learning rate.
    pub descend: Option<usize>,
    /// Whether the second derivatives are wanted.
    pub hessian: bool,
    /// The language of the words.
    pub language: Language,
}

impl Request {
    /// Whether a loss stands on top of the output.
    fn has_loss(&self) -> bool {
        self.target.is_some() || self.cross_entropy.is_some()
    }
}

/// Values of one input at even distances.
///
/// ```
/// use chainrule_explain::Range;
/// let range: Range = "x=80:120:41".parse()?;
/// assert_eq!((range.name.as_str(), range.from, range.to, range.points), ("x", 80.0, 120.0, 41));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The input.
    pub name: String,
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
    /// How many values; at least 2.
    pub points: usize,
}

/// More points than this are a mistake.
const MOST_POINTS: usize = 100_000;

impl std::str::FromStr for Range {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('=').and_then(|(name, range)| {
            let mut numbers = range.split(':').map(str::trim);
            let from = numbers.next()?.parse::<f64>().ok().filter(|x| x.is_finite())?;
            let to = numbers.next()?.parse::<f64>().ok().filter(|x| x.is_finite())?;
            let points = numbers.next().map_or(Some(41), |count| count.parse().ok())?;
            let valid =
                numbers.next().is_none() && from < to && (2..=MOST_POINTS).contains(&points);
            valid.then(|| Self { name: name.trim().into(), from, to, points })
        });
        parts.ok_or_else(|| Error::Setting {
            name: "the sweep".into(),
            value: format!("`{text}`"),
            wanted: "a name, two rising numbers and a count from 2 to 100000, such as `x=80:120:41`",
        })
    }
}

/// Explains an expression.
///
/// ```
/// use chainrule_explain::{Request, explain, values};
/// let apple = explain(&Request {
///     expression: "x * m * t".into(),
///     values: values("x=100,m=2,t=1.1")?,
///     target: Some(219.0),
///     ..Request::default()
/// })?;
/// let formula = apple.partials[0].1.formula.as_ref().map(ToString::to_string);
/// assert_eq!(formula.as_deref(), Some("m * t"));
/// assert_eq!(apple.ranking, ["t", "m", "x"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// A mistake in the expression, an unknown name, or an output that is not a scalar.
pub fn explain(request: &Request) -> Result<Explanation> {
    let g = Graph::new();
    let (output, classes) =
        expression::read(&g, &request.expression, &request.values, Names::Inputs)?;
    if output.shape().rank() != 0 && request.cross_entropy.is_none() {
        return Err(Error::Expression {
            message: format!(
                "the expression has shape {}, but only a scalar has gradients: reduce it with sum(…) or mean(…)",
                output.shape()
            ),
            span: (0, request.expression.chars().count()),
        });
    }
    let names = wanted(request, &classes)?;
    let root = match (&request.cross_entropy, request.target) {
        (Some(target), _) => cross_entropy(output, target)?,
        (None, Some(target)) => output.half_squared_error(g.constant(target)),
        (None, None) => output,
    };
    explainer::Subject { g: &g, request, output, root, names }.explain()
}

/// The names whose gradients are wanted: where none are named, all but `classes`.
fn wanted(request: &Request, classes: &[String]) -> Result<Vec<String>> {
    let known: Vec<&str> = request.values.iter().map(|(name, _)| name.as_str()).collect();
    let nudged = request.nudges.iter().flatten().map(|(name, _)| name);
    let asked = request.wrt.iter().flatten().chain(nudged).chain(&request.paths);
    for name in asked.chain(request.sweep.iter().map(|range| &range.name)) {
        if !known.contains(&name.as_str()) {
            let known = known.join(", ");
            return Err(Error::Unknown { what: "input", name: name.clone(), known });
        }
        if classes.contains(name) {
            return Err(Error::Mismatch(format!(
                "`{name}` only says which class is right, so that it has no gradient and cannot change a little"
            )));
        }
    }
    let numbers = known.iter().map(ToString::to_string).filter(|name| !classes.contains(name));
    let all = || numbers.collect();
    let mut names: Vec<String> = request.wrt.clone().unwrap_or_else(all);
    // Paths are made of local derivatives, which exist on the way to wanted names only.
    names.extend(
        request.paths.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>(),
    );
    Ok(names)
}

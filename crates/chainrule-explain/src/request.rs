//! What to explain of an expression.

use super::expression::Values;
use super::words::Language;
use chainrule::error::{Error, Result};
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
    pub(super) fn has_loss(&self) -> bool {
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
            wanted:
                "a name, two rising numbers and a count from 2 to 100000, such as `x=80:120:41`"
                    .into(),
        })
    }
}

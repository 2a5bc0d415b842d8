//! What `POST /api/v1/explain` is asked, as it arrives.

use std::collections::HashSet;

use chainrule::Tensor;
use chainrule_explain::{Fold, Language, Range, Request, Values, View, fitting};
use serde::Deserialize;

use super::refusal::Refusal;
use super::{limits, values};

/// A request to explain an expression; all but that may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The expression.
    pub expression: String,
    #[serde(default, with = "values::named")]
    at: Values,
    /// For an expression that is still being written: whether values, changes and a curve of names that it lacks
    /// are left out, names without a value are 1, and questions that it has no answer to are not asked.
    #[serde(default)]
    fit: bool,
    target: Option<f64>,
    #[serde(default, with = "values::one")]
    cross_entropy: Option<Tensor<f64>>,
    wrt: Option<Vec<String>>,
    #[serde(default, deserialize_with = "values::named::some")]
    nudge: Option<Values>,
    sweep: Option<Sweep>,
    lr: Option<f64>,
    descend: Option<usize>,
    #[serde(default)]
    hessian: bool,
    goal: Option<f64>,
    #[serde(default)]
    language: Language,
    /// The step of which the story tells; of all where it is left out.
    step: Option<usize>,
    #[serde(default)]
    unfold: bool,
    /// Boxes that are open, by the words that the drawing has for them.
    #[serde(default)]
    open: Vec<String>,
}

/// A request to explain the run's network on an example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedExample {
    /// Which one, counted from 0.
    pub example: u32,
    /// The language of the words.
    #[serde(default)]
    pub language: Language,
    step: Option<usize>,
    #[serde(default)]
    unfold: bool,
    #[serde(default)]
    open: Vec<String>,
}

impl AskedExample {
    /// What of it is shown.
    pub fn shown(&self) -> Result<Shown, Refusal> {
        Shown::new(self.step, self.unfold, &self.open)
    }
}

/// What is shown of an explanation: which step is told, and which boxes show what they are made of.
pub struct Shown {
    step: Option<usize>,
    unfold: bool,
    open: Vec<Fold>,
}

impl Shown {
    fn new(step: Option<usize>, unfold: bool, open: &[String]) -> Result<Self, Refusal> {
        limits::at_most("open boxes", open.len(), limits::NAMES)?;
        let open = open.iter().map(|word| Fold::from(word.as_str())).collect();
        Ok(Self { step, unfold, open })
    }

    /// The view of an explanation.
    pub fn view(&self) -> View<'_> {
        View { step: self.step, unfold: self.unfold, open: &self.open }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sweep {
    name: String,
    from: f64,
    to: f64,
    /// As many as a curve needs to look like one.
    #[serde(default = "usual_points")]
    points: usize,
}

fn usual_points() -> usize {
    41
}

impl Asked {
    /// Leaves out what is said of names that the expression lacks, where that is asked for, and returns the
    /// values that are left.
    pub fn fit(&mut self) -> Values {
        if !self.fit || self.expression.chars().count() > limits::CHARACTERS {
            return Values::new();
        }
        // What cannot be read is told when it is recorded.
        let Ok(at) = fitting(&self.expression, std::mem::take(&mut self.at)) else {
            return Values::new();
        };
        let names: HashSet<&str> = at.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(nudge) = &mut self.nudge {
            nudge.retain(|(name, _)| names.contains(name.as_str()));
        }
        // No change at all would be another question than the usual ones.
        self.nudge.take_if(|nudge| nudge.is_empty());
        self.sweep.take_if(|sweep| !names.contains(sweep.name.as_str()));
        self.at.clone_from(&at);
        at
    }

    /// The same without questions that not every expression has an answer to: an array has no table of second
    /// derivatives, and a class no curve. `None` where all may be asked, or none of them is.
    pub fn plain(&self) -> Option<Self> {
        let asks = self.hessian || self.sweep.is_some() || self.nudge.is_some();
        let plain = Self { hessian: false, sweep: None, nudge: None, ..self.clone() };
        (self.fit && asks).then_some(plain)
    }

    /// What the library is asked, which is no more than the server does.
    pub fn checked(self) -> Result<(Request, Shown), Refusal> {
        let shown = Shown::new(self.step, self.unfold, &self.open)?;
        if self.target.is_some() && self.cross_entropy.is_some() {
            return Err(Refusal::of_request(
                "a `target` and a `cross_entropy` are two losses: give one of them",
            ));
        }
        let request = Request {
            expression: self.expression,
            values: self.at,
            target: self.target,
            cross_entropy: self.cross_entropy,
            wrt: self.wrt,
            nudges: self.nudge,
            paths: None,
            goal: self.goal,
            sweep: self.sweep.map(Sweep::range).transpose()?,
            lr: self.lr,
            descend: self.descend,
            hessian: self.hessian,
            language: self.language,
        };
        limits::check(&request)?;
        Ok((request, shown))
    }
}

impl Sweep {
    fn range(self) -> Result<Range, Refusal> {
        let Self { name, from, to, points } = self;
        match from < to && points >= 2 {
            true => Ok(Range { name, from, to, points }),
            false => Err(Refusal::of_request(format!(
                "the sweep goes from {from} to {to} in {points} points: it needs two rising numbers and at least 2 points"
            ))),
        }
    }
}

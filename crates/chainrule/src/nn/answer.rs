//! What a model says of an example, told from its outputs, and what it should have said.
//!
//! Classes are ranked by their logits, never by probabilities: these are rounded near 0 and 1, so that
//! classes which differ could seem equal. Of equal logits the first class comes first. A NaN has no
//! place in a ranking, so that outputs with one are no answer.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::error::{Error, Result};

/// What an example's target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A class: a label below `classes`.
    Class {
        /// The number of classes.
        classes: usize,
    },
    /// Real numbers, for regression.
    Values {
        /// The numbers of one example.
        width: usize,
    },
}

/// How a column of values was standardised: it became (value − mean)/deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The mean of the training part.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

impl Scale {
    /// The value in its own unit.
    ///
    /// ```
    /// let scale = chainrule::nn::Scale { mean: 100.0, deviation: 10.0 };
    /// assert_eq!(scale.value(-0.5), 95.0);
    /// ```
    #[must_use]
    pub fn value(self, standardised: f64) -> f64 {
        standardised * self.deviation + self.mean
    }

    /// A row of values in their own units, each by the scale of its column; one without a scale is
    /// left as it is.
    ///
    /// ```
    /// use chainrule::nn::Scale;
    /// let scales = [Scale { mean: 100.0, deviation: 10.0 }];
    /// assert_eq!(Scale::row(&scales, &[-0.5, 3.0]), [95.0, 3.0]);
    /// ```
    #[must_use]
    pub fn row(scales: &[Self], standardised: &[f64]) -> Vec<f64> {
        let own = |(at, &value): (usize, &f64)| scales.get(at).map_or(value, |s| s.value(value));
        standardised.iter().enumerate().map(own).collect()
    }
}

/// What a model should have said of an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// A class.
    Class(u32),
    /// Values.
    Values(Vec<f64>),
}

/// What a model says of an example.
///
/// ```
/// use chainrule::nn::{Answer, Target};
/// let target = Target::Class { classes: 2 };
/// // Two equal logits: the first class.
/// let Answer::Class { class, probabilities } = Answer::of(target, &[], &[1.5, 1.5])? else { panic!() };
/// assert_eq!((class, probabilities), (Some(0), vec![0.5, 0.5]));
/// // A single output is the second class's logit, against 0 for the first.
/// assert_eq!(Answer::of(target, &[], &[0.25])?.class(), Some(1));
/// // Who cannot rank gives no answer.
/// assert_eq!(Answer::of(target, &[], &[f64::NAN, 1.0])?.class(), None);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A class.
    Class {
        /// The class of the largest logit, of equal ones the first; `None` where a logit is NaN.
        class: Option<u32>,
        /// The probabilities of the classes: the softmax of the logits.
        probabilities: Vec<f64>,
    },
    /// Values, in their own unit.
    Values(Vec<f64>),
}

impl Answer {
    /// What a row of outputs says, with `scales` to tell values in their own unit.
    ///
    /// # Errors
    /// The row has another number of outputs than the target has classes or values.
    pub fn of(target: Target, scales: &[Scale], outputs: &[f64]) -> Result<Self> {
        match target {
            Target::Class { classes } => {
                let logits = Logits::of(classes, outputs)?;
                Ok(Self::Class { class: logits.best(), probabilities: logits.probabilities() })
            }
            Target::Values { width } if width == outputs.len() => {
                Ok(Self::Values(Scale::row(scales, outputs)))
            }
            Target::Values { width } => {
                Err(Error::Count { what: "outputs".into(), found: outputs.len(), wanted: width })
            }
        }
    }

    /// The class, if the answer is one.
    #[must_use]
    pub fn class(&self) -> Option<u32> {
        match self {
            Self::Class { class, .. } => *class,
            Self::Values(_) => None,
        }
    }
}

/// `class` and `probabilities`, or `value`, or `values` where there are several.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Class { class, probabilities } => {
                map.serialize_entry("class", class)?;
                map.serialize_entry("probabilities", probabilities)?;
            }
            Self::Values(values) => match values[..] {
                [value] => map.serialize_entry("value", &value)?,
                _ => map.serialize_entry("values", values)?,
            },
        }
        map.end()
    }
}

/// The classes' logits for one example: the larger, the likelier.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits(Vec<f64>);

impl Logits {
    /// The logits of so many classes from a row of outputs: one each, or for two classes a single one,
    /// which is the logit of the second against 0 for the first.
    ///
    /// ```
    /// use chainrule::nn::Logits;
    /// assert_eq!(Logits::of(2, &[0.5])?, Logits::of(2, &[0.0, 0.5])?);
    /// assert!(Logits::of(3, &[0.5]).unwrap_err().to_string().contains("there must be 3"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of outputs.
    pub fn of(classes: usize, outputs: &[f64]) -> Result<Self> {
        match outputs {
            [second] if classes == 2 => Ok(Self(vec![0.0, *second])),
            _ if outputs.len() == classes => Ok(Self(outputs.to_vec())),
            _ => Err(Error::Count { what: "scores".into(), found: outputs.len(), wanted: classes }),
        }
    }

    /// The class of the largest logit, of equal ones the first; `None` where one is NaN or there is
    /// none.
    ///
    /// ```
    /// use chainrule::nn::Logits;
    /// assert_eq!(Logits::of(3, &[1.0, 2.0, 2.0])?.best(), Some(1));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn best(&self) -> Option<u32> {
        let before = |best: usize, class: usize| self.0[class] > self.0[best];
        let best = (1..self.0.len()).fold(0, |best, c| if before(best, c) { c } else { best });
        (self.is_ranked() && !self.0.is_empty()).then_some(best as u32)
    }

    /// How many classes come before this one: those with a larger logit, and the earlier ones of the
    /// same. `None` where a logit is NaN or there is no such class.
    ///
    /// ```
    /// use chainrule::nn::Logits;
    /// let logits = Logits::of(3, &[1.0, 2.0, 2.0])?;
    /// assert_eq!([0, 1, 2].map(|class| logits.place(class)), [2, 0, 1].map(Some));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn place(&self, class: u32) -> Option<usize> {
        let class = class as usize;
        let own = *self.0.get(class).filter(|_| self.is_ranked())?;
        let before =
            |(other, logit): (usize, &f64)| *logit > own || (*logit == own && other < class);
        Some(self.0.iter().enumerate().filter(|&pair| before(pair)).count())
    }

    fn is_ranked(&self) -> bool {
        !self.0.iter().any(|logit| logit.is_nan())
    }

    /// The classes' probabilities, the softmax of the logits; NaN where a logit is.
    ///
    /// ```
    /// use chainrule::nn::Logits;
    /// let second = Logits::of(2, &[3.0])?.probabilities()[1];
    /// assert!((second - 1.0 / (1.0 + (-3.0_f64).exp())).abs() < 1e-15);
    /// assert_eq!(Logits::of(2, &[f64::INFINITY, 0.0])?.probabilities(), [1.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn probabilities(&self) -> Vec<f64> {
        let largest = largest(&self.0);
        let powers = self.0.iter().map(|&logit| libm::exp(below(logit, largest)));
        let powers: Vec<f64> = powers.collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }

    /// For each class its logit over the logarithm of the mean power of the others. In exact arithmetic
    /// this is ln(p/(1 − p)) of its probability p, plus the same number for every example: it ranks
    /// examples as p does, but neither rounds near 0 and 1 nor where all logits are almost equal. Of two
    /// classes it is the difference of their logits.
    ///
    /// ```
    /// use chainrule::nn::Logits;
    /// let second = |logit: f64| Logits::of(3, &[0.0, logit, 0.0]).map(|logits| logits.log_odds()[1]);
    /// assert!(second(50.0)? < second(51.0)? && second(1e-17)? < second(2e-17)?);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn log_odds(&self) -> Vec<f64> {
        let logits = &self.0;
        let others = logits.len().saturating_sub(1).max(1) as f64;
        let largest = largest(logits);
        // Powers e^(logit − largest) less 1, which keep all digits of a small difference.
        let less_one: Vec<f64> = logits.iter().map(|&x| libm::expm1(below(x, largest))).collect();
        let sum: f64 = less_one.iter().sum();
        let best = logits.iter().position(|&logit| logit == largest);
        let odds = |(class, &logit): (usize, &f64)| {
            if Some(class) == best {
                // Without the largest the rest has another scale.
                let rest = [&logits[..class], &logits[class + 1..]].concat();
                let next = self::largest(&rest);
                let mean = rest.iter().map(|&x| libm::expm1(below(x, next))).sum::<f64>() / others;
                return -below(next, logit) - libm::log1p(mean);
            }
            below(logit, largest) - libm::log1p((sum - less_one[class]) / others)
        };
        logits.iter().enumerate().map(odds).collect()
    }
}

/// The largest; NaN where one is NaN.
fn largest(logits: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if a.is_nan() || a > b { a } else { b };
    logits.iter().copied().fold(f64::NEG_INFINITY, larger)
}

/// How far a logit lies from the largest: equal infinities differ by 0.
fn below(logit: f64, largest: f64) -> f64 {
    if logit == largest { 0.0 } else { logit - largest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logits(values: &[f64]) -> Logits {
        Logits::of(values.len(), values).unwrap()
    }

    #[test]
    fn the_largest_logit_wins_where_probabilities_are_equal() {
        for near in [[0.0, 1e-17, 1e-18], [700.0, 701.0, -700.0], [-1e-320, 0.0, -1e-300]] {
            assert_eq!(logits(&near).best(), Some(1));
        }
        let near = logits(&[0.0, 1e-17, 0.0]);
        assert_eq!(near.probabilities()[0], near.probabilities()[1]);
    }

    #[test]
    fn of_equal_logits_the_first_comes_first_and_zeros_have_no_sign() {
        assert_eq!(logits(&[0.0; 4]).best(), Some(0));
        assert_eq!(logits(&[-0.0, 0.0]).best(), Some(0));
        assert_eq!(Logits::of(2, &[-0.0]).unwrap().best(), Some(0));
        assert_eq!(logits(&[f64::INFINITY, f64::INFINITY]).best(), Some(0));
        assert_eq!(logits(&[f64::NEG_INFINITY; 3]).best(), Some(0));
    }

    #[test]
    fn what_cannot_be_ranked_is_no_answer() {
        for values in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
            assert_eq!(logits(&values).best(), None);
            assert_eq!([0, 1].map(|class| logits(&values).place(class)), [None, None]);
            assert!(logits(&values).probabilities().iter().all(|p| p.is_nan()));
            assert!(logits(&values).log_odds().iter().all(|odds| odds.is_nan()));
        }
        assert_eq!((logits(&[]).best(), logits(&[1.0]).place(1)), (None, None));
    }

    #[test]
    fn log_odds_are_those_of_the_probabilities() {
        let row = [0.3, -2.0, 1.5, 0.3, -40.0];
        let (p, odds) = (logits(&row).probabilities(), logits(&row).log_odds());
        for (p, odds) in p.iter().zip(odds) {
            let wanted = (p / (1.0 - p)).ln() + 4.0_f64.ln();
            assert!((odds - wanted).abs() < 1e-13 * wanted.abs().max(1.0), "{odds}, {wanted}");
        }
    }

    #[test]
    fn log_odds_do_not_saturate() {
        assert_eq!(logits(&[3.0, 1e3]).log_odds(), [-997.0, 997.0]);
        let infinite = logits(&[f64::INFINITY, 0.0, f64::NEG_INFINITY]).log_odds();
        assert_eq!(infinite[0], f64::INFINITY);
        assert!(infinite[1..].iter().all(|odds| *odds == f64::NEG_INFINITY));
        let [a, b] = [1e3, 1e3 + 1.0].map(|large| logits(&[large, 0.0, 0.0, 1.0]).log_odds()[0]);
        assert!((b - a - 1.0).abs() < 1e-12);
    }
}

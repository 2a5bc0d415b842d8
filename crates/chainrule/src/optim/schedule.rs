//! Schedules of the learning rate.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::number::Number;
use crate::settings::{self, Form};

crate::kinds! {
    /// How the learning rate changes in training, as PyTorch's schedulers of the same names have it.
    ///
    /// Time is counted in steps or in epochs, as the caller chooses, from 0.
    ///
    /// ```
    /// use chainrule::optim::{Plateau, Schedule};
    /// let schedule = Schedule::Step { every: 30, gamma: 0.1 };
    /// let rate = |at| schedule.rate(0.5, at, 90, &Plateau::default());
    /// assert_eq!((rate(0), rate(29), rate(30)), (0.5, 0.5, 0.05));
    /// ```
    #[derive(Copy)]
    pub enum Schedule = "schedule", ' ' {
        /// Always the base rate.
        Constant = "constant",
        /// The base rate times γ for each time that `every` have passed.
        Step = "step" | "step-lr" {
            /// How long the rate stays.
            every: u64 [Form::SOME] = 10,
            /// γ, what the rate is multiplied by.
            gamma: f64 [Form::POSITIVE] = 0.1,
        },
        /// The base rate times γᵗ.
        Exponential = "exponential" | "exponential-lr" {
            /// γ, what the rate is multiplied by each time.
            gamma: f64 [Form::POSITIVE] = 0.95,
        },
        /// Half a cosine from the base rate down to `min` at the end (Loshchilov and Hutter, 2017,
        /// equation 5).
        Cosine = "cosine" | "cosine-annealing" | "cosine-annealing-lr" {
            /// The last rate.
            min: f64 [Form::NOT_NEGATIVE] = 0.0,
        },
        /// Half a cosine up to the base rate, and another one down (Smith and Topin, 2018).
        OneCycle = "one-cycle" | "one-cycle-lr" {
            /// The share of the time that the rate rises.
            rise: f64 [Form::INNER] = 0.3,
            /// What the base rate is divided by at the start.
            start: f64 [Form::POSITIVE] = 25.0,
            /// What the first rate is divided by at the end.
            end: f64 [Form::POSITIVE] = 1e4,
        },
        /// The base rate times `factor` for each time that the metric, such as the validation loss, has
        /// not become smaller for more than `patience` observations.
        ReduceOnPlateau = "reduce-on-plateau" | "reduce-lr-on-plateau" | "plateau" {
            /// What the rate is multiplied by.
            factor: f64 [Form::INNER] = 0.1,
            /// The observations without improvement that change nothing.
            patience: u64 = 10,
            /// The share of the best metric that counts as an improvement.
            threshold: f64 [Form::NOT_NEGATIVE] = 1e-4,
            /// The smallest rate.
            min: f64 [Form::NOT_NEGATIVE] = 0.0,
        },
    }
}

/// A schedule of one's own: how the learning rate follows the steps. A closure of that form is one.
///
/// ```
/// use chainrule::optim::RateSchedule;
/// /// The rate of the first Transformer (Vaswani et al., 2017, equation 3): up, then down as 1/√step.
/// struct Noam {
///     warmup: f64,
/// }
///
/// impl RateSchedule for Noam {
///     fn rate(&self, base: f64, step: u64, _steps: u64) -> f64 {
///         let step = (step + 1) as f64;
///         base * (step / self.warmup).min((self.warmup / step).sqrt())
///     }
/// }
///
/// let rate = |step| Noam { warmup: 100.0 }.rate(0.5, step, 1000);
/// assert_eq!((rate(0), rate(99), rate(399)), (0.005, 0.5, 0.25));
/// let halved = |base: f64, step: u64, steps: u64| if 2 * step < steps { base } else { base / 2.0 };
/// assert_eq!(RateSchedule::rate(&halved, 0.1, 500, 1000), 0.05);
/// ```
pub trait RateSchedule: Send + Sync {
    /// The learning rate of a step, counted from 0, of so many, with the base rate `base`.
    fn rate(&self, base: f64, step: u64, steps: u64) -> f64;

    /// Checks what a training asks of it before it begins.
    ///
    /// # Errors
    /// The first setting that does not fit.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// One of the words of the settings is the schedule that it names, by steps.
///
/// ```
/// use chainrule::optim::{RateSchedule, Schedule};
/// let schedule = Schedule::Cosine { min: 0.0 };
/// assert_eq!(RateSchedule::rate(&schedule, 0.5, 5, 10), 0.25);
/// ```
impl RateSchedule for Schedule {
    fn rate(&self, base: f64, step: u64, steps: u64) -> f64 {
        Schedule::rate(self, base, step, steps, &Plateau::default())
    }
    fn check(&self) -> Result<()> {
        if let Self::ReduceOnPlateau { .. } = self {
            let message = "looks at a metric, of which steps tell nothing: give it by the settings";
            return Err(Error::Mismatch(format!("the schedule `{}` {message}", self.name())));
        }
        Schedule::check(self)
    }
}

impl<F: Fn(f64, u64, u64) -> f64 + Send + Sync> RateSchedule for F {
    fn rate(&self, base: f64, step: u64, steps: u64) -> f64 {
        self(base, step, steps)
    }
}

/// What [`Schedule::ReduceOnPlateau`] remembers: a part of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The best metric so far.
    pub best: Option<f64>,
    /// The observations since then that were no better.
    pub bad: u64,
    /// What the base rate is multiplied by.
    pub factor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { best: None, bad: 0, factor: 1.0 }
    }
}

impl Schedule {
    /// The learning rate at a time, of `total`, with the base rate `base`.
    ///
    /// ```
    /// use chainrule::optim::{Plateau, Schedule};
    /// let rate = |at| Schedule::Cosine { min: 0.0 }.rate(0.5, at, 10, &Plateau::default());
    /// assert_eq!((rate(0), rate(5), rate(10)), (0.5, 0.25, 0.0));
    /// ```
    #[must_use]
    pub fn rate(&self, base: f64, at: u64, total: u64, plateau: &Plateau) -> f64 {
        match *self {
            Self::Constant => base,
            Self::Step { every, gamma } => base * Number::pow(gamma, (at / every.max(1)) as f64),
            Self::Exponential { gamma } => base * Number::pow(gamma, at as f64),
            Self::Cosine { min } => cosine(base, min, at as f64 / total.max(1) as f64),
            Self::OneCycle { rise, start, end } => {
                let first = base / start;
                let top = rise * total as f64 - 1.0;
                let (at, last) = (at as f64, total as f64 - 1.0);
                match at <= top {
                    true => cosine(first, base, at / top),
                    false => cosine(base, first / end, (at - top) / (last - top)),
                }
            }
            Self::ReduceOnPlateau { min, .. } => (base * plateau.factor).max(min.min(base)),
        }
    }

    /// Tells [`Schedule::ReduceOnPlateau`] of a metric of which smaller is better; nothing to others.
    ///
    /// ```
    /// use chainrule::optim::{Plateau, Schedule};
    /// let schedule =
    ///     Schedule::ReduceOnPlateau { factor: 0.5, patience: 1, threshold: 1e-4, min: 0.0 };
    /// let mut plateau = Plateau::default();
    /// for loss in [1.0, 1.0, 1.0] {
    ///     schedule.observe(loss, &mut plateau);
    /// }
    /// assert_eq!(schedule.rate(0.1, 3, 10, &plateau), 0.05);
    /// // Below zero as above it; NaN is no better than anything.
    /// let mut plateau = Plateau::default();
    /// for loss in [f64::NAN, -5.0, -5.0, -5.0] {
    ///     schedule.observe(loss, &mut plateau);
    /// }
    /// assert_eq!((plateau.best, plateau.factor), (Some(-5.0), 0.5));
    /// ```
    pub fn observe(&self, metric: f64, plateau: &mut Plateau) {
        let Self::ReduceOnPlateau { factor, patience, threshold, .. } = *self else { return };
        let is_better = |best: f64| metric < best - threshold * best.abs();
        if !metric.is_nan() && plateau.best.is_none_or(is_better) {
            plateau.best = Some(metric);
            plateau.bad = 0;
        } else {
            plateau.bad += 1;
        }
        if plateau.bad > patience {
            plateau.factor *= factor;
            plateau.bad = 0;
        }
    }

    /// Checks the settings' domains.
    ///
    /// ```
    /// use chainrule::optim::Schedule;
    /// assert!(Schedule::Step { every: 0, gamma: 0.1 }.check().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn check(&self) -> Result<()> {
        settings::check(self)
    }
}

/// Half a cosine from one value to another, at a share of the way.
fn cosine(from: f64, to: f64, share: f64) -> f64 {
    let share = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
    to + (from - to) * (1.0 + Number::cos(PI * share)) / 2.0
}

/// A linear warm-up before a schedule: the rate rises from a share of the base rate to all of it in so
/// many steps or epochs (Goyal et al., 2017, section 2.2); then the schedule begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warmup {
    /// How long it lasts; 0 for none.
    pub length: u64,
    /// The share of the base rate at its start; ⅓ where none is given.
    #[serde(default = "third")]
    pub from: f64,
}

fn third() -> f64 {
    1.0 / 3.0
}

impl Default for Warmup {
    fn default() -> Self {
        Self { length: 0, from: third() }
    }
}

impl Warmup {
    /// The learning rate at a time, of `total` with the warm-up; the schedule has what is left.
    ///
    /// ```
    /// use chainrule::optim::{Plateau, Schedule, Warmup};
    /// let warmup = Warmup { length: 4, from: 0.5 };
    /// let rate = |at| warmup.rate(&Schedule::Cosine { min: 0.0 }, 0.5, at, 14, &Plateau::default());
    /// assert_eq!((rate(0), rate(2), rate(4), rate(14)), (0.25, 0.375, 0.5, 0.0));
    /// ```
    #[must_use]
    pub fn rate(
        &self,
        schedule: &Schedule,
        base: f64,
        at: u64,
        total: u64,
        plateau: &Plateau,
    ) -> f64 {
        match at.checked_sub(self.length) {
            None => base * (self.from + (1.0 - self.from) * at as f64 / self.length as f64),
            Some(at) => schedule.rate(base, at, total.saturating_sub(self.length), plateau),
        }
    }

    /// Checks the settings' domains.
    ///
    /// ```
    /// assert!(chainrule::optim::Warmup { length: 5, from: 0.0 }.check().is_err());
    /// ```
    ///
    /// # Errors
    /// A share that is not above 0 and at most 1.
    pub fn check(&self) -> Result<()> {
        let ok = self.from > 0.0 && self.from <= 1.0;
        Error::check(ok, "the share at the warm-up's start", self.from, "above 0 and at most 1")
    }
}

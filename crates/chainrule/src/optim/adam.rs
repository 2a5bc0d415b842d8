//! Adam and AdamW.

use super::parts::{Before, Parts};
use super::update::{AdamStep, RunningMean, RunningSquare};
use super::{Each, Rule};
use crate::error::Result;
use crate::graph::Var;
use crate::number::Number;
use crate::settings::{self, Form};

crate::settings! {
    /// Adam (Kingma and Ba, 2015, algorithm 1): steps along a running mean of the gradients, divided by
    /// the root of a running mean of their squares, both corrected for their start at zero.
    ///
    /// ```
    /// use chainrule::optim::{Adam, Optimizer};
    /// assert_eq!(Optimizer::adam(), Adam::default().into());
    /// ```
    #[derive(Copy)]
    pub struct Adam = "adam" {
        /// β₁, how much of the running mean of gradients stays.
        beta1: f64 [Form::SHARE] = 0.9,
        /// β₂, how much of the running mean of squares stays.
        beta2: f64 [Form::SHARE] = 0.999,
        /// ε, which keeps the division finite.
        epsilon: f64 [Form::POSITIVE] = 1e-8,
    }
}

crate::settings! {
    /// Adam with weight decay (Loshchilov and Hutter, 2019, algorithm 2).
    ///
    /// ```
    /// use chainrule::optim::{AdamW, Optimizer};
    /// assert_eq!("adamw".parse::<Optimizer>()?, AdamW::default().into());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct AdamW = "adamw" {
        /// β₁, how much of the running mean of gradients stays.
        beta1: f64 [Form::SHARE] = 0.9,
        /// β₂, how much of the running mean of squares stays.
        beta2: f64 [Form::SHARE] = 0.999,
        /// ε, which keeps the division finite.
        epsilon: f64 [Form::POSITIVE] = 1e-8,
        /// The weight decay λ.
        weight_decay: f64 [Form::NOT_NEGATIVE] = 0.01,
    }
}

const MEAN: &str = "mean";
const SQUARE: &str = "square";
const STEP: &str = "step";

impl Rule for AdamW {
    // What it keeps is what Adam keeps.
    fn name(&self) -> &str {
        "adam"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        let Self { beta1, beta2, epsilon, weight_decay } = *self;
        steps(all, beta1, beta2, epsilon, weight_decay)
    }
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        let Self { beta1, beta2, epsilon, weight_decay } = *self;
        let now = before.shared(STEP)? + 1.0;
        let step = rate / (1.0 - Number::pow(beta1, now));
        let correction = 1.0 / f64::sqrt(1.0 - Number::pow(beta2, now));
        let root = |s: f64, g: f64| (s * beta2 + g * g * (1.0 - beta2)).sqrt() * correction;
        let squares = before.state(SQUARE)?.iter().zip(dw);
        let each: Vec<f64> = squares.map(|(&s, &g)| step / (root(s, g) + epsilon)).collect();
        let means = each.iter().zip(before.state(MEAN)?);
        let running = means.map(|(k, mean)| -k * beta1 * mean).collect();
        let scale = each.iter().map(|k| k * (1.0 - beta1)).collect();
        Ok(before.parts(scale, running, rate, weight_decay))
    }
    fn check(&self) -> Result<()> {
        settings::check(self)
    }
}

impl Adam {
    /// AdamW that decays nothing is Adam.
    fn without_decay(&self) -> AdamW {
        let Self { beta1, beta2, epsilon } = *self;
        AdamW { beta1, beta2, epsilon, weight_decay: 0.0 }
    }
}

impl Rule for Adam {
    fn name(&self) -> &str {
        "adam"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        self.without_decay().steps(all)
    }
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        self.without_decay().parts(before, dw, rate)
    }
    fn check(&self) -> Result<()> {
        settings::check(self)
    }
}

fn steps<'g>(
    all: &[Each<'g>],
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
) -> Vec<(Var<'g>, Var<'g>)> {
    let Some(first) = all.first() else { return Vec::new() };
    let g = first.w.graph();
    let step = first.shared(STEP);
    let now = step + 1.0;
    let bias = 1.0 - g.constant(beta1).powv(now);
    let correction = 1.0 / (1.0 - g.constant(beta2).powv(now)).sqrt();
    let mut updates = vec![(step, now)];
    for each in all {
        let (mean, square) = (each.state(MEAN), each.state(SQUARE));
        let shares = |beta: f64| [beta, 1.0 - beta].map(|share| each.w.like(share));
        let [kept, taken] = shares(beta1);
        let new_mean = g.apply(RunningMean, &[mean, each.dw, kept, taken]);
        let [kept, taken] = shares(beta2);
        let new_square = g.apply(RunningSquare, &[square, each.dw, kept, taken]);
        let operands = [
            each.w,
            new_mean,
            new_square,
            each.spread(each.rate / bias),
            each.spread(correction),
            each.w.like(epsilon),
            each.kept(weight_decay),
        ];
        let new = g.apply(AdamStep, &operands);
        updates.extend([(mean, new_mean), (square, new_square), (each.w, new)]);
    }
    updates
}

//! RMSProp.

use super::parts::{Before, Parts};
use super::{Each, Rule};
use crate::error::Result;
use crate::graph::Var;
use crate::settings::{self, Form};

crate::settings! {
    /// RMSProp (Hinton, 2012, lecture 6e): s ← ρ·s + (1 − ρ)·g²; w ← w − η·g/(√s + ε). With momentum μ
    /// the step is along v ← μ·v + g/(√s + ε).
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, RmsProp};
    /// assert_eq!("rmsprop 0.9".parse::<Optimizer>()?, RmsProp { decay: 0.9, ..RmsProp::default() }.into());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct RmsProp = "rmsprop" {
        /// ρ, how much of the running mean of squares stays.
        decay: f64 [Form::SHARE] = 0.99,
        /// ε, which keeps the division finite.
        epsilon: f64 [Form::POSITIVE] = 1e-8,
        /// The momentum μ.
        momentum: f64 [Form::SHARE] = 0.0,
        /// The weight decay λ.
        weight_decay: f64 [Form::NOT_NEGATIVE] = 0.0,
    }
}

const SQUARE: &str = "square";
const VELOCITY: &str = "velocity";

impl Rule for RmsProp {
    fn name(&self) -> &str {
        "rmsprop"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        let Self { decay, epsilon, momentum, weight_decay } = *self;
        let step = |each: &Each<'g>| {
            let square = each.state(SQUARE);
            let new_square = square * decay + each.dw.square() * (1.0 - decay);
            let along = each.dw / (new_square.sqrt() + epsilon);
            if momentum == 0.0 {
                return vec![(square, new_square), each.moved(along, weight_decay)];
            }
            let velocity = each.state(VELOCITY);
            let new = velocity * momentum + along;
            vec![(square, new_square), (velocity, new), each.moved(new, weight_decay)]
        };
        all.iter().flat_map(step).collect()
    }
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        let Self { decay, epsilon, momentum, weight_decay } = *self;
        let root = |(s, g): (&f64, &f64)| (s * decay + g * g * (1.0 - decay)).sqrt();
        let squares = before.state(SQUARE)?.iter().zip(dw);
        let running = match momentum {
            0.0 => vec![0.0; dw.len()],
            _ => before.state(VELOCITY)?.iter().map(|v| -rate * momentum * v).collect(),
        };
        let scale = squares.map(|pair| rate / (root(pair) + epsilon)).collect();
        Ok(before.parts(scale, running, rate, weight_decay))
    }
    fn check(&self) -> Result<()> {
        settings::check(self)
    }
}

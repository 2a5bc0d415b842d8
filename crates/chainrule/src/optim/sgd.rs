//! Stochastic gradient descent.

use super::parts::{Before, Parts};
use super::{Each, Rule};
use crate::error::{Error, Result};
use crate::graph::Var;
use crate::settings::{self, Form};

crate::settings! {
    /// Stochastic gradient descent (Robbins and Monro, 1951): w ← w − η·g. With momentum μ the step is
    /// along v ← μ·v + g in place of g (Polyak, 1964), with Nesterov's along g + μ·v (Sutskever et al.,
    /// 2013).
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, Sgd};
    /// let sgd: Optimizer = Sgd { momentum: 0.9, nesterov: true, ..Sgd::default() }.into();
    /// assert_eq!(sgd.name(), "sgd");
    /// ```
    #[derive(Copy)]
    pub struct Sgd = "sgd" | "gradient-descent" | "gd" {
        /// The momentum μ.
        momentum: f64 [Form::SHARE] = 0.0 => "0.9",
        /// Whether the momentum is Nesterov's.
        nesterov: bool = false => "true",
        /// The weight decay λ.
        weight_decay: f64 [Form::NOT_NEGATIVE] = 0.0 => "1e-4",
    }
}

const VELOCITY: &str = "velocity";

impl Rule for Sgd {
    fn name(&self) -> &str {
        "sgd"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        let Self { momentum, nesterov, weight_decay } = *self;
        let step = |each: &Each<'g>| {
            if momentum == 0.0 {
                return vec![each.moved(each.dw, weight_decay)];
            }
            let velocity = each.state(VELOCITY);
            let new = velocity * momentum + each.dw;
            let along = if nesterov { each.dw + new * momentum } else { new };
            vec![(velocity, new), each.moved(along, weight_decay)]
        };
        all.iter().flat_map(step).collect()
    }
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        let Self { momentum, nesterov, weight_decay } = *self;
        let (of_new, of_old) = match nesterov {
            true => (1.0 + momentum, momentum * momentum),
            false => (1.0, momentum),
        };
        let running = match momentum {
            0.0 => vec![0.0; dw.len()],
            _ => before.state(VELOCITY)?.iter().map(|v| -rate * of_old * v).collect(),
        };
        Ok(before.parts(vec![rate * of_new; dw.len()], running, rate, weight_decay))
    }
    fn check(&self) -> Result<()> {
        settings::check(self)?;
        let ok = !self.nesterov || self.momentum > 0.0;
        Error::check(ok, "momentum", self.momentum, "above 0 for Nesterov's")
    }
}

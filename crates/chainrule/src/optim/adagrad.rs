//! AdaGrad.

use super::parts::{Before, Parts};
use super::{Each, Rule};
use crate::error::Result;
use crate::graph::Var;
use crate::settings::{self, Form};

crate::settings! {
    /// AdaGrad (Duchi, Hazan and Singer, 2011, figure 1): s ← s + g²; w ← w − η·g/(√s + ε).
    ///
    /// ```
    /// use chainrule::optim::{AdaGrad, Optimizer};
    /// assert_eq!("adagrad".parse::<Optimizer>()?, AdaGrad::default().into());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct AdaGrad = "adagrad" {
        /// ε, which keeps the division finite.
        epsilon: f64 [Form::POSITIVE] = 1e-10,
        /// The weight decay λ.
        weight_decay: f64 [Form::NOT_NEGATIVE] = 0.0,
    }
}

const SQUARE: &str = "square";

impl Rule for AdaGrad {
    fn name(&self) -> &str {
        "adagrad"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        let step = |each: &Each<'g>| {
            let square = each.state(SQUARE);
            let new = square + each.dw.square();
            let along = each.dw / (new.sqrt() + self.epsilon);
            [(square, new), each.moved(along, self.weight_decay)]
        };
        all.iter().flat_map(step).collect()
    }
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        let squares = before.state(SQUARE)?.iter().zip(dw);
        let scale = squares.map(|(s, g)| rate / ((s + g * g).sqrt() + self.epsilon)).collect();
        Ok(before.parts(scale, vec![0.0; dw.len()], rate, self.weight_decay))
    }
    fn check(&self) -> Result<()> {
        settings::check(self)
    }
}

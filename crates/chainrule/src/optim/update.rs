//! The updates that every step of gradient descent and Adam makes: one pass over memory in place of
//! several.

use std::sync::Arc;

use crate::graph::Var;
use crate::ops::{AnyPointwise, Gate, Number, Pointwise};

/// Writes a pointwise operation of an optimizer. The operands after the semicolon repeat one number
/// each. A gradient does not flow through an update.
macro_rules! update {
    ($(
        $(#[doc = $doc:literal])*
        $op:ident $name:literal, |$($operand:ident),+; $($number:ident),+| $value:expr;
    )*) => {
        $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $op;

        impl Pointwise for $op {
            type Operands<T: Copy> =
                [T; [$(stringify!($operand)),+, $(stringify!($number)),+].len()];

            const PLAIN: Option<Self> = Some(Self);
            const NUMBERS: usize = [$(stringify!($number)),+].len();

            fn name(&self) -> &'static str {
                $name
            }
            #[inline(always)]
            fn value<T: Number>(&self, operands: Self::Operands<T>) -> T {
                let [$($operand),+, $($number),+] = operands;
                $value
            }
            fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
                None
            }
            fn doc(&self) -> &'static str {
                concat!($($doc, "\n"),*)
            }
        }
        )*

        /// The operations of which optimizers' steps are made, besides those of any graph.
        ///
        /// ```
        /// let names: Vec<&str> = chainrule::optim::all_updates().iter().map(|op| op.name()).collect();
        /// assert!(names.contains(&"sgd_step"));
        /// ```
        #[must_use]
        pub fn all_updates() -> Vec<Arc<dyn AnyPointwise>> {
            vec![$(Arc::new($op)),*]
        }
    };
}

update! {
    /// kept·w − η·g, where 1 is kept without weight decay.
    Step "sgd_step", |w, g; rate, kept| w * kept - g * rate;
    /// The running mean of gradients: β₁·old + (1 − β₁)·g.
    RunningMean "running_mean", |old, g; kept, taken| old * kept + g * taken;
    /// The running mean of their squares: β₂·old + (1 − β₂)·g².
    RunningSquare "running_square", |old, g; kept, taken| old * kept + g * g * taken;
    /// kept·w − rate·mean/(√square·correction + ε), where the correction is 1/√(1 − β₂ᵗ).
    AdamStep "adam_step", |w, mean, square; rate, correction, epsilon, kept| {
        w * kept - mean / (square.sqrt() * correction + epsilon) * rate
    };
}

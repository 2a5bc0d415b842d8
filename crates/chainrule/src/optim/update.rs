//! The updates that every step of gradient descent and Adam makes: one pass over memory in place of
//! several.

use crate::graph::Var;
use crate::ops::{
    Class, Gate, InPlace, Op, Operand, Output, Type, identity_by_fields, pointwise, wrong_count,
};
use crate::simd::vectorized;
use crate::tensor::Real;

/// Writes a pointwise operation of an optimizer. The operands after the semicolon repeat one number
/// each. A gradient does not flow through an update.
macro_rules! update {
    ($(
        $(#[$doc:meta])*
        $op:ident $name:literal, |$old:ident, $($other:ident),+; $($number:ident),+| $value:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }
            identity_by_fields!();
            fn infer(&self, operands: &[Type]) -> Result<Type, String> {
                pointwise(operands, 1 + [$(stringify!($other)),+, $(stringify!($number)),+].len())
            }
            fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
                let operands: Vec<&[T]> = operands.iter().map(Operand::real).collect();
                self.pointwise(&operands, output.real());
            }
            fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
                let [old, others @ ..] = operands else { wrong_count(0, 1) };
                output.copy_from_slice(old);
                $op::over(others, output);
            }
            fn in_place<T: Real>(&self) -> Option<InPlace<T>> {
                Some($op::over)
            }
            fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
                None
            }
            fn class(&self) -> Class {
                Class::Pointwise
            }
        }

        impl $op {
            fn over<T: Real>(others: &[&[T]], output: &mut [T]) {
                let [$($other),+, $([$number, ..]),+] = others else {
                    wrong_count(others.len(), [$(stringify!($other)),+, $(stringify!($number)),+].len())
                };
                // One length for all, so that the loop needs no further checks.
                $(let $other = &$other[..output.len()];)+
                $(let $number = *$number;)+
                vectorized(#[inline(always)] || {
                    for (i, y) in output.iter_mut().enumerate() {
                        let $old = *y;
                        $(let $other = $other[i];)+
                        *y = $value;
                    }
                });
            }
        }
    )*};
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

//! Derivatives that are operations of their own, as their textbook form loses digits.

use super::{Gate, Number, Pointwise, Truth};
use crate::graph::Var;

/// 1 − x² as (1 − x)·(1 + x), which keeps its digits where |x| is almost 1: below the root it is the slope
/// of the arcsine. Derivative −2x.
#[derive(Debug, Clone, Copy)]
pub struct OneMinusSquare;

impl Pointwise for OneMinusSquare {
    type Operands<T: Copy> = [T; 1];
    const PLAIN: Option<Self> = Some(Self);

    fn name(&self) -> &'static str {
        "one_minus_square"
    }
    #[inline(always)]
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        let one = x.like(1.0);
        (one - x) * (one + x)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.times(gate.operands[0] * -2.0))
    }
    fn doc(&self) -> &'static str {
        "1 − x² as (1 − x)·(1 + x), which keeps its digits where |x| is almost 1."
    }
    fn example(&self) -> Option<([f64; 1], f64)> {
        Some(([3.0], -8.0))
    }
}

/// e^(−x²), of which 2/√π is the slope of `erf`. Derivative −2x·e^(−x²).
///
/// The square's rounding error, which a fused multiply-add gives, is no small one for the exponential of
/// a large number: it is multiplied in again.
#[derive(Debug, Clone, Copy)]
pub struct Gaussian;

impl Pointwise for Gaussian {
    type Operands<T: Copy> = [T; 1];
    const PLAIN: Option<Self> = Some(Self);

    fn name(&self) -> &'static str {
        "gaussian"
    }
    #[inline(always)]
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        let square = x * x;
        let power = (-square).exp();
        let rest = x.mul_add(x, -square);
        // Of an infinite square there is no rest.
        let is_small = square.below(x.like(1e4));
        is_small.choose((-rest).mul_add(power, power), power)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.times(gate.operands[0] * gate.output * -2.0))
    }
    fn doc(&self) -> &'static str {
        "e^(−x²); derivative −2x·e^(−x²)."
    }
    fn example(&self) -> Option<([f64; 1], f64)> {
        Some(([0.0], 1.0))
    }
}

/// sech² x, the slope of tanh, of x and y = tanh x, by which it is written 1 − y². Computed as
/// 4·σ(2x)·σ(−2x), which keeps its digits where y is almost ±1. Derivative by x −2y·sech² x; that by y is
/// within it.
#[derive(Debug, Clone, Copy)]
pub struct SechSquared;

impl Pointwise for SechSquared {
    type Operands<T: Copy> = [T; 2];
    const PLAIN: Option<Self> = Some(Self);

    fn name(&self) -> &'static str {
        "sech_squared"
    }
    // Trainings do not use it: no loops for vectors are compiled.
    #[inline(never)]
    fn value<T: Number>(&self, [x, _y]: [T; 2]) -> T {
        let twice = x + x;
        twice.sigmoid() * (-twice).sigmoid() * x.like(4.0)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let slope = || gate.operands[1] * gate.output * -2.0;
        (operand == 0).then(|| gate.times(slope()))
    }
    fn doc(&self) -> &'static str {
        "sech² x of x and y = tanh x, written 1 − y²; derivative −2y·sech² x."
    }
    fn example(&self) -> Option<([f64; 2], f64)> {
        Some(([0.0, 0.0], 1.0))
    }
}

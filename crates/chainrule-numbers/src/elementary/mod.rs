//! Elementary functions in f32, for loops that run on vectors.
//!
//! Every function is a fixed chain of additions, products, fused multiply-adds, quotients and
//! selections without a branch, a table or a call, so that a loop over it becomes vector code, and so
//! that each vector width and the portable code give the same bits, whatever C library there is. (A
//! loop compiled for a processor without fused multiply-add gives them too, but calls a function for
//! each one, whose result IEEE 754 determines.) sin, cos and tan alone branch, where an argument is far
//! from 0; for loops there are `sin_each` and its like.
//!
//! The plan is Cody and Waite's (*Software Manual for the Elementary Functions*, 1980): reduce the
//! argument, evaluate a polynomial, put the result back together. The polynomials are minimax fits by
//! Remez's algorithm (Muller, *Elementary Functions: Algorithms and Implementation*, chapter 3), made
//! by `tests/golden/elementary.py`, which prints the coefficients and their errors. What a training
//! computes most is f32 throughout; the rest is f64 inside, and so nearly correctly rounded.
//!
//! An ulp is the distance of two neighbouring f32 around the exact value. The errors stated are the
//! largest over all 2³² arguments (of `pow` over a large sample); the tests assert them.

mod exponential;
mod logarithm;
mod power;
pub mod double;
mod trigonometric;
mod error;
#[cfg(test)]
mod tests;

/// The functions in f32.
pub mod single {
    pub use super::error::erf;
    pub use super::exponential::{exp, sigmoid, tanh};
    pub use super::logarithm::{ln, ln_1p};
    pub use super::power::{cbrt, cosh, pow, pow_each, sinh};
    pub use super::trigonometric::{acos, asin, atan, cos, cos_each, sin, sin_each, tan, tan_each};
}

/// 1.5·2⁵²: a float around this size has integer steps, so adding it rounds to the nearest integer,
/// which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Σ cᵢ·xⁱ by Horner's rule, for coefficients from the lowest power to the highest.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut powers = coefficients.into_iter().rev();
    let highest = powers.next().unwrap_or(0.0);
    powers.fold(highest, |sum, c| sum.mul_add(x, c))
}

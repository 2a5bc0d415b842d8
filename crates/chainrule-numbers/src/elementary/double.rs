//! The functions in f64: those of the crate `libm`, in Rust, so that no C library decides their bits.

use super::power::{factors, has_product};

pub use libm::{
    acos, asin, atan, cbrt, cos, cosh, erf, exp, log as ln, log1p as ln_1p, sin, sinh, tan, tanh,
};

/// 1/(1 + e⁻ˣ) from e^(−|x|), so that no argument overflows.
pub fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// xʸ: a product where y is a small whole number, as in f32.
pub fn pow(x: f64, y: f64) -> f64 {
    if !has_product(y) {
        return libm::pow(x, y);
    }
    let power = factors(x, y);
    match y < 0.0 {
        // What overflows, or loses digits next to 0, need not do so in 1 over it.
        true if !power.is_normal() => libm::pow(x, y),
        true => 1.0 / power,
        false => power,
    }
}

/// [`pow`] of each number and its exponent.
pub fn pow_each(xs: &[f64], ys: &[f64], powers: &mut [f64]) {
    powers.iter_mut().zip(xs.iter().zip(ys)).for_each(|(power, (&x, &y))| *power = pow(x, y));
}

/// Writes a function of slices.
macro_rules! each {
    ($($each:ident $one:ident),*) => {$(
        /// The function of each x.
        pub fn $each(xs: &[f64], ys: &mut [f64]) {
            ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = $one(x));
        }
    )*};
}

each!(sin_each sin, cos_each cos, tan_each tan);

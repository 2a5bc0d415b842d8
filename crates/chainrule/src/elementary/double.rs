//! The functions in f64: those of the crate `libm`, whose Rust gives the same bits everywhere.

pub(crate) use libm::{
    acos, asin, atan, cbrt, cos, cosh, erf, exp, log as ln, log1p as ln_1p, pow, sin, sinh, tan,
    tanh,
};

/// 1/(1 + e⁻ˣ) from e^(−|x|), so that no argument overflows.
pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// Writes a function of slices.
macro_rules! each {
    ($($each:ident $one:ident),*) => {$(
        pub(crate) fn $each(xs: &[f64], ys: &mut [f64]) {
            ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = $one(x));
        }
    )*};
}

each!(sin_each sin, cos_each cos, tan_each tan);

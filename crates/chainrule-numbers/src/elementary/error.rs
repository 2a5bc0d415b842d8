//! The error function.

use super::exponential::exp_inner;

/// erf x within 1.23 ulp; ±1 from |x| = 3.9200296 on, ±0 at ±0, NaN at NaN.
///
/// Below 0.8125 an odd polynomial; from there on 1 − e^p, where the polynomial p is ln(1 − erf |x|).
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let square = a * a;
    let p = (-0.000_650_495_47_f32)
        .mul_add(square, 0.005_081_488_8)
        .mul_add(square, -0.026_819_598)
        .mul_add(square, 0.112_831_116)
        .mul_add(square, -0.376_126_05)
        .mul_add(square, 0.128_379_17);
    let small = p.mul_add(a, a);
    let b = if a > 4.0 { 4.0 } else { a };
    let p = 0.000_207_478_69_f32
        .mul_add(b, -0.003_153_672_4)
        .mul_add(b, 0.022_655_355)
        .mul_add(b, -0.104_794_74)
        .mul_add(b, -0.636_228_86)
        .mul_add(b, -1.128_223_5)
        .mul_add(b, -6.754_39e-5);
    (if a < 0.8125 { small } else { 1.0 - exp_inner(p) }).copysign(x)
}

//! eˣ, tanh and the logistic function.

/// 1.5·2²³: a float around this size has integer steps, so adding it rounds to the nearest integer,
/// which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;

/// e^r for x = n·ln 2 + r with |r| ≤ ln 2 / 2, and bits whose last nine are n + `bias`.
///
/// ln 2 is the sum of a part of 15 bits, whose product with n is exact, and the rest.
#[inline(always)]
fn reduced(x: f32, bias: f32) -> (f32, u32) {
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND + bias);
    let n = shifted - (ROUND + bias);
    let r = n.mul_add(-1.428_606_8e-6, n.mul_add(-0.693_145_75, x));
    let p = 0.001_383_890_3_f32
        .mul_add(r, 0.008_369_192_5)
        .mul_add(r, 0.041_668_102)
        .mul_add(r, 0.166_665_17)
        .mul_add(r, 0.499_999_94)
        .mul_add(r, 1.0);
    (p.mul_add(r, 1.0), shifted.to_bits())
}

/// eˣ for −87 ≤ x ≤ 88, and NaN: 2ⁿ is one float, with n + 127 in its exponent.
#[inline(always)]
pub(super) fn exp_inner(x: f32) -> f32 {
    let (y, bits) = reduced(x, 127.0);
    y * f32::from_bits(bits << 23)
}

/// eˣ within 0.9 ulp, also where it is subnormal; 0 at −∞, ∞ from 88.72284 on, NaN at NaN.
///
/// Beyond the bounds the result no longer changes. 2ⁿ need not be a float, so it is multiplied in two
/// halves; of the two products only the last one can round.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let (y, bits) = reduced(x, 2.0 * 127.0);
    let half = bits >> 1;
    y * f32::from_bits(half << 23) * f32::from_bits(bits.wrapping_sub(half) << 23)
}

/// tanh x within 1.37 ulp; ±1 from |x| = 9.010914 on, ±0 at ±0, NaN at NaN.
///
/// Below 0.625 an odd polynomial, which keeps the digits that 1 − 2/(e^(2|x|) + 1) would cancel.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let a = x.abs();
    let square = a * a;
    let p = (-0.005_692_296_7_f32)
        .mul_add(square, 0.020_628_167)
        .mul_add(square, -0.053_736_515)
        .mul_add(square, 0.133_314_06)
        .mul_add(square, -0.333_332_8);
    let small = (a * square).mul_add(p, a);
    let b = if a > 10.0 { 10.0 } else { a };
    let large = 1.0 - 2.0 / (exp_inner(b + b) + 1.0);
    (if a < 0.625 { small } else { large }).copysign(x)
}

/// 1/(1 + e⁻ˣ) within 1.97 ulp, and within 0.86 ulp where it is subnormal; NaN at NaN.
///
/// With e = e^(−|x|) it is 1/(1 + e) or e/(1 + e), where nothing overflows. The sum s = 1 + e rounds;
/// as e ≤ 1, its error s − 1 − e is exact, and to first order a factor 1 + (s − 1 − e) makes up for it.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let sum = 1.0 + e;
    let excess = (sum - 1.0) - e;
    let quotient = (if x < 0.0 { e } else { 1.0 }) / sum;
    excess.mul_add(quotient, quotient)
}

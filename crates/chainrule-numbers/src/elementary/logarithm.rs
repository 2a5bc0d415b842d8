//! The natural logarithm.

use std::f32::consts::LN_2;

/// x = 2ᵏ·m with ¾ < m ≤ 3/2, for the bits of a positive x that is not subnormal: k, and the bits
/// which k takes in the exponent.
#[inline(always)]
fn exponent(bits: u32) -> (i32, u32) {
    let k = (bits.wrapping_sub(0.75f32.next_up().to_bits()) as i32) >> 23;
    (k, (k as u32) << 23)
}

/// k·ln 2 + ln(1 + f) for −¼ ≤ f ≤ ½.
#[inline(always)]
fn sum(k: f32, f: f32) -> f32 {
    let p = (-0.045_074_716_f32)
        .mul_add(f, 0.104_630_12)
        .mul_add(f, -0.131_611_91)
        .mul_add(f, 0.144_783_96)
        .mul_add(f, -0.166_473_12)
        .mul_add(f, 0.199_908_61)
        .mul_add(f, -0.250_000_95)
        .mul_add(f, 0.333_334_5)
        .mul_add(f, -0.5);
    k.mul_add(LN_2, (f * f).mul_add(p, f))
}

/// ln x within 0.92 ulp; −∞ at ±0, NaN below and at NaN.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    // A subnormal number is multiplied by 2²³.
    let (scaled, less) = if x < f32::MIN_POSITIVE { (x * 8_388_608.0, 23.0) } else { (x, 0.0) };
    let (k, shift) = exponent(scaled.to_bits());
    let y = sum(k as f32 - less, f32::from_bits(scaled.to_bits().wrapping_sub(shift)) - 1.0);
    let y = if x < f32::INFINITY { y } else { x };
    let y = if x < 0.0 { f32::NAN } else { y };
    if x == 0.0 { f32::NEG_INFINITY } else { y }
}

/// ln(1 + x) within 0.92 ulp; ±0 at ±0, −∞ at −1, NaN below and at NaN.
///
/// With 2ᵏ near 1 + x it is k·ln 2 + ln(1 + f) for f = 2⁻ᵏ·x + (2⁻ᵏ − 1), which keeps the digits of x
/// that 1 + x rounds away. As 2⁻ᵏ need not be a normal float, a quarter of it is put to x and 1.
#[inline(always)]
pub fn ln_1p(x: f32) -> f32 {
    let (k, shift) = exponent((1.0 + x).to_bits());
    let scale = f32::from_bits(4.0f32.to_bits().wrapping_sub(shift));
    let y = sum(k as f32, (0.25 * x).mul_add(scale, 0.25f32.mul_add(scale, -1.0)));
    let y = if x < f32::INFINITY { y } else { x };
    let y = if x < -1.0 { f32::NAN } else { y };
    let y = if x == -1.0 { f32::NEG_INFINITY } else { y };
    // 2⁻²⁵, from where on x²/2 is less than a quarter of an ulp; keeps what 0.25·x may lose.
    if x.abs() < 2.980_232_2e-8 { x } else { y }
}

//! sin, cos, tan and their inverses, in f64 on the way to a result in f32.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, PI};

use super::{ROUND, polynomial};

/// From here on an argument is far: it needs more digits of 2/π.
const FAR: f32 = 4_294_967_296.0;

#[inline(always)]
fn is_far(x: f32) -> bool {
    (x.abs() >= FAR) & (x.abs() < f32::INFINITY)
}

/// r and n for x = n·π/2 + r with |r| ≤ π/4, of n its last two bits; x is not far.
///
/// π/2 is the sum of its f64 and the rest. The first fused multiply-add is exact wherever x − n·π/2 is
/// small, as it rounds its result alone.
#[inline(always)]
fn reduced(x: f32) -> (f64, u64) {
    let x = f64::from(x);
    let shifted = x.mul_add(FRAC_2_PI, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-6.123_233_995_736_766e-17, n.mul_add(-FRAC_PI_2, x));
    (r, shifted.to_bits())
}

/// The first 256 bits of 2/π after the point.
const TWO_OVER_PI: [u64; 4] =
    [0xa2f9_836e_4e44_1529, 0xfc27_57d1_f534_ddc0, 0xdb62_9599_3c43_9041, 0xfe51_63ab_debb_c561];

/// [`reduced`] of an argument that is far (Payne and Hanek, 1983).
///
/// x = m·2ᵉ with a whole m of 24 bits. Of the product with 2/π the multiples of 4 are no use, so that
/// the bits of 2/π start where 2ᵉ makes them 2, and 128 of them leave 104 right ones in the product.
#[cold]
fn reduced_far(x: f32) -> (f64, u64) {
    let m = u128::from(x.to_bits() & 0x7f_ffff | 0x80_0000);
    let e = (x.abs().to_bits() >> 23) as usize - 127 - 23;
    let word = |at: usize| u128::from(TWO_OVER_PI[at]);
    // Bit b of 2/π, counted from 1, is worth 2^(e − b) here; the first one that counts is b = e − 1.
    let (at, shift) = ((e - 2) / 64, (e - 2) % 64);
    let above = (word(at) << 64) | word(at + 1);
    let bits = (above << shift) | (word(at + 2) >> (64 - shift));
    let product = m.wrapping_mul(bits);
    // Two bits of n, rounded to nearest; the rest, as a signed fraction of 2¹²⁶, is r·2/π.
    let n = (product.wrapping_add(1 << 125)) >> 126;
    let rest = (product << 2) as i128 >> 2;
    let r = rest as f64 * (FRAC_PI_2 / (1u128 << 126) as f64);
    if x < 0.0 { (-r, (n as u64).wrapping_neg()) } else { (r, n as u64) }
}

#[inline(always)]
fn reduced_any(x: f32) -> (f64, u64) {
    if is_far(x) { reduced_far(x) } else { reduced(x) }
}

/// sin r for |r| ≤ π/4 with a relative error of 2⁻³⁷.
#[inline(always)]
fn sin_near(r: f64) -> f64 {
    let square = r * r;
    let p = polynomial(
        square,
        [
            -0.166_666_666_407_966_5,
            0.008_333_329_304_784_904,
            -0.000_198_393_122_496_150_97,
            2.718_121_433_575_741_4e-6,
        ],
    );
    r * p.mul_add(square, 1.0)
}

/// cos r for |r| ≤ π/4 with a relative error of 2⁻³³.
#[inline(always)]
fn cos_near(r: f64) -> f64 {
    let square = r * r;
    polynomial(
        square,
        [
            1.0,
            -0.499_999_996_944_712_14,
            0.041_666_620_356_643_21,
            -0.001_388_668_163_247_075,
            2.438_356_580_035_890_7e-5,
        ],
    )
}

/// sin(n·π/2 + r).
#[inline(always)]
fn sin_of((r, n): (f64, u64)) -> f32 {
    let size = if n & 1 == 0 { sin_near(r) } else { cos_near(r) };
    f64::from_bits(size.to_bits() ^ (n & 2) << 62) as f32
}

#[inline(always)]
fn cos_of((r, n): (f64, u64)) -> f32 {
    sin_of((r, n.wrapping_add(1)))
}

#[inline(always)]
fn tan_of((r, n): (f64, u64)) -> f32 {
    let (sin, cos) = (sin_near(r), cos_near(r));
    (if n & 1 == 0 { sin / cos } else { -cos / sin }) as f32
}

/// Writes the function of one number, and that of a slice, whose loop over numbers that are not far
/// becomes vector code.
macro_rules! functions {
    ($($(#[$doc:meta])* $one:ident $each:ident $of:ident;)*) => {$(
        $(#[$doc])*
        pub fn $one(x: f32) -> f32 {
            $of(reduced_any(x))
        }

        #[doc = concat!("[`", stringify!($one), "`] of each number.")]
        #[inline(always)]
        pub fn $each(xs: &[f32], ys: &mut [f32]) {
            let mut far = false;
            for (y, &x) in ys.iter_mut().zip(xs) {
                *y = $of(reduced(x));
                far |= is_far(x);
            }
            if far {
                ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = $one(x));
            }
        }
    )*};
}

functions! {
    /// sin x within 0.51 ulp; ±0 at ±0, NaN at ±∞ and NaN.
    sin sin_each sin_of;
    /// cos x within 0.51 ulp; NaN at ±∞ and NaN.
    cos cos_each cos_of;
    /// tan x within 0.51 ulp; ±0 at ±0, NaN at ±∞ and NaN.
    tan tan_each tan_of;
}

/// arcsin t for 0 ≤ t ≤ ½ with square z, with a relative error of 2⁻³¹.
#[inline(always)]
fn asin_near(t: f64, z: f64) -> f64 {
    let p = polynomial(
        z,
        [
            0.166_666_599_913_893_54,
            0.075_005_041_789_629_88,
            0.044_516_956_042_966_19,
            0.031_807_712_262_069_46,
            0.014_438_625_740_719_167,
            0.037_516_423_115_938_95,
        ],
    );
    (t * z).mul_add(p, t)
}

/// Whether |x| > ½, and arcsin |x|; there half of arccos |x| = 2·arcsin √((1 − |x|)/2).
#[inline(always)]
fn asin_half(x: f32) -> (bool, f64) {
    let a = f64::from(x.abs());
    let large = a > 0.5;
    let z = if large { 0.5 * (1.0 - a) } else { a * a };
    (large, asin_near(if large { z.sqrt() } else { a }, z))
}

/// arcsin x within 0.51 ulp; ±0 at ±0, NaN beyond ±1 and at NaN.
#[inline(always)]
pub fn asin(x: f32) -> f32 {
    let (large, y) = asin_half(x);
    ((if large { FRAC_PI_2 - 2.0 * y } else { y }) as f32).copysign(x)
}

/// arccos x within 0.51 ulp; NaN beyond ±1 and at NaN.
#[inline(always)]
pub fn acos(x: f32) -> f32 {
    let (large, y) = asin_half(x);
    let small = FRAC_PI_2 - y.copysign(f64::from(x));
    let acos = if x < 0.0 { PI - 2.0 * y } else { 2.0 * y };
    (if large { acos } else { small }) as f32
}

/// arctan x within 0.51 ulp; ±0 at ±0, ±π/2 at ±∞, NaN at NaN.
///
/// Beyond 1 it is π/2 − arctan 1/x.
#[inline(always)]
pub fn atan(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let large = a > 1.0;
    let t = (if large { -1.0 } else { a }) / (if large { a } else { 1.0 });
    let z = t * t;
    let p = polynomial(
        z,
        [
            -0.333_333_268_999_29,
            0.199_996_711_376_003_1,
            -0.142_798_332_527_832_75,
            0.110_582_250_499_146_43,
            -0.088_110_966_480_001_51,
            0.067_416_093_886_613_79,
            -0.044_690_116_444_817_76,
            0.022_540_016_743_911_723,
            -0.007_318_027_268_168_437,
            0.001_113_802_926_802_722,
        ],
    );
    let y = (t * z).mul_add(p, t);
    ((if large { FRAC_PI_2 + y } else { y }) as f32).copysign(x)
}

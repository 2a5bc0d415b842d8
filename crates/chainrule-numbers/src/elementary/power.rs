//! Powers, and the hyperbolic functions that are sums of two.
//!
//! What has to be more exact than f32 on the way to a result in f32 is computed in f64.

use super::{ROUND, polynomial};

/// 2ᵗ for |t| ≤ 1000 with a relative error of 2⁻²⁹, and NaN.
#[inline(always)]
fn exp2(t: f64) -> f64 {
    /// Where 2ⁿ has its exponent: n + 1023 stands in the low bits after the sum.
    const SHIFT: f64 = ROUND + 1023.0;
    let shifted = t + SHIFT;
    let r = t - (shifted - SHIFT);
    let p = polynomial(
        r,
        [
            1.000_000_000_554_199_8,
            0.693_147_205_737_182,
            0.240_226_468_904_557_1,
            0.055_503_287_769_030_78,
            0.009_618_488_967_904_383,
            0.001_339_993_127_493_934_5,
            0.000_153_458_104_428_671_9,
        ],
    );
    p * f64::from_bits(shifted.to_bits() << 52)
}

/// log₂ a for a positive normal number, with a relative error of 2⁻³⁷; a finite number at 0.
///
/// For a = 2ᵏ·m with √½ ≤ m < √2 it is k + log₂ m, and log₂ m = 2/ln 2 · artanh s, s = (m − 1)/(m + 1).
#[inline(always)]
fn log2(a: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    let least = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let bits = a.to_bits().wrapping_sub(least).wrapping_add(1023 << 52);
    // k + 1023 in the low bits of a float around 2⁵², whose steps are 1.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let k = f64::from_bits(WHOLE.to_bits() | (bits >> 52)) - (WHOLE + 1023.0);
    let m = f64::from_bits((bits & MANTISSA).wrapping_add(least));
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let p = polynomial(
        square,
        [
            2.885_390_081_790_111,
            0.961_796_673_324_971_7,
            0.577_083_587_697_196_8,
            0.411_672_564_726_087_04,
            0.340_732_897_294_548_6,
        ],
    );
    p.mul_add(s, k)
}

/// Whether a number that is not negative is whole, infinity included.
#[inline(always)]
fn is_whole(a: f32) -> bool {
    // From 2²³ on steps are 1; adding it rounds what is below.
    const WHOLE: f32 = 8_388_608.0;
    a >= WHOLE || (a + WHOLE) - WHOLE == a
}

/// xʸ within 0.54 ulp, with the special values of IEEE 754-2019, section 9.2.1.
#[inline(always)]
pub fn pow(x: f32, y: f32) -> f32 {
    if has_product(f64::from(y)) { product(x, y) } else { general(x, y) }
}

/// The largest exponent whose power is a product.
const MOST_FACTORS: f64 = 8.0;

/// Whether xʸ is a product of at most eight factors, or 1 over one.
#[inline(always)]
pub(super) fn has_product(y: f64) -> bool {
    (y.abs() <= MOST_FACTORS) & ((y + ROUND) - ROUND == y)
}

/// x^|y| for a y that [`has_product`], by repeated squaring, from the lowest bit of |y| to the highest.
#[inline(always)]
pub(super) fn factors(x: f64, y: f64) -> f64 {
    let n = (y.abs() + ROUND).to_bits();
    let (mut product, mut square) = (1.0, x);
    for bit in 0..4 {
        product = if n >> bit & 1 == 1 { product * square } else { product };
        square *= square;
    }
    product
}

/// xʸ for a y that [`has_product`]: nothing overflows in f64 that does not in f32.
#[inline(always)]
fn product(x: f32, y: f32) -> f32 {
    let power = factors(f64::from(x), f64::from(y));
    (if y < 0.0 { 1.0 / power } else { power }) as f32
}

/// [`pow`] of each number and its exponent; quicker where all exponents are one.
#[inline(always)]
pub fn pow_each(xs: &[f32], ys: &[f32], powers: &mut [f32]) {
    let Some(&y) = ys.first() else { return };
    let mut differ = 0;
    for other in ys {
        differ |= other.to_bits() ^ y.to_bits();
    }
    // Plain loops: a closure that is not inlined would be compiled for the lowest level.
    if differ != 0 {
        for (power, (&x, &y)) in powers.iter_mut().zip(xs.iter().zip(ys)) {
            *power = pow(x, y);
        }
    } else if has_product(f64::from(y)) {
        for (power, &x) in powers.iter_mut().zip(xs) {
            *power = product(x, y);
        }
    } else {
        for (power, &x) in powers.iter_mut().zip(xs) {
            *power = general(x, y);
        }
    }
}

/// xʸ by 2^(y·log₂ |x|).
#[inline(always)]
fn general(x: f32, y: f32) -> f32 {
    let a = f64::from(x.abs());
    let log = log2(a);
    let log = if a < f64::INFINITY { log } else { a };
    let log = if a == 0.0 { f64::NEG_INFINITY } else { log };
    // A larger y is as good as this one, whose product with the logarithm next to 0 overflows too; and
    // the product with the logarithm of 1 is 0.
    const MOST: f64 = 1_099_511_627_776.0;
    let y64 = f64::from(y);
    let y64 = if y64 > MOST { MOST } else { y64 };
    let y64 = if y64 < -MOST { -MOST } else { y64 };
    let t = y64 * log;
    let t = if t > 200.0 { 200.0 } else { t };
    let t = if t < -200.0 { -200.0 } else { t };
    let size = exp2(t) as f32;
    let b = y.abs();
    let whole = is_whole(b);
    let odd = whole & !is_whole(0.5 * b);
    let signed = if odd { size.copysign(x) } else { size };
    let root = (x < 0.0) & (a < f64::INFINITY) & !whole;
    let power = if root { f32::NAN } else { signed };
    if (x == 1.0) | (y == 0.0) { 1.0 } else { power }
}

/// ∛x within 0.54 ulp; ±0 at ±0, ±∞ at ±∞, NaN at NaN.
#[inline(always)]
pub fn cbrt(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let root = exp2(log2(a) / 3.0) as f32;
    (if a < f64::INFINITY { root } else { x }).copysign(x)
}

/// e^|x|, infinite in f32 from where cosh x is.
#[inline(always)]
fn exp_size(x: f32) -> f64 {
    let a = f64::from(x.abs());
    exp2((if a > 90.0 { 90.0 } else { a }) * std::f64::consts::LOG2_E)
}

/// sinh x within 0.54 ulp; ±0 at ±0, ±∞ from |x| = 89.415985 on, NaN at NaN.
///
/// Below 1 an odd polynomial, which keeps the digits that eˣ − e⁻ˣ would cancel.
#[inline(always)]
pub fn sinh(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let square = a * a;
    let p = polynomial(
        square,
        [
            0.166_666_664_975_598_98,
            0.008_333_350_058_249_138,
            0.000_198_361_597_633_380_86,
            2.816_951_306_906_507_4e-6,
        ],
    );
    let e = exp_size(x);
    let large = 0.5 * (e - 1.0 / e);
    ((if a < 1.0 { (a * square).mul_add(p, a) } else { large }) as f32).copysign(x)
}

/// cosh x within 0.54 ulp; ∞ from |x| = 89.415985 on, NaN at NaN.
#[inline(always)]
pub fn cosh(x: f32) -> f32 {
    let e = exp_size(x);
    (0.5 * (e + 1.0 / e)) as f32
}

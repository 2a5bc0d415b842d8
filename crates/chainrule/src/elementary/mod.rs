//! eˣ, tanh, the logistic function and erf in f32, for loops that run on vectors.
//!
//! Every function is a fixed chain of additions, products, fused multiply-adds and selections without
//! a branch, a table or a call, so that a loop over it becomes vector code, and so that each vector
//! width and the portable code give the same bits. (A loop compiled for a processor without fused
//! multiply-add gives them too, but calls a function for each one.)
//!
//! The plan is Cody and Waite's (*Software Manual for the Elementary Functions*, 1980): reduce the
//! argument, evaluate a polynomial, put the result back together. The polynomials are minimax fits by
//! Remez's algorithm (Muller, *Elementary Functions: Algorithms and Implementation*, chapter 3), made
//! by `tests/golden/elementary.py`, which prints the coefficients below and their errors.
//!
//! An ulp is the distance of two neighbouring f32 around the exact value. The errors stated are the
//! largest over all 2³² arguments; the tests assert them.

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
fn exp_inner(x: f32) -> f32 {
    let (y, bits) = reduced(x, 127.0);
    y * f32::from_bits(bits << 23)
}

/// eˣ within 0.9 ulp, also where it is subnormal; 0 at −∞, ∞ from 88.72284 on, NaN at NaN.
///
/// Beyond the bounds the result no longer changes. 2ⁿ need not be a float, so it is multiplied in two
/// halves; of the two products only the last one can round.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
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
pub(crate) fn tanh(x: f32) -> f32 {
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
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let sum = 1.0 + e;
    let excess = (sum - 1.0) - e;
    let quotient = (if x < 0.0 { e } else { 1.0 }) / sum;
    excess.mul_add(quotient, quotient)
}

/// erf x within 1.23 ulp; ±1 from |x| = 3.9200296 on, ±0 at ±0, NaN at NaN.
///
/// Below 0.8125 an odd polynomial; from there on 1 − e^p, where the polynomial p is ln(1 − erf |x|).
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
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

#[cfg(test)]
mod tests {
    use std::f32::consts::LN_2;

    /// 2¹²⁸
    const OVERFLOW: f64 = 2.0 * (1u128 << 127) as f64;

    type Loop = unsafe fn(&[f32], &mut [f32]);

    struct Case {
        name: &'static str,
        /// The loops for this processor's instruction sets, the portable one first.
        loops: Vec<Loop>,
        exact: fn(f64) -> f64,
        /// The errors stated, in ulp, for normal and for subnormal values.
        bounds: [f64; 2],
        /// What [`digest`] gives on every machine.
        digest: u64,
    }

    /// The loops over one function: the same lines, compiled for each instruction set.
    macro_rules! loops {
        ($function:ident) => {{
            #[inline(always)]
            fn portable(xs: &[f32], ys: &mut [f32]) {
                ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = super::$function(x));
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(xs: &[f32], ys: &mut [f32]) {
                portable(xs, ys);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,fma")]
            fn avx512(xs: &[f32], ys: &mut [f32]) {
                portable(xs, ys);
            }
            let mut loops = vec![portable as Loop];
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("fma") {
                loops.extend(is_x86_feature_detected!("avx2").then_some(avx2 as Loop));
                loops.extend(is_x86_feature_detected!("avx512f").then_some(avx512 as Loop));
            }
            loops
        }};
    }

    fn cases() -> [Case; 4] {
        let sigmoid = |x: f64| {
            let e = (-x.abs()).exp();
            (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
        };
        let case = |name, loops, exact, bounds, digest| Case { name, loops, exact, bounds, digest };
        [
            case("exp", loops!(exp), f64::exp, [0.9, 0.86], 0x1414_0b74_0753_1111),
            case("tanh", loops!(tanh), f64::tanh, [1.37, 0.0], 0x09a7_e325_3894_c106),
            case("sigmoid", loops!(sigmoid), sigmoid, [1.97, 0.86], 0x7594_8757_f4b2_3470),
            case("erf", loops!(erf), libm::erf, [1.23, 0.51], 0x9499_9d12_04f2_2a5d),
        ]
    }

    /// The distance of f32 around a value, and whether the value is subnormal.
    fn ulp(value: f64) -> (f64, bool) {
        let exponent = (value.to_bits() >> 52) & 0x7ff;
        (f64::from_bits((exponent.clamp(1023 - 126, 1023 + 127) - 23) << 52), exponent < 1023 - 126)
    }

    /// The largest error over every `stride`th bit pattern from `from` to `to`, in ulp, for normal and
    /// for subnormal values.
    fn largest_errors(case: &Case, (from, to): (u64, u64), stride: u64) -> [f64; 2] {
        let run = case.loops[case.loops.len() - 1];
        let (mut xs, mut ys, mut largest) = ([0f32; 4096], [0f32; 4096], [0f64; 2]);
        let mut next = from;
        while next < to {
            for x in &mut xs {
                *x = f32::from_bits(next.min(to - 1) as u32);
                next += stride;
            }
            // SAFETY: the processor has the instructions, as `loops` asked.
            unsafe { run(&xs, &mut ys) };
            for (&x, &y) in xs.iter().zip(&ys) {
                let exact = (case.exact)(f64::from(x));
                if exact.is_nan() {
                    assert!(y.is_nan(), "{}({x:e}) = {y:e}", case.name);
                    continue;
                }
                assert!(y.is_sign_negative() == exact.is_sign_negative(), "{}({x:e})", case.name);
                // Infinity counts as 2¹²⁸, the float that would follow the largest one.
                let [found, exact] = [f64::from(y), exact].map(|v| v.clamp(-OVERFLOW, OVERFLOW));
                let (unit, subnormal) = ulp(exact);
                let error = (found - exact).abs() / unit;
                let slot = &mut largest[usize::from(subnormal)];
                *slot = slot.max(error);
            }
        }
        largest
    }

    /// Asserts the stated errors over every `stride`th bit pattern, on all cores.
    fn check(stride: u64) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let cases = cases();
        // 256 stretches dealt out in turn, as some take far longer than others.
        let share = &|core| {
            for (case, part) in cases.iter().flat_map(|case| (0..256).map(move |part| (case, part)))
            {
                if part as usize % cores == core {
                    let found = largest_errors(case, (part << 24, (part + 1) << 24), stride);
                    let fits = found[0] <= case.bounds[0] && found[1] <= case.bounds[1];
                    assert!(fits, "{}: {found:?} ulp in part {part:#x}", case.name);
                }
            }
        };
        std::thread::scope(|scope| {
            (0..cores).for_each(|core| drop(scope.spawn(move || share(core))));
        });
    }

    #[test]
    fn errors_are_as_stated() {
        check(997);
    }

    /// `cargo test --release -p chainrule --lib elementary -- --ignored`: a minute and a half on two cores.
    #[test]
    #[ignore = "tries all 2^32 arguments"]
    fn errors_are_as_stated_everywhere() {
        check(1);
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let xs: Vec<f32> = (0..u32::MAX).step_by(99_991).map(f32::from_bits).collect();
        for case in &cases() {
            let results = case.loops.iter().map(|run| {
                let mut ys = vec![0.0; xs.len()];
                // SAFETY: the processor has the instructions, as `loops` asked.
                unsafe { run(&xs, &mut ys) };
                // The bits of a NaN are the processor's choice.
                ys.into_iter().map(|y| if y.is_nan() { 0 } else { y.to_bits() }).collect()
            });
            let results: Vec<Vec<u32>> = results.collect();
            for other in &results {
                assert!(*other == results[0], "{}", case.name);
            }
            // FNV-1a, to compare builds and machines too.
            let digest = results[0].iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &bits| {
                (hash ^ u64::from(bits)).wrapping_mul(0x0100_0000_01b3)
            });
            assert_eq!(digest, case.digest, "{}: {digest:#x}", case.name);
        }
    }

    #[test]
    fn special_values() {
        use super::{erf, exp, sigmoid, tanh};
        let (infinity, last) = (f32::INFINITY, (128.0 * LN_2).next_down());
        let values = [-infinity, 0.0, -0.0, infinity, last, last.next_up(), f32::MAX, f32::MIN];
        assert_eq!(values.map(exp)[..4], [0.0, 1.0, 1.0, infinity]);
        assert_eq!(values.map(exp)[5..], [infinity, infinity, 0.0]);
        assert!(exp(last).is_finite());
        assert_eq!(values.map(sigmoid), [0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 0.0]);
        for odd in [tanh, erf] {
            assert_eq!(values.map(odd), [-1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, -1.0]);
            assert!(odd(-0.0).is_sign_negative() && odd(0.0).is_sign_positive());
        }
        for function in [exp, tanh, sigmoid, erf] {
            assert!(function(f32::NAN).is_nan() && function(-f32::NAN).is_nan());
        }
    }
}

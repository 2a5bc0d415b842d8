use std::f32::consts::{FRAC_PI_2, LN_2, PI};

use crate::simd::Level;

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
    /// What [`digest`] gives with each of the loops.
    digest: u64,
}

/// The loops over slices, or with `each` over numbers: the same lines, compiled for each instruction set.
macro_rules! loops {
    (each $function:path) => {{
        #[inline(always)]
        fn each(xs: &[f32], ys: &mut [f32]) {
            ys.iter_mut().zip(xs).for_each(|(y, &x)| *y = $function(x));
        }
        loops!(each)
    }};
    ($slices:path) => {{
        #[inline(always)]
        fn portable(xs: &[f32], ys: &mut [f32]) {
            $slices(xs, ys);
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn avx2(xs: &[f32], ys: &mut [f32]) {
            portable(xs, ys);
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        fn avx512(xs: &[f32], ys: &mut [f32]) {
            portable(xs, ys);
        }
        let mut loops = vec![portable as Loop];
        #[cfg(target_arch = "x86_64")]
        {
            let widest = Level::detected();
            loops.extend((widest >= Level::Avx2).then_some(avx2 as Loop));
            loops.extend((widest >= Level::Avx512).then_some(avx512 as Loop));
        }
        loops
    }};
}

/// An exponent between ±16 that follows from the base's bits.
fn exponent(x: f32) -> f64 {
    let scattered = x.to_bits().wrapping_mul(0x9e37_79b9) as i32 >> 8;
    f64::from(scattered) / f64::from(1 << 19)
}

fn pow_by_bits(x: f32) -> f32 {
    super::single::pow(x, exponent(x) as f32)
}

fn cases() -> Vec<Case> {
    let sigmoid = |x: f64| {
        let e = (-x.abs()).exp();
        (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
    };
    let case = |name, loops, exact, bounds, digest| Case { name, loops, exact, bounds, digest };
    vec![
        case("exp", loops!(each super::single::exp), f64::exp, [0.9, 0.86], 0x1414_0b74_0753_1111),
        case(
            "tanh",
            loops!(each super::single::tanh),
            f64::tanh,
            [1.37, 0.0],
            0x09a7_e325_3894_c106,
        ),
        case(
            "sigmoid",
            loops!(each super::single::sigmoid),
            sigmoid,
            [1.97, 0.86],
            0x7594_8757_f4b2_3470,
        ),
        case(
            "erf",
            loops!(each super::single::erf),
            libm::erf,
            [1.23, 0.51],
            0x9499_9d12_04f2_2a5d,
        ),
        case("ln", loops!(each super::single::ln), f64::ln, [0.92, 0.0], 0xdce0_fb1a_f99f_1639),
        case(
            "ln_1p",
            loops!(each super::single::ln_1p),
            f64::ln_1p,
            [0.92, 0.5],
            0xb0ac_c3af_e2c7_ca7f,
        ),
        case(
            "pow",
            loops!(each pow_by_bits),
            |x| x.powf(exponent(x as f32)),
            [0.54, 0.52],
            0x6a0c_547e_77c3_c9a3,
        ),
        case(
            "cbrt",
            loops!(each super::single::cbrt),
            f64::cbrt,
            [0.54, 0.0],
            0x4ba8_0321_1acf_4214,
        ),
        case(
            "sinh",
            loops!(each super::single::sinh),
            f64::sinh,
            [0.54, 0.5],
            0xe2b0_acfc_2c4e_65cc,
        ),
        case(
            "cosh",
            loops!(each super::single::cosh),
            f64::cosh,
            [0.54, 0.0],
            0x17f4_6834_25dd_4411,
        ),
        case("sin", loops!(super::single::sin_each), f64::sin, [0.51, 0.5], 0x8d5d_7b87_c5d0_ec7d),
        case("cos", loops!(super::single::cos_each), f64::cos, [0.51, 0.0], 0x83ff_8570_1550_7e3c),
        case("tan", loops!(super::single::tan_each), f64::tan, [0.51, 0.5], 0xe221_9ebf_6343_e754),
        case(
            "asin",
            loops!(each super::single::asin),
            f64::asin,
            [0.51, 0.5],
            0x1eb1_9b4d_17e8_c05a,
        ),
        case(
            "acos",
            loops!(each super::single::acos),
            f64::acos,
            [0.51, 0.0],
            0x1a2b_514d_9ff5_ceda,
        ),
        case(
            "atan",
            loops!(each super::single::atan),
            f64::atan,
            [0.51, 0.5],
            0xd860_0a64_ff85_d64b,
        ),
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
        for (case, part) in cases.iter().flat_map(|case| (0..256).map(move |part| (case, part))) {
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

/// Asserts the error of `pow` at one place; what is exact there must be met, NaN and signs too.
fn check_pow(x: f32, y: f32) {
    let found = super::single::pow(x, y);
    let exact = f64::from(x).powf(f64::from(y));
    if exact.is_nan() {
        assert!(found.is_nan(), "pow({x:e}, {y:e}) = {found:e}");
        return;
    }
    assert!(found.is_sign_negative() == exact.is_sign_negative(), "pow({x:e}, {y:e}) = {found:e}");
    let [value, exact] = [f64::from(found), exact].map(|v| v.clamp(-OVERFLOW, OVERFLOW));
    let error = (value - exact).abs() / ulp(exact).0;
    assert!(error <= 0.54, "pow({x:e}, {y:e}) = {found:e}, {error} ulp from {exact:e}");
}

#[test]
fn powers_of_special_numbers() {
    let sizes = [0.0, f32::MIN_POSITIVE, f32::from_bits(1), f32::MAX, f32::INFINITY, f32::NAN];
    let near_one =
        [1.0f32.next_down(), 1.0, 1.0f32.next_up(), 1.5, 0.5, 2.0, 0.1, 10.0, 1e-30, 1e30];
    let wholes = [3.0, 4.0, 5.0, 127.0, 128.0, 149.0, 150.0, 8_388_607.0, 8_388_607.5, 8_388_608.0];
    let large = [8_388_609.0, 16_777_215.0, 16_777_216.0, 16_777_218.0, 1e9, 3e9, 1e12];
    let numbers = [&sizes[..], &near_one, &wholes, &large].concat();
    let signed = || numbers.iter().flat_map(|&x| [x, -x]);
    for x in signed() {
        signed().for_each(|y| check_pow(x, y));
    }
}

#[test]
fn powers_by_one_exponent_have_the_bits_of_powers_by_many() {
    let xs: Vec<f32> = (0..u32::MAX).step_by(999_983).map(f32::from_bits).collect();
    for y in (-9..=9).map(|n| n as f32).chain([0.5, -0.5, 2.7, f32::NAN]) {
        let bits = |ys: &[f32]| {
            let mut powers = vec![0.0; xs.len()];
            super::single::pow_each(&xs, ys, &mut powers);
            powers.iter().map(|p| if p.is_nan() { 0 } else { p.to_bits() }).collect::<Vec<u32>>()
        };
        let mut ys = vec![y; xs.len()];
        let (one, last) = (bits(&ys), xs.len() - 1);
        ys[last] = 1.5;
        assert!(one[..last] == bits(&ys)[..last], "{y}");
        let alone = xs.iter().map(|&x| super::single::pow(x, y));
        assert!(alone.zip(&one).all(|(p, &bits)| p.is_nan() || p.to_bits() == bits), "{y}");
    }
}

#[test]
fn whole_powers_in_f64_are_products() {
    use super::double::pow;
    assert_eq!(pow(1.1, 3.0), 1.1 * 1.1 * 1.1);
    for x in
        [0.0, -0.0, 1e-170, -1e160, 1.7e308, 5e-324, f64::INFINITY, -f64::INFINITY, f64::NAN, 0.7]
    {
        for n in -9_i32..=9 {
            let (found, exact) = (pow(x, f64::from(n)), libm::pow(x, f64::from(n)));
            let bound = f64::from(n.abs()) * f64::EPSILON / 2.0 * exact.abs();
            let close = (found - exact).abs() <= bound
                && found.is_sign_negative() == exact.is_sign_negative();
            assert!(found == exact || close || x.is_nan(), "{x}^{n} = {found}");
        }
    }
}

/// Pairs of a random base and an exponent that keeps the power within f32, or that is any number.
fn powers_at_random(count: u64) {
    let mut state = 1u64;
    let mut next = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    for _ in 0..count {
        let (x, y) = (f32::from_bits(next() as u32), f32::from_bits(next() as u32));
        check_pow(x, y);
        let most = 150.0 / f64::from(x).abs().log2();
        let share = f64::from(next() as i32) / 2_147_483_648.0;
        check_pow(x.abs(), (most * share) as f32);
        // Near 1, where the logarithm is small.
        let steps = next() as i32 >> (8 + next() % 23);
        let near = f32::from_bits(1.0f32.to_bits().wrapping_add_signed(steps));
        let most = 150.0 / f64::from(near).abs().log2();
        check_pow(near, (most * share) as f32);
    }
}

#[test]
fn powers_are_within_the_stated_error() {
    powers_at_random(200_000);
}

#[test]
#[ignore = "tries hundreds of millions of powers"]
fn powers_are_within_the_stated_error_everywhere() {
    powers_at_random(200_000_000);
}

#[test]
fn special_values() {
    use super::single::{
        acos, asin, atan, cbrt, cos, cosh, erf, exp, ln, ln_1p, sigmoid, sin, sinh, tan, tanh,
    };
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
    for odd in [sin, tan, asin, atan, sinh, cbrt, ln_1p] {
        assert!(odd(0.0) == 0.0 && odd(0.0).is_sign_positive());
        assert!(odd(-0.0) == 0.0 && odd(-0.0).is_sign_negative());
    }
    assert_eq!([ln(0.0), ln(-0.0), ln(1.0), ln(infinity)], [-infinity, -infinity, 0.0, infinity]);
    assert_eq!([ln_1p(-1.0), ln_1p(infinity)], [-infinity, infinity]);
    assert_eq!([sinh(infinity), sinh(-infinity), cosh(-infinity)], [infinity, -infinity, infinity]);
    assert_eq!([cos(0.0), cosh(0.0), acos(1.0), acos(-1.0)], [1.0, 1.0, 0.0, PI]);
    assert_eq!([asin(1.0), atan(infinity), atan(-infinity)], [FRAC_PI_2, FRAC_PI_2, -FRAC_PI_2]);
    for out_of_domain in [
        ln(-1.0),
        ln(-infinity),
        ln_1p(-2.0),
        ln_1p(-infinity),
        sin(infinity),
        cos(-infinity),
        tan(infinity),
        asin(1.5),
        acos(-1.5),
        asin(infinity),
    ] {
        assert!(out_of_domain.is_nan());
    }
    for function in
        [exp, tanh, sigmoid, erf, ln, ln_1p, sin, cos, tan, asin, acos, atan, sinh, cosh]
    {
        assert!(function(f32::NAN).is_nan() && function(-f32::NAN).is_nan());
    }
}

//! The two precisions in which chainrule computes.

use std::fmt::Display;
use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

use crate::elementary;
use crate::number::Number;

/// A floating-point type in which a graph can run: [`f32`] to train, [`f64`] to check and explain.
///
/// The trait is closed: kernels exist for these two types. The elementary functions that they have as
/// [`Number`]s call no C library and have the same bits with AVX-512, AVX2 and portable code; loops over
/// those in `f32` become vector code.
///
/// ```
/// use chainrule_numbers::real::Real;
///
/// fn softplus<T: Real>(x: T) -> T {
///     x.exp().ln_1p()
/// }
/// assert_eq!(softplus(0.0_f32), 2_f32.ln());
/// ```
pub trait Real:
    Number<Truth = bool>
    + PartialOrd
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + Default
    + Display
    + Send
    + Sync
    + Plain
    + 'static
{
    /// The type's name as files and messages write it: `f32` or `f64`.
    const NAME: &'static str;

    /// 0.
    #[must_use]
    fn zero() -> Self {
        Self::from_f64(0.0)
    }

    /// 1.
    #[must_use]
    fn one() -> Self {
        Self::from_f64(1.0)
    }

    /// Not a number.
    #[must_use]
    fn nan() -> Self {
        Self::from_f64(f64::NAN)
    }

    /// ∞.
    #[must_use]
    fn infinity() -> Self {
        Self::from_f64(f64::INFINITY)
    }

    /// −∞.
    #[must_use]
    fn neg_infinity() -> Self {
        Self::from_f64(f64::NEG_INFINITY)
    }

    /// The distance from 1 to the next larger value.
    #[must_use]
    fn epsilon() -> Self;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;

    /// The exact value of a byte.
    fn from_byte(byte: u8) -> Self;

    /// The value in double precision.
    fn to_f64(self) -> f64;

    /// Whether this is neither infinite nor not a number.
    fn is_finite(self) -> bool;

    /// Writes xʸ of each `x` and `y` to `powers`: in `f32` vector code, quicker where all `y` are one.
    fn pow_each(x: &[Self], y: &[Self], powers: &mut [Self]);

    /// Writes the sine of each `x` to `y`: in `f32` vector code, unlike a loop over
    /// [`Number::sin`].
    fn sin_each(x: &[Self], y: &mut [Self]);

    /// Writes the cosine of each `x` to `y`.
    fn cos_each(x: &[Self], y: &mut [Self]);

    /// Writes the tangent of each `x` to `y`.
    fn tan_each(x: &[Self], y: &mut [Self]);

    /// Appends the value's bytes, least significant first.
    fn extend_le_bytes(self, bytes: &mut Vec<u8>);

    /// The value of its bytes, least significant first; of as many bytes as the type has.
    fn from_le_slice(bytes: &[u8]) -> Self;

    /// What stands for this type where the precisions differ.
    fn by_precision<C: ByPrecision>(choice: C) -> C::Answer<Self>;
}

/// What differs between the two precisions, such as the kernel to call: an answer for each, from which
/// [`Real::by_precision`] takes the one for its type.
///
/// ```
/// use chainrule_numbers::real::{ByPrecision, Real};
///
/// /// Elements of a cache line.
/// struct PerLine;
/// impl ByPrecision for PerLine {
///     type Answer<T: Real> = usize;
///     fn single(self) -> usize {
///         16
///     }
///     fn double(self) -> usize {
///         8
///     }
/// }
/// assert_eq!(f64::by_precision(PerLine), 8);
/// ```
pub trait ByPrecision {
    /// The answer for a precision.
    type Answer<T: Real>;

    /// The answer for [`f32`].
    fn single(self) -> Self::Answer<f32>;

    /// The answer for [`f64`].
    fn double(self) -> Self::Answer<f64>;
}

/// What can stand in any memory: whatever its bits, they are a value, and zero bits are 0. The trait is closed,
/// as unsafe code relies on it.
pub trait Plain: Copy + sealed::Sealed {}
impl Plain for u32 {}
impl Plain for f32 {}
impl Plain for f64 {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u32 {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! real {
    ($type:ident $precision:ident) => {
        impl Real for $type {
            const NAME: &'static str = stringify!($type);

            #[inline]
            fn epsilon() -> Self {
                $type::EPSILON
            }

            #[inline]
            fn from_f64(value: f64) -> Self {
                value as Self
            }

            #[inline]
            fn from_byte(byte: u8) -> Self {
                Self::from(byte)
            }

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }

            #[inline(always)]
            fn sin_each(x: &[Self], y: &mut [Self]) {
                elementary::$precision::sin_each(x, y);
            }

            #[inline(always)]
            fn cos_each(x: &[Self], y: &mut [Self]) {
                elementary::$precision::cos_each(x, y);
            }

            #[inline(always)]
            fn tan_each(x: &[Self], y: &mut [Self]) {
                elementary::$precision::tan_each(x, y);
            }

            #[inline(always)]
            fn pow_each(x: &[Self], y: &[Self], powers: &mut [Self]) {
                elementary::$precision::pow_each(x, y, powers);
            }

            #[inline]
            fn extend_le_bytes(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn from_le_slice(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(Self::NAN, Self::from_le_bytes)
            }

            #[inline(always)]
            fn by_precision<C: ByPrecision>(choice: C) -> C::Answer<Self> {
                choice.$precision()
            }
        }
    };
}

real!(f32 single);
real!(f64 double);

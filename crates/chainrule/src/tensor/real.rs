//! The two precisions in which a graph runs.

use std::fmt::{Debug, Display};

use num_traits::{Float, NumAssign};

use crate::elementary;

/// A floating-point type in which a graph can run: [`f32`] to train, [`f64`] to check and explain.
///
/// The trait is closed: kernels exist for these two types.
pub trait Real:
    Float + NumAssign + Default + Debug + Display + Send + Sync + sealed::Sealed + 'static
{
    /// The type's name as files and messages write it: `f32` or `f64`.
    const NAME: &'static str;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;

    /// The exact value of a byte.
    fn from_byte(byte: u8) -> Self;

    /// The value in double precision.
    fn to_f64(self) -> f64;

    /// eˣ. In `f32` this method, the next two and [`Real::erf`] have no branch and no call, so that a
    /// loop over them becomes vector code, and give the same bits on every processor.
    #[must_use]
    fn fast_exp(self) -> Self;

    /// The hyperbolic tangent.
    #[must_use]
    fn fast_tanh(self) -> Self;

    /// The logistic function 1/(1 + e⁻ˣ).
    #[must_use]
    fn fast_sigmoid(self) -> Self;

    /// The error function 2/√π ∫₀ˣ e^(−t²) dt.
    #[must_use]
    fn erf(self) -> Self;

    /// Appends the value's bytes, least significant first.
    fn extend_le_bytes(self, bytes: &mut Vec<u8>);

    /// What stands for this type where the precisions differ.
    fn by_precision<C: ByPrecision>(choice: C) -> C::Answer<Self>;
}

/// What differs between the two precisions, such as the kernel to call: an answer for each, from which
/// [`Real::by_precision`] takes the one for its type.
///
/// ```
/// use chainrule::tensor::{ByPrecision, Real};
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

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// 1/(1 + e⁻ˣ) from e^(−|x|), so that no argument overflows.
fn sigmoid_f64(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

macro_rules! real {
    ($type:ty, $precision:ident, $exp:path, $tanh:path, $sigmoid:path, $erf:path) => {
        impl Real for $type {
            const NAME: &'static str = stringify!($type);

            fn from_f64(value: f64) -> Self {
                value as Self
            }

            fn from_byte(byte: u8) -> Self {
                Self::from(byte)
            }

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn fast_exp(self) -> Self {
                $exp(self)
            }

            #[inline(always)]
            fn fast_tanh(self) -> Self {
                $tanh(self)
            }

            #[inline(always)]
            fn fast_sigmoid(self) -> Self {
                $sigmoid(self)
            }

            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }

            fn extend_le_bytes(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            #[inline(always)]
            fn by_precision<C: ByPrecision>(choice: C) -> C::Answer<Self> {
                choice.$precision()
            }
        }
    };
}

real!(f32, single, elementary::exp, elementary::tanh, elementary::sigmoid, elementary::erf);
real!(f64, double, f64::exp, f64::tanh, sigmoid_f64, libm::erf);

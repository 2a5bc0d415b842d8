//! The two precisions in which a graph runs.

use std::fmt::{Debug, Display};

use num_traits::{Float, NumAssign};

use crate::ops::elementary;
use crate::ops::product::{self, Tiles};
use crate::ops::{AnyOp, InPlace, Operand, Output, Scalar};
use crate::runtime::Level;

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
}

mod sealed {
    use super::{AnyOp, InPlace, Level, Operand, Output, Scalar, Tiles, product};

    pub trait Sealed: Sized {
        /// Calls an operation's kernel for this type.
        fn forward(op: &dyn AnyOp, operands: &[Operand<'_, Self>], output: Output<'_, Self>);

        /// Calls a pointwise operation's kernel on stretches.
        fn pointwise(op: &dyn AnyOp, operands: &[&[Self]], output: &mut [Self]);

        /// A pointwise operation's kernel that writes over its first operand.
        fn in_place(op: &dyn AnyOp) -> Option<InPlace<Self>>;

        /// A pointwise operation's kernel for single numbers.
        fn scalar(op: &dyn AnyOp) -> Option<Scalar<Self>>;

        /// The innermost loops of matrix products, for this processor.
        fn tiles() -> Tiles<Self>;

        /// Lets `fill` write single-precision values where `target` is.
        fn fill_f32<R>(target: &mut [Self], fill: impl FnOnce(&mut [f32]) -> R) -> R;
    }

    impl Sealed for f32 {
        fn forward(op: &dyn AnyOp, operands: &[Operand<'_, Self>], output: Output<'_, Self>) {
            op.forward_f32(operands, output);
        }

        fn pointwise(op: &dyn AnyOp, operands: &[&[Self]], output: &mut [Self]) {
            op.pointwise_f32(operands, output);
        }

        fn in_place(op: &dyn AnyOp) -> Option<InPlace<Self>> {
            op.in_place_f32()
        }

        fn scalar(op: &dyn AnyOp) -> Option<Scalar<Self>> {
            op.scalar_f32()
        }

        fn tiles() -> Tiles<Self> {
            product::tiles_f32(Level::current())
        }

        fn fill_f32<R>(target: &mut [Self], fill: impl FnOnce(&mut [f32]) -> R) -> R {
            fill(target)
        }
    }

    impl Sealed for f64 {
        fn forward(op: &dyn AnyOp, operands: &[Operand<'_, Self>], output: Output<'_, Self>) {
            op.forward_f64(operands, output);
        }

        fn pointwise(op: &dyn AnyOp, operands: &[&[Self]], output: &mut [Self]) {
            op.pointwise_f64(operands, output);
        }

        fn in_place(op: &dyn AnyOp) -> Option<InPlace<Self>> {
            op.in_place_f64()
        }

        fn scalar(op: &dyn AnyOp) -> Option<Scalar<Self>> {
            op.scalar_f64()
        }

        fn tiles() -> Tiles<Self> {
            product::tiles_f64(Level::current())
        }

        fn fill_f32<R>(target: &mut [Self], fill: impl FnOnce(&mut [f32]) -> R) -> R {
            let mut values = vec![0.0; target.len()];
            let result = fill(&mut values);
            target.iter_mut().zip(values).for_each(|(to, from)| *to = f64::from(from));
            result
        }
    }
}

/// 1/(1 + e⁻ˣ) from e^(−|x|), so that no argument overflows.
fn sigmoid_f64(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

macro_rules! real {
    ($type:ty, $exp:path, $tanh:path, $sigmoid:path, $erf:path) => {
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
        }
    };
}

real!(f32, elementary::exp, elementary::tanh, elementary::sigmoid, elementary::erf);
real!(f64, f64::exp, f64::tanh, sigmoid_f64, libm::erf);

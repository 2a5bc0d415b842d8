//! The language in which pointwise operations are written: arithmetic, comparisons, choices, and the
//! elementary functions by name.
//!
//! A function over any [`Number`] is written once and read in several ways: run on `f32` and `f64`, and
//! recorded on a [`Symbol`](crate::term::Symbol), from which other languages are written.

use std::fmt::Debug;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Sub};

use crate::elementary::{double, single};

/// What a comparison answers: a truth by which one of two numbers is chosen.
///
/// ```
/// use chainrule_numbers::number::Truth;
/// assert_eq!(true.choose(1.0, 2.0), 1.0);
/// assert_eq!((true & false | true).choose(1.0, 2.0), 1.0);
/// ```
pub trait Truth<T>: Copy + Debug + BitAnd<Output = Self> + BitOr<Output = Self> {
    /// `yes` where this holds, else `no`. Both are computed.
    #[must_use]
    fn choose(self, yes: T, no: T) -> T;
}

impl<T> Truth<T> for bool {
    #[inline(always)]
    fn choose(self, yes: T, no: T) -> T {
        if self { yes } else { no }
    }
}

/// Writes the trait of numbers, the elementary functions as data, and what each function is in `f32`
/// and `f64`.
///
/// A row is the function's name as data and as a method, and its two implementations.
macro_rules! functions {
    ($(
        $(#[doc = $doc:literal])*
        $function:ident $name:ident: $single:path, $double:path;
    )*) => {
        /// A number of an operation's formula.
        ///
        /// ```
        /// use chainrule_numbers::number::{Number, Truth};
        ///
        /// /// ln(1 + x²), and 0 below 0.
        /// fn bent<T: Number>(x: T) -> T {
        ///     x.below(x.like(0.0)).choose(x.like(0.0), (x * x).ln_1p())
        /// }
        /// assert_eq!(bent(-3.0_f32), 0.0);
        /// assert_eq!(bent(0.5_f64), 0.25_f64.ln_1p());
        /// ```
        pub trait Number:
            Copy
            + Debug
            + Add<Output = Self>
            + Sub<Output = Self>
            + Mul<Output = Self>
            + Div<Output = Self>
            + Neg<Output = Self>
        {
            /// What comparisons answer.
            type Truth: Truth<Self>;

            /// The nearest number of this kind to a constant.
            #[must_use]
            fn like(self, value: f64) -> Self;

            /// self · factor + addend, rounded once.
            #[must_use]
            fn mul_add(self, factor: Self, addend: Self) -> Self;

            /// This to a power, with the special values of IEEE 754; a product for whole exponents from −8 to 8.
            #[must_use]
            fn pow(self, exponent: Self) -> Self;

            /// Whether self > other; like every comparison but [`Number::differs`], false of NaN.
            fn above(self, other: Self) -> Self::Truth;

            /// Whether self ≥ other.
            fn at_least(self, other: Self) -> Self::Truth;

            /// Whether self < other.
            fn below(self, other: Self) -> Self::Truth;

            /// Whether self ≤ other.
            fn at_most(self, other: Self) -> Self::Truth;

            /// Whether self = other.
            fn equals(self, other: Self) -> Self::Truth;

            /// Whether self ≠ other; true of NaN.
            fn differs(self, other: Self) -> Self::Truth;

            /// Whether this is NaN.
            #[inline(always)]
            fn is_nan(self) -> Self::Truth {
                self.differs(self)
            }

            /// An elementary function of this number.
            ///
            /// ```
            /// use chainrule_numbers::number::{Function, Number};
            /// assert_eq!(9.0.call(Function::Sqrt), 3.0);
            /// ```
            #[must_use]
            fn call(self, function: Function) -> Self;

            $(
                $(#[doc = $doc])*
                #[must_use]
                #[inline(always)]
                fn $name(self) -> Self {
                    self.call(Function::$function)
                }
            )*
        }

        /// An elementary function, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $($(#[doc = $doc])* $function,)*
        }

        impl Function {
            /// Every elementary function.
            pub const ALL: &[Self] = &[$(Self::$function),*];

            /// The name, as the method of [`Number`] has it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$function => stringify!($name),)*
                }
            }
        }

        numbers! { f32 single $($function $single),* }
        numbers! { f64 double $($function $double),* }
    };
}

macro_rules! numbers {
    ($type:ident $precision:ident $($function:ident $implementation:path),*) => {
        impl Number for $type {
            type Truth = bool;

            #[inline(always)]
            fn like(self, value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                $type::mul_add(self, factor, addend)
            }

            #[inline(always)]
            fn pow(self, exponent: Self) -> Self {
                $precision::pow(self, exponent)
            }

            #[inline(always)]
            fn above(self, other: Self) -> bool {
                self > other
            }

            #[inline(always)]
            fn at_least(self, other: Self) -> bool {
                self >= other
            }

            #[inline(always)]
            fn below(self, other: Self) -> bool {
                self < other
            }

            #[inline(always)]
            fn at_most(self, other: Self) -> bool {
                self <= other
            }

            #[inline(always)]
            fn equals(self, other: Self) -> bool {
                self == other
            }

            #[inline(always)]
            fn differs(self, other: Self) -> bool {
                self != other
            }

            #[inline(always)]
            fn call(self, function: Function) -> Self {
                match function {
                    $(Function::$function => $implementation(self),)*
                }
            }
        }
    };
}

functions! {
    /// |x|.
    Abs abs: f32::abs, f64::abs;
    /// The largest whole number that is not above x.
    Floor floor: f32::floor, f64::floor;
    /// √x, correctly rounded.
    Sqrt sqrt: f32::sqrt, f64::sqrt;
    /// ∛x, with the sign of x.
    Cbrt cbrt: single::cbrt, double::cbrt;
    /// eˣ.
    Exp exp: single::exp, double::exp;
    /// The natural logarithm.
    Ln ln: single::ln, double::ln;
    /// ln(1 + x), with the digits of a small x.
    Ln1p ln_1p: single::ln_1p, double::ln_1p;
    /// The sine, of radians.
    Sin sin: single::sin, double::sin;
    /// The cosine, of radians.
    Cos cos: single::cos, double::cos;
    /// The tangent, of radians.
    Tan tan: single::tan, double::tan;
    /// The inverse of the sine.
    Asin asin: single::asin, double::asin;
    /// The inverse of the cosine.
    Acos acos: single::acos, double::acos;
    /// The inverse of the tangent.
    Atan atan: single::atan, double::atan;
    /// The hyperbolic sine.
    Sinh sinh: single::sinh, double::sinh;
    /// The hyperbolic cosine.
    Cosh cosh: single::cosh, double::cosh;
    /// The hyperbolic tangent.
    Tanh tanh: single::tanh, double::tanh;
    /// The logistic function 1/(1 + e⁻ˣ).
    Sigmoid sigmoid: single::sigmoid, double::sigmoid;
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt.
    Erf erf: single::erf, double::erf;
}

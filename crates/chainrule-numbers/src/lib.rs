//! What a number is to chainrule, below every graph: the functions over it, with the same bits
//! whatever the C library and the vector instructions; the loops over arrays of it, as wide as the processor's vectors; and the formula of a
//! function over it, recorded as data; arrays of numbers, and random ones.
//!
//! `chainrule` hands all of this on under the same names.
//!
//! ```
//! use chainrule_numbers::number::Number;
//! use chainrule_numbers::term::Term;
//!
//! /// Written once: run on numbers, and recorded.
//! fn softplus<T: Number>(x: T) -> T {
//!     x.exp().ln_1p()
//! }
//! assert_eq!(softplus(0.0_f32), 2_f32.ln());
//! assert_eq!(Term::record(1, |x| softplus(x[0])).eval(&[0.0]), Some(2_f64.ln()));
//! ```

pub mod simd;
pub mod elementary;
pub mod number;
pub mod real;
pub mod shape;
pub mod tensor;
pub mod random;
pub mod term;

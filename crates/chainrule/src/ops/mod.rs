//! Operations. Each stands whole in one place: its shape rule, its kernel, its backward rule made of
//! nodes, its notation, its documentation.
//!
//! An operation of your own implements [`Op`] and is recorded with
//! [`Graph::apply`](crate::Graph::apply); nothing else needs to know of it:
//!
//! ```
//! use chainrule::ops::{Gate, Op, Operand, Output, Real, Type, pointwise};
//! use chainrule::{Graph, Var};
//!
//! /// x³
//! #[derive(Debug)]
//! struct Cube;
//!
//! impl Op for Cube {
//!     fn name(&self) -> &'static str {
//!         "cube"
//!     }
//!     fn infer(&self, operands: &[Type]) -> Result<Type, String> {
//!         pointwise(operands, 1)
//!     }
//!     fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
//!         for (y, &x) in output.real().iter_mut().zip(operands[0].real()) {
//!             *y = x * x * x;
//!         }
//!     }
//!     fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
//!         Some(gate.upstream * 3.0 * gate.operands[0].square())
//!     }
//! }
//!
//! let g = Graph::new();
//! let x = g.input("x", [2]);
//! let y = g.apply(Cube, &[x]).sum(&[]);
//! let dx = g.backward(y, &[x])[0];
//! let mut plan = g.compile::<f64>(&[dx])?;
//! plan.feed("x", &[1.0, 2.0])?;
//! plan.run()?;
//! assert_eq!(plan.value(dx)?, [3.0, 12.0]);
//! # Ok::<(), chainrule::Error>(())
//! ```
//!
//! # Points without a derivative
//! The library follows the field: the derivative of `relu` and `abs` at 0 is 0; where several
//! elements share a maximum or minimum, its gradient is split evenly among them; comparisons,
//! `argmax` and the condition of `select` have none.

/// Writes [`Op::identity`] of an operation that depends on all of its fields.
macro_rules! identity_by_fields {
    () => {
        fn identity(&self) -> Option<$crate::ops::Identity> {
            Some($crate::ops::Identity::of(self.clone()))
        }
    };
}
pub(crate) use identity_by_fields;

mod activation;
mod movement;
mod pointwise;
pub(crate) mod product;
mod random;
mod reduce;
mod select;
mod matmul;
mod operators;
mod softmax;
mod loss;
mod tall;

pub use crate::graph::{
    AnyOp, Class, Gate, Identity, InPlace, Kind, Notation, Op, Operand, Output, Scalar, Type,
    Values, ValuesMut, View,
};
pub use crate::tensor::Real;
pub use loss::SoftmaxWithLoss;
pub(crate) use loss::{MeanOfAll, RowLosses};
pub use matmul::MatMul;
pub(crate) use matmul::{Nothing, by_matrix, lengths as matmul_lengths, matrix};
pub use movement::{Broadcast, Concat, Pad, Reshape, Slice, Transpose};
pub use pointwise::*;
pub use random::RandomMask;
pub use reduce::{Argmax, Max, Sum};
pub use select::{Gather, OneHot, ScatterAdd};
pub use softmax::{LogSoftmax, Softmax};
pub(crate) use tall::LeafTotal;

/// The shape rule of pointwise operations: `count` real operands of one shape.
///
/// # Errors
/// Another number of operands, labels, or different shapes.
pub fn pointwise(operands: &[Type], count: usize) -> Result<Type, String> {
    if operands.len() != count {
        return Err(format!("takes {count} operands, not {}", operands.len()));
    }
    reals(operands)?;
    match operands.iter().all(|ty| ty.shape == operands[0].shape) {
        true => Ok(operands[0]),
        false => Err("the operands must have one shape".into()),
    }
}

/// Checks that no operand holds labels.
pub(crate) fn reals(operands: &[Type]) -> Result<(), String> {
    match operands.iter().all(|ty| ty.kind == Kind::Real) {
        true => Ok(()),
        false => Err("takes real numbers, not labels".into()),
    }
}

/// Stops a pointwise kernel that is called with another number of operands than its shape rule takes.
#[cold]
pub(crate) fn wrong_count(found: usize, wanted: usize) -> ! {
    panic!("a pointwise kernel of {wanted} operands is called with {found}")
}

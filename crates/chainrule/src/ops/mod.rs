//! Operations. Each stands whole in one place: its shape rule, its kernel, its backward rule made of
//! nodes, its notation, its documentation.
//!
//! An operation of your own that works element by element implements [`Pointwise`], any other [`Op`], and
//! is recorded with [`Graph::apply`](crate::Graph::apply); nothing else needs to know of it:
//!
//! ```
//! use chainrule::ops::{Gate, Op, Operand, Output, Real, Type};
//! use chainrule::{Graph, Var};
//!
//! /// A vector from its end to its beginning.
//! #[derive(Debug)]
//! struct Reversed;
//!
//! impl Op for Reversed {
//!     fn name(&self) -> &'static str {
//!         "reversed"
//!     }
//!     fn infer(&self, operands: &[Type]) -> Result<Type, String> {
//!         match operands {
//!             [ty] if ty.shape.rank() == 1 => Ok(*ty),
//!             _ => Err("takes one vector".into()),
//!         }
//!     }
//!     fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
//!         let (x, range) = (operands[0].real(), output.range.clone());
//!         for (y, i) in output.real().iter_mut().zip(range) {
//!             *y = x[x.len() - 1 - i];
//!         }
//!     }
//!     fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
//!         Some(gate.graph().apply(Reversed, &[gate.upstream]))
//!     }
//! }
//!
//! let g = Graph::new();
//! let x = g.input("x", [2]);
//! let y = (g.apply(Reversed, &[x]) * x.square()).sum(&[]);
//! let dx = g.backward(y, &[x])[0];
//! let mut plan = g.compile::<f64>(&[y, dx])?;
//! plan.feed("x", &[1.0, 2.0])?;
//! plan.run()?;
//! // x₂·x₁² + x₁·x₂² and its gradient.
//! assert_eq!(plan.value(y)?, [6.0]);
//! assert_eq!(plan.value(dx)?, [8.0, 5.0]);
//! # Ok::<(), chainrule::Error>(())
//! ```
//!
//! # Axes
//! An axis is a number from 0 on, or counts from the end, so that −1 is the last one. `sum`, `prod`, `mean`,
//! `max` and `min` take a list of them and drop these axes; `sum_keep` and its kin keep them with length 1.
//! Views (`reshape`, `transpose`, `slice`, `index`, `squeeze`, …) and `concat` take labels as well as real
//! numbers.
//!
//! # Points without a derivative
//! The library follows the field: the derivative of `relu` and `abs` at 0 is 0; where several
//! elements share a maximum or minimum, its gradient is split evenly among them; comparisons,
//! `argmax`, `argsort` and the condition of `select` have none.
//!
//! # Branches not taken
//! The gradient of exactly 0 that `select`, `maximum`, `relu`, a slice or a mask sends to what its value does
//! not depend on stays 0 below, where a derivative is infinite or NaN, as that of √x is at 0: so
//! `select(x < 1, x, √x)` has the slope 1 at 0. And a mask's 0 stays 0 where what arrives is infinite: √relu(x)
//! has the slope 0 at −1. There products of the backward rules are [`Guarded`]; elsewhere, and in products of
//! matrices, 0·∞ is NaN.

/// Writes [`Op::identity`] of an operation that depends on all of its fields.
macro_rules! identity_by_fields {
    () => {
        fn identity(&self) -> Option<$crate::ops::Identity> {
            Some($crate::ops::Identity::of(self.clone()))
        }
    };
}

mod activation;
mod movement;
mod matmul;
mod tensordot;
mod joining;
mod labels;
mod beside;
mod slopes;
mod pointwise;
mod guarded;
mod reduce;
mod cumsum;
mod product;
mod triangle;
mod select;
mod along;
mod windows;
mod conv;
mod pool;
mod resize;
mod einsum;
mod operators;
mod stop_gradient;
mod statistics;
mod random;
mod softmax;
mod sort;
mod put;
mod loss;
mod tall;
mod derivative;

pub(crate) use crate::graph::reals;
pub use crate::graph::{
    AnyOp, AnyPointwise, Class, Fold, Gate, Identity, Kind, Loop, Notation, Op, Operand, Operands,
    Output, Pointwise, Type, Values, ValuesMut, View, pointwise_type as pointwise,
};
pub use crate::number::{Number, Truth};
pub use crate::tensor::Real;
pub use along::{AddAlong, TakeAlong};
pub use beside::Beside;
pub use conv::Convolution;
pub use cumsum::CumSum;
pub use derivative::derivative;
pub use guarded::Guarded;
pub use joining::{Concat, Pad};
pub use labels::{ToLabels, ToReal};
pub use loss::SoftmaxWithLoss;
pub(crate) use loss::{MeanOfAll, RowLosses};
pub use matmul::MatMul;
pub(crate) use matmul::{Nothing, by_matrix};
pub use movement::{Broadcast, Reshape, Slice, Transpose};
pub use pointwise::*;
pub use pool::Pooling;
pub use random::{Distribution, Random, RandomMask};
pub use reduce::{Argmax, Max, Sum};
pub use select::{Gather, OneHot, ScatterAdd};
pub use slopes::{Gaussian, OneMinusSquare, SechSquared};
pub use softmax::{LogSoftmax, Softmax};
pub use sort::Argsort;
pub use stop_gradient::StopGradient;
pub(crate) use tall::LeafTotal;
pub(crate) use tensordot::Factors;
pub use tensordot::Tensordot;
pub use windows::{Flip, FoldWindows, Span, Windows};

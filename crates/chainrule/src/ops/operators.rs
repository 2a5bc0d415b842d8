//! Rust's operators on values: operands are broadcast to one shape first.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{AnyOp, Op};
use crate::graph::{OTHER_GRAPH, Var};

impl<'g> Var<'g> {
    /// Applies a pointwise operation of two operands, which are broadcast to one shape first.
    #[track_caller]
    pub(crate) fn zip(self, op: impl Op, other: Self) -> Self {
        if !other.belongs_to(self.graph()) {
            return self.graph().fail(AnyOp::name(&op), OTHER_GRAPH, &[self, other]);
        }
        match self.shape().broadcast(&other.shape()) {
            Some(shape) => {
                self.graph().apply(op, &[self.broadcast_to(shape), other.broadcast_to(shape)])
            }
            None => {
                let message = "the shapes do not broadcast: aligned at the last axis, lengths must be equal or 1";
                self.graph().fail(AnyOp::name(&op), message, &[self, other])
            }
        }
    }

    /// This scalar repeated in a given shape, as a constant.
    pub(crate) fn like(self, value: f64) -> Self {
        self.graph().constant(value).broadcast_to(self.shape())
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:expr) => {
        impl<'g> $trait for Var<'g> {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                self.zip($op, other)
            }
        }
        impl<'g> $trait<f64> for Var<'g> {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: f64) -> Self {
                self.zip($op, self.graph().constant(other))
            }
        }
        impl<'g> $trait<Var<'g>> for f64 {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: Var<'g>) -> Var<'g> {
                other.graph().constant(self).zip($op, other)
            }
        }
    };
}

operator!(Add, add, super::Add);
operator!(Sub, sub, super::Sub);
operator!(Mul, mul, super::Mul);
operator!(Div, div, super::Div);

impl<'g> Neg for Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn neg(self) -> Self {
        self.graph().apply(super::Neg, &[self])
    }
}

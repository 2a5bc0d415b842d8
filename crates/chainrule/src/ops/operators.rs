//! Rust's operators on values: operands are broadcast to one shape first.

use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

use super::{AnyOp, Op};
use crate::graph::{Graph, OTHER_GRAPH, Var};

impl Graph {
    /// [`Graph::apply_shared`] of operands that are broadcast to one shape first.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use chainrule::{Graph, ops::Maximum};
    /// let g = Graph::new();
    /// let (rows, row) = (g.input("a", [2, 3]), g.input("b", [3]));
    /// assert_eq!(g.apply_broadcast(Arc::new(Maximum), &[rows, row]).shape().dims(), [2, 3]);
    /// ```
    #[track_caller]
    pub fn apply_broadcast<'g>(&'g self, op: Arc<dyn AnyOp>, operands: &[Var<'g>]) -> Var<'g> {
        if operands.iter().any(|v| !v.belongs_to(self)) {
            return self.fail(op.name(), OTHER_GRAPH, operands);
        }
        let mut shapes = operands.iter().map(Var::shape);
        let Some(first) = shapes.next() else { return self.apply_shared(op, operands) };
        if shapes.clone().all(|shape| shape == first) {
            return self.apply_shared(op, operands);
        }
        match shapes.try_fold(first, |s, t| s.broadcast(&t)) {
            Some(shape) => {
                let operands: Vec<Var<'g>> =
                    operands.iter().map(|v| v.broadcast_to(shape)).collect();
                self.apply_shared(op, &operands)
            }
            None => {
                let message = "the shapes do not broadcast: aligned at the last axis, lengths must be equal or 1";
                self.fail(op.name(), message, operands)
            }
        }
    }
}

impl<'g> Var<'g> {
    /// Applies a pointwise operation of two operands, which are broadcast to one shape first.
    #[track_caller]
    pub(crate) fn zip(self, op: impl Op, other: Self) -> Self {
        self.graph().apply_broadcast(self.graph().shared(op), &[self, other])
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

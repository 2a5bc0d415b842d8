//! Rust's operators on values: operands are broadcast to one shape first.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};
use std::sync::Arc;

use super::{AnyOp, Beside, Notation, Op};
use crate::graph::{Graph, OTHER_GRAPH, Var};
use crate::term::Binding;

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
        // Labels are compared as the numbers that they are, with one that is known too.
        let compares = matches!(op.notation(), Notation::Infix(_, Binding::Comparison));
        let counts = |v: &Var<'_>| !v.is_real() || v.as_constant().is_some();
        if compares && operands.iter().any(|v| !v.is_real()) && operands.iter().all(counts) {
            let _place = self.pin();
            let operands: Vec<Var<'g>> =
                operands.iter().map(|v| if v.is_real() { *v } else { v.to_real() }).collect();
            return self.apply_broadcast(op, &operands);
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

    /// A number in the shape of this value, as a constant.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2, 3]);
    /// assert_eq!(x.like(1.0).eval()?.values(), [1.0; 6]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("full_like", "zeros_like", "ones_like"))]
    #[track_caller]
    #[must_use]
    pub fn like(self, value: f64) -> Self {
        self.graph().constant(value).broadcast_to(self.shape())
    }
}

macro_rules! operator {
    ($trait:ident $method:ident, $assign:ident $assign_method:ident) => {
        impl<'g, R: Beside<'g>> $trait<R> for Var<'g> {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: R) -> Var<'g> {
                self.zip(super::$trait, other.in_graph(self.graph()))
            }
        }
        impl<'g, R: Beside<'g>> $trait<R> for &Var<'g> {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: R) -> Var<'g> {
                (*self).$method(other)
            }
        }
        impl<'g, R: Beside<'g>> $assign<R> for Var<'g> {
            #[track_caller]
            fn $assign_method(&mut self, other: R) {
                *self = (*self).$method(other);
            }
        }
        number_first!($trait $method, f64 i32);
    };
}

macro_rules! number_first {
    ($trait:ident $method:ident, $($number:ty)*) => {$(
        impl<'g> $trait<Var<'g>> for $number {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: Var<'g>) -> Var<'g> {
                self.in_graph(other.graph()).$method(other)
            }
        }
        impl<'g> $trait<&Var<'g>> for $number {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: &Var<'g>) -> Var<'g> {
                self.$method(*other)
            }
        }
    )*};
}

operator!(Add add, AddAssign add_assign);
operator!(Sub sub, SubAssign sub_assign);
operator!(Mul mul, MulAssign mul_assign);
operator!(Div div, DivAssign div_assign);

impl<'g> Neg for Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn neg(self) -> Self {
        self.graph().apply(super::Neg, &[self])
    }
}

impl<'g> Neg for &Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn neg(self) -> Var<'g> {
        -*self
    }
}

/// The sum of values one after another, broadcast like those of `+`.
///
/// ```
/// use chainrule::Var;
/// let g = chainrule::Graph::new();
/// let weights = [g.constant(1.0), g.constant(2.0)];
/// let decay = weights.iter().map(|w| w.square()).sum::<Var>() * 0.5;
/// assert_eq!((decay + weights.iter().sum::<Var>()).eval()?.values(), [5.5]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Panics
/// There are no values: of which graph should the sum be? `fold(g.constant(0.0), |sum, v| sum + v)` has
/// an answer.
impl<'g> Sum for Var<'g> {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        let add = |sum: Self, v: Self| {
            // The place of the term: the caller is the standard library.
            let _place = sum.graph().pin_where(v);
            sum + v
        };
        values.reduce(add).unwrap_or_else(|| {
            panic!("a sum of no values has no graph; begin with one: `fold(g.constant(0.0), |sum, v| sum + v)`")
        })
    }
}

impl<'a, 'g: 'a> Sum<&'a Var<'g>> for Var<'g> {
    fn sum<I: Iterator<Item = &'a Var<'g>>>(values: I) -> Self {
        values.copied().sum()
    }
}

//! What an operation is: the trait that graphs, plans and executors know operations by.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use super::{Graph, Identity, Operand, Output, Type, Var, View};
use crate::tensor::{ByPrecision, MAX_RANK, Real, Shape};
use crate::term::{Binding, Symbol, Term};

/// How an operation's formula is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Between its operands, such as `a * b`, and how tightly the sign binds.
    Infix(&'static str, Binding),
    /// Before its operand, such as `-x`.
    Prefix(&'static str),
    /// As this power of its operand, such as `x^2`.
    Power(i32),
    /// As the square root of its operand.
    Root,
    /// As a function of its operands, such as `exp(x)`.
    Function,
    /// Not at all: the operand stands for it, as for a broadcast.
    Silent,
}

/// What the plan may do with an operation besides calling its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The output is the operand's memory, read in another order: nothing is computed.
    View,
    /// Only its kernel knows; operands come in any strides when `strided`, else contiguous.
    Kernel {
        /// Whether the kernel reads operands through their strides.
        strided: bool,
    },
}

/// The loop that computes an operation, as data: what a code generator reads besides the terms of
/// pointwise operations. Sums are added in the order of this library's kernels, which is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// Every element from the elements at its place, by a term.
    Pointwise,
    /// Nothing: the output is the operand's memory, at [`Op::view`].
    View,
    /// The product of the matrices that the last two axes hold, for each of the axes before.
    Product,
    /// The sums of products over the last axes of the first operand and the first ones of the second.
    Tensordot {
        /// How many axes are summed over.
        axes: usize,
    },
    /// The elements in reversed order along some axes.
    Flip {
        /// Whether each axis is reversed.
        axes: [bool; MAX_RANK],
    },
    /// All elements along some axes, which the output no longer has, joined into one.
    Reduce {
        /// How two are joined.
        fold: Fold,
        /// Whether each axis of the operand is reduced.
        axes: [bool; MAX_RANK],
    },
    /// The place of the first of the largest elements along an axis.
    Argmax {
        /// The axis.
        axis: usize,
    },
    /// The places along the last axis in the order of the elements there, equal ones as they stand.
    Argsort {
        /// Whether the largest comes first.
        descending: bool,
    },
    /// For each place along an axis the sum of the elements there and before it.
    CumSum {
        /// The axis.
        axis: usize,
        /// Whether the element there is left out.
        exclusive: bool,
        /// Whether the elements after it are added, not those before it.
        reverse: bool,
    },
    /// The slices of the first operand along an axis, at the places that the second names.
    Gather {
        /// The axis.
        axis: usize,
    },
    /// Zeros, to which the slices of the first operand are added at the places that the second names.
    ScatterAdd {
        /// The axis.
        axis: usize,
        /// Its length in the output.
        length: usize,
    },
    /// For each place along an axis the element of the first operand that the second names there.
    TakeAlong {
        /// The axis.
        axis: usize,
    },
    /// Zeros, to which each element of the first operand is added, at the place along the axis that the
    /// second names there.
    AddAlong {
        /// The axis.
        axis: usize,
        /// Its length in the output.
        length: usize,
    },
    /// For each label a row of zeros with a 1 at its place.
    OneHot {
        /// The length of a row.
        classes: usize,
    },
    /// Labels as real numbers.
    ToReal,
    /// The whole part of real numbers as labels, of which there are so many.
    ToLabels {
        /// The number of different labels.
        bound: usize,
    },
    /// The operands one after another along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// Zeros before and after the operand along an axis.
    Pad {
        /// The axis.
        axis: usize,
        /// Zeros before it.
        before: usize,
        /// Zeros after it.
        after: usize,
    },
    /// One that only the kernel knows.
    Own,
}

/// How a reduction joins two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// a + b, from 0 on.
    Sum,
    /// The larger of a and b, from −∞ on; NaN if either is.
    Max,
}

/// An operation, in one place.
///
/// What an operation says of itself is checked against its types before anything runs: a [`Op::view`]
/// outside the operand, a [`Op::grain`] that does not divide the output are errors that name the
/// operation. One that works element by element is written as a [`Pointwise`](super::Pointwise).
pub trait Op: Debug + Send + Sync + 'static {
    /// The operation's name, in lower case.
    fn name(&self) -> &'static str;

    /// The shape rule: the output's type.
    ///
    /// # Errors
    /// What is wrong with the operands and what would be right.
    fn infer(&self, operands: &[Type]) -> Result<Type, String>;

    /// The kernel: computes the elements `output.range` of the output, which are at least one.
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>);

    /// The backward rule: the gradient of `operand`, made of nodes, or `None` where it is zero.
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>>;

    /// What tells this operation from others of its type: a plan computes two of them once where their
    /// identities and their operands are equal. `None`, the default, is equal to no other. What a value
    /// depends on must be in it: with `None` a plan computes more than it needs, with too little
    /// something else.
    ///
    /// ```
    /// use chainrule::ops::{Gate, Identity, Op, Operand, Output, Real, Type, pointwise};
    /// use chainrule::{Graph, Var};
    ///
    /// #[derive(Debug)]
    /// struct Scale {
    ///     factor: f64,
    /// }
    ///
    /// impl Op for Scale {
    ///     fn name(&self) -> &'static str {
    ///         "scale"
    ///     }
    ///     fn infer(&self, operands: &[Type]) -> Result<Type, String> {
    ///         pointwise(operands, 1)
    ///     }
    ///     fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
    ///         for (y, &x) in output.real().iter_mut().zip(operands[0].real()) {
    ///             *y = x * T::from_f64(self.factor);
    ///         }
    ///     }
    ///     fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
    ///         Some(gate.upstream * self.factor)
    ///     }
    ///     fn identity(&self) -> Option<Identity> {
    ///         // By its bits a factor is equal to itself, even NaN.
    ///         Some(Identity::of(self.factor.to_bits()))
    ///     }
    /// }
    ///
    /// let g = Graph::new();
    /// let x = g.input("x", [2]);
    /// let [a, b, c] = [2.0, 2.0, 3.0].map(|factor| g.apply(Scale { factor }, &[x]));
    /// assert_eq!(g.compile::<f32>(&[a + b])?.info().steps.len(), 2);
    /// assert_eq!(g.compile::<f32>(&[a + c])?.info().steps.len(), 3);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// Whether element i of the output depends on element i of each operand alone: so it is for what
    /// implements [`Pointwise`](super::Pointwise).
    #[doc(hidden)]
    const IS_POINTWISE: bool = false;

    /// The operation for chains, where it works element by element.
    #[doc(hidden)]
    fn pointwise(self: Arc<Self>) -> Option<Arc<dyn AnyPointwise>>
    where
        Self: Sized,
    {
        None
    }

    /// Whether row r of the output, along the first axis, needs no more of this operand than its row r,
    /// where both have equally many.
    ///
    /// A call for some rows is then one for a smaller output: the kernel is given these rows of the
    /// operand and no others, which other threads may be writing meanwhile, and [`Output::shape`] and
    /// [`Output::range`] count from the first of them. An operation whose elements depend on where in
    /// the output they are has no operand by rows.
    ///
    /// ```
    /// use chainrule::ops::{Gate, Op, Operand, Output, Real, Type};
    /// use chainrule::{Graph, Var};
    ///
    /// /// Each row of a matrix from its end to its start.
    /// #[derive(Debug)]
    /// struct Backwards;
    ///
    /// impl Op for Backwards {
    ///     fn name(&self) -> &'static str {
    ///         "backwards"
    ///     }
    ///     fn infer(&self, operands: &[Type]) -> Result<Type, String> {
    ///         match operands {
    ///             [x] if x.shape.rank() == 2 => Ok(*x),
    ///             _ => Err("takes a matrix".into()),
    ///         }
    ///     }
    ///     fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
    ///         // As if all rows were there.
    ///         let (width, range) = (output.shape.dims()[1], output.range.clone());
    ///         let rows = operands[0].real()[range].chunks(width);
    ///         for (y, x) in output.real().chunks_mut(width).zip(rows) {
    ///             y.iter_mut().zip(x.iter().rev()).for_each(|(y, &x)| *y = x);
    ///         }
    ///     }
    ///     fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
    ///         Some(gate.graph().apply(Backwards, &[gate.upstream]))
    ///     }
    ///     fn by_rows(&self, _operand: usize) -> bool {
    ///         true
    ///     }
    ///     fn grain(&self, output: &chainrule::Shape) -> usize {
    ///         output.dims()[1]
    ///     }
    /// }
    ///
    /// let g = Graph::new();
    /// let y = g.apply(Backwards, &[g.input("x", [2, 2])]);
    /// let mut plan = g.compile::<f32>(&[y])?;
    /// plan.feed("x", &[1.0, 2.0, 3.0, 4.0])?;
    /// plan.run()?;
    /// assert_eq!(plan.value(y)?, [2.0, 1.0, 4.0, 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    fn by_rows(&self, _operand: usize) -> bool {
        false
    }

    /// How the formula is written.
    fn notation(&self) -> Notation {
        Notation::Function
    }

    /// The sign by which pictures show the operation.
    fn glyph(&self) -> &'static str {
        self.name()
    }

    /// What the operation is, in one or two sentences.
    fn doc(&self) -> &'static str {
        ""
    }

    /// The loop that computes it, where it is one of those that have a name.
    fn as_loop(&self) -> Loop {
        match self.class() {
            _ if Self::IS_POINTWISE => Loop::Pointwise,
            Class::View => Loop::View,
            Class::Kernel { .. } => Loop::Own,
        }
    }

    /// What the plan may do besides calling the kernel.
    fn class(&self) -> Class {
        Class::Kernel { strided: false }
    }

    /// For [`Class::View`]: the output's place in the operand's memory, between the operand's first
    /// element and its last, or `None` where the operand must be made contiguous first.
    fn view(&self, _operand: &View, _output: &Shape) -> Option<View> {
        None
    }

    /// The number of output elements that are computed together, such as a row: it divides the
    /// number of all, and a kernel's range begins and ends at multiples of it.
    fn grain(&self, _output: &Shape) -> usize {
        1
    }

    /// A rough count of arithmetic operations per output element.
    fn cost(&self, _operands: &[Type]) -> usize {
        4
    }

    /// The values whose signs choose the branch of a piecewise operation, as `relu`'s operand does.
    fn kinks<'g>(&self, _operands: &[Var<'g>]) -> Vec<Var<'g>> {
        Vec::new()
    }

    /// Whether the backward rule sends gradients of 0 to what the value does not depend on, whatever
    /// arrives, as that of `select` does for the branch not taken.
    fn is_router(&self) -> bool {
        false
    }

    /// Whether the value is constant wherever it has a derivative, as a comparison's is.
    fn is_flat(&self) -> bool {
        false
    }

    /// Whether a derivative can be infinite or NaN where these operands are finite, as that of √x is at 0.
    /// Such an operation writes its backward rule with [`Gate::times`].
    fn has_poles(&self, _operands: &[Var<'_>]) -> bool {
        false
    }
}

/// The most operands that a pointwise operation can have.
pub(crate) const MAX_OPERANDS: usize = 8;

/// One gate of the graph as its backward rule sees it.
#[derive(Debug)]
pub struct Gate<'a, 'g> {
    /// The operands.
    pub operands: &'a [Var<'g>],
    /// The gate's own value.
    pub output: Var<'g>,
    /// The gradient that arrives from above: of the loss with respect to the output.
    pub upstream: Var<'g>,
    /// What a gradient meets here.
    pub(crate) passage: Passage,
}

/// What a gradient meets at a gate, as far as the sweep knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Passage {
    /// Whether a derivative may be no finite number, and a gradient of 0 come from a router.
    pub is_guarded: bool,
    /// Whether what arrives may be no finite number.
    pub gets_wild: bool,
    /// For each of the first operands a bit, 1 where it is finite and no gradient goes on from it.
    pub masks: u8,
}

impl<'a, 'g> Gate<'a, 'g> {
    /// A gate at which a gradient arrives.
    #[must_use]
    pub fn new(operands: &'a [Var<'g>], output: Var<'g>, upstream: Var<'g>) -> Self {
        Self { operands, output, upstream, passage: Passage::default() }
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &'g Graph {
        self.upstream.graph()
    }
}

mod sealed {
    pub trait Sealed {}
    impl<O: super::Op> Sealed for O {}
}

/// [`Op`] without type parameters, so that a graph can hold any operation.
#[doc(hidden)]
pub trait AnyOp: Debug + Send + Sync + sealed::Sealed {
    fn as_any(&self) -> &dyn Any;
    fn name(&self) -> &'static str;
    fn identity(&self) -> Option<Identity>;
    fn infer(&self, operands: &[Type]) -> Result<Type, String>;
    fn forward_f32(&self, operands: &[Operand<'_, f32>], output: Output<'_, f32>);
    fn forward_f64(&self, operands: &[Operand<'_, f64>], output: Output<'_, f64>);
    fn pointwise(self: Arc<Self>) -> Option<Arc<dyn AnyPointwise>>;
    fn is_pointwise(&self) -> bool;
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>>;
    fn by_rows(&self, operand: usize) -> bool;
    fn notation(&self) -> Notation;
    fn glyph(&self) -> &'static str;
    fn doc(&self) -> &'static str;
    fn as_loop(&self) -> Loop;
    fn class(&self) -> Class;
    fn view(&self, operand: &View, output: &Shape) -> Option<View>;
    fn grain(&self, output: &Shape) -> usize;
    fn cost(&self, operands: &[Type]) -> usize;
    fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>>;
    fn is_router(&self) -> bool;
    fn is_flat(&self) -> bool;
    fn has_poles(&self, operands: &[Var<'_>]) -> bool;
}

impl dyn AnyOp {
    /// Whether this is the operation `O`, whatever its settings.
    #[must_use]
    pub fn is<O: Op>(&self) -> bool {
        self.as_any().is::<O>()
    }

    /// The operation with its settings, if it is `O`.
    #[must_use]
    pub fn downcast_ref<O: Op>(&self) -> Option<&O> {
        self.as_any().downcast_ref()
    }
}

impl<O: Op> AnyOp for O {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn name(&self) -> &'static str {
        Op::name(self)
    }
    fn identity(&self) -> Option<Identity> {
        Op::identity(self)
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        Op::infer(self, operands)
    }
    fn forward_f32(&self, operands: &[Operand<'_, f32>], output: Output<'_, f32>) {
        self.forward(operands, output);
    }
    fn forward_f64(&self, operands: &[Operand<'_, f64>], output: Output<'_, f64>) {
        self.forward(operands, output);
    }
    fn pointwise(self: Arc<Self>) -> Option<Arc<dyn AnyPointwise>> {
        Op::pointwise(self)
    }
    fn is_pointwise(&self) -> bool {
        O::IS_POINTWISE
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        Op::backward(self, gate, operand)
    }
    fn by_rows(&self, operand: usize) -> bool {
        Op::by_rows(self, operand)
    }
    fn notation(&self) -> Notation {
        Op::notation(self)
    }
    fn glyph(&self) -> &'static str {
        Op::glyph(self)
    }
    fn doc(&self) -> &'static str {
        Op::doc(self)
    }
    fn as_loop(&self) -> Loop {
        Op::as_loop(self)
    }
    fn class(&self) -> Class {
        Op::class(self)
    }
    fn view(&self, operand: &View, output: &Shape) -> Option<View> {
        Op::view(self, operand, output)
    }
    fn grain(&self, output: &Shape) -> usize {
        Op::grain(self, output)
    }
    fn cost(&self, operands: &[Type]) -> usize {
        Op::cost(self, operands)
    }
    fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
        Op::kinks(self, operands)
    }
    fn is_router(&self) -> bool {
        Op::is_router(self)
    }
    fn is_flat(&self) -> bool {
        Op::is_flat(self)
    }
    fn has_poles(&self, operands: &[Var<'_>]) -> bool {
        Op::has_poles(self, operands)
    }
}

/// A pointwise kernel for single numbers.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Scalar<T> {
    /// Of one operand.
    Unary(fn(T) -> T),
    /// Of two operands.
    Binary(fn(T, T) -> T),
}

/// A pointwise operation without type parameters, as chains hold it.
pub trait AnyPointwise: AnyOp {
    /// The number of operands.
    fn arity(&self) -> usize;

    /// [`Pointwise::NUMBERS`](super::Pointwise::NUMBERS).
    fn numbers(&self) -> usize;

    /// The value as a formula of the operands.
    fn term(&self) -> Term;

    /// The condition under which the value is defined, as a formula of the operands.
    fn domain(&self) -> Option<Term>;

    /// Operands at which the value is easily told, with the value.
    fn example(&self) -> Option<(Vec<f64>, f64)>;

    /// The value at recorded operands.
    fn record<'a>(&self, operands: &[Symbol<'a>]) -> Symbol<'a>;

    /// Computes elements from stretches of the operands: as many numbers as the output has, or one for
    /// each of the last [`AnyPointwise::numbers`].
    #[doc(hidden)]
    fn stretch_f32(&self, operands: &[&[f32]], output: &mut [f32]);
    #[doc(hidden)]
    fn stretch_f64(&self, operands: &[&[f64]], output: &mut [f64]);
    /// The same where the output holds the first operand, whose own stretch is empty; for operations of
    /// two operands or more.
    #[doc(hidden)]
    fn over_f32(&self, operands: &[&[f32]], output: &mut [f32]);
    #[doc(hidden)]
    fn over_f64(&self, operands: &[&[f64]], output: &mut [f64]);
    /// The kernel for single numbers, where it is a plain function.
    #[doc(hidden)]
    fn scalar_f32(&self) -> Option<Scalar<f32>>;
    #[doc(hidden)]
    fn scalar_f64(&self) -> Option<Scalar<f64>>;
    /// The value of one element.
    #[doc(hidden)]
    fn element_f32(&self, operands: &[f32]) -> f32;
    #[doc(hidden)]
    fn element_f64(&self, operands: &[f64]) -> f64;
}

/// Writes the function that calls a method of a trait of operations in the precision `T`.
macro_rules! in_precision {
    ($any:ident: $(
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $type:ty),*) -> $answer:ty, $single:ident, $double:ident;
    )*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name<T: Real>(op: &dyn $any, $($argument: $type),*) -> $answer {
            struct Choice;
            impl ByPrecision for Choice {
                type Answer<T: Real> = fn(&dyn $any, $($type),*) -> $answer;
                #[inline(always)]
                fn single(self) -> Self::Answer<f32> {
                    |op, $($argument),*| op.$single($($argument),*)
                }
                #[inline(always)]
                fn double(self) -> Self::Answer<f64> {
                    |op, $($argument),*| op.$double($($argument),*)
                }
            }
            T::by_precision(Choice)(op, $($argument),*)
        }
    )*};
}
in_precision! { AnyOp:
    /// [`Op::forward`].
    forward(operands: &[Operand<'_, T>], output: Output<'_, T>) -> (), forward_f32, forward_f64;
}

in_precision! { AnyPointwise:
    /// Computes elements from stretches of the operands.
    stretch(operands: &[&[T]], output: &mut [T]) -> (), stretch_f32, stretch_f64;
    /// The same where the output holds the first operand.
    over(operands: &[&[T]], output: &mut [T]) -> (), over_f32, over_f64;
    /// The kernel for single numbers, where it is a plain function.
    scalar() -> Option<Scalar<T>>, scalar_f32, scalar_f64;
    /// The value of one element.
    element(operands: &[T]) -> T, element_f32, element_f64;
}

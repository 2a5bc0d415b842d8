//! Pointwise operations: one entry each, from which its loops, its formula and its notation come.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use super::{
    AnyPointwise, Gate, Identity, Kind, MAX_OPERANDS, Notation, Op, Operand, Output, Scalar, Type,
    Var,
};
use crate::number::Number;
use crate::simd::vectorized;
use crate::tensor::Real;
use crate::term::{Condition, Symbol, Term};

/// The operands of one element of a pointwise operation: an array of up to eight.
pub trait Operands<T>: Copy + AsRef<[T]> {
    /// How many there are.
    const COUNT: usize;

    /// The operands by their numbers.
    fn each(operand: impl FnMut(usize) -> T) -> Self;
}

macro_rules! operands {
    ($($count:literal: $($at:literal)*;)*) => {$(
        impl<T: Copy> Operands<T> for [T; $count] {
            const COUNT: usize = $count;

            #[inline(always)]
            fn each(mut operand: impl FnMut(usize) -> T) -> Self {
                [$(operand($at)),*]
            }
        }
    )*};
}

operands! {
    1: 0;
    2: 0 1;
    3: 0 1 2;
    4: 0 1 2 3;
    5: 0 1 2 3 4;
    6: 0 1 2 3 4 5;
    7: 0 1 2 3 4 5 6;
    8: 0 1 2 3 4 5 6 7;
}

/// An operation whose element i depends on element i of each operand alone, in one place.
///
/// Its value is written once, over any [`Number`]; the loops over arrays, the kernel for single numbers,
/// the formula in other languages and the fusion with its neighbours come with it.
///
/// ```
/// use chainrule::number::Number;
/// use chainrule::ops::{Gate, Pointwise};
/// use chainrule::{Graph, Var};
///
/// /// x³
/// #[derive(Debug)]
/// struct Cube;
///
/// impl Pointwise for Cube {
///     type Operands<T: Copy> = [T; 1];
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///     fn value<T: Number>(&self, [x]: [T; 1]) -> T {
///         x * x * x
///     }
///     fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
///         Some(gate.upstream * 3.0 * gate.operands[0].square())
///     }
/// }
///
/// let g = Graph::new();
/// let x = g.input("x", [2]);
/// let y = g.apply(Cube, &[x]).sum(&[]);
/// let dx = g.backward(y, &[x])[0];
/// let mut plan = g.compile::<f64>(&[dx])?;
/// plan.feed("x", &[1.0, 2.0])?;
/// plan.run()?;
/// assert_eq!(plan.value(dx)?, [3.0, 12.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Pointwise: Debug + Send + Sync + Sized + 'static {
    /// The operands of one element, such as `[T; 2]` for an operation of two.
    type Operands<T: Copy>: Operands<T>;

    /// How many of the last operands repeat one number as a rule, as a learning rate does: a loop of
    /// their own reads these once.
    const NUMBERS: usize = 0;

    /// The operation itself, where it has no settings: on single numbers it then costs a call of a plain
    /// function.
    const PLAIN: Option<Self> = None;

    /// The operation's name, in lower case.
    fn name(&self) -> &'static str;

    /// The value. A long one should be marked `#[inline(always)]`: only what stands within the loop is
    /// compiled for the widest vectors.
    fn value<T: Number>(&self, operands: Self::Operands<T>) -> T;

    /// The loop over arrays, all of one length: for a value whose own loop would not become vector code.
    #[doc(hidden)]
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, no element is left to a slower loop")]
    fn each<T: Real>(&self, operands: Self::Operands<&[T]>, output: &mut [T]) {
        for i in 0..output.len() {
            output[i] = self.value(Self::Operands::each(
                #[inline(always)]
                |at| operands.as_ref()[at][i],
            ));
        }
    }

    /// What tells this operation from others of its type; see [`Op::identity`]. One without settings is
    /// equal to any of its type.
    fn identity(&self) -> Option<Identity> {
        Self::PLAIN.map(|_| Identity::of(()))
    }

    /// The backward rule: the gradient of `operand`, made of nodes, or `None` where it is zero.
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>>;

    /// Where the value is defined; everywhere if `None`.
    fn domain<T: Number>(&self, _operands: Self::Operands<T>) -> Option<T::Truth> {
        None
    }

    /// The values whose signs choose the branch of a piecewise operation, as `relu`'s operand does.
    fn kinks<'g>(&self, _operands: &[Var<'g>]) -> Vec<Var<'g>> {
        Vec::new()
    }

    /// Whether the backward rule sends gradients of 0 whatever arrives; see [`Op::is_router`].
    fn is_router(&self) -> bool {
        false
    }

    /// Whether the value is constant wherever it has a derivative; see [`Op::is_flat`].
    fn is_flat(&self) -> bool {
        false
    }

    /// Whether a derivative can be infinite or NaN where these operands are finite; see
    /// [`Op::has_poles`].
    fn has_poles(&self, _operands: &[Var<'_>]) -> bool {
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

    /// Operands at which the value is easily told, with the value.
    fn example(&self) -> Option<(Self::Operands<f64>, f64)> {
        None
    }
}

/// The number of operands of a pointwise operation.
const fn arity<P: Pointwise>() -> usize {
    P::Operands::<f64>::COUNT
}

impl<P: Pointwise> Op for P {
    fn name(&self) -> &'static str {
        Pointwise::name(self)
    }
    fn identity(&self) -> Option<Identity> {
        Pointwise::identity(self)
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        pointwise(operands, arity::<P>())
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let slices = slices(operands, &output.range);
        compute::<T, P, false>(self, &slices[..operands.len()], output.real());
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        Pointwise::backward(self, gate, operand)
    }
    const IS_POINTWISE: bool = true;

    fn pointwise(self: Arc<Self>) -> Option<Arc<dyn AnyPointwise>> {
        Some(self)
    }
    fn notation(&self) -> Notation {
        Pointwise::notation(self)
    }
    fn glyph(&self) -> &'static str {
        Pointwise::glyph(self)
    }
    fn doc(&self) -> &'static str {
        Pointwise::doc(self)
    }
    fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
        Pointwise::kinks(self, operands)
    }
    fn is_router(&self) -> bool {
        Pointwise::is_router(self)
    }
    fn is_flat(&self) -> bool {
        Pointwise::is_flat(self)
    }
    fn has_poles(&self, operands: &[Var<'_>]) -> bool {
        Pointwise::has_poles(self, operands)
    }
}

/// A range of each operand; not written anew into every operation.
#[inline(never)]
fn slices<'a, T>(operands: &[Operand<'a, T>], range: &Range<usize>) -> [&'a [T]; MAX_OPERANDS] {
    let mut slices: [&[T]; MAX_OPERANDS] = [&[]; MAX_OPERANDS];
    for (slice, operand) in slices.iter_mut().zip(operands) {
        *slice = &operand.real()[range.clone()];
    }
    slices
}

/// The loop over an array, compiled for each operation in its forms: `OVER` where the output holds the
/// first operand, whose slice is empty; `NUMBERS` where the last [`Pointwise::NUMBERS`] operands are one
/// number each. All other slices are at least as long as the output.
#[expect(clippy::needless_range_loop, reason = "as in `each`")]
fn run<T: Real, P: Pointwise, const OVER: bool, const NUMBERS: bool>(
    op: &P,
    operands: &[&[T]],
    output: &mut [T],
) {
    vectorized(
        #[inline(always)]
        move || {
            let first_number = arity::<P>() - if NUMBERS { P::NUMBERS } else { 0 };
            // Made within the loop's own function, so that lengths and numbers are in registers: in
            // memory, the compiler could not tell them from the output. The loops are by index, since
            // of an iterator over the output it cannot tell that i is within the slices, and leaves
            // up to 64 elements to a loop without vectors.
            let numbers = P::Operands::<T>::each(
                #[inline(always)]
                |at| if at < first_number { T::zero() } else { operands[at][0] },
            );
            // One length for all, so that the loop needs no further checks.
            let slices = P::Operands::<&[T]>::each(
                #[inline(always)]
                |at| match OVER && at == 0 || at >= first_number {
                    true => &[],
                    false => &operands[at][..output.len()],
                },
            );
            if !OVER && !NUMBERS {
                return op.each(slices, output);
            }
            for i in 0..output.len() {
                let old = output[i];
                output[i] = op.value(P::Operands::each(
                    #[inline(always)]
                    |at| match at {
                        0 if OVER => old,
                        at if at < first_number => slices.as_ref()[at][i],
                        at => numbers.as_ref()[at],
                    },
                ));
            }
        },
    );
}

/// [`run`] in the form that fits the operands.
fn compute<T: Real, P: Pointwise, const OVER: bool>(op: &P, operands: &[&[T]], output: &mut [T]) {
    const { assert!(P::NUMBERS < arity::<P>(), "the first operand is never one number") };
    let last = &operands[arity::<P>() - P::NUMBERS..];
    match P::NUMBERS > 0 && last.iter().all(|operand| operand.len() == 1) {
        true => run::<T, P, OVER, true>(op, operands, output),
        false => run::<T, P, OVER, false>(op, operands, output),
    }
}

/// The operation, which has no settings.
fn plain<P: Pointwise>() -> P {
    P::PLAIN.unwrap_or_else(|| unreachable!("only asked for where it is known"))
}

/// Writes the kernels of [`AnyPointwise`] in one precision.
macro_rules! kernels {
    ($type:ty, $stretch:ident, $over:ident, $scalar:ident, $element:ident) => {
        fn $stretch(&self, operands: &[&[$type]], output: &mut [$type]) {
            compute::<$type, P, false>(self, operands, output);
        }
        fn $over(&self, operands: &[&[$type]], output: &mut [$type]) {
            // Nothing is gained for one operand, and every form is compiled for every operation.
            assert!(arity::<P>() > 1, "written over its only operand");
            compute::<$type, P, true>(self, operands, output);
        }
        fn $scalar(&self) -> Option<Scalar<$type>> {
            P::PLAIN.and(match arity::<P>() {
                1 => Some(Scalar::Unary(|a| plain::<P>().value(P::Operands::each(|_| a)))),
                2 => Some(Scalar::Binary(|a, b| {
                    plain::<P>().value(P::Operands::each(|at| [a, b][at]))
                })),
                _ => None,
            })
        }
        fn $element(&self, operands: &[$type]) -> $type {
            self.value(P::Operands::each(|at| operands[at]))
        }
    };
}

impl<P: Pointwise> AnyPointwise for P {
    fn arity(&self) -> usize {
        arity::<P>()
    }
    fn numbers(&self) -> usize {
        P::NUMBERS
    }
    fn term(&self) -> Term {
        // Behind a pointer, so that the recording is not compiled for every operation.
        let formula: &dyn for<'a> Fn(&[Symbol<'a>]) -> Symbol<'a> = &|x| self.record(x);
        Term::record(arity::<P>(), formula)
    }
    fn domain(&self) -> Option<Term> {
        let formula: &dyn for<'a> Fn(&[Symbol<'a>]) -> Option<Condition<'a>> =
            &|x| Pointwise::domain(self, P::Operands::each(|at| x[at]));
        Term::condition(arity::<P>(), formula)
    }
    fn example(&self) -> Option<(Vec<f64>, f64)> {
        Pointwise::example(self).map(|(operands, value)| (operands.as_ref().to_vec(), value))
    }
    fn record<'a>(&self, operands: &[Symbol<'a>]) -> Symbol<'a> {
        self.value(P::Operands::each(|at| operands[at]))
    }
    kernels!(f32, stretch_f32, over_f32, scalar_f32, element_f32);
    kernels!(f64, stretch_f64, over_f64, scalar_f64, element_f64);
}

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
        false => Err("takes real numbers, not labels: `to_real` makes numbers of them".into()),
    }
}

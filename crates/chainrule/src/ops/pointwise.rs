//! The pointwise operations: one page of calculus.
//!
//! Each entry gives the operation's name, its value and its derivative in terms of graph nodes. The
//! formulas are those of any table of derivatives, such as Abramowitz and Stegun, chapters 3, 4 and 7.

use super::{
    Class, Gate, InPlace, Notation, Op, Operand, Output, Real, Scalar, Type, pointwise, wrong_count,
};
use crate::graph::Var;
use crate::simd::vectorized;
use crate::tensor::Shape;

/// Writes the value at each of `xs` to `ys`: one after the other, or by a function of slices.
macro_rules! fill {
    ($xs:ident, $ys:ident, |$x:ident| $value:expr) => {
        for (y, &$x) in $ys.iter_mut().zip(*$xs) {
            *y = $value;
        }
    };
    ($xs:ident, $ys:ident, |$x:ident| $value:expr, $each:path) => {
        $each($xs, $ys)
    };
}

/// Writes one operation of one operand: `value` is its kernel, `slope` its derivative as nodes.
macro_rules! unary {
    ($(
        $(#[$doc:meta])*
        $op:ident $method:ident: |$x:ident| $value:expr, |$vx:ident, $vy:ident| $slope:expr
        $(, kink $kink:expr)?
        $(, each $each:path)?;
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                stringify!($method)
            }
            identity_by_fields!();
            fn infer(&self, operands: &[Type]) -> Result<Type, String> {
                pointwise(operands, 1)
            }
            fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
                self.pointwise(&[operands[0].real()], output.real());
            }
            fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
                let [x] = operands else { wrong_count(operands.len(), 1) };
                vectorized(#[inline(always)] || fill!(x, output, |$x| $value $(, $each)?));
            }
            fn scalar<T: Real>(&self) -> Option<Scalar<T>> {
                Some(Scalar::Unary(|$x| $value))
            }
            fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
                let ($vx, $vy) = (gate.operands[0], gate.output);
                let slope: Option<Var<'g>> = $slope;
                Some(gate.upstream * slope?)
            }
            fn class(&self) -> Class {
                Class::Pointwise
            }
            $(fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
                let kink: fn(Var<'g>) -> Var<'g> = $kink;
                vec![kink(operands[0])]
            })?
        }

        impl<'g> Var<'g> {
            $(#[$doc])*
            #[track_caller]
            #[must_use]
            pub fn $method(self) -> Self {
                self.graph().apply($op, &[self])
            }
        }
    )*};
}

unary! {
    /// eˣ; its derivative is itself.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).exp().eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Exp exp: |x| x.exp(), |_x, y| Some(y);
    /// ln x, the natural logarithm, for x > 0; derivative 1/x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1.0).ln().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Ln ln: |x| x.ln(), |x, _y| Some(1.0 / x);
    /// √x for x ≥ 0; derivative 1/(2√x), infinite at 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(9.0).sqrt().eval()?.values(), [3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Sqrt sqrt: |x| x.sqrt(), |_x, y| Some(0.5 / y);
    /// |x|; derivative sign(x), taken as 0 at 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(-3.0).abs().eval()?.values(), [3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Abs abs: |x| x.abs(), |x, _y| Some(x.sign()), kink |x| x;
    /// −1, 0 or 1; derivative 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(-3.0).sign().eval()?.values(), [-1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Sign sign: |x| if x > T::zero() { T::one() } else if x < T::zero() { -T::one() } else { x * T::zero() },
        |_x, _y| None, kink |x| x;
    /// x²; derivative 2x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(-3.0).square().eval()?.values(), [9.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Square square: |x| x * x, |x, _y| Some(x * 2.0);
    /// sin x, x in radians; derivative cos x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).sin().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Sin sin: |x| x.sin(), |x, _y| Some(x.cos()), each T::sin_each;
    /// cos x, x in radians; derivative −sin x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).cos().eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Cos cos: |x| x.cos(), |x, _y| Some(-x.sin()), each T::cos_each;
    /// tan x, x in radians; derivative 1 + tan² x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).tan().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Tan tan: |x| x.tan(), |_x, y| Some(y.square() + 1.0), each T::tan_each;
    /// arcsin x for |x| ≤ 1; derivative 1/√(1 − x²).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).asin().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Asin asin: |x| x.asin(), |x, _y| Some(1.0 / (1.0 - x.square()).sqrt());
    /// arccos x for |x| ≤ 1; derivative −1/√(1 − x²).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1.0).acos().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Acos acos: |x| x.acos(), |x, _y| Some(-1.0 / (1.0 - x.square()).sqrt());
    /// arctan x; derivative 1/(1 + x²).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).atan().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Atan atan: |x| x.atan(), |x, _y| Some(1.0 / (x.square() + 1.0));
    /// sinh x; derivative cosh x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).sinh().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Sinh sinh: |x| x.sinh(), |x, _y| Some(x.cosh());
    /// cosh x; derivative sinh x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).cosh().eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Cosh cosh: |x| x.cosh(), |x, _y| Some(x.sinh());
    /// tanh x; derivative 1 − tanh² x.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).tanh().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Tanh tanh: |x| x.tanh(), |_x, y| Some(1.0 - y.square());
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt; derivative 2/√π · e^(−x²).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).erf().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Erf erf: |x| x.erf(), |x, _y| Some((-x.square()).exp() * std::f64::consts::FRAC_2_SQRT_PI);
    /// The logistic function 1/(1 + e⁻ˣ); derivative y·(1 − y). Computed from e^(−|x|), so that no
    /// argument overflows.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(0.0).sigmoid().eval()?.values(), [0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Sigmoid sigmoid: |x| x.sigmoid(), |_x, y| Some(y * (1.0 - y));
    /// max(x, 0); derivative 1 for x > 0, else 0, also at 0. NaN stays NaN.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(-2.0).relu().eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Relu relu: |x| if x <= T::zero() { T::zero() } else { x },
        |x, _y| Some(x.greater(x.like(0.0))), kink |x| x;
    /// ln(1 + eˣ), a smooth `relu`; derivative sigmoid(x). Computed as max(x, 0) + ln(1 + e^(−|x|)),
    /// so that no argument overflows.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1e4).softplus().eval()?.values(), [1e4]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    Softplus softplus: |x| {
        let positive = if x <= T::zero() { T::zero() } else { x };
        positive + (-x.abs()).exp().ln_1p()
    }, |x, _y| Some(x.sigmoid());
}

/// −x; derivative −1. Written `-x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Neg;

impl Op for Neg {
    fn name(&self) -> &'static str {
        "neg"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        pointwise(operands, 1)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        self.pointwise(&[operands[0].real()], output.real());
    }
    fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
        let [x] = operands else { wrong_count(operands.len(), 1) };
        vectorized(
            #[inline(always)]
            || output.iter_mut().zip(*x).for_each(|(y, &x)| *y = -x),
        );
    }
    fn scalar<T: Real>(&self) -> Option<Scalar<T>> {
        Some(Scalar::Unary(|x| -x))
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(-gate.upstream)
    }
    fn class(&self) -> Class {
        Class::Pointwise
    }
}

/// Writes one operation of two operands of one shape: its kernel and both gradients as nodes.
macro_rules! binary {
    ($(
        $(#[$doc:meta])*
        $op:ident $name:literal $notation:expr,
        |$a:ident, $b:ident| $value:expr, |$gate:ident| $da:expr, $db:expr
        $(, kink |$ka:ident, $kb:ident| $kink:expr)?;
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }
            identity_by_fields!();
            fn infer(&self, operands: &[Type]) -> Result<Type, String> {
                pointwise(operands, 2)
            }
            fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
                self.pointwise(&[operands[0].real(), operands[1].real()], output.real());
            }
            fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
                let [a, b] = operands else { wrong_count(operands.len(), 2) };
                vectorized(#[inline(always)] || {
                    for (y, (&$a, &$b)) in output.iter_mut().zip(a.iter().zip(*b)) {
                        *y = $value;
                    }
                });
            }
            fn in_place<T: Real>(&self) -> Option<InPlace<T>> {
                Some(|others, output| {
                    let [b] = others else { wrong_count(others.len(), 1) };
                    vectorized(#[inline(always)] || {
                        for (y, &$b) in output.iter_mut().zip(*b) {
                            let $a = *y;
                            *y = $value;
                        }
                    });
                })
            }
            fn scalar<T: Real>(&self) -> Option<Scalar<T>> {
                Some(Scalar::Binary(|$a, $b| $value))
            }
            fn backward<'g>(&self, $gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
                if operand == 0 { $da } else { $db }
            }
            fn notation(&self) -> Notation {
                $notation
            }
            fn class(&self) -> Class {
                Class::Pointwise
            }
            $(fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
                let ($ka, $kb) = (operands[0], operands[1]);
                vec![$kink]
            })?
        }
    )*};
}

fn one_if<T: Real>(condition: bool) -> T {
    if condition { T::one() } else { T::zero() }
}

/// 1 where a beats b, ½ where they are equal, else 0: the share of the gradient that a gets.
fn share<'g>(wins: Var<'g>, a: Var<'g>, b: Var<'g>) -> Var<'g> {
    wins + a.equal(b) * 0.5
}

binary! {
    /// a + b; derivatives 1 and 1.
    Add "add" Notation::Infix("+"), |a, b| a + b, |gate| Some(gate.upstream), Some(gate.upstream);
    /// a − b; derivatives 1 and −1.
    Sub "sub" Notation::Infix("-"), |a, b| a - b, |gate| Some(gate.upstream), Some(-gate.upstream);
    /// a·b; derivatives b and a: a product exchanges its operands on the way back.
    Mul "mul" Notation::Infix("*"), |a, b| a * b,
        |gate| Some(gate.upstream * gate.operands[1]), Some(gate.upstream * gate.operands[0]);
    /// a/b; derivatives 1/b and −a/b².
    Div "div" Notation::Infix("/"), |a, b| a / b,
        |gate| Some(gate.upstream / gate.operands[1]),
        Some(-(gate.upstream * gate.output / gate.operands[1]));
    /// The larger of a and b; NaN if either is. At a tie each gets half of the gradient.
    Maximum "max" Notation::Function, |a, b| if a >= b || a.is_nan() { a } else { b },
        |gate| Some(gate.upstream * share(gate.operands[0].greater(gate.operands[1]), gate.operands[0], gate.operands[1])),
        Some(gate.upstream * share(gate.operands[1].greater(gate.operands[0]), gate.operands[0], gate.operands[1])),
        kink |a, b| a - b;
    /// The smaller of a and b; NaN if either is. At a tie each gets half of the gradient.
    Minimum "min" Notation::Function, |a, b| if a <= b || a.is_nan() { a } else { b },
        |gate| Some(gate.upstream * share(gate.operands[0].less(gate.operands[1]), gate.operands[0], gate.operands[1])),
        Some(gate.upstream * share(gate.operands[1].less(gate.operands[0]), gate.operands[0], gate.operands[1])),
        kink |a, b| a - b;
    /// 1 where a > b, else 0; no derivative.
    Greater "greater" Notation::Infix(">"), |a, b| one_if(a > b), |_gate| None, None, kink |a, b| a - b;
    /// 1 where a ≥ b, else 0; no derivative.
    GreaterEqual "greater_equal" Notation::Infix(">="), |a, b| one_if(a >= b), |_gate| None, None, kink |a, b| a - b;
    /// 1 where a < b, else 0; no derivative.
    Less "less" Notation::Infix("<"), |a, b| one_if(a < b), |_gate| None, None, kink |a, b| a - b;
    /// 1 where a ≤ b, else 0; no derivative.
    LessEqual "less_equal" Notation::Infix("<="), |a, b| one_if(a <= b), |_gate| None, None, kink |a, b| a - b;
    /// 1 where a = b, else 0; no derivative.
    Equal "equal" Notation::Infix("=="), |a, b| one_if(a == b), |_gate| None, None, kink |a, b| a - b;
    /// 1 where a ≠ b, else 0; no derivative.
    NotEqual "not_equal" Notation::Infix("!="), |a, b| one_if(a != b), |_gate| None, None, kink |a, b| a - b;
}

/// aᵇ; derivatives b·aᵇ⁻¹ and aᵇ·ln a, the latter taken as 0 at a = 0. Whole b from −8 to 8 give
/// products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pow;

impl Op for Pow {
    fn name(&self) -> &'static str {
        "pow"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        pointwise(operands, 2)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        self.pointwise(&[operands[0].real(), operands[1].real()], output.real());
    }
    fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
        let [a, b] = operands else { return };
        vectorized(
            #[inline(always)]
            || T::pow_each(a, b, output),
        );
    }
    fn scalar<T: Real>(&self) -> Option<Scalar<T>> {
        Some(Scalar::Binary(T::pow))
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        if operand == 0 {
            return pow_base(gate);
        }
        let a = gate.operands[0];
        let safe = a.equal(a.like(0.0)).select(a.like(1.0), a);
        Some(gate.upstream * gate.output * safe.ln())
    }
    fn notation(&self) -> Notation {
        Notation::Infix("^")
    }
    fn class(&self) -> Class {
        Class::Pointwise
    }
}

/// b·aᵇ⁻¹, without 0·∞ at a = b = 0.
fn pow_base<'g>(gate: &Gate<'_, 'g>) -> Option<Var<'g>> {
    let (a, b) = (gate.operands[0], gate.operands[1]);
    let slope = match b.as_constant() {
        Some(0.0) => return None,
        Some(1.0) => return Some(gate.upstream),
        Some(2.0) => a * 2.0,
        Some(p) => a.pow(p - 1.0) * p,
        None => {
            let safe = b.equal(b.like(0.0)).select(a.like(1.0), a);
            b * a.equal(a.like(0.0)).select(safe, a).zip(Pow, b - 1.0)
        }
    };
    Some(gate.upstream * slope)
}

/// Writes a method for an operation of two operands that are broadcast to one shape.
macro_rules! binary_method {
    ($($(#[$doc:meta])* $method:ident $op:ident;)*) => {
        impl<'g> Var<'g> {$(
            $(#[$doc])*
            #[track_caller]
            #[must_use]
            pub fn $method(self, other: Var<'g>) -> Self {
                self.zip($op, other)
            }
        )*}
    };
}

binary_method! {
    /// The larger of the two, element by element; see [`Maximum`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1.0).maximum(g.constant(2.0)).eval()?.values(), [2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    maximum Maximum;
    /// The smaller of the two, element by element; see [`Minimum`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1.0).minimum(g.constant(2.0)).eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    minimum Minimum;
    /// 1 where this is greater than `other`, else 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1.0).greater(g.constant(2.0)).eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    greater Greater;
    /// 1 where this is at least `other`, else 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).greater_equal(g.constant(2.0)).eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    greater_equal GreaterEqual;
    /// 1 where this is less than `other`, else 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(1.0).less(g.constant(2.0)).eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    less Less;
    /// 1 where this is at most `other`, else 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(3.0).less_equal(g.constant(2.0)).eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    less_equal LessEqual;
    /// 1 where the two are equal, else 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).equal(g.constant(2.0)).eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    equal Equal;
    /// 1 where the two differ, else 0.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).not_equal(g.constant(2.0)).eval()?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    not_equal NotEqual;
    /// This raised to the power `other`; see [`Pow`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).powv(g.constant(3.0)).eval()?.values(), [8.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    powv Pow;
}

/// condition ≠ 0 ? a : b; the gradient goes to the chosen operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Select;

impl Op for Select {
    fn name(&self) -> &'static str {
        "select"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        pointwise(operands, 3)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let [condition, a, b] = [0, 1, 2].map(|i| operands[i].real());
        self.pointwise(&[condition, a, b], output.real());
    }
    fn pointwise<T: Real>(&self, operands: &[&[T]], output: &mut [T]) {
        let [condition, a, b] = operands else { wrong_count(operands.len(), 3) };
        vectorized(
            #[inline(always)]
            || {
                let choices = condition.iter().zip(a.iter().zip(*b));
                for (y, (&condition, (&a, &b))) in output.iter_mut().zip(choices) {
                    *y = if condition == T::zero() { b } else { a };
                }
            },
        );
    }
    fn scalar<T: Real>(&self) -> Option<Scalar<T>> {
        Some(Scalar::Ternary(|condition, a, b| if condition == T::zero() { b } else { a }))
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let (condition, zero) = (gate.operands[0], gate.upstream.like(0.0));
        match operand {
            1 => Some(condition.select(gate.upstream, zero)),
            2 => Some(condition.select(zero, gate.upstream)),
            _ => None,
        }
    }
    fn class(&self) -> Class {
        Class::Pointwise
    }
}

impl<'g> Var<'g> {
    /// `a` where this condition is not 0, else `b`; the three are broadcast to one shape.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (a, b) = (g.constant(3.0), g.constant(4.0));
    /// assert_eq!(a.greater(b).select(a, b).eval()?.values(), [4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn select(self, a: Var<'g>, b: Var<'g>) -> Self {
        let both = |s: Shape, t: Shape| s.broadcast(&t);
        match both(self.shape(), a.shape()).and_then(|s| both(s, b.shape())) {
            Some(shape) => {
                let operands = [self, a, b].map(|v| v.broadcast_to(shape));
                self.graph().apply(Select, &operands)
            }
            None => self.graph().fail("select", "the shapes do not broadcast", &[self, a, b]),
        }
    }

    /// This raised to a constant power; see [`Pow`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).pow(-1.0).eval()?.values(), [0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn pow(self, exponent: f64) -> Self {
        self.zip(Pow, self.graph().constant(exponent))
    }
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    fn the_stable_forms_neither_overflow_nor_lose_the_small_side() {
        let g = Graph::new();
        let at = |x: f64| g.constant(x);
        let value = |v: crate::Var<'_>| v.eval().unwrap().values()[0];
        assert_eq!(value(at(-1e4).sigmoid()), 0.0);
        assert_eq!(value(at(1e4).sigmoid()), 1.0);
        assert_eq!(value(at(-1e4).softplus()), 0.0);
        assert_eq!(value(at(1e4).softplus()), 1e4);
        // e⁻⁴⁰ to all digits, where 1/(1 + e⁴⁰) and ln(1 + e⁻⁴⁰) round in the naive forms.
        assert!((value(at(-40.0).softplus()) / (-40f64).exp() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn relu_and_maximum_let_nan_through() {
        let g = Graph::new();
        let nan = g.constant(f64::NAN);
        for v in [nan.relu(), nan.maximum(g.constant(1.0)), g.constant(1.0).minimum(nan)] {
            assert!(v.eval().unwrap().values()[0].is_nan());
        }
    }
}

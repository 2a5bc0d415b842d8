//! The pointwise operations: one page of calculus.
//!
//! Each entry gives the operation's name, an example, its value and its derivative in terms of graph
//! nodes. The formulas are those of any table of derivatives, such as Abramowitz and Stegun, chapters 3,
//! 4 and 7.

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;

use super::{
    AnyPointwise, Beside, Gate, Gaussian, Notation, Number, OneMinusSquare, Pointwise, Real,
    SechSquared, Truth,
};
use crate::graph::Var;
use crate::term::Binding;

/// Writes one operation of one operand: its value, and its derivative as nodes of the operand x and the
/// value y.
macro_rules! unary {
    ($(
        $(#[doc = $doc:literal])*
        $op:ident $method:ident($at:literal) = $result:literal:
        |$x:ident| $value:expr, |$vx:ident, $vy:ident| $slope:expr
        $(, domain |$dx:ident| $domain:expr)?
        $(, kink |$kx:ident| $kink:expr)?
        $(, poles $poles:literal)?
        $(, flat $flat:literal)?
        $(, router $router:literal)?
        $(, each $each:path)?
        $(, written $notation:expr)?
        $(, glyph $glyph:literal)?
        $(, alias $($alias:literal)+)?;
    )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $op;

            impl Pointwise for $op {
                type Operands<T: Copy> = [T; 1];
                const PLAIN: Option<Self> = Some(Self);

                fn name(&self) -> &'static str {
                    stringify!($method)
                }
                #[inline(always)]
                fn value<T: Number>(&self, [$x]: [T; 1]) -> T {
                    $value
                }
                $(#[inline(always)]
                fn each<T: Real>(&self, [x]: [&[T]; 1], output: &mut [T]) {
                    $each(x, output);
                })?
                fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
                    let ($vx, $vy) = (gate.operands[0], gate.output);
                    let slope: Option<Var<'g>> = $slope;
                    let slope = slope?;
                    Some(match Pointwise::is_router(self) {
                        true => gate.masked(gate.upstream, slope),
                        false => gate.times(slope),
                    })
                }
                $(fn is_router(&self) -> bool {
                    $router
                })?
                $(fn has_poles(&self, _operands: &[Var<'_>]) -> bool {
                    $poles
                })?
                $(fn is_flat(&self) -> bool {
                    $flat
                })?
                $(fn domain<T: Number>(&self, [$dx]: [T; 1]) -> Option<T::Truth> {
                    Some($domain)
                })?
                $(fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
                    let $kx = operands[0];
                    vec![$kink]
                })?
                $(fn notation(&self) -> Notation {
                    $notation
                })?
                $(fn glyph(&self) -> &'static str {
                    $glyph
                })?
                fn doc(&self) -> &'static str {
                    concat!($($doc, "\n"),*)
                }
                fn example(&self) -> Option<([f64; 1], f64)> {
                    Some(([$at], $result))
                }
            }

            impl<'g> Var<'g> {
                $(#[doc = $doc])*
                ///
                /// ```
                /// # let g = chainrule::Graph::new();
                #[doc = concat!("let x = g.constant(", stringify!($at), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($method), "().eval()?.values(), [", stringify!($result), "]);")]
                /// # Ok::<(), chainrule::Error>(())
                /// ```
                $(#[doc(alias($($alias),+))])?
                #[track_caller]
                #[must_use]
                pub fn $method(self) -> Self {
                    self.graph().apply($op, &[self])
                }
            }
        )*

        fn unary_entries() -> Vec<Arc<dyn AnyPointwise>> {
            vec![$(Arc::new($op)),*]
        }
    };
}

unary! {
    /// eˣ; derivative eˣ, itself.
    Exp exp(0.0) = 1.0: |x| x.exp(), |_x, y| Some(y), poles true;
    /// ln x, the natural logarithm, for x > 0; derivative 1/x.
    Ln ln(1.0) = 0.0: |x| x.ln(), |x, _y| Some(1.0 / x), domain |x| x.above(x.like(0.0)), poles true, alias "log";
    /// √x for x ≥ 0; derivative 1/(2√x), infinite at 0.
    Sqrt sqrt(9.0) = 3.0: |x| x.sqrt(), |_x, y| Some(0.5 / y),
        domain |x| x.at_least(x.like(0.0)), poles true, written Notation::Root, glyph "√";
    /// |x|; derivative sign(x), taken as 0 at 0.
    Abs abs(-3.0) = 3.0: |x| x.abs(), |x, _y| Some(x.sign()), kink |x| x, alias "absolute";
    /// −1, 0 or 1; derivative 0.
    Sign sign(-3.0) = -1.0: |x| {
        let zero = x.like(0.0);
        let negative = x.below(zero).choose(x.like(-1.0), x * zero);
        x.above(zero).choose(x.like(1.0), negative)
    }, |_x, _y| None, kink |x| x, flat true, alias "sgn";
    /// x²; derivative 2x.
    Square square(-3.0) = 9.0: |x| x * x, |x, _y| Some(x * 2.0), written Notation::Power(2), glyph "x²";
    /// sin x, x in radians; derivative cos x.
    Sin sin(0.0) = 0.0: |x| x.sin(), |x, _y| Some(x.cos()), each T::sin_each;
    /// cos x, x in radians; derivative −sin x.
    Cos cos(0.0) = 1.0: |x| x.cos(), |x, _y| Some(-x.sin()), each T::cos_each;
    /// tan x, x in radians; derivative 1 + tan² x.
    Tan tan(0.0) = 0.0: |x| x.tan(), |_x, y| Some(y.square() + 1.0), each T::tan_each;
    /// arcsin x for |x| ≤ 1; derivative 1/√(1 − x²).
    Asin asin(0.0) = 0.0: |x| x.asin(), |x, _y| Some(1.0 / one_minus_square(x).sqrt()),
        domain |x| x.abs().at_most(x.like(1.0)), poles true, alias "arcsin";
    /// arccos x for |x| ≤ 1; derivative −1/√(1 − x²).
    Acos acos(1.0) = 0.0: |x| x.acos(), |x, _y| Some(-1.0 / one_minus_square(x).sqrt()),
        domain |x| x.abs().at_most(x.like(1.0)), poles true, alias "arccos";
    /// arctan x; derivative 1/(1 + x²).
    Atan atan(0.0) = 0.0: |x| x.atan(), |x, _y| Some(1.0 / (x.square() + 1.0)), alias "arctan";
    /// sinh x; derivative cosh x.
    Sinh sinh(0.0) = 0.0: |x| x.sinh(), |x, _y| Some(x.cosh()), poles true;
    /// cosh x; derivative sinh x.
    Cosh cosh(0.0) = 1.0: |x| x.cosh(), |x, _y| Some(x.sinh()), poles true;
    /// tanh x; derivative 1 − tanh² x, which keeps few digits where tanh x is almost ±1: explanations take
    /// sech² x, which would cost a training step on scalars 4 % of its time.
    Tanh tanh(0.0) = 0.0: |x| x.tanh(), |x, y| Some(match x.graph().has_exact_slopes() {
        true => x.graph().apply(SechSquared, &[x, y]),
        false => 1.0 - y.square(),
    });
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt; derivative 2/√π · e^(−x²).
    Erf erf(0.0) = 0.0: |x| x.erf(),
        |x, _y| Some(x.graph().apply(Gaussian, &[x]) * std::f64::consts::FRAC_2_SQRT_PI);
    /// The logistic function σ(x) = 1/(1 + e⁻ˣ); derivative σ(x)·σ(−x), which is y·(1 − y), but keeps its
    /// digits where y is almost 1. Computed from e^(−|x|), so that no argument overflows.
    Sigmoid sigmoid(0.0) = 0.5: |x| x.sigmoid(), |x, y| Some(y * (-x).sigmoid()), glyph "σ", alias "logistic" "expit";
    /// max(x, 0); derivative 1 for x > 0, else 0, also at 0. NaN stays NaN.
    Relu relu(-2.0) = 0.0: |x| positive_part(x), |x, _y| Some(x.greater(x.like(0.0))), kink |x| x, router true;
    /// ln(1 + eˣ), a smooth `relu`; derivative sigmoid(x). Computed as max(x, 0) + ln(1 + e^(−|x|)),
    /// so that no argument overflows.
    Softplus softplus(1e4) = 1e4: |x| positive_part(x) + (-x.abs()).exp().ln_1p(),
        |x, _y| Some(x.sigmoid());
    /// ⌊x⌋, the largest whole number that is not above x; derivative 0. It jumps at whole numbers.
    Floor floor(-1.5) = -2.0: |x| x.floor(), |_x, _y| None, kink |x| (x * PI).sin(), flat true;
    /// ⌈x⌉, the smallest whole number that is not below x; derivative 0. It jumps at whole numbers.
    Ceil ceil(1.5) = 2.0: |x| -(-x).floor(), |_x, _y| None, kink |x| (x * PI).sin(), flat true;
    /// The nearest whole number, of two the even one, as IEEE 754 has it; derivative 0. It jumps halfway.
    Round round(2.5) = 2.0: |x| nearest_whole(x), |_x, _y| None, kink |x| (x * PI).cos(), flat true;
    /// ∛x, with the sign of x; derivative 1/(3·∛x²), infinite at 0.
    Cbrt cbrt(-8.0) = -2.0: |x| x.cbrt(), |_x, y| Some(1.0 / (y.square() * 3.0)), poles true;
    /// eˣ − 1, with the digits of a small x; derivative eˣ. Computed as tanh(x/2)·(eˣ + 1).
    Expm1 expm1(0.0) = 0.0: |x| (x * x.like(0.5)).tanh() * (x.exp() + x.like(1.0)), |x, _y| Some(x.exp()),
        poles true, alias "exp_m1";
    /// ln(1 + x) for x > −1, with the digits of a small x; derivative 1/(1 + x).
    Log1p log1p(0.0) = 0.0: |x| x.ln_1p(), |x, _y| Some(1.0 / (x + 1.0)),
        domain |x| x.above(x.like(-1.0)), poles true, alias "ln_1p";
    /// arsinh x = ln(x + √(x² + 1)); derivative 1/√(x² + 1).
    Asinh asinh(0.0) = 0.0: |x| {
        let (a, one) = (x.abs(), x.like(1.0));
        // ln(1 + z) keeps the digits of a small x; beyond 2²⁸ the 1 below the root is nothing.
        let near = (a + a * a / (one + (a * a + one).sqrt())).ln_1p();
        let far = a.ln() + x.like(std::f64::consts::LN_2);
        let size = a.above(x.like(LARGE)).choose(far, near);
        x.below(x.like(0.0)).choose(-size, size)
    }, |x, _y| Some(1.0 / (x.square() + 1.0).sqrt()), alias "arcsinh" "arsinh";
    /// arcosh x = ln(x + √(x² − 1)) for x ≥ 1; derivative 1/√(x² − 1), infinite at 1.
    Acosh acosh(1.0) = 0.0: |x| {
        let t = x - x.like(1.0);
        let near = (t + (t * (x + x.like(1.0))).sqrt()).ln_1p();
        x.above(x.like(LARGE)).choose(x.ln() + x.like(std::f64::consts::LN_2), near)
    }, |x, _y| Some(1.0 / ((x - 1.0) * (x + 1.0)).sqrt()),
        domain |x| x.at_least(x.like(1.0)), poles true, alias "arccosh" "arcosh";
    /// artanh x = ½·ln((1 + x)/(1 − x)) for |x| < 1; derivative 1/(1 − x²).
    Atanh atanh(0.0) = 0.0: |x| {
        let (a, one) = (x.abs(), x.like(1.0));
        let size = ((a + a) / (one - a)).ln_1p() * x.like(0.5);
        x.below(x.like(0.0)).choose(-size, size)
    }, |x, _y| Some(1.0 / one_minus_square(x)),
        domain |x| x.abs().below(x.like(1.0)), poles true, alias "arctanh" "artanh";
}

/// 1 − x², with its digits where |x| is almost 1.
fn one_minus_square(x: Var<'_>) -> Var<'_> {
    x.graph().apply(OneMinusSquare, &[x])
}

/// From here on x² + 1 is x², in f64 too.
const LARGE: f64 = 268_435_456.0;

/// The nearest whole number; of two the even one.
#[inline(always)]
fn nearest_whole<T: Number>(x: T) -> T {
    let (low, half) = (x.floor(), x.like(0.5));
    let (rest, pair) = (x - low, (low * half).floor() * x.like(2.0));
    let up = rest.above(half) | rest.equals(half) & pair.differs(low);
    up.choose(low + x.like(1.0), low)
}

/// max(x, 0), and NaN of NaN.
#[inline(always)]
fn positive_part<T: Number>(x: T) -> T {
    let zero = x.like(0.0);
    x.at_most(zero).choose(zero, x)
}

/// Writes one operation of two operands of one shape: its value and both gradients as nodes; with a
/// method's name, also the method that broadcasts and applies it.
macro_rules! binary {
    ($(
        $(#[doc = $doc:literal])*
        $op:ident $name:literal $($method:ident $([$($alias:literal)+])?)? ($at:literal, $at2:literal) = $result:literal,
        $notation:expr, $(glyph $glyph:literal,)?
        |$a:ident, $b:ident| $value:expr, |$gate:ident| $da:expr, $db:expr
        $(, domain |$xa:ident, $xb:ident| $domain:expr)?
        $(, kink |$ka:ident, $kb:ident| $kink:expr)?
        $(, router $router:literal)?
        $(, flat $flat:literal)?
        $(, poles |$pa:ident, $pb:ident| $poles:expr)?
        $(, each $each:path)?;
    )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $op;

            impl Pointwise for $op {
                type Operands<T: Copy> = [T; 2];
                const PLAIN: Option<Self> = Some(Self);

                fn name(&self) -> &'static str {
                    $name
                }
                #[inline(always)]
                fn value<T: Number>(&self, [$a, $b]: [T; 2]) -> T {
                    $value
                }
                $(#[inline(always)]
                fn each<T: Real>(&self, [a, b]: [&[T]; 2], output: &mut [T]) {
                    $each(a, b, output);
                })?
                fn backward<'g>(&self, $gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
                    if operand == 0 { $da } else { $db }
                }
                $(fn domain<T: Number>(&self, [$xa, $xb]: [T; 2]) -> Option<T::Truth> {
                    Some($domain)
                })?
                $(fn kinks<'g>(&self, operands: &[Var<'g>]) -> Vec<Var<'g>> {
                    let ($ka, $kb) = (operands[0], operands[1]);
                    vec![$kink]
                })?
                $(fn is_router(&self) -> bool {
                    $router
                })?
                $(fn is_flat(&self) -> bool {
                    $flat
                })?
                $(fn has_poles(&self, operands: &[Var<'_>]) -> bool {
                    let ($pa, $pb) = (operands[0], operands[1]);
                    $poles
                })?
                fn notation(&self) -> Notation {
                    $notation
                }
                $(fn glyph(&self) -> &'static str {
                    $glyph
                })?
                fn doc(&self) -> &'static str {
                    concat!($($doc, "\n"),*)
                }
                fn example(&self) -> Option<([f64; 2], f64)> {
                    Some(([$at, $at2], $result))
                }
            }

            $(impl<'g> Var<'g> {
                #[doc = concat!("[`", stringify!($op), "`] of this value and another or a number, which are broadcast to one shape.")]
                ///
                /// ```
                /// # let g = chainrule::Graph::new();
                #[doc = concat!("let (a, b) = (g.constant(", stringify!($at), "), g.constant(", stringify!($at2), "));")]
                #[doc = concat!("assert_eq!(a.", stringify!($method), "(b).eval()?.values(), [", stringify!($result), "]);")]
                /// # Ok::<(), chainrule::Error>(())
                /// ```
                $(#[doc(alias($($alias),+))])?
                #[track_caller]
                #[must_use]
                pub fn $method(self, other: impl Beside<'g>) -> Self {
                    self.zip($op, other.in_graph(self.graph()))
                }
            })?
        )*

        fn binary_entries() -> Vec<Arc<dyn AnyPointwise>> {
            vec![$(Arc::new($op)),*]
        }
    };
}

/// 1 where a beats b, ½ where they are equal, else 0: the share of the gradient that a gets.
fn won<'g>(wins: Var<'g>, a: Var<'g>, b: Var<'g>) -> Var<'g> {
    wins + a.equal(b) * 0.5
}

/// 1 where a condition holds, else 0.
#[inline(always)]
fn one_if<T: Number>(condition: T::Truth, like: T) -> T {
    condition.choose(like.like(1.0), like.like(0.0))
}

binary! {
    /// a + b; derivatives 1 and 1.
    Add "add" (1.0, 2.0) = 3.0, Notation::Infix("+", Binding::Sum), glyph "+",
        |a, b| a + b, |gate| Some(gate.upstream), Some(gate.upstream);
    /// a − b; derivatives 1 and −1.
    Sub "sub" (1.0, 3.0) = -2.0, Notation::Infix("-", Binding::Sum), glyph "−",
        |a, b| a - b, |gate| Some(gate.upstream), Some(-gate.upstream);
    /// a·b; derivatives b and a: a product exchanges its operands on the way back.
    Mul "mul" (2.0, 3.0) = 6.0, Notation::Infix("*", Binding::Product), glyph "×",
        |a, b| a * b,
        |gate| Some(gate.times_operand(1)), Some(gate.times_operand(0));
    /// a/b; derivatives 1/b and −a/b².
    Div "div" (3.0, 2.0) = 1.5, Notation::Infix("/", Binding::Product), glyph "÷",
        |a, b| a / b,
        |gate| Some(gate.quotient(gate.upstream, gate.operands[1])),
        Some(-gate.quotient(gate.times(gate.output), gate.operands[1])),
        domain |_a, b| b.differs(b.like(0.0)),
        poles |_a, b| b.as_constant().is_none_or(|b| b == 0.0);
    /// aᵇ; derivatives b·aᵇ⁻¹ and aᵇ·ln a, the latter taken as 0 at a = 0. Whole b from −8 to 8 give
    /// products.
    Pow "pow" powv ["power"] (2.0, 3.0) = 8.0, Notation::Infix("^", Binding::Power), glyph "^",
        |a, b| a.pow(b), |gate| pow_base(gate), pow_exponent(gate),
        domain |a, b| {
            let zero = a.like(0.0);
            let whole = b.floor().equals(b);
            a.above(zero) | a.equals(zero) & b.at_least(zero) | a.below(zero) & whole
        }, poles |_a, b| !b.as_constant().is_some_and(|b| b >= 1.0 && b.fract() == 0.0), each T::pow_each;
    /// The larger of a and b, NaN if either is; derivatives 1 for the larger and 0 for the other, at a tie ½ for each.
    Maximum "max" maximum (1.0, 2.0) = 2.0, Notation::Function,
        |a, b| (a.at_least(b) | a.is_nan()).choose(a, b),
        |gate| Some(gate.masked(gate.upstream, won(gate.operands[0].greater(gate.operands[1]), gate.operands[0], gate.operands[1]))),
        Some(gate.masked(gate.upstream, won(gate.operands[1].greater(gate.operands[0]), gate.operands[0], gate.operands[1]))),
        kink |a, b| a - b, router true;
    /// The smaller of a and b, NaN if either is; derivatives 1 for the smaller and 0 for the other, at a tie ½ for each.
    Minimum "min" minimum (1.0, 2.0) = 1.0, Notation::Function,
        |a, b| (a.at_most(b) | a.is_nan()).choose(a, b),
        |gate| Some(gate.masked(gate.upstream, won(gate.operands[0].less(gate.operands[1]), gate.operands[0], gate.operands[1]))),
        Some(gate.masked(gate.upstream, won(gate.operands[1].less(gate.operands[0]), gate.operands[0], gate.operands[1]))),
        kink |a, b| a - b, router true;
    /// The angle of the point x = b, y = a of the plane, from −π to π; derivatives b/(a² + b²) and
    /// −a/(a² + b²). It jumps where a = 0 and b < 0.
    Atan2 "atan2" atan2 ["arctan2"] (0.0, 1.0) = 0.0, Notation::Function,
        |a, b| angle(a, b),
        |gate| Some(gate.times(gate.operands[1] / squares(gate))),
        Some(-gate.times(gate.operands[0] / squares(gate))),
        kink |a, b| b.less(0.0).select(a, 1.0), poles |_a, _b| true;
    /// √(a² + b²), without overflow on the way; derivatives a/y and b/y of the value y, taken as 0 at its
    /// tip, a = b = 0.
    Hypot "hypot" hypot ["length"] (3.0, 4.0) = 5.0, Notation::Function,
        |a, b| {
            let (a, b, zero) = (a.abs(), b.abs(), a.like(0.0));
            let (long, short) = (a.at_least(b).choose(a, b), a.at_least(b).choose(b, a));
            let ratio = long.equals(zero).choose(zero, short / long);
            let finite = long * ratio.mul_add(ratio, a.like(1.0)).sqrt();
            let infinite = a.equals(a.like(f64::INFINITY)) | b.equals(b.like(f64::INFINITY));
            infinite.choose(a.like(f64::INFINITY), finite)
        },
        |gate| Some(gate.upstream * (gate.operands[0] / above_zero(gate.output))),
        Some(gate.upstream * (gate.operands[1] / above_zero(gate.output))),
        kink |a, b| a.abs() + b.abs();
    /// 1 where a > b, else 0; no derivative.
    Greater "greater" greater ["gt"] (1.0, 2.0) = 0.0, Notation::Infix(">", Binding::Comparison), glyph ">",
        |a, b| one_if(a.above(b), a), |_gate| None, None, kink |a, b| a - b, flat true;
    /// 1 where a ≥ b, else 0; no derivative.
    GreaterEqual "greater_equal" greater_equal ["ge"] (2.0, 2.0) = 1.0, Notation::Infix(">=", Binding::Comparison),
        |a, b| one_if(a.at_least(b), a), |_gate| None, None, kink |a, b| a - b, flat true;
    /// 1 where a < b, else 0; no derivative.
    Less "less" less ["lt"] (1.0, 2.0) = 1.0, Notation::Infix("<", Binding::Comparison), glyph "<",
        |a, b| one_if(a.below(b), a), |_gate| None, None, kink |a, b| a - b, flat true;
    /// 1 where a ≤ b, else 0; no derivative.
    LessEqual "less_equal" less_equal ["le"] (3.0, 2.0) = 0.0, Notation::Infix("<=", Binding::Comparison),
        |a, b| one_if(a.at_most(b), a), |_gate| None, None, kink |a, b| a - b, flat true;
    /// 1 where a = b, else 0; no derivative.
    Equal "equal" equal ["eq"] (2.0, 2.0) = 1.0, Notation::Infix("==", Binding::Comparison),
        |a, b| one_if(a.equals(b), a), |_gate| None, None, kink |a, b| a - b, flat true;
    /// 1 where a ≠ b, else 0; no derivative.
    NotEqual "not_equal" not_equal ["ne"] (2.0, 2.0) = 0.0, Notation::Infix("!=", Binding::Comparison),
        |a, b| one_if(a.differs(b), a), |_gate| None, None, kink |a, b| a - b, flat true;
}

/// The angle of the point (x, y): of the smaller coordinate by the larger, put into its octant.
#[inline(always)]
fn angle<T: Number>(y: T, x: T) -> T {
    let (up, right, zero) = (y.abs(), x.abs(), y.like(0.0));
    let is_flat = right.at_least(up);
    let (long, short) = (is_flat.choose(right, up), is_flat.choose(up, right));
    let ratio = long.equals(short).choose(y.like(1.0), short / long);
    let turn = long.equals(zero).choose(zero, ratio).atan();
    let turn = is_flat.choose(turn, y.like(FRAC_PI_2) - turn);
    let turn = x.below(zero).choose(y.like(PI) - turn, turn);
    y.below(zero).choose(-turn, turn)
}

/// a² + b² of a gate's operands.
fn squares<'g>(gate: &Gate<'_, 'g>) -> Var<'g> {
    gate.operands[0].square() + gate.operands[1].square()
}

/// A length as a divisor: 1 in place of 0.
fn above_zero(length: Var<'_>) -> Var<'_> {
    length.equal(0.0).select(1.0, length)
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
    Some(gate.times(slope))
}

/// aᵇ·ln a, without 0·∞ at a = 0.
fn pow_exponent<'g>(gate: &Gate<'_, 'g>) -> Option<Var<'g>> {
    let a = gate.operands[0];
    let safe = a.equal(a.like(0.0)).select(a.like(1.0), a);
    Some(gate.product(gate.times(gate.output), safe.ln()))
}

/// −x; derivative −1. Written `-x`.
#[derive(Debug, Clone, Copy)]
pub struct Neg;

impl Pointwise for Neg {
    type Operands<T: Copy> = [T; 1];
    const PLAIN: Option<Self> = Some(Self);

    fn name(&self) -> &'static str {
        "neg"
    }
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        -x
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(-gate.upstream)
    }
    fn notation(&self) -> Notation {
        Notation::Prefix("-")
    }
    fn glyph(&self) -> &'static str {
        "−"
    }
    fn doc(&self) -> &'static str {
        "−x; derivative −1."
    }
    fn example(&self) -> Option<([f64; 1], f64)> {
        Some(([3.0], -3.0))
    }
}

/// condition ≠ 0 ? a : b; derivative 1 for the chosen operand, 0 for the other.
#[derive(Debug, Clone, Copy)]
pub struct Select;

impl Pointwise for Select {
    type Operands<T: Copy> = [T; 3];
    const PLAIN: Option<Self> = Some(Self);

    fn name(&self) -> &'static str {
        "select"
    }
    fn value<T: Number>(&self, [condition, a, b]: [T; 3]) -> T {
        condition.equals(condition.like(0.0)).choose(b, a)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let (condition, zero) = (gate.operands[0], gate.upstream.like(0.0));
        match operand {
            1 => Some(condition.select(gate.upstream, zero)),
            2 => Some(condition.select(zero, gate.upstream)),
            _ => None,
        }
    }
    fn is_router(&self) -> bool {
        true
    }
    fn doc(&self) -> &'static str {
        "condition ≠ 0 ? a : b; derivative 1 for the chosen operand, 0 for the other."
    }
    fn example(&self) -> Option<([f64; 3], f64)> {
        Some(([1.0, 2.0, 3.0], 2.0))
    }
}

/// Every pointwise operation of this page.
///
/// ```
/// let cosine = chainrule::ops::all_pointwise().into_iter().find(|op| op.name() == "cos").unwrap();
/// assert_eq!(cosine.term().eval(&[0.0]), Some(1.0));
/// ```
#[must_use]
pub fn all_pointwise() -> Vec<Arc<dyn AnyPointwise>> {
    let others: [Arc<dyn AnyPointwise>; 2] = [Arc::new(Neg), Arc::new(Select)];
    unary_entries().into_iter().chain(binary_entries()).chain(others).collect()
}

impl<'g> Var<'g> {
    /// `a` where this condition is not 0, else `b`, values or numbers; the three are broadcast to one
    /// shape.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (a, b) = (g.constant(3.0), g.constant(4.0));
    /// assert_eq!(a.greater(b).select(a, b).eval()?.values(), [4.0]);
    /// assert_eq!(a.greater(3).select(a, -1e9).eval()?.values(), [-1e9]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias = "where")]
    #[track_caller]
    #[must_use]
    pub fn select(self, a: impl Beside<'g>, b: impl Beside<'g>) -> Self {
        let g = self.graph();
        g.apply_broadcast(Arc::new(Select), &[self, a.in_graph(g), b.in_graph(g)])
    }

    /// This raised to a constant power; see [`Pow`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).pow(-1).eval()?.values(), [0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("power", "powf", "powi"))]
    #[track_caller]
    #[must_use]
    pub fn pow(self, exponent: impl Into<f64>) -> Self {
        self.zip(Pow, self.graph().constant(exponent.into()))
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
    fn the_slope_of_a_saturated_sigmoid_keeps_its_digits() {
        let g = Graph::new();
        for x in [40.0, -40.0] {
            let x = g.constant(x);
            let slope = g.backward(x.sigmoid(), &[x])[0].eval().unwrap().values()[0];
            // e⁻ˣ/(1 + e⁻ˣ)² by Python's decimal, with 60 digits.
            assert!((slope / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-15, "{slope:e}");
        }
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

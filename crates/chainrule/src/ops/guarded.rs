//! The product by which a gradient of 0 stays 0.
//!
//! A branch that was not taken, as of `select(x < 1, x, √x)` at 0, gets a gradient of exactly 0, which no
//! derivative below may turn into NaN: 0·∞ is none of mathematics' doing but of the chain's. The sweep
//! (`crate::backward`) knows where that can happen; there the rules' products are these.

use super::{Gate, Mul, Notation, Number, Pointwise, Truth};
use crate::graph::Var;

/// a·b, and 0 wherever a is 0, whatever b is. Its derivatives are b and a, by the same product: a fit that
/// has arrived, whose upstream gradient is 0, keeps its curvature.
#[derive(Debug, Clone, Copy)]
pub struct Guarded;

impl Pointwise for Guarded {
    type Operands<T: Copy> = [T; 2];
    const PLAIN: Option<Self> = Some(Self);

    fn name(&self) -> &'static str {
        "guarded"
    }
    #[inline(always)]
    fn value<T: Number>(&self, [a, b]: [T; 2]) -> T {
        let zero = a.like(0.0);
        a.equals(zero).choose(zero, a * b)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, operand: usize) -> Option<Var<'g>> {
        let &[a, b] = gate.operands else { return None };
        Some(match operand {
            0 => gate.upstream.zip(Guarded, b),
            _ => a.zip(Guarded, gate.upstream),
        })
    }
    fn is_router(&self) -> bool {
        true
    }
    fn notation(&self) -> Notation {
        Pointwise::notation(&Mul)
    }
    fn glyph(&self) -> &'static str {
        Pointwise::glyph(&Mul)
    }
    fn doc(&self) -> &'static str {
        "a·b, and 0 wherever a is 0, whatever b is: the product by which a gradient of 0 stays 0."
    }
    fn example(&self) -> Option<([f64; 2], f64)> {
        Some(([0.0, f64::INFINITY], 0.0))
    }
}

impl<'g> Gate<'_, 'g> {
    /// What arrives times a local derivative: how backward rules are written whose derivative
    /// [may be infinite or NaN](super::Op::has_poles). Below a [router](super::Op::is_router) the product
    /// is [`Guarded`], so that a gradient of 0 stays 0.
    ///
    /// ```
    /// let g = chainrule::Graph::new();
    /// let x = g.constant(0.0);
    /// let y = x.less(1.0).select(x, x.sqrt());
    /// assert_eq!(g.backward(y, &[x])[0].eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn times(&self, slope: Var<'g>) -> Var<'g> {
        self.product(self.upstream, slope)
    }

    /// A product on the way of what arrives.
    pub(super) fn product(&self, arrives: Var<'g>, factor: Var<'g>) -> Var<'g> {
        match self.passage.is_guarded {
            true => arrives.zip(Guarded, factor),
            false => arrives * factor,
        }
    }

    /// A quotient on the way of what arrives.
    pub(super) fn quotient(&self, arrives: Var<'g>, divisor: Var<'g>) -> Var<'g> {
        match self.passage.is_guarded {
            true => arrives.zip(Guarded, 1.0 / divisor),
            false => arrives / divisor,
        }
    }

    /// What arrives where a mask lets it pass, else 0, were it infinite.
    pub(super) fn masked(&self, arrives: Var<'g>, mask: Var<'g>) -> Var<'g> {
        match self.passage.gets_wild {
            true => mask.zip(Guarded, arrives),
            false => arrives * mask,
        }
    }

    /// What arrives times an operand, which is a mask where no gradient goes on from it.
    pub(super) fn times_operand(&self, at: usize) -> Var<'g> {
        let operand = self.operands[at];
        match self.passage.masks >> at & 1 {
            1 => self.masked(self.upstream, operand),
            _ => self.times(operand),
        }
    }
}

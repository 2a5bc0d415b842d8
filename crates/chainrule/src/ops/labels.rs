//! Labels as real numbers and back.

use super::{Gate, Kind, Loop, Op, Operand, Output, Real, Type, reals};
use crate::graph::Var;

/// The most labels that single precision tells apart: it holds each whole number up to 2²⁴.
const MOST: usize = 1 << 24;

/// Labels as real numbers, each exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToReal;

impl Op for ToReal {
    fn name(&self) -> &'static str {
        "to_real"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        match operands {
            [Type { kind: Kind::Index { bound }, shape }] if *bound <= MOST => {
                Ok(Type::real(*shape))
            }
            [Type { kind: Kind::Index { .. }, .. }] => Err(format!(
                "labels of more than {MOST} kinds are not told apart as numbers of single precision"
            )),
            _ => Err("takes labels".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let labels = &operands[0].index()[output.range.clone()];
        let real = |label: u32| T::from_f64(label.into());
        output.real().iter_mut().zip(labels).for_each(|(y, &label)| *y = real(label));
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn as_loop(&self) -> Loop {
        Loop::ToReal
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        1
    }
}

/// The whole part of real numbers as labels below a bound: 0 of what is negative or NaN, and the last
/// label of what is beyond it. Without a gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToLabels {
    /// The number of different labels.
    pub bound: usize,
}

impl Op for ToLabels {
    fn name(&self) -> &'static str {
        "to_labels"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        match operands {
            [_] if self.bound == 0 => Err("there are no labels below 0".into()),
            [x] => Ok(Type::index(x.shape, self.bound)),
            _ => Err("takes one operand".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let x = &operands[0].real()[output.range.clone()];
        let last = u32::try_from(self.bound - 1).unwrap_or(u32::MAX);
        // The conversion to a whole number takes NaN for 0 and ends at the smallest and the largest.
        let label = |x: T| (Real::to_f64(x) as u32).min(last);
        output.index().iter_mut().zip(x).for_each(|(y, &x)| *y = label(x));
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
    fn by_rows(&self, _operand: usize) -> bool {
        true
    }
    fn as_loop(&self) -> Loop {
        Loop::ToLabels { bound: self.bound }
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        1
    }
}

impl<'g> Var<'g> {
    /// These labels as real numbers. Labels are also compared with each other, which gives 1 or 0:
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let scores = g.input("scores", [4, 10]);
    /// let targets = g.labels("targets", [4], 10);
    /// let accuracy = scores.argmax(1).equal(targets).mean(&[]);
    ///
    /// let thirds = g.constant_labels([2], &[1, 2], 3).to_real() / 3.0;
    /// assert_eq!(thirds.eval()?.values(), [1.0 / 3.0, 2.0 / 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("float", "astype"))]
    #[track_caller]
    #[must_use]
    pub fn to_real(self) -> Self {
        self.graph().apply(ToReal, &[self])
    }

    /// The whole part of these real numbers as labels below `bound`: 0 of what is negative or NaN, and
    /// the last label of what is beyond it. Without a gradient.
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let x = g.constant_tensor(Tensor::new([4], vec![0.0, 1.9, -3.0, 7.0])?);
    /// assert_eq!(x.to_labels(5).to_real().eval()?.values(), [0.0, 1.0, 0.0, 4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("long", "astype"))]
    #[track_caller]
    #[must_use]
    pub fn to_labels(self, bound: usize) -> Self {
        self.graph().apply(ToLabels { bound }, &[self])
    }
}

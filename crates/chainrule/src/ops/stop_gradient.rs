//! A value that gradients do not pass.

use super::{Class, Gate, Op, Operand, Output, Real, Type, View, reals};
use crate::graph::Var;
use crate::tensor::Shape;

/// Its operand, as a constant as far as gradients go. It moves no data, and a plan leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StopGradient;

impl Op for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        match operands {
            [ty] => Ok(*ty),
            _ => Err("takes one operand".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let range = output.range.clone();
        output.real().copy_from_slice(&operands[0].real()[range]);
    }
    fn class(&self) -> Class {
        Class::View
    }
    fn view(&self, operand: &View, _output: &Shape) -> Option<View> {
        Some(*operand)
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

impl<'g> Var<'g> {
    /// This value, as a constant as far as gradients go: for targets that are themselves computed, as in
    /// reinforcement learning. A gradient check holds it where it is, too.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant(3.0);
    /// let y = x.stop_gradient() * x;
    /// assert_eq!(y.eval()?.values(), [9.0]);
    /// // Not 2x.
    /// assert_eq!(g.backward(y, &[x])[0].eval()?.values(), [3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("detach", "no_grad"))]
    #[track_caller]
    #[must_use]
    pub fn stop_gradient(self) -> Self {
        self.graph().apply(StopGradient, &[self])
    }
}

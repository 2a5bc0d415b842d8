//! Random values by position.

use rand::Rng;

use super::{Gate, Op, Operand, Output, Real, Type};
use crate::graph::Var;
use crate::runtime::{Stream, generator};
use crate::tensor::Shape;

/// Elements that are 0 with probability `rate` and else 1/(1 − rate), so that their mean is 1: the mask
/// of dropout. The operand is a scalar, the number of the batch.
///
/// Each element depends on seed, mask number, batch number and its own position alone, so that any
/// thread computes any stretch, and a batch that is run again has the same mask.
#[derive(Debug, Clone, Copy)]
pub struct RandomMask {
    /// The seed of the run.
    pub seed: u64,
    /// Which of the model's masks this is.
    pub number: u16,
    /// The share of zeros.
    pub rate: f64,
    /// The mask's shape.
    pub shape: Shape,
}

impl Op for RandomMask {
    fn name(&self) -> &'static str {
        "random_mask"
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        match operands {
            _ if !(0.0..1.0).contains(&self.rate) => {
                Err(format!("the rate is {}, but it must be at least 0 and below 1", self.rate))
            }
            [step] if step.shape.rank() == 0 => Ok(Type::real(self.shape)),
            _ => Err("takes one scalar, the number of the batch".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let step = match operands[0].index() {
            [step] => u64::from(*step),
            _ => operands[0].real().first().map_or(0, |step| Real::to_f64(*step) as u64),
        };
        let mut rng = generator(self.seed, Stream::Mask { number: self.number, step });
        rng.set_word_pos(output.range.start as u128);
        // The words below this are zeros: a share of `rate` of all.
        let zeros = (self.rate * 2f64.powi(32)) as u32;
        let kept = T::from_f64(1.0 / (1.0 - self.rate));
        for y in output.real() {
            *y = if rng.next_u32() < zeros { T::zero() } else { kept };
        }
    }
    /// A constant as far as gradients go.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

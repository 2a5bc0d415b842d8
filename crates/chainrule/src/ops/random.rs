//! Random values by position.

use rand::Rng;

use super::{Gate, Identity, Op, Operand, Output, Real, Type, Values};
use crate::graph::Var;
use crate::random::{Stream, generator};
use crate::simd::vectorized;
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

/// Words that are drawn at once.
const CHUNK: usize = 512;

impl Op for RandomMask {
    fn name(&self) -> &'static str {
        "random_mask"
    }
    fn identity(&self) -> Option<Identity> {
        let Self { seed, number, rate, shape } = *self;
        Some(Identity::of((seed, number, rate.to_bits(), shape)))
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
        let step = match operands[0].values {
            Values::Index(step) => u64::from(step[0]),
            Values::Real(step) => Real::to_f64(step[0]) as u64,
        };
        let mut rng = generator(self.seed, Stream::Mask { number: self.number, step });
        rng.set_word_pos(output.range.start as u128);
        // The words below this are zeros: a share of `rate` of all.
        let zeros = (self.rate * 2f64.powi(32)) as u32;
        let kept = T::from_f64(1.0 / (1.0 - self.rate));
        let mut bytes = [0; 4 * CHUNK];
        for chunk in output.real().chunks_mut(CHUNK) {
            let bytes = &mut bytes[..4 * chunk.len()];
            rng.fill_bytes(bytes);
            let (words, _) = bytes.as_chunks::<4>();
            vectorized(
                #[inline(always)]
                || {
                    for (y, &word) in chunk.iter_mut().zip(words) {
                        *y = if u32::from_le_bytes(word) < zeros { T::zero() } else { kept };
                    }
                },
            );
        }
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        5
    }
    /// A constant as far as gradients go.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ops::ValuesMut;

    /// The elements of a stretch of a mask.
    fn stretch<T: Real>(
        seed: u64,
        step: u32,
        shape: Shape,
        range: std::ops::Range<usize>,
    ) -> Vec<T> {
        let mask = RandomMask { seed, number: 3, rate: 0.4, shape };
        let scalar = Shape::scalar();
        let steps = [step];
        let values = Values::Index(&steps);
        let operand = Operand { shape: scalar, strides: scalar.strides(), values };
        let mut found = vec![T::nan(); range.len()];
        let values = ValuesMut::Real(&mut found);
        mask.forward(&[operand], Output { shape, range, values });
        found
    }

    proptest! {
        #[test]
        fn rows_by_themselves_are_rows_of_the_whole(
            seed in any::<u64>(), step in any::<u32>(), rows in 1usize..40, width in 1usize..70, cut in any::<prop::sample::Index>(),
        ) {
            let shape = Shape::from([rows, width]);
            let whole = stretch::<f32>(seed, step, shape, 0..rows * width);
            let cut = cut.index(rows) * width;
            prop_assert_eq!(&whole[..cut], stretch::<f32>(seed, step, shape, 0..cut));
            prop_assert_eq!(&whole[cut..], stretch::<f32>(seed, step, shape, cut..rows * width));
            let wide = stretch::<f64>(seed, step, shape, 0..rows * width);
            prop_assert!(wide.iter().zip(&whole).all(|(a, b)| (*a == 0.0) == (*b == 0.0)));
        }
    }
}

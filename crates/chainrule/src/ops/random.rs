//! Random values by position.

use rand::Rng;
use rand::rngs::ChaCha8Rng;

use super::{Beside, Gate, Identity, Number, Op, Operand, Output, Real, Type, Values};
use crate::graph::{Graph, Var};
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

/// The number that a scalar operand holds.
fn step_of<T: Real>(operand: &Operand<'_, T>) -> u64 {
    match operand.values {
        Values::Index(step) => u64::from(step[0]),
        Values::Real(step) => Real::to_f64(step[0]) as u64,
    }
}

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
        let step = step_of(&operands[0]);
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

/// How random values are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Evenly from 0 up to, and without, 1, in steps of 2⁻²⁴, so that f32 and f64 hold the same numbers.
    Uniform,
    /// By the normal distribution with mean 0 and deviation 1: √(−2·ln(1 − u))·cos 2πv for uniform u and v
    /// (Box and Muller, 1958). None is beyond 5.8.
    Normal,
}

/// Random values; the operand is a scalar, the number of the step.
///
/// Each element depends on seed, number, step and its own position alone, as those of [`RandomMask`] do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Random {
    /// How they are distributed.
    pub distribution: Distribution,
    /// The seed of the run.
    pub seed: u64,
    /// Which of the graph's random values these are.
    pub number: u16,
    /// Their shape.
    pub shape: Shape,
}

impl Op for Random {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Uniform => "random_uniform",
            Distribution::Normal => "random_normal",
        }
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        match operands {
            [step] if step.shape.rank() == 0 => Ok(Type::real(self.shape)),
            _ => Err("takes one scalar, the number of the step".into()),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let step = step_of(&operands[0]);
        let mut rng = generator(self.seed, Stream::Values { number: self.number, step });
        let (start, output) = (output.range.start as u128, output.real());
        match self.distribution {
            Distribution::Uniform => {
                rng.set_word_pos(start);
                output.chunks_mut(CHUNK).for_each(|chunk| uniform(&mut rng, chunk));
            }
            Distribution::Normal => {
                rng.set_word_pos(2 * start);
                output.chunks_mut(CHUNK / 2).for_each(|chunk| normal(&mut rng, chunk));
            }
        }
    }
    fn cost(&self, _operands: &[Type]) -> usize {
        match self.distribution {
            Distribution::Uniform => 5,
            Distribution::Normal => 30,
        }
    }
    /// A constant as far as gradients go.
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}

/// A number of each word, up to [`CHUNK`].
fn uniform<T: Real>(rng: &mut ChaCha8Rng, chunk: &mut [T]) {
    let mut bytes = [0; 4 * CHUNK];
    let bytes = &mut bytes[..4 * chunk.len()];
    rng.fill_bytes(bytes);
    let unit = T::from_f64(2f64.powi(-24));
    for (y, &word) in chunk.iter_mut().zip(bytes.as_chunks::<4>().0) {
        // A signed number, which vectors can convert.
        *y = T::from_f64(f64::from((u32::from_le_bytes(word) >> 8) as i32)) * unit;
    }
}

/// A number of every two words.
fn normal<T: Real>(rng: &mut ChaCha8Rng, chunk: &mut [T]) {
    let (mut pairs, mut angles) = ([T::zero(); CHUNK], [T::zero(); CHUNK / 2]);
    let (pairs, angles) = (&mut pairs[..2 * chunk.len()], &mut angles[..chunk.len()]);
    uniform(rng, pairs);
    let (pairs, _) = pairs.as_chunks::<2>();
    let (turn, minus_two) = (T::from_f64(std::f64::consts::TAU), T::from_f64(-2.0));
    vectorized(
        #[inline(always)]
        || {
            for (angle, &[_, v]) in angles.iter_mut().zip(pairs) {
                *angle = turn * v;
            }
            T::cos_each(angles, chunk);
            for (y, &[u, _]) in chunk.iter_mut().zip(pairs) {
                *y *= (minus_two * Number::ln(T::one() - u)).sqrt();
            }
        },
    );
}

impl Graph {
    /// Random numbers from 0 up to, and without, 1; see [`Distribution::Uniform`].
    ///
    /// They depend on `seed`, `number`, `step` and their positions alone, so that a step that is run again
    /// draws the same. `number` tells a graph's random values apart. `step` is a scalar that is fed another
    /// number for each step, or a number for values that stay: labels below 2³², or real numbers, exact up
    /// to 2²⁴ in `f32`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let drawn = g.random_uniform([1000], 0, 0, 7).eval()?;
    /// assert!(drawn.values().iter().all(|u| (0.0..1.0).contains(u)));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("rand"))]
    #[track_caller]
    #[must_use]
    pub fn random_uniform<'g>(
        &'g self,
        shape: impl Into<Shape>,
        seed: u64,
        number: u16,
        step: impl Beside<'g>,
    ) -> Var<'g> {
        let (distribution, shape) = (Distribution::Uniform, shape.into());
        self.apply(Random { distribution, seed, number, shape }, &[step.in_graph(self)])
    }

    /// Random numbers of the normal distribution with mean 0 and deviation 1; see
    /// [`Distribution::Normal`], and [`Graph::random_uniform`] for what they depend on.
    ///
    /// A sample that is computed from them has gradients with respect to what it is computed from
    /// (Kingma and Welling, 2014, section 2.4):
    ///
    /// ```
    /// let g = chainrule::Graph::new();
    /// let (mean, deviation) = (g.parameter("mean", [3]), g.parameter("deviation", [3]));
    /// let noise = g.random_normal([64, 3], 0, 0, g.labels("step", [], 1 << 32));
    /// let sample = mean + deviation * noise;
    /// let gradients = g.backward(sample.square().mean(&[]), &[mean, deviation]);
    /// assert_eq!(gradients[1].shape().dims(), [3]);
    /// ```
    #[doc(alias("randn"))]
    #[track_caller]
    #[must_use]
    pub fn random_normal<'g>(
        &'g self,
        shape: impl Into<Shape>,
        seed: u64,
        number: u16,
        step: impl Beside<'g>,
    ) -> Var<'g> {
        let (distribution, shape) = (Distribution::Normal, shape.into());
        self.apply(Random { distribution, seed, number, shape }, &[step.in_graph(self)])
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

    /// The elements of a stretch of random values.
    fn drawn<T: Real>(
        distribution: Distribution,
        step: u32,
        range: std::ops::Range<usize>,
    ) -> Vec<T> {
        let shape = Shape::from([range.end]);
        let random = Random { distribution, seed: 9, number: 3, shape };
        let steps = [step];
        let scalar = Shape::scalar();
        let operand =
            Operand { shape: scalar, strides: scalar.strides(), values: Values::Index(&steps) };
        let mut found = vec![T::nan(); range.len()];
        random.forward(&[operand], Output { shape, range, values: ValuesMut::Real(&mut found) });
        found
    }

    #[test]
    fn an_element_depends_on_its_position_alone() {
        for distribution in [Distribution::Uniform, Distribution::Normal] {
            let whole = drawn::<f32>(distribution, 5, 0..2000);
            for range in [0..1, 1..700, 511..513, 700..2000] {
                assert_eq!(whole[range.clone()], drawn::<f32>(distribution, 5, range));
            }
            assert_ne!(whole, drawn::<f32>(distribution, 6, 0..2000));
            let wide = drawn::<f64>(distribution, 5, 0..2000);
            let furthest = wide.iter().zip(&whole).map(|(a, &b)| (a - f64::from(b)).abs());
            let bound = if distribution == Distribution::Uniform { 0.0 } else { 4e-6 };
            assert!(furthest.fold(0.0, f64::max) <= bound);
        }
    }

    #[test]
    fn the_distributions_have_their_moments_and_shares() {
        const COUNT: usize = 200_000;
        let mean = |values: &[f64], f: &dyn Fn(f64) -> f64| {
            values.iter().map(|&x| f(x)).sum::<f64>() / COUNT as f64
        };
        // Within four deviations of each mean.
        let close = |found: f64, exact: f64, deviation: f64| {
            assert!((found - exact).abs() < 4.0 * deviation / (COUNT as f64).sqrt(), "{found}");
        };
        let u = drawn::<f64>(Distribution::Uniform, 0, 0..COUNT);
        close(mean(&u, &|u| u), 0.5, (1.0 / 12.0f64).sqrt());
        close(mean(&u, &|u| u * u), 1.0 / 3.0, (4.0 / 45.0f64).sqrt());
        let z = drawn::<f64>(Distribution::Normal, 0, 0..COUNT);
        for (power, exact, deviation) in
            [(1, 0.0, 1.0), (2, 1.0, 2f64.sqrt()), (3, 0.0, 15f64.sqrt()), (4, 3.0, 96f64.sqrt())]
        {
            close(mean(&z, &|z| z.powi(power)), exact, deviation);
        }
        for bound in [-2.5, -1.0, -0.3, 0.0, 0.7, 1.9, 3.0] {
            let share = 0.5 * (1.0 + libm::erf(bound / 2f64.sqrt()));
            let below = mean(&z, &|z| f64::from(u8::from(z < bound)));
            close(below, share, (share * (1.0 - share)).sqrt());
        }
        // Neighbours are uncorrelated.
        let products: f64 = z.iter().zip(&z[1..]).map(|(a, b)| a * b).sum();
        assert!(products.abs() < 4.0 * (COUNT as f64).sqrt());
    }
}

//! Random numbers from a counter-based generator, keyed by seed, stream and step.

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};

use crate::number::Number;
use crate::real::Real;

/// What the numbers are for; each purpose has its own stream.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// The initial values of the parameter with this number.
    Parameter(u32),
    /// The order of the examples in this epoch.
    Shuffle(u32),
    /// The choice of the validation part.
    Split,
    /// A random mask of the batch with this number.
    Mask {
        /// Which of the model's masks.
        number: u16,
        /// The batch.
        step: u64,
    },
    /// Random values of a graph in the step with this number.
    Values {
        /// Which of the graph's random values.
        number: u16,
        /// The step.
        step: u64,
    },
    /// Numbers for themselves, of this distribution.
    Numbers(u16),
}

/// The generator of a stream. ChaCha with 8 rounds is counter-based: its numbers depend on seed and
/// stream alone, not on what was drawn before.
///
/// ```
/// use chainrule_numbers::random::{Stream, generator};
/// use rand::Rng;
/// let draw = |epoch| generator(0, Stream::Shuffle(epoch)).next_u64();
/// assert!(draw(1) == draw(1) && draw(1) != draw(2));
/// ```
#[must_use]
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let number = match stream {
        Stream::Parameter(index) => u64::from(index),
        Stream::Shuffle(epoch) => (1 << 32) | u64::from(epoch),
        Stream::Split => 1 << 62,
        Stream::Mask { number, step } => {
            (1 << 63) | (u64::from(number) << 47) | (step & ((1 << 47) - 1))
        }
        Stream::Values { number, step } => {
            (1 << 61) | (u64::from(number) << 45) | (step & ((1 << 45) - 1))
        }
        Stream::Numbers(distribution) => (1 << 60) | u64::from(distribution),
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// Numbers of the uniform distribution from 0 up to, and without, 1, for data and tries.
///
/// ```
/// use chainrule_numbers::random::uniform;
/// let numbers: Vec<f32> = uniform(1000, 0);
/// assert!(numbers.iter().all(|u| (0.0..1.0).contains(u)));
/// assert!(numbers == uniform(1000, 0) && numbers != uniform(1000, 1));
/// ```
#[doc(alias("rand"))]
#[must_use]
pub fn uniform<T: Real>(count: usize, seed: u64) -> Vec<T> {
    // 24 bits are exact in both precisions: none is rounded to 1.
    const UNIT: f64 = 1.0 / (1u64 << 24) as f64;
    let mut rng = generator(seed, Stream::Numbers(0));
    (0..count).map(|_| T::from_f64(f64::from(rng.next_u32() >> 8) * UNIT)).collect()
}

/// Numbers of the normal distribution with mean 0 and deviation 1, for data and tries.
///
/// ```
/// let numbers: Vec<f64> = chainrule_numbers::random::normal(10_000, 0);
/// let mean = |f: fn(&f64) -> f64| numbers.iter().map(f).sum::<f64>() / 1e4;
/// assert!(mean(|x| *x).abs() < 0.04 && (mean(|x| x * x) - 1.0).abs() < 0.06);
/// ```
#[doc(alias("randn"))]
#[must_use]
pub fn normal<T: Real>(count: usize, seed: u64) -> Vec<T> {
    let mut rng = generator(seed, Stream::Numbers(1));
    let pairs = (0..count.div_ceil(2)).flat_map(|_| normal_pair(&mut rng));
    pairs.take(count).map(T::from_f64).collect()
}

/// Labels below `bound`, each as likely as the others, for data and tries; none where `bound` is 0.
///
/// ```
/// let dice = chainrule_numbers::random::labels(600, 6, 0);
/// let sixes = dice.iter().filter(|&&eyes| eyes == 5).count();
/// assert!(dice.iter().all(|&eyes| eyes < 6) && (60..140).contains(&sixes));
/// ```
#[doc(alias("randint"))]
#[must_use]
pub fn labels(count: usize, bound: u32, seed: u64) -> Vec<u32> {
    let mut rng = generator(seed, Stream::Numbers(2));
    (0..count).filter(|_| bound > 0).map(|_| rng.random_range(0..bound)).collect()
}

/// The whole numbers below `count` in an order that the seed decides.
///
/// ```
/// let mut order = chainrule_numbers::random::permutation(100, 0);
/// assert_ne!(order[..3], [0, 1, 2]);
/// order.sort_unstable();
/// assert!(order.into_iter().eq(0..100));
/// ```
#[doc(alias("randperm"))]
#[must_use]
pub fn permutation(count: u32, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    order.shuffle(&mut generator(seed, Stream::Numbers(3)));
    order
}

/// Batches of `size` of these examples, without an end: each pass over them is in another order, and
/// leaves out what does not fill a batch. There are none where the examples do not fill one.
///
/// ```
/// use chainrule_numbers::random::batches;
/// let of_two_passes: Vec<Vec<u32>> = batches(0..10, 5, 0).take(4).collect();
/// let mut seen = of_two_passes[2..].concat();
/// assert_ne!(seen, of_two_passes[..2].concat());
/// seen.sort_unstable();
/// assert!(seen.into_iter().eq(0..10));
/// assert_eq!(batches(0..3, 5, 0).next(), None);
/// ```
#[doc(alias("DataLoader"))]
pub fn batches(
    examples: impl IntoIterator<Item = u32>,
    size: usize,
    seed: u64,
) -> impl Iterator<Item = Vec<u32>> {
    let examples: Vec<u32> = examples.into_iter().collect();
    let is_enough = (1..=examples.len()).contains(&size);
    (0..).take_while(move |_| is_enough).flat_map(move |epoch| {
        let mut order = examples.clone();
        order.shuffle(&mut generator(seed, Stream::Shuffle(epoch)));
        let batches: Vec<Vec<u32>> = order.chunks_exact(size).map(<[u32]>::to_vec).collect();
        batches
    })
}

/// Two independent numbers of the normal distribution from four words of the stream, by Box and Muller's
/// transform (1958): √(−2·ln u)·cos 2πv and the same with sin, for uniform u above 0 and v.
pub fn normal_pair(rng: &mut ChaCha8Rng) -> [f64; 2] {
    const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
    let [u, v] = [(); 2].map(|()| (rng.next_u64() >> 11) as f64);
    let radius = (-2.0 * Number::ln((u + 1.0) * UNIT)).sqrt();
    let angle = 2.0 * std::f64::consts::PI * v * UNIT;
    [radius * Number::cos(angle), radius * Number::sin(angle)]
}

//! Random numbers from a counter-based generator, keyed by seed, stream and step.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

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
}

/// The generator of a stream. ChaCha with 8 rounds is counter-based: its numbers depend on seed and
/// stream alone, not on what was drawn before.
///
/// ```
/// use chainrule::random::{Stream, generator};
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
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

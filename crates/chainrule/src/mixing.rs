//! The hash of the tables of graphs and passes.

use std::hash::{BuildHasherDefault, Hasher};

/// Keys are small numbers and names that the program chose: std's hash, safe against chosen keys, takes a tenth of
/// compiling a graph of scalars.
pub(crate) type Mixing = BuildHasherDefault<Mix>;

/// A hash that multiplies and turns.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // Odd, and near 2⁶⁴ divided by the golden ratio: Fibonacci hashing, Knuth 6.4.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // The low bits choose the place in the table, and a product mixes into the high ones.
        self.0 ^ (self.0 >> 32)
    }
}

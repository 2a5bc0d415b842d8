//! What is looked at before a new value is written over that of a parameter or of an optimizer's state: a
//! gradient that is not finite never reaches them.
//!
//! Where all that a block's new values are made of is finite, they are written as they come. Else each
//! element is looked at by itself.

use std::collections::HashSet;

use super::reads_leader;
use super::settle::Load;
use crate::lowering::{Chain, Instruction, Storage};
use crate::simd::vectorized;
use crate::tensor::Real;

/// What new values are made of besides what they are written over: gradients, rates.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub leader: bool,
    /// Loads of one number, where they are.
    pub numbers: Vec<(Storage, usize)>,
    /// The other loads.
    pub loads: Vec<usize>,
}

impl Watched {
    /// Of a chain that writes parameters or states; the buffers `tame` are known to be.
    pub fn new(chain: &Chain, loads: &[Load], tame: &HashSet<usize>) -> Option<Self> {
        let outlives = |i: &Instruction| matches!(i.store, Some(Storage::Parameter(_)));
        let is_made = |&at: &usize| match chain.loads[at].storage {
            Storage::Buffer(buffer) => !tame.contains(&buffer),
            Storage::Parameter(_) => false,
        };
        let is_one = |&at: &usize| matches!(loads[at], Load::Number | Load::Repeated(_));
        chain.body.iter().any(outlives).then(|| {
            let made = (0..loads.len()).filter(is_made);
            let (numbers, loads): (Vec<_>, Vec<_>) = made.partition(is_one);
            let place = |at: usize| (chain.loads[at].storage, chain.loads[at].offset);
            let numbers = numbers.into_iter().map(place).collect();
            Self { leader: reads_leader(chain), numbers, loads }
        })
    }
}

/// Writes new values over old ones; an element that is not finite leaves the old one. Whether all are
/// finite.
pub(in crate::runtime) fn write_finite<T: Real>(new: &[T], old: &mut [T]) -> bool {
    let mut all = true;
    for (new, old) in new.iter().zip(old) {
        match new.is_finite() {
            true => *old = *new,
            false => all = false,
        }
    }
    all
}

/// Whether a number is finite, and its square too: optimizers square gradients.
#[inline(always)]
pub(in crate::runtime) fn is_tame<T: Real>(x: T) -> bool {
    (x * x).is_finite()
}

/// Whether all numbers are tame.
pub(super) fn are_tame<T: Real>(numbers: &[T]) -> bool {
    vectorized(
        #[inline(always)]
        || match numbers.len() {
            ..8 => are_all_tame(numbers),
            8..64 => are_tame_by::<T, 8>(numbers),
            _ => are_tame_by::<T, 64>(numbers),
        },
    )
}

/// Without branches, so that the loop is made of vectors.
#[inline(always)]
fn are_all_tame<T: Real>(numbers: &[T]) -> bool {
    numbers.iter().fold(true, |all, &x| all & is_tame(x))
}

/// The same of `GROUP` numbers or more, of which the last are looked at twice: a loop over what is left
/// would take as long as that over all else.
#[inline(always)]
fn are_tame_by<T: Real, const GROUP: usize>(numbers: &[T]) -> bool {
    let groups = numbers.as_chunks::<GROUP>().0;
    let last = numbers.last_chunk::<GROUP>();
    last.is_none_or(|last| are_all_tame(last)) && groups.iter().all(|group| are_all_tame(group))
}

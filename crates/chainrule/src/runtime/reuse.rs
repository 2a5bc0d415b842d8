//! Where a plan's values lie in memory, which is used again as soon as a value's last reader is done.
//!
//! Two values have memory in common only if the one's last time is before the other's first: values are
//! placed in the order of their first times, and a value's memory is free again for those that begin after
//! its last. Of the same time is not after: then threads may be reading the one and writing the other.
//! Real and whole numbers lie in memory of their own.

use crate::error::{Error, Result};

/// One value's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub len: usize,
    /// Real numbers, else whole ones.
    pub real: bool,
    pub offset: usize,
}

/// Buffers begin at cache lines: 16 elements of at least 4 bytes.
const ALIGN: usize = 16;

/// A stretch of memory that is free again.
#[derive(Clone, Copy)]
struct Gap {
    offset: usize,
    len: usize,
}

/// Gives each buffer its offset; returns the elements of real and of whole memory. `lives` holds each
/// buffer's first and last time.
///
/// # Errors
/// More elements than there are numbers to count them.
pub(super) fn lay_out(buffers: &mut [Extent], lives: &[(usize, usize)]) -> Result<(usize, usize)> {
    // No buffer has more elements than a vector of doubles: a single one is never too long to round up.
    let total: u128 = buffers.iter().map(|buffer| buffer.len as u128).sum();
    let mut ends: [usize; 2] = [0, 0];
    let mut gaps: [Vec<Gap>; 2] = [Vec::new(), Vec::new()];
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&b| lives[b].0);
    let mut dying: Vec<usize> = order.clone();
    dying.sort_by_key(|&b| lives[b].1);
    let mut dead = 0;
    for b in order {
        while dead < dying.len() && lives[dying[dead]].1 < lives[b].0 {
            let Extent { len, real, offset, .. } = buffers[dying[dead]];
            release(&mut gaps[usize::from(real)], Gap { offset, len: len.next_multiple_of(ALIGN) });
            dead += 1;
        }
        let len = buffers[b].len.next_multiple_of(ALIGN);
        let side = usize::from(buffers[b].real);
        buffers[b].offset = match best_gap(&gaps[side], len) {
            Some(at) => {
                let gap = &mut gaps[side][at];
                let offset = gap.offset;
                *gap = Gap { offset: offset + len, len: gap.len - len };
                if gap.len == 0 {
                    gaps[side].swap_remove(at);
                }
                offset
            }
            None => {
                let offset = ends[side];
                let too_long = || Error::Memory { bytes: total * size_of::<u32>() as u128 };
                ends[side] = offset.checked_add(len).ok_or_else(too_long)?;
                offset
            }
        };
    }
    Ok((ends[1], ends[0]))
}

/// Gaps looked at before taking fresh memory: keeps the work linear in the number of buffers.
const SEARCHED: usize = 64;

/// The smallest recent gap that holds `len` elements.
fn best_gap(gaps: &[Gap], len: usize) -> Option<usize> {
    let mut best: Option<usize> = None;
    for at in gaps.len().saturating_sub(SEARCHED)..gaps.len() {
        let fits = gaps[at].len >= len && len > 0;
        if fits && best.is_none_or(|best| gaps[at].len < gaps[best].len) {
            best = Some(at);
            if gaps[at].len == len {
                break;
            }
        }
    }
    best
}

/// Returns a gap, joined with a recent neighbour where one touches it.
fn release(gaps: &mut Vec<Gap>, gap: Gap) {
    if gap.len == 0 {
        return;
    }
    let recent = gaps.len().saturating_sub(SEARCHED);
    for other in &mut gaps[recent..] {
        if other.offset + other.len == gap.offset {
            other.len += gap.len;
            return;
        }
        if gap.offset + gap.len == other.offset {
            *other = Gap { offset: gap.offset, len: gap.len + other.len };
            return;
        }
    }
    gaps.push(gap);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(lens: &[usize]) -> Vec<Extent> {
        lens.iter().map(|&len| Extent { len, real: true, offset: 0 }).collect()
    }

    #[test]
    fn what_lives_at_one_time_lies_apart() {
        let mut state = 1_u64;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        for count in [1, 2, 10, 100, 300] {
            let mut buffers: Vec<Extent> = (0..count)
                .map(|_| Extent { len: draw(100), real: draw(4) > 0, offset: 0 })
                .collect();
            let lives: Vec<(usize, usize)> = (0..count)
                .map(|_| {
                    let first = draw(50);
                    (first, first + draw(8))
                })
                .collect();
            let (reals, indices) = lay_out(&mut buffers, &lives).unwrap();
            for (at, a) in buffers.iter().enumerate() {
                assert!(a.offset.is_multiple_of(ALIGN));
                assert!(a.offset + a.len <= if a.real { reals } else { indices });
                for (other, b) in buffers.iter().enumerate().skip(at + 1) {
                    let (life, its) = (lives[at], lives[other]);
                    let together = life.0 <= its.1 && its.0 <= life.1;
                    let apart = a.offset + a.len <= b.offset || b.offset + b.len <= a.offset;
                    assert!(!together || apart || a.real != b.real || a.len * b.len == 0);
                }
            }
        }
    }

    #[test]
    fn a_line_of_values_needs_memory_for_two() {
        let mut buffers = extents(&[100; 10]);
        let lives: Vec<(usize, usize)> = (1..=10).map(|time| (time, time + 1)).collect();
        assert_eq!(lay_out(&mut buffers, &lives).unwrap(), (2 * 112, 0));
        // Where all of them are of one time, nothing is used again.
        assert_eq!(lay_out(&mut buffers, &[(1, 1); 10]).unwrap(), (10 * 112, 0));
    }

    #[test]
    fn small_values_share_the_memory_of_a_large_one() {
        let mut buffers = extents(&[160, 16, 16, 128]);
        let lives = [(1, 2), (3, 9), (3, 9), (3, 9)];
        assert_eq!(lay_out(&mut buffers, &lives).unwrap(), (160, 0));
    }

    #[test]
    fn more_elements_than_numbers_are_an_error() {
        let mut buffers = extents(&[usize::MAX / 2, usize::MAX / 2, 100]);
        let error = lay_out(&mut buffers, &[(1, 2); 3]).unwrap_err();
        assert!(matches!(error, Error::Memory { .. }));
    }
}

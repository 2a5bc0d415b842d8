//! Where a plan's values lie in memory, which is used again as soon as a value's last reader is done.

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
    let recent = gaps.len().saturating_sub(SEARCHED)..gaps.len();
    recent.filter(|&at| gaps[at].len >= len && len > 0).min_by_key(|&at| gaps[at].len)
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

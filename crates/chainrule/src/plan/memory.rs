//! Laying out a plan's buffers: memory is reused as soon as its last reader is done.

use super::build::{Place, Step, Storage};

/// One value's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    pub len: usize,
    /// Real numbers, else whole ones.
    pub real: bool,
    /// Inputs and constants keep their memory from run to run.
    pub persistent: bool,
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

/// Gives each buffer its offset; returns the elements of real and of whole memory.
pub(super) fn lay_out(
    buffers: &mut [Buffer],
    steps: &[Step],
    read_last: &[Place],
) -> (usize, usize) {
    let lives = lifetimes(buffers, steps, read_last);
    let mut ends = [0, 0];
    let mut gaps: [Vec<Gap>; 2] = [Vec::new(), Vec::new()];
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&b| lives[b].0);
    let mut dying: Vec<usize> = order.clone();
    dying.sort_by_key(|&b| lives[b].1);
    let mut dead = 0;
    for b in order {
        while dead < dying.len() && lives[dying[dead]].1 < lives[b].0 {
            let Buffer { len, real, offset, .. } = buffers[dying[dead]];
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
                ends[side] += len;
                ends[side] - len
            }
        };
    }
    (ends[1], ends[0])
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

/// For each buffer, the first and the last step that touch it.
fn lifetimes(buffers: &[Buffer], steps: &[Step], read_last: &[Place]) -> Vec<(usize, usize)> {
    let forever = steps.len() + 1;
    let fresh = |b: &Buffer| if b.persistent { (0, forever) } else { (usize::MAX, 0) };
    let mut lives: Vec<(usize, usize)> = buffers.iter().map(fresh).collect();
    for (at, step) in steps.iter().enumerate() {
        let mut touch = |b: usize| lives[b] = (lives[b].0.min(at), lives[b].1.max(at));
        match step {
            Step::Pointwise { loads, body, .. } => {
                loads.iter().filter_map(buffer_of).for_each(&mut touch);
                body.iter().filter_map(|instruction| instruction.store).for_each(&mut touch);
            }
            Step::Kernel { operands, out, .. } => {
                operands.iter().chain([out]).filter_map(buffer_of).for_each(&mut touch);
            }
            Step::Copy { from, to, .. } => {
                [from, to].into_iter().filter_map(buffer_of).for_each(&mut touch);
            }
        }
    }
    for b in read_last.iter().filter_map(buffer_of) {
        lives[b].1 = forever;
    }
    lives
}

fn buffer_of(place: &Place) -> Option<usize> {
    match place.storage {
        Storage::Buffer(buffer) => Some(buffer),
        Storage::Parameter(_) => None,
    }
}

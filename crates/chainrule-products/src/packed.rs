//! Products whose operands are copied next to each other first.
//!
//! Of each block of terms A's rows are packed once, and each panel of B just before its tiles, so that it
//! is in the innermost cache while they read it. In place, rows that are a power of two apart share few
//! sets of a cache, and a panel of them does not stay there.

use std::ops::Range;

use super::tiles::{Left, Rows, Run, Tiles, tiles_of_panels};
use super::{BLOCK, Finished, Follow, Lengths, Product, RESIDENT, Target, stretches, transpose};
use chainrule_numbers::real::Real;
use chainrule_numbers::simd::prefetch_from;

/// Rows of A that are packed together: a block of terms of them is half of a usual second-level cache.
const TOGETHER: usize = 264;

/// Columns of C that are handed over together.
const HANDED: usize = 64;

/// The fewest rows that are worth a copy of B, each of whose elements they use once.
const FEWEST_ROWS: usize = 24;

/// The fewest columns that are worth a copy of A.
const FEWEST_COLUMNS: usize = 256;

/// Bytes between B's rows from which a panel in place spreads over too few sets.
const FAR: usize = 512;

/// Terms of which A is packed at a time: all of them, where C is kept nowhere.
fn span<T>(target: &Target<T>) -> usize {
    match target {
        Target::Whole(_) => BLOCK,
        Target::Scratch => RESIDENT,
    }
}

/// Rows that are packed together, of so many terms.
fn most_rows(terms: usize) -> usize {
    if terms <= BLOCK { TOGETHER } else { TOGETHER * BLOCK / RESIDENT }
}

/// The elements of scratch memory for a product.
pub(super) fn scratch_len<T: Real>(Lengths { m, k, n }: Lengths) -> usize {
    let tiles = tiles_of_panels::<T>();
    let rows = |terms: usize| m.min(most_rows(terms)).next_multiple_of(tiles.rows);
    let left = [k.min(BLOCK), k.min(RESIDENT)].map(|terms| rows(terms) * terms);
    let [panel, result] = [k.min(BLOCK) * tiles.columns, rows(BLOCK) * n.min(HANDED)];
    left[0].max(left[1]) + panel + result
}

impl<T: Real> Product<T> {
    /// Whether so many rows of C are worth copies of the operands.
    pub(super) fn pays_packing(&self, rows: usize) -> bool {
        let Lengths { k, n, .. } = self.lengths;
        let is_spread = self.b.column != 1 || self.b.row * size_of::<T>() >= FAR;
        rows >= FEWEST_ROWS && n >= HANDED && k >= 16 && is_spread
    }

    /// Computes rows of C from packed operands.
    ///
    /// # Safety
    /// As [`Product::compute`].
    pub(super) unsafe fn packed(
        &self,
        rows: Range<usize>,
        scratch: &mut [T],
        follow: &mut impl Follow<T>,
    ) {
        let Lengths { k, n, .. } = self.lengths;
        let tiles = tiles_of_panels::<T>();
        let span = span(&self.target);
        // As few stretches of rows as may be packed together, all about as long.
        let count = rows.len().div_ceil(most_rows(span.min(k)));
        let length = rows.len().div_ceil(count).next_multiple_of(tiles.rows);
        let (left, rest) = scratch.split_at_mut(length * k.min(span));
        let (panel, result) = rest.split_at_mut(k.min(BLOCK) * tiles.columns);
        for rows in stretches(rows, length) {
            for terms in stretches(0..k, span) {
                let packs = n >= FEWEST_COLUMNS || self.a.column != 1;
                if packs {
                    // SAFETY: passed on from the caller.
                    unsafe { self.pack_left(left, &rows, &terms, tiles.rows) };
                }
                let left = packs.then_some(&*left);
                for columns in stretches(0..n, HANDED) {
                    let c = match self.target {
                        Target::Whole(c) => {
                            let start = c.wrapping_add(rows.start * n + columns.start);
                            Rows { start, row: n }
                        }
                        Target::Scratch => Rows { start: result.as_mut_ptr(), row: columns.len() },
                    };
                    let mut ahead = |part, parts| {
                        if terms.end == k {
                            follow.ahead(&rows, &columns, part, parts);
                        }
                    };
                    let place = (&rows, &columns, &terms);
                    // SAFETY: passed on from the caller; A was just packed.
                    unsafe { self.panels(&tiles, left, panel, c, place, &mut ahead) };
                    if terms.end == k {
                        let (rows, columns) = (rows.clone(), columns.clone());
                        let Rows { start, row } = c;
                        follow.finish(Finished { rows, columns, start, row });
                    }
                }
            }
        }
    }

    /// The tiles of some rows, columns and terms, panel after panel.
    unsafe fn panels(
        &self,
        tiles: &Tiles<T>,
        left: Option<&[T]>,
        packed: &mut [T],
        c: Rows<*mut T>,
        (rows, columns, terms): (&Range<usize>, &Range<usize>, &Range<usize>),
        ahead: &mut impl FnMut(usize, usize),
    ) {
        let padded = rows.len().next_multiple_of(tiles.rows);
        let panels = columns.len().div_ceil(tiles.columns) * terms.len().div_ceil(BLOCK);
        let parts = panels * padded / tiles.rows;
        let mut part = 0;
        for block in stretches(terms.clone(), BLOCK) {
            for panel in stretches(columns.clone(), tiles.columns) {
                // SAFETY: passed on from the caller.
                unsafe { self.pack_right(packed, &block, &panel) };
                let b = Rows { start: packed.as_ptr(), row: panel.len() };
                for tile in stretches(0..rows.len(), tiles.rows) {
                    ahead(part, parts);
                    part += 1;
                    let a = match left {
                        Some(left) => {
                            let before = (block.start - terms.start) * padded;
                            let start = left[before + tile.start * block.len()..].as_ptr();
                            Left { start, row: 1, step: tiles.rows }
                        }
                        None => Left {
                            start: self.left(rows.start + tile.start, block.start),
                            row: self.a.row,
                            step: self.a.column,
                        },
                    };
                    let column = panel.start - columns.start;
                    let start = c.start.wrapping_add(tile.start * c.row + column);
                    let kernel = match left {
                        Some(_) => tiles.packed_tile(tile.len(), panel.len()),
                        None => tiles.tile(tile.len(), panel.len()),
                    };
                    let c = Rows { start, row: c.row };
                    // SAFETY: passed on from the caller; the packed operands were written for these
                    // lengths; the level was found on this processor.
                    unsafe {
                        kernel(a, b, c, &Run::all(block.len()), panel.len(), block.start > 0);
                    };
                }
            }
        }
    }

    /// Copies A's rows: for each block of terms and each tile, term after term, as far apart as a whole
    /// tile has rows.
    unsafe fn pack_left(
        &self,
        to: &mut [T],
        rows: &Range<usize>,
        terms: &Range<usize>,
        tile: usize,
    ) {
        let mut tiles = to.chunks_exact_mut(tile);
        for block in stretches(terms.clone(), BLOCK) {
            for rows in stretches(rows.clone(), tile) {
                let from = self.left(rows.start, block.start);
                for (p, to) in tiles.by_ref().take(block.len()).enumerate() {
                    let from = from.wrapping_add(p * self.a.column);
                    for (i, to) in to[..rows.len()].iter_mut().enumerate() {
                        // SAFETY: an element of A.
                        *to = unsafe { *from.add(i * self.a.row) };
                    }
                }
            }
        }
    }

    /// Copies B's elements of a panel, term after term, and asks for those of the next.
    unsafe fn pack_right(&self, to: &mut [T], block: &Range<usize>, panel: &Range<usize>) {
        let width = panel.len();
        let to = &mut to[..block.len() * width];
        // SAFETY: passed on from the caller. Of a known length a copy is a few instructions.
        unsafe {
            match (self.b.column, width) {
                (1, 8) => self.copy_right::<8>(to, block.start, panel.start),
                (1, 16) => self.copy_right::<16>(to, block.start, panel.start),
                (1, 32) => self.copy_right::<32>(to, block.start, panel.start),
                (apart, _) => {
                    transpose(to, self.right(block.start, panel.start), (apart, self.b.row), width);
                }
            }
        }
    }

    /// Copies whole panels' rows, and asks for what stands beyond them.
    unsafe fn copy_right<const W: usize>(&self, to: &mut [T], term: usize, column: usize) {
        for (p, to) in to.as_chunks_mut::<W>().0.iter_mut().enumerate() {
            let from = self.right(term + p, column);
            // SAFETY: elements of B's row.
            *to = unsafe { *from.cast() };
            prefetch_from(from.wrapping_add(W).cast(), W * size_of::<T>());
        }
    }
}

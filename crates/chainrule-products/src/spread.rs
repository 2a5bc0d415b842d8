//! Products whose left operand lies along several axes: windows of a picture against a kernel, without a copy
//! of the windows.
//!
//! After Dukhan, "The indirect convolution algorithm" (2019), but without pointers: a row of A and a term each
//! say how far from A's first element theirs is, and the two add up. A tile takes rows of one line, and walks
//! its terms line by line with its sums in registers, so that they are the chains of any other product.

use std::ops::Range;

use super::tiles::{Left, Run, tiles};
use super::{
    BLOCK, Finished, Follow, Lengths, Matrix, Product, RESIDENT, ROWS, Rows, Target, group, height,
    stretches,
};
use chainrule_numbers::real::Real;

/// The most axes of rows, or of terms.
const MOST_AXES: usize = 8;

/// Places along some axes, counted with the last axis first: how far from the first each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axes {
    lengths: [usize; MOST_AXES],
    strides: [usize; MOST_AXES],
    rank: usize,
}

impl Axes {
    /// Axes of these lengths and distances between neighbours, of which those that make one line are joined.
    ///
    /// ```
    /// use chainrule_products::Axes;
    /// assert_eq!(Axes::new(&[2, 3, 1], &[3, 1, 7]), Axes::new(&[6], &[1]));
    /// ```
    ///
    /// # Panics
    /// There are more than eight axes.
    #[must_use]
    pub fn new(lengths: &[usize], strides: &[usize]) -> Self {
        assert!(lengths.len() <= MOST_AXES, "at most {MOST_AXES} axes");
        let mut axes = Self { lengths: [1; MOST_AXES], strides: [1; MOST_AXES], rank: 0 };
        for (&length, &stride) in lengths.iter().zip(strides).filter(|(length, _)| **length != 1) {
            let last = axes.rank.wrapping_sub(1);
            if axes.rank > 0 && axes.strides[last] == length * stride {
                (axes.lengths[last], axes.strides[last]) = (axes.lengths[last] * length, stride);
            } else {
                (axes.lengths[axes.rank], axes.strides[axes.rank]) = (length, stride);
                axes.rank += 1;
            }
        }
        axes
    }

    /// The last axis: its length, and how far apart its places are.
    fn line(&self) -> (usize, usize) {
        let last = self.rank.saturating_sub(1);
        (self.lengths[last], self.strides[last])
    }

    /// How far from the first a place is.
    fn offset(&self, mut place: usize) -> usize {
        let mut offset = 0;
        for axis in (0..self.rank).rev() {
            offset += place % self.lengths[axis] * self.strides[axis];
            place /= self.lengths[axis];
        }
        offset
    }

    /// The parts of some places that lie in one line each.
    fn lines(self, places: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (length, _) = self.line();
        let mut start = places.start;
        std::iter::from_fn(move || {
            let line = start..places.end.min(start - start % length + length);
            start = line.end;
            (!line.is_empty()).then_some(line)
        })
    }
}

/// A matrix in memory whose rows, and whose columns, lie along several axes.
#[derive(Clone, Copy, Debug)]
pub struct Spread<T> {
    /// The first element.
    pub start: *const T,
    /// Where the rows are.
    pub rows: Axes,
    /// Where the columns are: the terms of a sum.
    pub columns: Axes,
}

impl<T> Spread<T> {
    /// The same matrix with one distance between rows and one between columns, where it has that.
    #[must_use]
    pub fn matrix(&self) -> Option<Matrix<T>> {
        let is_line = self.rows.rank <= 1 && self.columns.rank <= 1;
        let [(_, row), (_, column)] = [self.rows.line(), self.columns.line()];
        is_line.then_some(Matrix { start: self.start, row, column })
    }
}

/// A product of which the left operand is spread, with its operands in memory.
#[derive(Clone, Copy, Debug)]
pub struct SpreadProduct<T> {
    /// The left operand.
    pub a: Spread<T>,
    /// The right operand.
    pub b: Matrix<T>,
    /// How long they are.
    pub lengths: Lengths,
    /// Where the result goes.
    pub target: Target<T>,
}

impl<T: Real> SpreadProduct<T> {
    /// Computes the rows `rows` of C; `follow` gets every element once, when it is complete.
    ///
    /// # Safety
    /// As for [`Product::compute`].
    pub unsafe fn compute(
        &self,
        rows: Range<usize>,
        scratch: &mut [T],
        follow: &mut impl Follow<T>,
    ) {
        let Self { a, b, lengths, target } = *self;
        let Lengths { k, n, .. } = lengths;
        let flat = a.matrix().or((k == 0).then_some(Matrix { start: a.start, row: 0, column: 0 }));
        // Of a spread operand there is no such matrix; what is packed of B asks for none.
        let start = flat.unwrap_or(Matrix { start: a.start, row: 0, column: 0 });
        let product = Product { a: start, b, lengths, target };
        if flat.is_some() || rows.is_empty() || n == 0 {
            // SAFETY: passed on from the caller.
            return unsafe { product.compute(rows, scratch, follow) };
        }
        assert!(scratch.len() >= super::scratch_len::<T>(lengths), "product scratch too short");
        let group = group(lengths);
        let (packed, result) = scratch.split_at_mut(k.min(RESIDENT) * group);
        let packs = b.column != 1;
        for columns in stretches(0..n, group) {
            for terms in stretches(0..k, RESIDENT) {
                if packs {
                    // SAFETY: passed on from the caller.
                    unsafe { product.pack(packed, &terms, &columns, tiles::<T>().columns) };
                }
                let from = packs.then_some(&*packed);
                for rows in stretches(rows.clone(), height(group)) {
                    let c = match target {
                        Target::Whole(c) => {
                            Rows { start: c.wrapping_add(rows.start * n + columns.start), row: n }
                        }
                        Target::Scratch => Rows { start: result.as_mut_ptr(), row: columns.len() },
                    };
                    let last = terms.end == k;
                    let mut ahead = |part, parts| {
                        if last {
                            follow.ahead(&rows, &columns, part, parts);
                        }
                    };
                    let place = (&rows, &columns, &terms);
                    // SAFETY: passed on from the caller; what is packed was just written.
                    unsafe { self.block(&product, from, c, place, &mut ahead) };
                    if last {
                        let Rows { start, row } = c;
                        let columns = columns.clone();
                        follow.finish(Finished { rows, columns, start, row });
                    }
                }
            }
        }
    }

    /// The tiles of some rows, columns and terms.
    unsafe fn block(
        &self,
        product: &Product<T>,
        packed: Option<&[T]>,
        c: Rows<*mut T>,
        (rows, columns, terms): (&Range<usize>, &Range<usize>, &Range<usize>),
        ahead: &mut impl FnMut(usize, usize),
    ) {
        let (tiles, b) = (tiles::<T>(), self.b);
        let ((_, row), (_, step)) = (self.a.rows.line(), self.a.columns.line());
        let parts = terms.len().div_ceil(BLOCK) * columns.len().div_ceil(tiles.columns);
        let mut part = 0;
        for block in stretches(terms.clone(), BLOCK) {
            let mut all = [Run { offset: 0, len: 0 }; BLOCK];
            let mut count = 0;
            for (to, line) in all.iter_mut().zip(self.a.columns.lines(block.clone())) {
                *to = Run { offset: self.a.columns.offset(line.start), len: line.len() };
                count += 1;
            }
            let runs = &all[..count];
            let before = (block.start - terms.start) * columns.len();
            for panel in stretches(0..columns.len(), tiles.columns) {
                let right = match packed {
                    Some(packed) => Rows {
                        start: packed[before + panel.start * block.len()..].as_ptr(),
                        row: panel.len(),
                    },
                    None => Rows {
                        start: product.right(block.start, columns.start + panel.start),
                        row: b.row,
                    },
                };
                ahead(part, parts);
                part += 1;
                for line in self.a.rows.lines(rows.clone()) {
                    // All about as long: a last tile of few rows would take as long as a whole one.
                    let length = line.len().div_ceil(line.len().div_ceil(ROWS));
                    for tile in stretches(line, length) {
                        let start = self.a.start.wrapping_add(self.a.rows.offset(tile.start));
                        let left = Left { start, row, step };
                        let above = (tile.start - rows.start) * c.row;
                        let to = Rows { start: c.start.wrapping_add(above + panel.start), ..c };
                        let kernel = tiles.tile(tile.len(), panel.len());
                        // SAFETY: passed on from the caller; the level was found on this processor.
                        unsafe { kernel(left, right, to, runs, panel.len(), block.start > 0) };
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Keep, plain};
    use super::*;
    use crate::scratch_len;

    /// Windows of 2 pictures of 7 × 9 with 3 channels: of 3 × 2 elements, every other one of 2 × 1 between
    /// two windows; and the same with rows and columns exchanged.
    fn windows<T: Real>(kernels: usize, parts: usize) {
        let number = |i: usize| T::from_f64(((i * 37 + 11) % 101) as f64 / 50.0 - 1.0);
        let picture: Vec<T> = (0..2 * 7 * 9 * 3).map(number).collect();
        let rows = Axes::new(&[2, 3, 4], &[7 * 9 * 3, 2 * 9 * 3, 2 * 3]);
        let columns = Axes::new(&[3, 2, 3], &[9 * 3, 2 * 3, 1]);
        for (rows, columns, m, k) in [(rows, columns, 24, 18), (columns, rows, 18, 24)] {
            let a = Spread { start: picture.as_ptr(), rows, columns };
            let right: Vec<T> = (0..k * kernels).map(|i| number(i + 5)).collect();
            for turned in [false, true] {
                let (row, column) = if turned { (1, k) } else { (kernels, 1) };
                let b = Matrix { start: right.as_ptr(), row, column };
                let lengths = Lengths { m, k, n: kernels };
                let mut scratch = vec![T::nan(); scratch_len::<T>(lengths)];
                let mut whole = vec![T::nan(); m * kernels];
                for target in [Target::Whole(whole.as_mut_ptr()), Target::Scratch] {
                    let mut found = vec![T::nan(); m * kernels];
                    for part in 0..parts {
                        let rows = m * part / parts..m * (part + 1) / parts;
                        let product = SpreadProduct { a, b, lengths, target };
                        let mut keep = Keep { found: &mut found, n: kernels };
                        // SAFETY: the vectors hold the lengths given.
                        unsafe { product.compute(rows, &mut scratch, &mut keep) };
                    }
                    for (at, &found) in found.iter().enumerate() {
                        let (i, j) = (at / kernels, at % kernels);
                        let left = |p| picture[rows.offset(i) + columns.offset(p)];
                        let expected = plain(left, |p| right[p * row + j * column], k);
                        assert_eq!(found, expected, "{kernels} kernels at {i}, {j}");
                    }
                }
            }
        }
    }

    #[test]
    fn windows_against_kernels_are_their_definition() {
        for kernels in [1, 5, 16, 70] {
            for parts in [1, 3] {
                windows::<f32>(kernels, parts);
                windows::<f64>(kernels, parts);
            }
        }
    }

    /// Longer than what stays in the cache: weights' gradients have a term for each pixel of a batch.
    #[test]
    fn long_sums_are_cut_as_all_others_are() {
        let number = |i: usize| ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0;
        let picture: Vec<f32> = (0..30 * 32 * 2).map(number).collect();
        let (rows, columns) = (Axes::new(&[3, 2], &[64, 1]), Axes::new(&[27, 26], &[64, 2]));
        let right: Vec<f32> = (0..27 * 26 * 8).map(number).collect();
        let lengths = Lengths { m: 6, k: 27 * 26, n: 8 };
        let mut sums = vec![0.0; 6 * 8];
        let product = SpreadProduct {
            a: Spread { start: picture.as_ptr(), rows, columns },
            b: Matrix { start: right.as_ptr(), row: 8, column: 1 },
            lengths,
            target: Target::Whole(sums.as_mut_ptr()),
        };
        let (mut scratch, mut found) = (vec![0.0; scratch_len::<f32>(lengths)], [f32::NAN; 48]);
        // SAFETY: the vectors hold the lengths given.
        unsafe { product.compute(0..6, &mut scratch, &mut Keep { found: &mut found, n: 8 }) };
        for (at, found) in found.into_iter().enumerate() {
            let left = |p| picture[rows.offset(at / 8) + columns.offset(p)];
            assert_eq!(found, plain(left, |p| right[p * 8 + at % 8], lengths.k), "{at}");
        }
    }

    #[test]
    fn axes_that_make_one_line_are_joined() {
        let axes = Axes::new(&[2, 3, 4], &[24, 8, 1]);
        assert_eq!(axes, Axes::new(&[6, 4], &[8, 1]));
        assert_eq!(
            (0..7).map(|place| axes.offset(place)).collect::<Vec<_>>(),
            [0, 1, 2, 3, 8, 9, 10]
        );
        assert_eq!(axes.lines(2..9).collect::<Vec<_>>(), [2..4, 4..8, 8..9]);
        assert_eq!(Axes::new(&[], &[]).lines(0..1).next(), Some(0..1));
    }
}

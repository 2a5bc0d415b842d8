//! Matrix products: C = A·B, whole rows of C at a time.
//!
//! The sum over k is cut into blocks of 256 terms. A block's sum is one chain of fused
//! multiply-adds in ascending order, and the blocks are added in ascending order; nothing else,
//! neither tiles nor threads nor vectors, has a say in an element's bits. Blocked sums also err less
//! than one long chain (Higham, *Accuracy and Stability of Numerical Algorithms*, section 4.2).
//!
//! Where enough rows use them, the operands are copied next to each other first (`packed.rs`), after Goto
//! and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), but a panel of B at a
//! time. Small ones are read in place. The result is handed to the caller in blocks, while it is still in
//! the cache.
//!
//! ```
//! use std::ops::Range;
//! use chainrule_products::{Finished, Follow, Lengths, Matrix, Product, Target, scratch_len};
//!
//! /// Nothing is to be done with the rows of C.
//! struct Nothing;
//! impl Follow<f32> for Nothing {
//!     fn finish(&mut self, _: Finished<f32>) {}
//!     fn ahead(&mut self, _: &Range<usize>, _: &Range<usize>, _: usize, _: usize) {}
//! }
//!
//! let (a, b, mut c) = ([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 2.0], [0.0; 4]);
//! let matrix = |values: &[f32; 4]| Matrix { start: values.as_ptr(), row: 2, column: 1 };
//! let lengths = Lengths { m: 2, k: 2, n: 2 };
//! let mut scratch = vec![0.0; scratch_len::<f32>(lengths)];
//! let (a, b) = (matrix(&a), matrix(&b));
//! let product = Product { a, b, lengths, target: Target::Whole(c.as_mut_ptr()) };
//! // SAFETY: the operands and the result have the elements that the lengths name.
//! unsafe { product.compute(0..2, &mut scratch, &mut Nothing) };
//! assert_eq!(c, [1.0, 4.0, 3.0, 8.0]);
//! ```

mod turn;
mod tiles;
mod packed;
mod spread;

use std::ops::Range;

use chainrule_numbers::real::Real;
pub use spread::{Axes, Spread, SpreadProduct};
use tiles::{Left, ROWS, Rows, Run, WIDEST, tiles};
use turn::transpose;

/// Terms of one chain of fused multiply-adds.
const BLOCK: usize = 256;

/// Terms whose packed operands stay in the cache together.
const RESIDENT: usize = 2 * BLOCK;

/// Elements of B that are used together: half of a usual second-level cache in f32.
const USED: usize = 128 * 1024;

/// Elements of C that are handed over at once: they stay in the innermost cache.
const HANDED: usize = 6144;

/// The most rows that are handed over at once.
const HANDED_ROWS: usize = 96;

/// Columns of which so many rows are.
const HANDED_GROUP: usize = HANDED / HANDED_ROWS;

/// A strided matrix in memory.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<T> {
    /// The first element.
    pub start: *const T,
    /// The distance between rows.
    pub row: usize,
    /// The distance between columns.
    pub column: usize,
}

/// The lengths of a product: A is m×k, B is k×n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A and rows of B: the terms of a sum.
    pub k: usize,
    /// Columns of B and C.
    pub n: usize,
}

/// Where C is written.
#[derive(Clone, Copy, Debug)]
pub enum Target<T> {
    /// A whole contiguous m×n matrix.
    Whole(*mut T),
    /// Nowhere but scratch memory: what is handed over is all that is wanted. Only for products with
    /// [`fits_scratch`].
    Scratch,
}

/// A finished stretch of C.
#[derive(Debug)]
pub struct Finished<T> {
    /// Its rows of C.
    pub rows: Range<usize>,
    /// Its columns.
    pub columns: Range<usize>,
    /// The element of the first row and column.
    pub start: *const T,
    /// The distance between rows.
    pub row: usize,
}

/// What goes on with a product's rows.
pub trait Follow<T> {
    /// A block's elements are complete.
    fn finish(&mut self, done: Finished<T>);

    /// Part `part` of `parts` of the time until a block is complete: what it will need can be fetched
    /// from far memory meanwhile.
    fn ahead(&mut self, rows: &Range<usize>, columns: &Range<usize>, part: usize, parts: usize);
}

/// Whether C need not be kept: its sums are complete after one pass over the operands, of which the
/// right one is read row by row.
pub fn fits_scratch<T>(lengths: Lengths, b: &Matrix<T>) -> bool {
    (1..=RESIDENT).contains(&lengths.k) && b.column == 1
}

/// Columns of B that are used together.
fn group(Lengths { k, n, .. }: Lengths) -> usize {
    let k = k.clamp(1, RESIDENT);
    // So for any small product, without a division.
    if n <= USED / RESIDENT { n } else { (USED / k / WIDEST * WIDEST).min(n) }
}

/// Rows of C that are handed over at once, where so many columns of B are used together.
fn height(group: usize) -> usize {
    match group {
        ..=HANDED_GROUP => HANDED_ROWS,
        _ => (HANDED / group / ROWS * ROWS).clamp(ROWS, HANDED_ROWS),
    }
}

/// The elements of scratch memory that one thread needs for a product.
pub fn scratch_len<T: Real>(lengths: Lengths) -> usize {
    let Lengths { k, n, .. } = lengths;
    let right = k.min(RESIDENT) * group(lengths);
    let swapped = (n + BLOCK) * WIDEST;
    let result = HANDED.max(ROWS * group(lengths));
    (right + result).max(swapped).max(packed::scratch_len::<T>(lengths))
}

/// A product with its operands in memory.
#[derive(Clone, Copy, Debug)]
pub struct Product<T> {
    /// The left operand.
    pub a: Matrix<T>,
    /// The right operand.
    pub b: Matrix<T>,
    /// How long they are.
    pub lengths: Lengths,
    /// Where the result goes.
    pub target: Target<T>,
}

impl<T: Real> Product<T> {
    /// Computes the rows `rows` of C; `follow` gets every element once, when it is complete.
    ///
    /// # Safety
    /// The operands' elements exist and nobody writes them meanwhile; the target's rows are the
    /// caller's alone. `scratch` has [`scratch_len`] elements.
    pub unsafe fn compute(
        &self,
        rows: Range<usize>,
        scratch: &mut [T],
        follow: &mut impl Follow<T>,
    ) {
        let Lengths { k, n, .. } = self.lengths;
        if rows.is_empty() || n == 0 {
            return;
        }
        assert!(scratch.len() >= scratch_len::<T>(self.lengths), "product scratch too short");
        let swapping = rows.len() * (k + n);
        // SAFETY: passed on from the caller.
        unsafe {
            match self.target {
                Target::Whole(c) if k == 0 => self.zeros(c, rows, follow),
                _ if self.pays_packing(rows.len()) => self.packed(rows, scratch, follow),
                Target::Whole(c) if self.b.column != 1 && swapping < k * n => {
                    self.swapped(c, rows, scratch, follow);
                }
                _ => self.ordinary(rows, scratch, follow),
            }
        }
    }

    /// A product of nothing.
    unsafe fn zeros(&self, c: *mut T, rows: Range<usize>, follow: &mut impl Follow<T>) {
        let n = self.lengths.n;
        // SAFETY: the rows of C are the caller's alone.
        unsafe { std::slice::from_raw_parts_mut(c.add(rows.start * n), rows.len() * n) }
            .fill(T::zero());
        // SAFETY: within C.
        let start = unsafe { c.add(rows.start * n) };
        follow.finish(Finished { rows, columns: 0..n, start, row: n });
    }

    /// A's rows against groups of B's columns, in place.
    unsafe fn ordinary(&self, rows: Range<usize>, scratch: &mut [T], follow: &mut impl Follow<T>) {
        let Lengths { k, n, .. } = self.lengths;
        let tiles = tiles::<T>();
        let group = group(self.lengths);
        let (packed, result) = scratch.split_at_mut(k.min(RESIDENT) * group);
        let packs = self.b.column != 1;
        let height = height(group);
        for columns in stretches(0..n, group) {
            for terms in stretches(0..k.max(1), RESIDENT) {
                let terms = terms.start..terms.end.min(k);
                if packs {
                    // SAFETY: passed on from the caller.
                    unsafe { self.pack(packed, &terms, &columns, tiles.columns) };
                }
                for block_rows in stretches(rows.clone(), height) {
                    let c = match self.target {
                        Target::Whole(c) => {
                            let start = c.wrapping_add(block_rows.start * n + columns.start);
                            Rows { start, row: n }
                        }
                        Target::Scratch => Rows { start: result.as_mut_ptr(), row: columns.len() },
                    };
                    let from = packs.then_some(&*packed);
                    let last = terms.end == k;
                    // SAFETY: passed on from the caller; the packed operands were just written.
                    unsafe {
                        self.block(from, c, &terms, &block_rows, &columns, &mut |part, parts| {
                            if last {
                                follow.ahead(&block_rows, &columns, part, parts);
                            }
                        });
                    }
                    if last {
                        let Rows { start, row } = c;
                        let columns = columns.clone();
                        follow.finish(Finished { rows: block_rows, columns, start, row });
                    }
                }
            }
        }
    }

    /// The tiles of one row block and column group.
    unsafe fn block(
        &self,
        packed: Option<&[T]>,
        c: Rows<*mut T>,
        terms: &Range<usize>,
        rows: &Range<usize>,
        columns: &Range<usize>,
        between: &mut impl FnMut(usize, usize),
    ) {
        let tiles = tiles::<T>();
        let panels = match columns.len() <= tiles.columns {
            true => 1,
            false => columns.len().div_ceil(tiles.columns),
        };
        let parts = terms.len().div_ceil(BLOCK) * panels * rows.len().div_ceil(ROWS);
        let mut part = 0;
        for block in stretches(terms.clone(), BLOCK) {
            let before = block.start - terms.start;
            for panel in stretches(0..columns.len(), tiles.columns) {
                let b = match packed {
                    Some(packed) => Rows {
                        start: packed[before * columns.len() + panel.start * block.len()..]
                            .as_ptr(),
                        row: panel.len(),
                    },
                    None => Rows {
                        start: self.right(block.start, columns.start + panel.start),
                        row: self.b.row,
                    },
                };
                for tile in stretches(0..rows.len(), ROWS) {
                    let a = Left {
                        start: self.left(rows.start + tile.start, block.start),
                        row: self.a.row,
                        step: self.a.column,
                    };
                    between(part, parts);
                    part += 1;
                    // SAFETY: within C's block.
                    let start = unsafe { c.start.add(tile.start * c.row + panel.start) };
                    let kernel = tiles.tile(tile.len(), panel.len());
                    let c = Rows { start, row: c.row };
                    // SAFETY: passed on from the caller; packed operands were written for these
                    // lengths; the level was found on this processor.
                    unsafe {
                        kernel(a, b, c, &Run::all(block.len()), panel.len(), block.start > 0);
                    };
                }
            }
        }
    }

    /// Where Bᵀ is what lies row by row: Cᵀ = Bᵀ·Aᵀ, for as many of A's rows as a tile has columns.
    unsafe fn swapped(
        &self,
        c: *mut T,
        rows: Range<usize>,
        scratch: &mut [T],
        follow: &mut impl Follow<T>,
    ) {
        let Lengths { k, n, .. } = self.lengths;
        let tiles = tiles::<T>();
        let (sums, packed) = scratch.split_at_mut(n * WIDEST);
        for panel in stretches(rows, tiles.columns) {
            let width = panel.len();
            for block in stretches(0..k, BLOCK) {
                let from = self.left(panel.start, block.start);
                let (row, column) = (self.a.row, self.a.column);
                // SAFETY: A's elements in these rows and terms.
                unsafe {
                    transpose(&mut packed[..block.len() * width], from, (row, column), width);
                };
                for tile in stretches(0..n, ROWS) {
                    let a = Left {
                        start: self.right(block.start, tile.start),
                        row: self.b.column,
                        step: self.b.row,
                    };
                    let b = Rows { start: packed.as_ptr(), row: width };
                    let c = Rows { start: sums[tile.start * width..].as_mut_ptr(), row: width };
                    let kernel = tiles.tile(tile.len(), width);
                    // SAFETY: passed on from the caller; `packed` and `sums` hold these lengths.
                    unsafe { kernel(a, b, c, &Run::all(block.len()), width, block.start > 0) };
                }
            }
            // SAFETY: the rows of C are the caller's alone.
            let target =
                unsafe { std::slice::from_raw_parts_mut(c.add(panel.start * n), width * n) };
            // SAFETY: the sums, n rows of `width`.
            unsafe { transpose(target, sums.as_ptr(), (width, 1), n) };
            let start = target.as_ptr();
            follow.finish(Finished { rows: panel, columns: 0..n, start, row: n });
        }
    }

    /// Copies B's rows `terms` of `columns`, whose elements are not neighbours: for each block and each
    /// panel, row after row.
    unsafe fn pack(
        &self,
        to: &mut [T],
        terms: &Range<usize>,
        columns: &Range<usize>,
        width: usize,
    ) {
        let mut rest = to;
        for block in stretches(terms.clone(), BLOCK) {
            for panel in stretches(columns.clone(), width) {
                let (target, after) = rest.split_at_mut(block.len() * panel.len());
                rest = after;
                let from = self.right(block.start, panel.start);
                // SAFETY: B's elements in these rows and columns.
                unsafe { transpose(target, from, (self.b.column, self.b.row), panel.len()) };
            }
        }
    }

    /// The element of A in a row, for a term of the sum.
    fn left(&self, row: usize, term: usize) -> *const T {
        self.a.start.wrapping_add(row * self.a.row + term * self.a.column)
    }

    /// The element of B for a term of the sum, in a column.
    fn right(&self, term: usize, column: usize) -> *const T {
        self.b.start.wrapping_add(term * self.b.row + column * self.b.column)
    }
}

/// Cuts a range into stretches of at most `length`.
fn stretches(range: Range<usize>, length: usize) -> impl Iterator<Item = Range<usize>> {
    // `step_by` divides, which shows in products of a few rows.
    let Range { mut start, end } = range;
    std::iter::from_fn(move || {
        let stretch = start..(start + length).min(end);
        start = stretch.end;
        (!stretch.is_empty()).then_some(stretch)
    })
}

#[cfg(test)]
mod tests {
    use super::tiles::{Tiles, panels_f32, tiles_f32, tiles_f64};
    use super::*;
    use chainrule_numbers::simd::Level;

    /// The definition: blocks of fused multiply-adds, added in order.
    pub fn plain<T: Real>(a: impl Fn(usize) -> T, b: impl Fn(usize) -> T, k: usize) -> T {
        let block = |terms: Range<usize>| terms.fold(T::zero(), |sum, p| a(p).mul_add(b(p), sum));
        let mut blocks = stretches(0..k, BLOCK).map(block);
        let first = blocks.next().unwrap_or(T::zero());
        blocks.fold(first, |sum, block| sum + block)
    }

    /// Keeps what is finished.
    pub struct Keep<'a, T> {
        pub found: &'a mut [T],
        pub n: usize,
    }

    impl<T: Real> Follow<T> for Keep<'_, T> {
        fn finish(&mut self, done: Finished<T>) {
            for (i, row) in done.rows.enumerate() {
                for (j, column) in done.columns.clone().enumerate() {
                    let to = &mut self.found[row * self.n + column];
                    assert!(to.is_nan(), "finished twice");
                    // SAFETY: `finish` gets elements that exist.
                    *to = unsafe { *done.start.add(i * done.row + j) };
                }
            }
        }

        fn ahead(&mut self, _: &Range<usize>, _: &Range<usize>, part: usize, parts: usize) {
            assert!(part < parts);
        }
    }

    const SHAPES: [(usize, usize, usize); 15] = [
        (1, 1, 1),
        (3, 5, 7),
        (5, 0, 3),
        (8, 256, 32),
        (17, 300, 33),
        (6, 600, 50),
        (9, 2, 100),
        (100, 784, 50),
        (100, 10, 50),
        (97, 100, 257),
        (40, 513, 300),
        (130, 40, 10),
        (300, 400, 70),
        (600, 300, 130),
        (81, 16, 530),
    ];

    fn products<T: Real>() {
        for (m, k, n) in SHAPES {
            let number = |i: usize| T::from_f64(((i * 37 + 11) % 101) as f64 / 50.0 - 1.0);
            let left: Vec<T> = (0..m * k + 1).map(number).collect();
            let right: Vec<T> = (0..k * n + 1).map(|i| number(i + 5)).collect();
            for (a_turned, b_turned) in [(false, false), (true, false), (false, true), (true, true)]
            {
                // The same memory read as rows or as columns.
                let matrix = |values: &[T], turned, rows, columns| {
                    let (row, column) = if turned { (1, rows) } else { (columns, 1) };
                    Matrix { start: values.as_ptr(), row, column }
                };
                let a = matrix(&left, a_turned, m, k);
                let b = matrix(&right, b_turned, k, n);
                let lengths = Lengths { m, k, n };
                let expected: Vec<T> = (0..m * n)
                    .map(|at| {
                        let (i, j) = (at / n, at % n);
                        plain(
                            |p| left[i * a.row + p * a.column],
                            |p| right[p * b.row + j * b.column],
                            k,
                        )
                    })
                    .collect();
                for scratch in [false, true] {
                    if scratch && !fits_scratch(lengths, &b) {
                        continue;
                    }
                    let mut c = vec![T::nan(); m * n];
                    let target =
                        if scratch { Target::Scratch } else { Target::Whole(c.as_mut_ptr()) };
                    let product = Product { a, b, lengths, target };
                    let mut memory = vec![T::nan(); scratch_len::<T>(lengths)];
                    let mut found = vec![T::nan(); m * n];
                    // Two stretches of rows, as two threads would take.
                    for rows in [0..m / 3, m / 3..m] {
                        let mut keep = Keep { found: &mut found, n };
                        // SAFETY: the vectors hold the lengths given.
                        unsafe { product.compute(rows, &mut memory, &mut keep) };
                    }
                    assert_eq!(found, expected, "{m}×{k}×{n}, {a_turned} {b_turned} {scratch}");
                }
            }
        }
    }

    #[test]
    fn products_are_blocked_chains_of_fused_multiply_adds() {
        products::<f32>();
        products::<f64>();
    }

    /// Sums of 4,096 products against f64: blocks err less than one chain, and no more than the square
    /// root of the number of terms lets expect.
    #[test]
    fn long_sums_stay_exact_in_f32() {
        let (m, k, n) = (4, 4096, 33);
        let number = |i: usize, seed: usize| {
            let mixed = (i + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            mixed as f32 / (1 << 23) as f32 - 1.0
        };
        let left: Vec<f32> = (0..m * k).map(|i| number(i, 1)).collect();
        let right: Vec<f32> = (0..k * n).map(|i| number(i, 77)).collect();
        let mut c = vec![0.0; m * n];
        let lengths = Lengths { m, k, n };
        let a = Matrix { start: left.as_ptr(), row: k, column: 1 };
        let b = Matrix { start: right.as_ptr(), row: n, column: 1 };
        let product = Product { a, b, lengths, target: Target::Whole(c.as_mut_ptr()) };
        let mut found = vec![f32::NAN; m * n];
        let mut scratch = vec![0.0; scratch_len::<f32>(lengths)];
        // SAFETY: the vectors hold the lengths given.
        unsafe { product.compute(0..m, &mut scratch, &mut Keep { found: &mut found, n }) };
        let (mut ours, mut chains) = (0.0, 0.0);
        for (at, &found) in found.iter().enumerate() {
            let terms = (0..k).map(|p| (left[at / n * k + p], right[p * n + at % n]));
            let exact: f64 = terms.clone().map(|(x, y)| f64::from(x) * f64::from(y)).sum();
            let chain = terms.fold(0.0, |sum: f32, (x, y)| x.mul_add(y, sum));
            ours += (f64::from(found) - exact).powi(2);
            chains += (f64::from(chain) - exact).powi(2);
        }
        let root = |sum: f64| (sum / (m * n) as f64).sqrt();
        assert!(root(ours) < 0.7 * root(chains), "{} against {}", root(ours), root(chains));
        assert!(root(ours) < 64.0 * f64::from(f32::EPSILON) * 4.0, "{}", root(ours));
    }

    /// Every tile of every level against the definition, with A in place and packed.
    fn every_tile<T: Real>(levels: &[Tiles<T>]) {
        for tiles in levels {
            for rows in 1..=tiles.rows {
                for columns in 1..=tiles.columns {
                    for (add, packed) in
                        [(false, false), (true, false), (false, true), (true, true)]
                    {
                        one_tile(tiles, (rows, columns), add, packed);
                    }
                }
            }
        }
    }

    fn one_tile<T: Real>(
        tiles: &Tiles<T>,
        (rows, columns): (usize, usize),
        add: bool,
        packed: bool,
    ) {
        let number = |i: usize| T::from_f64(((i * 37 + 11) % 101) as f64 / 50.0 - 1.0);
        let (depth, stride) = (19, 70);
        let a: Vec<T> = (0..tiles.rows * depth).map(number).collect();
        let b: Vec<T> = (0..depth * stride).map(|i| number(i + 3)).collect();
        let mut c = vec![T::one(); tiles.rows * stride];
        let (row, step) = if packed { (1, tiles.rows) } else { (depth, 1) };
        let left = Left { start: a.as_ptr(), row, step };
        let right = Rows { start: b.as_ptr(), row: stride };
        let to = Rows { start: c.as_mut_ptr(), row: stride };
        let kernel = match packed {
            true => tiles.packed_tile(rows, columns),
            false => tiles.tile(rows, columns),
        };
        // SAFETY: the vectors hold the lengths given; the level is one of this processor's.
        unsafe { kernel(left, right, to, &Run::all(depth), columns, add) };
        for (at, &found) in c.iter().enumerate() {
            let (i, j) = (at / stride, at % stride);
            let sum = || plain(|p| a[i * row + p * step], |p| b[p * stride + j], depth);
            let expected = match i < rows && j < columns {
                true if add => T::one() + sum(),
                true => sum(),
                false => T::one(),
            };
            assert_eq!(found, expected, "{rows}×{columns} at {i}, {j}, packed: {packed}");
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let levels = [Level::Portable, Level::Avx2, Level::Avx512];
        let here = levels.into_iter().filter(|&level| level <= Level::detected());
        let single = here.clone().flat_map(|level| [tiles_f32(level), panels_f32(level)]);
        every_tile::<f32>(&single.collect::<Vec<_>>());
        every_tile::<f64>(&here.map(tiles_f64).collect::<Vec<_>>());
    }
}

//! The innermost loops of matrix products: tiles of C whose sums stay in registers.
//!
//! Each sum is one chain of fused multiply-adds over k in ascending order, whatever the width of a
//! vector: AVX-512, AVX2 and the portable loop give the same bits.

use chainrule_numbers::real::{ByPrecision, Real};
use chainrule_numbers::simd::Level;

/// The most rows of a tile.
pub(super) const ROWS: usize = 6;

/// The most columns of a tile, on any level.
pub(super) const WIDEST: usize = 64;

/// The left operand of a tile: its first element, and the distances between rows and between terms.
#[derive(Clone, Copy)]
pub(super) struct Left<T> {
    pub start: *const T,
    pub row: usize,
    pub step: usize,
}

/// Terms of which each lies as far behind the one before as [`Left::step`] says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The elements from the operand's first one to the run's.
    pub offset: usize,
    /// How many terms there are.
    pub len: usize,
}

impl Run {
    /// All terms, where they lie in one line.
    pub fn all(len: usize) -> [Self; 1] {
        [Self { offset: 0, len }]
    }
}

/// The right operand or the result: its first element, and the distance between rows. Elements of a
/// row are neighbours.
#[derive(Clone, Copy)]
pub(super) struct Rows<P> {
    pub start: P,
    pub row: usize,
}

/// Computes one tile of so many columns over the terms of all runs; `add` tells whether the sums are added
/// to C or replace it.
///
/// # Safety
/// All elements that tile and runs name exist, nobody else writes C, nobody writes A or B, and the
/// processor has the instructions.
pub(super) type Tile<T> = unsafe fn(
    a: Left<T>,
    b: Rows<*const T>,
    c: Rows<*mut T>,
    runs: &[Run],
    columns: usize,
    add: bool,
);

/// The tiles of one level.
#[derive(Clone, Copy)]
pub struct Tiles<T> {
    /// The most rows of a tile.
    pub(super) rows: usize,
    /// Elements of a vector.
    pub(super) lanes: usize,
    /// The most columns of a tile.
    pub(super) columns: usize,
    /// Elements of the narrower vector that can end a tile; 0 where there is none.
    pub(super) half: usize,
    /// By rows, whole vectors, and whether a narrower one follows.
    pub(super) pick: fn(usize, usize, bool) -> Tile<T>,
    /// The same, or faster, for a left operand in which a term's elements are neighbours and the terms
    /// `rows` apart.
    pub(super) pick_packed: fn(usize, usize, bool) -> Tile<T>,
}

impl<T: Real> Tiles<T> {
    /// The kernel for a tile of so many rows and columns.
    pub(super) fn tile(&self, rows: usize, columns: usize) -> Tile<T> {
        let (vectors, half) = self.vectors(columns);
        (self.pick)(rows, vectors, half)
    }

    /// The same for a packed left operand.
    pub(super) fn packed_tile(&self, rows: usize, columns: usize) -> Tile<T> {
        let (vectors, half) = self.vectors(columns);
        (self.pick_packed)(rows, vectors, half)
    }

    /// Whole vectors for so many columns, and whether a narrower one follows.
    fn vectors(&self, columns: usize) -> (usize, bool) {
        let (whole, rest) = (columns / self.lanes, columns % self.lanes);
        match rest {
            0 => (whole, false),
            _ if rest <= self.half => (whole, true),
            _ => (whole + 1, false),
        }
    }
}

/// Writes the choice of an instance by rows, vectors and narrower vector; for a left operand whose terms are
/// so far apart, or in place where that is 0.
macro_rules! instances {
    ($kernel:ident, $type:ty, $step:literal, [$($r:literal)*], [$($v:literal)*], [$($h:literal)*]) => {{
        fn pick(rows: usize, vectors: usize, half: bool) -> Tile<$type> {
            macro_rules! by_rows {
                ($vectors:literal, $half:literal) => {
                    match rows {
                        $($r => $kernel::<$r, $vectors, $half, $step> as Tile<$type>,)*
                        _ => unreachable!("tiles have no more rows"),
                    }
                };
            }
            match (vectors, half) {
                $(($v, false) => by_rows!($v, false),)*
                $(($h, true) => by_rows!($h, true),)*
                _ => unreachable!("tiles have at most WIDEST columns"),
            }
        }
        pick
    }};
}

/// The tiles for operands in place on this processor.
#[inline(always)]
pub(super) fn tiles<T: Real>() -> Tiles<T> {
    struct Here;
    impl ByPrecision for Here {
        type Answer<T: Real> = Tiles<T>;
        #[inline(always)]
        fn single(self) -> Tiles<f32> {
            tiles_f32(Level::current())
        }
        #[inline(always)]
        fn double(self) -> Tiles<f64> {
            tiles_f64(Level::current())
        }
    }
    T::by_precision(Here)
}

/// The tiles for packed panels on this processor: such that a panel of a block of terms stays in the
/// innermost cache.
#[inline(always)]
pub(super) fn tiles_of_panels<T: Real>() -> Tiles<T> {
    struct Here;
    impl ByPrecision for Here {
        type Answer<T: Real> = Tiles<T>;
        #[inline(always)]
        fn single(self) -> Tiles<f32> {
            panels_f32(Level::current())
        }
        #[inline(always)]
        fn double(self) -> Tiles<f64> {
            tiles_f64(Level::current())
        }
    }
    T::by_precision(Here)
}

/// The tiles of a level.
#[inline(never)]
pub(super) fn tiles_f32(level: Level) -> Tiles<f32> {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            let pick = instances!(avx512_f32, f32, 0, [1 2 3 4 5 6], [1 2 3 4], [0 1 2 3]);
            Tiles { rows: 6, lanes: 16, columns: 64, half: 8, pick, pick_packed: pick }
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            let pick = instances!(avx2_f32, f32, 0, [1 2 3 4 5 6], [1 2], []);
            let pick_packed = instances!(avx2_f32, f32, 6, [1 2 3 4 5 6], [1 2], []);
            Tiles { rows: 6, lanes: 8, columns: 16, half: 0, pick, pick_packed }
        }
        _ => portable_tiles(),
    }
}

/// The tiles of a level for packed panels.
#[inline(never)]
pub(super) fn panels_f32(level: Level) -> Tiles<f32> {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            let pick = instances!(avx512_f32, f32, 0, [1 2 3 4 5 6 7 8 9 10 11 12], [1 2], [0 1]);
            let pick_packed =
                instances!(avx512_f32, f32, 12, [1 2 3 4 5 6 7 8 9 10 11 12], [1 2], [0 1]);
            Tiles { rows: 12, lanes: 16, columns: 32, half: 8, pick, pick_packed }
        }
        other => tiles_f32(other),
    }
}

/// The tiles of a level, for panels as well.
#[inline(never)]
pub(super) fn tiles_f64(level: Level) -> Tiles<f64> {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            let pick = instances!(avx512_f64, f64, 0, [1 2 3 4 5 6], [1 2 3 4], [0 1 2 3]);
            Tiles { rows: 6, lanes: 8, columns: 32, half: 4, pick, pick_packed: pick }
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            let pick = instances!(avx2_f64, f64, 0, [1 2 3 4 5 6], [1 2], []);
            Tiles { rows: 6, lanes: 4, columns: 8, half: 0, pick, pick_packed: pick }
        }
        _ => portable_tiles(),
    }
}

fn portable_tiles<T: Real>() -> Tiles<T> {
    let pick: fn(usize, usize, bool) -> Tile<T> = |rows, _, _| match rows {
        1 => portable::<T, 1>,
        2 => portable::<T, 2>,
        3 => portable::<T, 3>,
        4 => portable::<T, 4>,
        5 => portable::<T, 5>,
        _ => portable::<T, 6>,
    };
    Tiles { rows: 6, lanes: 4, columns: 16, half: 0, pick, pick_packed: pick }
}

/// The kernel for any processor: constant lengths, which compilers turn into the vectors they have.
///
/// # Safety
/// As [`Tile`] says.
unsafe fn portable<T: Real, const R: usize>(
    a: Left<T>,
    b: Rows<*const T>,
    c: Rows<*mut T>,
    runs: &[Run],
    columns: usize,
    add: bool,
) {
    const COLUMNS: usize = 16;
    let mut sums = [[T::zero(); COLUMNS]; R];
    let mut from = b.start;
    for run in runs {
        let left = a.start.wrapping_add(run.offset);
        for p in 0..run.len {
            let mut row = [T::zero(); COLUMNS];
            // SAFETY: B has a row for each term, of `columns` elements, which are at most `COLUMNS`.
            unsafe { std::ptr::copy_nonoverlapping(from, row.as_mut_ptr(), columns) };
            from = from.wrapping_add(b.row);
            for (i, sum) in sums.iter_mut().enumerate() {
                // SAFETY: row `i` of A has an element for each term.
                let x = unsafe { *left.add(i * a.row + p * a.step) };
                sum.iter_mut().zip(row).for_each(|(sum, y)| *sum = x.mul_add(y, *sum));
            }
        }
    }
    for (i, sum) in sums.iter().enumerate() {
        // SAFETY: row `i` of C has `columns` elements, which nobody else touches.
        let target = unsafe { std::slice::from_raw_parts_mut(c.start.add(i * c.row), columns) };
        for (to, &sum) in target.iter_mut().zip(sum) {
            *to = if add { *to + sum } else { sum };
        }
    }
}

/// Writes the AVX-512 kernel of a type: `V` vectors of which the last is masked, or `V` whole ones and
/// a masked one of half their width.
#[cfg(target_arch = "x86_64")]
macro_rules! avx512 {
    ($name:ident, $type:ty, $lanes:literal, $mask:ty, $half_mask:ty,
     $load:ident $store:ident $set:ident $fma:ident $add:ident,
     $half_load:ident $half_store:ident $half_set:ident $half_fma:ident $half_add:ident) => {
        /// # Safety
        /// As [`Tile`] says.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        unsafe fn $name<const R: usize, const V: usize, const HALF: bool, const STEP: usize>(
            a: Left<$type>,
            b: Rows<*const $type>,
            c: Rows<*mut $type>,
            runs: &[Run],
            columns: usize,
            add: bool,
        ) {
            use std::arch::x86_64::*;
            const LANES: usize = $lanes;
            // The last vector takes what the whole ones leave.
            let rest = columns - if HALF { V * LANES } else { (V - 1) * LANES };
            let mask_of = |v: usize| -> $mask {
                let lanes = if HALF || v + 1 < V { LANES } else { rest };
                ((1u32 << lanes) - 1) as $mask
            };
            let half_mask = ((1u32 << rest) - 1) as $half_mask;
            let mut sums = [[$set(0.0); V]; R];
            let mut half_sums = [$half_set(0.0); R];
            // SAFETY: the caller promises the elements of A, B and C that tile and runs name; masks
            // leave out what lies beyond `columns`.
            unsafe {
                let (row_of_a, step) = if STEP > 0 { (1, STEP) } else { (a.row, a.step) };
                for i in 0..R {
                    let to = c.start.wrapping_add(i * c.row);
                    for at in (0..columns).step_by(LANES) {
                        _mm_prefetch::<_MM_HINT_T0>(to.wrapping_add(at).cast());
                    }
                }
                let mut from = b.start;
                for run in runs {
                    let left = a.start.wrapping_add(run.offset);
                    for p in 0..run.len {
                        let mut row = [$set(0.0); V];
                        for (v, lanes) in row.iter_mut().enumerate() {
                            *lanes = $load(mask_of(v), from.wrapping_add(v * LANES));
                        }
                        let half = if HALF {
                            $half_load(half_mask, from.wrapping_add(V * LANES))
                        } else {
                            $half_set(0.0)
                        };
                        from = from.wrapping_add(b.row);
                        for i in 0..R {
                            let x = *left.add(i * row_of_a + p * step);
                            let wide = $set(x);
                            for (sum, y) in sums[i].iter_mut().zip(row) {
                                *sum = $fma(wide, y, *sum);
                            }
                            if HALF {
                                half_sums[i] = $half_fma($half_set(x), half, half_sums[i]);
                            }
                        }
                    }
                }
                for i in 0..R {
                    let to = c.start.add(i * c.row);
                    for (v, &sum) in sums[i].iter().enumerate() {
                        let (mask, to) = (mask_of(v), to.add(v * LANES));
                        let sum = if add { $add($load(mask, to), sum) } else { sum };
                        $store(to, mask, sum);
                    }
                    if HALF {
                        let (to, sum) = (to.add(V * LANES), half_sums[i]);
                        let sum = if add { $half_add($half_load(half_mask, to), sum) } else { sum };
                        $half_store(to, half_mask, sum);
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
avx512!(
    avx512_f32, f32, 16, __mmask16, __mmask8,
    _mm512_maskz_loadu_ps _mm512_mask_storeu_ps _mm512_set1_ps _mm512_fmadd_ps _mm512_add_ps,
    _mm256_maskz_loadu_ps _mm256_mask_storeu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps
);
#[cfg(target_arch = "x86_64")]
avx512!(
    avx512_f64, f64, 8, __mmask8, __mmask8,
    _mm512_maskz_loadu_pd _mm512_mask_storeu_pd _mm512_set1_pd _mm512_fmadd_pd _mm512_add_pd,
    _mm256_maskz_loadu_pd _mm256_mask_storeu_pd _mm256_set1_pd _mm256_fmadd_pd _mm256_add_pd
);

/// Writes the AVX2 kernel of a type: `V` vectors of which the last is masked.
#[cfg(target_arch = "x86_64")]
macro_rules! avx2 {
    ($name:ident, $type:ty, $lanes:literal, $integer:ty,
     $load:ident $store:ident $set:ident $fma:ident $add:ident $mask_load:ident $mask_store:ident) => {
        /// # Safety
        /// As [`Tile`] says.
        #[target_feature(enable = "avx2,fma")]
        unsafe fn $name<const R: usize, const V: usize, const HALF: bool, const STEP: usize>(
            a: Left<$type>,
            b: Rows<*const $type>,
            c: Rows<*mut $type>,
            runs: &[Run],
            columns: usize,
            add: bool,
        ) {
            use std::arch::x86_64::*;
            const LANES: usize = $lanes;
            const { assert!(!HALF) };
            let rest = columns - (V - 1) * LANES;
            // SAFETY: the caller promises the elements of A, B and C that tile and runs name; the mask
            // leaves out what lies beyond `columns`.
            unsafe {
                let mut lanes: [$integer; LANES] = [0; LANES];
                lanes[..rest].fill(-1);
                let mask = _mm256_loadu_si256(lanes.as_ptr().cast());
                let load = |v: usize, from: *const $type| match v + 1 < V || rest == LANES {
                    true => $load(from),
                    false => $mask_load(from, mask),
                };
                let (row_of_a, step) = if STEP > 0 { (1, STEP) } else { (a.row, a.step) };
                for i in 0..R {
                    // A line or two: what follows takes longer than they do to come.
                    _mm_prefetch::<_MM_HINT_T0>(c.start.wrapping_add(i * c.row).cast());
                    _mm_prefetch::<_MM_HINT_T0>(
                        c.start.wrapping_add(i * c.row + columns - 1).cast(),
                    );
                }
                let mut sums = [[$set(0.0); V]; R];
                let mut right = b.start;
                for run in runs {
                    let left = a.start.wrapping_add(run.offset);
                    let mut term = |p: usize| {
                        let from = right.add(p * b.row);
                        let mut row = [$set(0.0); V];
                        for (v, lanes) in row.iter_mut().enumerate() {
                            *lanes = load(v, from.add(v * LANES));
                        }
                        for (i, sums) in sums.iter_mut().enumerate() {
                            let x = $set(*left.add(i * row_of_a + p * step));
                            for (sum, y) in sums.iter_mut().zip(row) {
                                *sum = $fma(x, y, *sum);
                            }
                        }
                    };
                    // Four terms a turn: the turn itself would cost a fifth of the time.
                    let turns = run.len / 4;
                    for turn in 0..turns {
                        (0..4).for_each(|p| term(turn * 4 + p));
                    }
                    (turns * 4..run.len).for_each(term);
                    right = right.wrapping_add(run.len * b.row);
                }
                for (i, sums) in sums.iter().enumerate() {
                    for (v, &sum) in sums.iter().enumerate() {
                        let to = c.start.add(i * c.row + v * LANES);
                        let sum = if add { $add(load(v, to), sum) } else { sum };
                        match v + 1 < V || rest == LANES {
                            true => $store(to, sum),
                            false => $mask_store(to, mask, sum),
                        }
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
avx2!(
    avx2_f32, f32, 8, i32,
    _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps
    _mm256_maskload_ps _mm256_maskstore_ps
);
#[cfg(target_arch = "x86_64")]
avx2!(
    avx2_f64, f64, 4, i64,
    _mm256_loadu_pd _mm256_storeu_pd _mm256_set1_pd _mm256_fmadd_pd _mm256_add_pd
    _mm256_maskload_pd _mm256_maskstore_pd
);

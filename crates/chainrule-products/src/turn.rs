//! Matrices written turned.

use super::stretches;
use chainrule_numbers::real::{ByPrecision, Real};
use chainrule_numbers::simd::Level;

/// Writes a matrix turned: row j of `to`, with `rows` elements, is column j of `from`, whose rows and
/// columns are as far apart as `strides` says. Done in squares that stay in the cache.
///
/// # Safety
/// The elements exist.
pub(super) unsafe fn transpose<T: Real>(
    to: &mut [T],
    from: *const T,
    strides: (usize, usize),
    rows: usize,
) {
    struct Here;
    impl ByPrecision for Here {
        type Answer<T: Real> = Option<Squares<T>>;
        fn single(self) -> Option<Squares<f32>> {
            match Level::current() {
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 | Level::Avx512 => Some(squares),
                _ => None,
            }
        }
        fn double(self) -> Option<Squares<f64>> {
            None
        }
    }
    // SAFETY: passed on from the caller.
    unsafe {
        match T::by_precision(Here) {
            Some(squares) if strides.1 == 1 => squares(to, from, strides.0, rows),
            _ => plain(to, from, strides, rows, (0, 0)),
        }
    }
}

/// Turns a matrix whose columns are neighbours and whose rows are so far apart.
type Squares<T> = unsafe fn(to: &mut [T], from: *const T, stride: usize, rows: usize);

/// Beyond the rows and columns that are turned already, element after element.
unsafe fn plain<T: Real>(
    to: &mut [T],
    from: *const T,
    strides: (usize, usize),
    rows: usize,
    done: (usize, usize),
) {
    const SIDE: usize = 16;
    let columns = to.len() / rows;
    for left in stretches(0..columns, SIDE) {
        for top in stretches(0..rows, SIDE) {
            for j in left.clone() {
                let top = if j < done.1 { top.start.max(done.0)..top.end } else { top.clone() };
                if top.is_empty() {
                    continue;
                }
                let line = &mut to[j * rows..][top.clone()];
                for (i, to) in top.zip(line) {
                    // SAFETY: an element of `from`.
                    *to = unsafe { *from.add(i * strides.0 + j * strides.1) };
                }
            }
        }
    }
}

/// Squares of 8 × 8 in registers: pairs of rows are interleaved, then pairs of pairs, then halves.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn squares(to: &mut [f32], from: *const f32, stride: usize, rows: usize) {
    use std::arch::x86_64::*;
    const SIDE: usize = 8;
    let columns = to.len() / rows;
    let whole = (rows / SIDE * SIDE, columns / SIDE * SIDE);
    for j in (0..whole.1).step_by(SIDE) {
        for i in (0..whole.0).step_by(SIDE) {
            let to = to[j * rows + i..(j + SIDE - 1) * rows + i + SIDE].as_mut_ptr();
            // SAFETY: eight rows and columns of `from` exist from here on, and as many of `to`.
            unsafe {
                let line = |at: usize| _mm256_loadu_ps(from.add((i + at) * stride + j));
                let two = |at: usize| {
                    let (a, b) = (line(at), line(at + 1));
                    (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b))
                };
                let four = |at: usize| {
                    let ((a, b), (c, d)) = (two(at), two(at + 2));
                    [
                        _mm256_shuffle_ps::<0b0100_0100>(a, c),
                        _mm256_shuffle_ps::<0b1110_1110>(a, c),
                        _mm256_shuffle_ps::<0b0100_0100>(b, d),
                        _mm256_shuffle_ps::<0b1110_1110>(b, d),
                    ]
                };
                let (upper, lower) = (four(0), four(4));
                for (at, (a, b)) in upper.into_iter().zip(lower).enumerate() {
                    let (low, high) = (
                        _mm256_permute2f128_ps::<0x20>(a, b),
                        _mm256_permute2f128_ps::<0x31>(a, b),
                    );
                    _mm256_storeu_ps(to.add(at * rows), low);
                    _mm256_storeu_ps(to.add((at + 4) * rows), high);
                }
            }
        }
    }
    // SAFETY: passed on from the caller.
    unsafe { plain(to, from, (stride, 1), rows, whole) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_goes_to_its_place() {
        for (rows, columns, stride) in [
            (1, 1, 1),
            (8, 8, 8),
            (16, 256, 300),
            (6, 40, 41),
            (17, 23, 29),
            (50, 9, 9),
            (32, 7, 10),
        ] {
            let from: Vec<f32> = (0..rows * stride).map(|i| i as f32).collect();
            let mut to = vec![f32::NAN; rows * columns];
            // SAFETY: the vectors hold the lengths given.
            unsafe { transpose(&mut to, from.as_ptr(), (stride, 1), rows) };
            for (at, &found) in to.iter().enumerate() {
                let (column, row) = (at / rows, at % rows);
                assert_eq!(
                    found,
                    from[row * stride + column],
                    "{rows}×{columns} at {row}, {column}"
                );
            }
        }
    }
}

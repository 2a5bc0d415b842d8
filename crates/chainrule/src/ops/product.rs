//! The kernel of matrix products: C = A·B in tiles that stay in registers.
//!
//! Each element of C is one chain of fused multiply-adds over k in ascending order, whatever the vector
//! width or the tile: AVX-512, AVX2 and the portable loop give the same bits. B is packed panel by
//! panel on the stack (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
//! 2008, keep a block of one operand in cache in the same way), so that a product allocates nothing.

use std::mem::MaybeUninit;

use crate::tensor::Real;

/// Rows of B that are packed at once.
const DEPTH: usize = 256;

/// The most elements of a packed row: four vectors of AVX-512 in f32.
const WIDEST: usize = 64;

/// The most rows of a tile.
const TALLEST: usize = 8;

/// A strided matrix: its elements from the first one on, and (row, column) strides.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a, T> {
    pub values: &'a [T],
    pub strides: (usize, usize),
}

impl<T> Matrix<'_, T> {
    /// Whether all elements of a `rows`×`columns` matrix lie within the slice.
    fn holds(&self, rows: usize, columns: usize) -> bool {
        let last = (rows - 1) * self.strides.0 + (columns - 1) * self.strides.1;
        last < self.values.len()
    }
}

/// Adds A·B to one tile: `a` gives each tile row's first element, `step` the distance along k, `b` the
/// packed panel of `depth` rows.
type Tile<T> = unsafe fn(
    a: &[*const T; TALLEST],
    step: usize,
    b: *const T,
    depth: usize,
    tile: &mut [T; TALLEST * WIDEST],
);

/// A tile's kernel and size.
#[derive(Clone, Copy)]
pub struct Kernel<T> {
    rows: usize,
    columns: usize,
    run: Tile<T>,
}

/// target = a·b, with a of m×k, b of k×n and target contiguous.
pub(super) fn product<T: Real>(
    target: &mut [T],
    a: &Matrix<T>,
    b: &Matrix<T>,
    (m, k, n): (usize, usize, usize),
) {
    if m == 0 || n == 0 || k == 0 {
        target.fill(T::zero());
        return;
    }
    assert!(target.len() == m * n && a.holds(m, k) && b.holds(k, n), "matmul operand too short");
    product_by(T::product_kernel(n), target, a, b, (m, k, n));
}

/// [`product`] by a given kernel, for operands that were found to be long enough and not empty.
fn product_by<T: Real>(
    Kernel { rows, columns, run }: Kernel<T>,
    target: &mut [T],
    a: &Matrix<T>,
    b: &Matrix<T>,
    (m, k, n): (usize, usize, usize),
) {
    // Zeroing a panel that is about to be packed would cost as much as a small product.
    let mut panel = [MaybeUninit::uninit(); DEPTH * WIDEST];
    let mut tile = [T::zero(); TALLEST * WIDEST];
    for start in (0..k).step_by(DEPTH) {
        let depth = DEPTH.min(k - start);
        for left in (0..n).step_by(columns) {
            let width = columns.min(n - left);
            pack(&mut panel, b, (start, depth), (left, width), columns);
            for top in (0..m).step_by(rows) {
                let height = rows.min(m - top);
                let mut first = [std::ptr::null(); TALLEST];
                for (i, pointer) in first.iter_mut().enumerate() {
                    // Rows beyond the matrix repeat its last one; their results are dropped.
                    let row = top + i.min(height - 1);
                    *pointer = &raw const a.values[row * a.strides.0 + start * a.strides.1];
                }
                let lines = target[top * n..].chunks_mut(n).take(height);
                if start == 0 {
                    tile[..rows * columns].fill(T::zero());
                } else {
                    for (line, kept) in lines.zip(tile.chunks_mut(columns)) {
                        kept[..width].copy_from_slice(&line[left..left + width]);
                    }
                }
                // SAFETY: each pointer is followed by the elements of its row for k in
                // start..start + depth, as `holds` asserted; `pack` wrote the panel's depth × columns elements
                // and the tile rows × columns; the kernel was chosen for this processor.
                unsafe { run(&first, a.strides.1, panel.as_ptr().cast(), depth, &mut tile) };
                let lines = target[top * n..].chunks_mut(n).take(height);
                for (line, kept) in lines.zip(tile.chunks(columns)) {
                    line[left..left + width].copy_from_slice(&kept[..width]);
                }
            }
        }
    }
}

/// Copies `width` columns of B's rows into a panel whose rows have `columns` elements, zeros behind.
fn pack<T: Real>(
    panel: &mut [MaybeUninit<T>],
    b: &Matrix<T>,
    (start, depth): (usize, usize),
    (left, width): (usize, usize),
    columns: usize,
) {
    let (down, right) = b.strides;
    for (p, row) in panel.chunks_mut(columns).take(depth).enumerate() {
        let from = &b.values[(start + p) * down + left * right..];
        if right == 1 {
            row[..width].write_copy_of_slice(&from[..width]);
        } else {
            row[..width]
                .iter_mut()
                .enumerate()
                .for_each(|(j, to)| *to = MaybeUninit::new(from[j * right]));
        }
        row[width..].fill(MaybeUninit::new(T::zero()));
    }
}

/// The kernel for any processor.
///
/// # Safety
/// As the call in [`product`] says.
unsafe fn portable<T: Real>(
    a: &[*const T; TALLEST],
    step: usize,
    b: *const T,
    depth: usize,
    tile: &mut [T; TALLEST * WIDEST],
) {
    const COLUMNS: usize = 8;
    for p in 0..depth {
        // SAFETY: the panel holds depth × COLUMNS elements.
        let row = unsafe { std::slice::from_raw_parts(b.add(p * COLUMNS), COLUMNS) };
        for (first, sums) in a[..4].iter().zip(tile.chunks_mut(COLUMNS)) {
            // SAFETY: the row of A has `depth` elements, `step` apart.
            let x = unsafe { *first.add(p * step) };
            sums.iter_mut().zip(row).for_each(|(sum, &y)| *sum = x.mul_add(y, *sum));
        }
    }
}

/// Writes a kernel of `ROWS` × `VECTORS` vectors with the intrinsics of one instruction set.
#[cfg(target_arch = "x86_64")]
macro_rules! vector_kernel {
    ($name:ident, $type:ty, $features:literal, $lanes:literal,
     $load:ident, $store:ident, $set:ident, $fma:ident) => {
        /// # Safety
        /// As the call in [`product`] says; the processor has the instructions.
        #[target_feature(enable = $features)]
        unsafe fn $name<const ROWS: usize, const VECTORS: usize>(
            a: &[*const $type; TALLEST],
            step: usize,
            b: *const $type,
            depth: usize,
            tile: &mut [$type; TALLEST * WIDEST],
        ) {
            use std::arch::x86_64::{$fma, $load, $set, $store};
            let tile = tile.as_mut_ptr();
            // SAFETY: the tile has ROWS × VECTORS · lanes elements, the panel `depth` rows of that width,
            // and each row of A `depth` elements, `step` apart.
            unsafe {
                let mut sums = [[$set(0.0); VECTORS]; ROWS];
                for (i, sum) in sums.iter_mut().enumerate() {
                    for (v, lanes) in sum.iter_mut().enumerate() {
                        *lanes = $load(tile.add((i * VECTORS + v) * $lanes));
                    }
                }
                for p in 0..depth {
                    let mut row = [$set(0.0); VECTORS];
                    for (v, lanes) in row.iter_mut().enumerate() {
                        *lanes = $load(b.add((p * VECTORS + v) * $lanes));
                    }
                    for (first, sum) in a.iter().zip(&mut sums) {
                        let x = $set(*first.add(p * step));
                        for (lanes, y) in sum.iter_mut().zip(row) {
                            *lanes = $fma(x, y, *lanes);
                        }
                    }
                }
                for (i, sum) in sums.iter().enumerate() {
                    for (v, lanes) in sum.iter().enumerate() {
                        $store(tile.add((i * VECTORS + v) * $lanes), *lanes);
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector_kernel!(
    avx512_f32,
    f32,
    "avx512f",
    16,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps
);
#[cfg(target_arch = "x86_64")]
vector_kernel!(
    avx512_f64,
    f64,
    "avx512f",
    8,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_set1_pd,
    _mm512_fmadd_pd
);
#[cfg(target_arch = "x86_64")]
vector_kernel!(
    avx2_f32,
    f32,
    "avx2,fma",
    8,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_fmadd_ps
);
#[cfg(target_arch = "x86_64")]
vector_kernel!(
    avx2_f64,
    f64,
    "avx2,fma",
    4,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_set1_pd,
    _mm256_fmadd_pd
);

/// Writes the choice of a kernel for one type, by what the processor has and the columns of B.
macro_rules! choose {
    ($choose:ident, $type:ty, $avx512:ident, $avx2:ident, $lanes:literal) => {
        /// The kernel that wastes least on `n` columns, for this processor.
        pub(crate) fn $choose(n: usize) -> Kernel<$type> {
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx512f") {
                    return match n.div_ceil($lanes) {
                        1 => Kernel { rows: 8, columns: $lanes, run: $avx512::<8, 1> },
                        2 => Kernel { rows: 8, columns: 2 * $lanes, run: $avx512::<8, 2> },
                        _ => Kernel { rows: 6, columns: 4 * $lanes, run: $avx512::<6, 4> },
                    };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    return Kernel { rows: 6, columns: $lanes, run: $avx2::<6, 2> };
                }
            }
            let _ = n;
            Kernel { rows: 4, columns: 8, run: portable }
        }
    };
}

choose!(kernel_f32, f32, avx512_f32, avx2_f32, 16);
choose!(kernel_f64, f64, avx512_f64, avx2_f64, 8);

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kernel of this processor against a plain loop over `mul_add`, bit for bit.
    fn agree<T: Real>(kernels: &[Kernel<T>]) {
        for (m, k, n) in
            [(1, 1, 1), (3, 5, 7), (8, 256, 32), (17, 300, 33), (6, 600, 50), (9, 2, 100)]
        {
            let number = |i: usize| T::from_f64(((i * 37 + 11) % 101) as f64 / 50.0 - 1.0);
            let left: Vec<T> = (0..m * k).map(number).collect();
            let right: Vec<T> = (0..k * n).map(|i| number(i + 5)).collect();
            for transposed in [false, true] {
                // The same memory read as rows or as columns.
                let strides = |rows, columns| if transposed { (1, rows) } else { (columns, 1) };
                let a = Matrix { values: &left, strides: strides(m, k) };
                let b = Matrix { values: &right, strides: strides(k, n) };
                let at =
                    |m: &Matrix<T>, i: usize, j: usize| m.values[i * m.strides.0 + j * m.strides.1];
                let plain =
                    |i, j| (0..k).fold(T::zero(), |sum, p| at(&a, i, p).mul_add(at(&b, p, j), sum));
                let expected: Vec<T> = (0..m * n).map(|at| plain(at / n, at % n)).collect();
                for kernel in kernels {
                    let mut found = vec![T::nan(); m * n];
                    product_by(*kernel, &mut found, &a, &b, (m, k, n));
                    assert_eq!(found, expected, "{m}×{k}×{n} by {} rows", kernel.rows);
                }
            }
        }
    }

    #[test]
    fn every_kernel_gives_the_same_bits() {
        let portable_f32 = Kernel { rows: 4, columns: 8, run: portable };
        let portable_f64 = Kernel { rows: 4, columns: 8, run: portable };
        agree::<f32>(&[portable_f32, kernel_f32(16), kernel_f32(32), kernel_f32(64)]);
        agree::<f64>(&[portable_f64, kernel_f64(8), kernel_f64(16), kernel_f64(32)]);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            agree::<f32>(&[Kernel { rows: 6, columns: 16, run: avx2_f32::<6, 2> }]);
            agree::<f64>(&[Kernel { rows: 6, columns: 8, run: avx2_f64::<6, 2> }]);
        }
    }
}

//! A plan's memory: one allocation, aligned to cache lines, that threads write in disjoint parts.

use std::marker::PhantomData;
use std::ops::Range;

use chainrule_numbers::real::Plain;

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// The bytes of a cache line.
const LINE: usize = 64;

/// A fixed number of elements, zero at first.
#[derive(Clone)]
pub(crate) struct Memory<T> {
    lines: Box<[Line]>,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Plain> Memory<T> {
    /// Memory for `len` elements, if there is so much.
    pub(crate) fn try_new(len: usize) -> Option<Self> {
        let count = len.checked_mul(size_of::<T>())?.div_ceil(LINE);
        let mut lines = Vec::new();
        lines.try_reserve_exact(count).ok()?;
        lines.resize(count, Line([0; LINE]));
        Some(Self { lines: lines.into(), len, element: PhantomData })
    }

    pub(crate) fn get(&self, range: Range<usize>) -> &[T] {
        &self.as_slice()[range]
    }

    pub(crate) fn get_mut(&mut self, range: Range<usize>) -> &mut [T] {
        // SAFETY: as in `as_slice`, and the borrow is exclusive.
        let all =
            unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) };
        &mut all[range]
    }

    fn as_slice(&self) -> &[T] {
        // SAFETY: the lines hold at least `len` initialised elements, are aligned to 64 bytes, and
        // `Plain` types take any bits.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    /// A handle through which the threads of one run read and write.
    pub(crate) fn share(&mut self) -> Shared<'_, T> {
        Shared { start: self.lines.as_mut_ptr().cast(), len: self.len, memory: PhantomData }
    }
}

/// Memory that several threads use at once; its borrow is exclusive, so nobody else does.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    memory: PhantomData<&'a mut [T]>,
}

// SAFETY: the handle gives out slices only through unsafe methods, whose callers keep threads apart.
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Send for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// The first element.
    pub(crate) fn start(&self) -> *mut T {
        self.start
    }

    /// The elements in `range`, to read.
    ///
    /// # Safety
    /// No thread writes them while the slice lives.
    pub(crate) unsafe fn read(&self, range: Range<usize>) -> &'a [T] {
        assert!(range.start <= range.end && range.end <= self.len, "plan memory too short");
        // SAFETY: within bounds, as just asserted; the caller keeps writers away.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.len()) }
    }

    /// The elements in `range`, to write.
    ///
    /// # Safety
    /// No other slice of them lives, on any thread.
    pub(crate) unsafe fn write(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "plan memory too short");
        // SAFETY: within bounds, as just asserted; the caller keeps other slices away.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

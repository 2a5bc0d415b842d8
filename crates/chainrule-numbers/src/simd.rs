//! Which vector instructions kernels run with.
//!
//! Every path computes the same operations in the same order, so that the choice changes no bit. The
//! variable `CHAINRULE_SIMD` limits it, for comparing paths: to `portable`, `avx2` or `avx512`.

use std::sync::atomic::{AtomicU8, Ordering};

/// A set of vector instructions, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the compiler may assume: SSE2 on x86-64, NEON on AArch64.
    Portable = 0,
    /// AVX2 with fused multiply-add.
    Avx2 = 1,
    /// AVX-512 F, VL, DQ and BW.
    Avx512 = 2,
}

/// The variable that limits the level.
pub const VARIABLE: &str = "CHAINRULE_SIMD";

/// Stands for a level that nobody has asked for yet.
const UNKNOWN: u8 = u8::MAX;

impl Level {
    /// Every level, from the narrowest to the widest.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The widest level of this processor that `CHAINRULE_SIMD` allows.
    #[inline]
    pub fn current() -> Self {
        // Threads that ask at the same time for the first time find the same answer.
        static LEVEL: AtomicU8 = AtomicU8::new(UNKNOWN);
        match LEVEL.load(Ordering::Relaxed) {
            0 => Self::Portable,
            1 => Self::Avx2,
            2 => Self::Avx512,
            _ => {
                let level = Self::found();
                LEVEL.store(level as u8, Ordering::Relaxed);
                level
            }
        }
    }

    fn found() -> Self {
        // A word that is no level keeps plans from being compiled. What runs without one is rather slow
        // than wider than was asked for.
        Self::allowed().unwrap_or(Self::Portable).min(Self::detected())
    }

    /// The word for the level in `CHAINRULE_SIMD`.
    ///
    /// ```
    /// use chainrule_numbers::simd::Level;
    /// println!("kernels run with {} instructions", Level::current().name());
    /// # assert_eq!(Level::ALL.map(Level::name), ["portable", "avx2", "avx512"]);
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The level that `CHAINRULE_SIMD` allows, or what it says that is no level.
    pub fn allowed() -> Result<Self, String> {
        let Some(word) = std::env::var_os(VARIABLE) else { return Ok(Self::Avx512) };
        let named = Self::ALL.into_iter().find(|level| word == level.name());
        named.ok_or_else(|| word.to_string_lossy().into_owned())
    }

    /// The widest level of this processor.
    #[cfg(target_arch = "x86_64")]
    pub fn detected() -> Self {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw");
        match (avx2, avx512) {
            (true, true) => Self::Avx512,
            (true, false) => Self::Avx2,
            _ => Self::Portable,
        }
    }

    /// The widest level of this processor.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn detected() -> Self {
        Self::Portable
    }
}

/// Runs `work` compiled for the current level, where the compiler vectorises its loops. That needs a
/// closure marked `#[inline(always)]`: one that is called from here was compiled for the lowest level.
///
/// ```
/// use chainrule_numbers::simd::vectorized;
/// let mut x = [1.0_f32; 100];
/// vectorized(#[inline(always)] || x.iter_mut().for_each(|x| *x *= 2.0));
/// assert_eq!(x, [2.0; 100]);
/// ```
#[inline(always)]
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    match Level::current() {
        // SAFETY: `current` answers a level only where the processor has its instructions.
        Level::Avx512 => return unsafe { with_avx512(work) },
        // SAFETY: as above.
        Level::Avx2 => return unsafe { with_avx2(work) },
        Level::Portable => {}
    }
    work()
}

/// # Safety
/// The processor has the instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// # Safety
/// The processor has the instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Asks the processor to fetch memory into its second-level cache.
///
/// ```
/// chainrule_numbers::simd::prefetch(&[0.0_f32; 1000]);
/// ```
pub fn prefetch<E>(values: &[E]) {
    prefetch_from(values.as_ptr().cast(), size_of_val(values));
}

/// [`prefetch`] of memory that others may be writing.
#[inline]
pub fn prefetch_from(start: *const u8, bytes: usize) {
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    for offset in (0..bytes).step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that a program could see, and faults nowhere.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(start.wrapping_add(offset).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, bytes, LINE);
}

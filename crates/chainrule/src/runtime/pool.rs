//! Threads that run one job side by side and meet at barriers.
//!
//! A step of a small network lasts about 100 µs, too short to wake a sleeping thread for each
//! kernel. Workers therefore run the whole plan together and wait for each other, and between jobs, by
//! spinning briefly before they sleep.

use std::any::Any;
use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::barrier::{Barrier, Signal};

/// A job: what each worker runs, given its number.
type Job = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// The current job; written only while every worker is idle.
    job: UnsafeCell<Option<Job>>,
    /// Counts jobs; a change tells workers that one is there.
    generation: Signal,
    /// Workers that have not finished the current job.
    running: Signal,
    stop: AtomicBool,
    barrier: Barrier,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is the only part that is not `Sync` by itself. It is written by the thread that holds
// `Pool::busy` while `running` is 0, and read by workers between the release of `generation` and
// their decrement of `running`.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in `job` is only used while `Pool::run` keeps its target alive.
unsafe impl Send for Shared {}

/// The portion of `count` things that falls to number `index` of `of`; a single thing to the first. There
/// are no more things than memory holds, too few for a product with a number of threads to overflow.
pub(super) fn portion(count: usize, index: usize, of: usize) -> Range<usize> {
    (count * index).div_ceil(of)..(count * (index + 1)).div_ceil(of)
}

/// A fixed number of threads, the caller's among them.
///
/// ```
/// let pool = chainrule::Pool::new(2);
/// assert_eq!(pool.threads(), 2);
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    busy: Mutex<()>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} threads)", self.threads())
    }
}

impl Pool {
    /// A pool of `threads` threads, at least 1, or of as many as the system gives; results do not depend on
    /// the number.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            job: UnsafeCell::new(None),
            generation: Signal::new(0),
            running: Signal::new(0),
            stop: AtomicBool::new(false),
            barrier: Barrier::new(),
            panic: Mutex::new(None),
        });
        let start = |index| {
            let shared = shared.clone();
            let builder = std::thread::Builder::new().name(format!("chainrule-{index}"));
            builder.spawn(move || work(&shared, index)).ok()
        };
        let workers = (1..threads.min(1024)).map_while(start).collect();
        Self { shared, workers, busy: Mutex::new(()) }
    }

    /// The number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Runs `job(worker)` on every thread at once and returns when all are done.
    pub(crate) fn run(&self, job: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() {
            return job(0);
        }
        let _turn = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        // SAFETY: extends the job's lifetime in its type only; this function returns after every
        // worker has finished with it.
        let job: &'static (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(job) };
        // SAFETY: `busy` is held and `running` is 0, so that nobody else touches `job`.
        unsafe { *shared.job.get() = Some(job) };
        let workers = self.workers.len();
        shared.running.update(|running| running.store(workers, Ordering::Relaxed));
        shared.next_generation();
        shared.call(job, 0);
        shared.running.wait(|running| running == 0);
        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            shared.barrier.mend();
            resume_unwind(panic);
        }
    }

    /// What `work` makes of stretches of `0..count`, a thread each, in their order.
    ///
    /// ```
    /// let sums = chainrule::Pool::new(2).map(10, |range| range.sum::<usize>());
    /// assert_eq!(sums.iter().sum::<usize>(), 45);
    /// ```
    pub fn map<R: Send>(&self, count: usize, work: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
        let threads = self.threads();
        let made: Vec<Mutex<Option<R>>> = (0..threads).map(|_| Mutex::new(None)).collect();
        self.run(&|thread| {
            let result = work(portion(count, thread, threads));
            *made[thread].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        });
        let taken = |made: Mutex<_>| made.into_inner().unwrap_or_else(PoisonError::into_inner);
        made.into_iter().filter_map(taken).collect()
    }

    /// Calls `work(first, rows)` on every thread, each with its own stretch of the rows of `values`;
    /// `first` is the stretch's first row.
    pub(crate) fn for_rows<T: Send>(
        &self,
        values: &mut [T],
        width: usize,
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let (width, threads) = (width.max(1), self.threads());
        let start = AtomicPtr::new(values.as_mut_ptr());
        let rows = values.len() / width;
        self.run(&|thread| {
            let mine = portion(rows, thread, threads);
            let start = start.load(Ordering::Relaxed);
            // SAFETY: the threads' stretches are disjoint and lie within `values`, which stays
            // mutably borrowed until `run` returns.
            let stretch = unsafe {
                std::slice::from_raw_parts_mut(start.add(mine.start * width), mine.len() * width)
            };
            work(mine.start, stretch);
        });
    }

    /// Waits until every thread of the running job is here; the last one runs `finish` before anybody
    /// goes on. `false` if a thread panicked.
    pub(crate) fn meet(&self, finish: impl FnOnce()) -> bool {
        self.shared.barrier.wait(self.threads(), finish)
    }
}

impl Pool {
    /// How often a thread has slept at a meeting since this was last asked.
    pub(crate) fn take_sleeps(&self) -> usize {
        self.shared.barrier.take_sleeps()
    }
}

impl Shared {
    /// Tells the workers that there is something to do.
    fn next_generation(&self) {
        self.generation.update(|generation| {
            generation.fetch_add(1, Ordering::Release);
        });
    }

    /// Runs the job; a panic breaks the barrier, so that nobody waits for this thread.
    fn call(&self, job: &(dyn Fn(usize) + Sync), index: usize) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(index))) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            self.barrier.break_up();
        }
    }
}

fn work(shared: &Shared, index: usize) {
    let mut seen = 0;
    loop {
        shared.generation.wait(|generation| generation != seen);
        seen = seen.wrapping_add(1);
        if shared.stop.load(Ordering::Acquire) {
            return;
        }
        // SAFETY: `generation` was released after `job` was written, and `run` waits for `running`.
        if let Some(job) = unsafe { *shared.job.get() } {
            // SAFETY: as above, the target outlives this call.
            shared.call(unsafe { &*job }, index);
        }
        shared.running.update(|running| {
            running.fetch_sub(1, Ordering::Release);
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.next_generation();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn every_thread_runs_and_meets() {
        let pool = Pool::new(3);
        let arrived = AtomicUsize::new(0);
        for round in 1..=200 {
            pool.run(&|_| {
                arrived.fetch_add(1, Ordering::SeqCst);
                assert!(pool.meet(|| {}));
                assert_eq!(arrived.load(Ordering::SeqCst), 3 * round);
                assert!(pool.meet(|| {}));
            });
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        let job = |index: usize| {
            assert!(index == 0, "worker fails");
            pool.meet(|| {});
        };
        assert!(catch_unwind(AssertUnwindSafe(|| pool.run(&job))).is_err());
        let sum = AtomicUsize::new(0);
        pool.run(&|index| {
            sum.fetch_add(index + 1, Ordering::SeqCst);
        });
        assert_eq!(sum.load(Ordering::SeqCst), 3);
    }
}

//! A meeting point for a fixed number of threads.
//!
//! A kernel of a small network lasts microseconds, so that whoever waits spins first: waking a thread
//! takes longer than most waits. But a thread that spins on one core while the one it waits for has
//! none keeps the machine from running that one, so that after a while waiting threads sleep.

#[cfg(loom)]
use loom::sync::{
    Condvar, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{
    Condvar, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Turns of a waiting loop before a thread sleeps: some tens of microseconds.
const SPINS: u32 = if cfg!(loom) { 1 } else { 4_000 };

/// Spins until `is_over` says so, at most for a while; whether it did.
pub(super) fn spin(mut is_over: impl FnMut() -> bool) -> bool {
    for _ in 0..SPINS {
        if is_over() {
            return true;
        }
        #[cfg(loom)]
        loom::thread::yield_now();
        #[cfg(not(loom))]
        std::hint::spin_loop();
    }
    is_over()
}

/// Something to wait for: a number that changes.
pub(super) struct Signal {
    value: AtomicUsize,
    /// Threads that sleep, or are about to.
    sleeping: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Signal {
    pub fn new(value: usize) -> Self {
        let (value, sleeping) = (AtomicUsize::new(value), AtomicUsize::new(0));
        Self { value, sleeping, lock: Mutex::new(()), wake: Condvar::new() }
    }

    pub fn get(&self) -> usize {
        self.value.load(Ordering::Acquire)
    }

    /// Changes the number and wakes who waits for that.
    pub fn update(&self, change: impl FnOnce(&AtomicUsize)) {
        change(&self.value);
        // Either this load sees a thread that is about to sleep, or that thread sees the new number:
        // both sides write first and read then, in one order for all.
        fence();
        if self.sleeping.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Waits until `is_over` holds for the number: spins, then sleeps. Whether it slept.
    pub fn wait(&self, is_over: impl Fn(usize) -> bool) -> bool {
        if spin(|| is_over(self.get())) {
            return false;
        }
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        fence();
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_over(self.get()) {
            lock = self.wake.wait(lock).unwrap_or_else(PoisonError::into_inner);
        }
        drop(lock);
        self.sleeping.fetch_sub(1, Ordering::SeqCst);
        true
    }
}

/// Orders all that comes before, on every thread, before all that comes after.
fn fence() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    std::sync::atomic::fence(Ordering::SeqCst);
}

/// The meeting point.
pub(super) struct Barrier {
    arrived: AtomicUsize,
    round: Signal,
    broken: AtomicBool,
    sleeps: AtomicUsize,
}

impl Barrier {
    pub fn new() -> Self {
        let (arrived, broken) = (AtomicUsize::new(0), AtomicBool::new(false));
        let sleeps = AtomicUsize::new(0);
        Self { arrived, round: Signal::new(0), broken, sleeps }
    }

    /// Waits for all `threads`, a number that is the same for each of them; the last to arrive runs `finish`
    /// before it lets them go. `false` if one of them panicked.
    pub fn wait(&self, threads: usize, finish: impl FnOnce()) -> bool {
        let round = self.round.get();
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == threads {
            finish();
            self.arrived.store(0, Ordering::Relaxed);
            self.round.update(|round| {
                round.fetch_add(1, Ordering::Release);
            });
        } else if self.round.wait(|now| now != round || self.is_broken()) {
            self.sleeps.fetch_add(1, Ordering::Relaxed);
        }
        !self.is_broken()
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// How often a thread has slept here since this was last asked.
    pub fn take_sleeps(&self) -> usize {
        self.sleeps.swap(0, Ordering::Relaxed)
    }

    /// Has nobody wait for a thread that panicked, now or later.
    pub fn break_up(&self) {
        self.broken.store(true, Ordering::Release);
        self.round.update(|_| {});
    }

    /// Makes the barrier whole again. No thread may be waiting.
    pub fn mend(&self) {
        self.arrived.store(0, Ordering::Relaxed);
        self.broken.store(false, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod tests {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;

    use super::{Barrier, Signal};

    /// Two threads meet twice, in every order with at most three preemptions: what one wrote before is
    /// read after, and the serial part runs once, between.
    #[test]
    fn threads_meet() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let barrier = Arc::new(Barrier::new());
            let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
            let meet = |barrier: &Barrier, counts: &[AtomicUsize; 2]| {
                counts[0].fetch_add(1, Ordering::Relaxed);
                let serial = || {
                    assert_eq!(counts[0].load(Ordering::Relaxed), 2);
                    counts[1].fetch_add(1, Ordering::Relaxed);
                };
                assert!(barrier.wait(2, serial));
                assert_eq!(counts[1].load(Ordering::Relaxed), 1);
                assert!(barrier.wait(2, || {}));
            };
            let other = {
                let (barrier, counts) = (barrier.clone(), counts.clone());
                thread::spawn(move || meet(&barrier, &counts))
            };
            meet(&barrier, &counts);
            other.join().unwrap();
        });
    }

    /// A thread that goes to sleep misses no change.
    #[test]
    fn a_sleeper_is_woken() {
        loom::model(|| {
            let signal = Arc::new(Signal::new(0));
            let waiter = {
                let signal = signal.clone();
                thread::spawn(move || signal.wait(|now| now == 1))
            };
            signal.update(|value| value.store(1, Ordering::Release));
            waiter.join().unwrap();
        });
    }

    /// Who waits for a thread that panicked is let go.
    #[test]
    fn a_broken_barrier_holds_nobody() {
        loom::model(|| {
            let barrier = Arc::new(Barrier::new());
            let waiter = {
                let barrier = barrier.clone();
                thread::spawn(move || barrier.wait(2, || {}))
            };
            barrier.break_up();
            assert!(!waiter.join().unwrap());
        });
    }
}

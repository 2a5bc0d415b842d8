//! Recording when steps ran, for profiles.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One thread's part in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The step's number within the plan.
    pub step: usize,
    /// The thread's number.
    pub thread: usize,
    /// When it began, since recording began.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
}

/// Events beyond this many are not kept.
const MOST: usize = 1 << 20;

/// What has been recorded.
#[derive(Debug)]
pub(super) struct Recorder {
    origin: Instant,
    events: Mutex<Vec<Event>>,
    runs: AtomicU32,
}

impl Recorder {
    pub fn new() -> Self {
        Self { origin: Instant::now(), events: Mutex::default(), runs: AtomicU32::new(0) }
    }

    /// Counts one more run.
    pub fn count(&self) {
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    pub fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }

    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One thread's notes during a run.
pub(super) struct Notes<'a> {
    recorder: Option<&'a Recorder>,
    events: Vec<Event>,
    thread: usize,
}

impl<'a> Notes<'a> {
    pub fn new(recorder: Option<&'a Recorder>, thread: usize) -> Self {
        Self { recorder, events: Vec::new(), thread }
    }

    /// The time since recording began; zero where nothing is recorded.
    pub fn now(&self) -> Duration {
        self.recorder.map_or(Duration::ZERO, |recorder| recorder.origin.elapsed())
    }

    /// Notes that a step began at `start` and ends now.
    pub fn note(&mut self, step: usize, start: Duration) {
        if self.recorder.is_some() {
            let (thread, end) = (self.thread, self.now());
            self.events.push(Event { step, thread, start, end });
        }
    }
}

impl Drop for Notes<'_> {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder {
            let mut events = recorder.events.lock().unwrap_or_else(PoisonError::into_inner);
            if events.len() < MOST {
                events.append(&mut self.events);
            }
        }
    }
}

//! Pausing and stopping a session from another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Action;

/// How often a session that is paused looks whether it is interrupted: a signal's handler can set a
/// flag, but wake nobody.
const LOOK: Duration = Duration::from_millis(50);

/// What pauses a session, has it go on, and stops it. Copies control the same session.
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<Desk>);

#[derive(Debug, Default)]
struct Desk {
    wishes: Mutex<Wishes>,
    changed: Condvar,
    /// Whether there is any wish but to go on, so that a step takes no lock.
    any: AtomicBool,
}

#[derive(Debug, Default)]
struct Wishes {
    paused: bool,
    /// Steps that a paused session may do.
    steps: u64,
    stopped: bool,
    actions: Vec<Action>,
    flags: Vec<Arc<AtomicBool>>,
}

/// What a session does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Step,
    Stop,
}

impl Control {
    /// Has the session wait before its next step.
    pub fn pause(&self) {
        self.wish(|wishes| (wishes.paused, wishes.steps) = (true, 0));
    }

    /// Has a paused session go on.
    pub fn go_on(&self) {
        self.wish(|wishes| wishes.paused = false);
    }

    /// Lets a paused session do one step more.
    pub fn step(&self) {
        self.wish(|wishes| wishes.steps += 1);
    }

    /// Ends the session after its step, with a checkpoint.
    pub fn stop(&self) {
        self.wish(|wishes| wishes.stopped = true);
    }

    /// Changes the course of the training before its next step, or tells
    /// [`Event::Refused`](super::Event::Refused) where that cannot be done.
    pub fn act(&self, action: Action) {
        self.wish(|wishes| wishes.actions.push(action));
    }

    /// Whether the session is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.lock().paused
    }

    /// Stops the session once `flag` is set.
    pub(super) fn watch(&self, flag: Arc<AtomicBool>) {
        self.wish(|wishes| wishes.flags.push(flag));
    }

    /// Waits until the session may do a step, or is to stop.
    pub(super) fn next(&self) -> Next {
        if !self.0.any.load(Ordering::Relaxed) {
            return Next::Step;
        }
        let mut wishes = self.lock();
        loop {
            if wishes.stopped || wishes.flags.iter().any(|flag| flag.load(Ordering::Relaxed)) {
                return Next::Stop;
            }
            if !wishes.paused {
                return Next::Step;
            }
            if wishes.steps > 0 {
                wishes.steps -= 1;
                return Next::Step;
            }
            let waited = self.0.changed.wait_timeout(wishes, LOOK);
            wishes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What is to be done before the next step.
    pub(super) fn actions(&self) -> Vec<Action> {
        match self.0.any.load(Ordering::Relaxed) {
            true => std::mem::take(&mut self.lock().actions),
            false => Vec::new(),
        }
    }

    fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.lock());
        self.0.any.store(true, Ordering::Relaxed);
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Wishes> {
        // Every wish is one assignment, so that whoever panicked left none by half.
        self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! When a short plan is better run on one thread for a while.

/// How a short plan gets on where other programs want the cores too. A thread that has lost its core
/// holds up all others for longer than the plan takes on one thread; since results do not depend on
/// the number of threads, some runs are made on one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crowd {
    /// Runs in a row in which a thread slept.
    held_up: u32,
    /// Runs to make on one thread.
    alone: u32,
}

/// Plans below this estimated time are short, in nanoseconds.
pub(super) const SHORT: f64 = 2e6;

/// Runs in a row that are held up before some are made on one thread. The first may only have waited
/// for sleeping threads to wake.
const HELD_UP: u32 = 4;

/// How many runs are then made on one thread before the others are tried again.
const ALONE: u32 = 100;

impl Crowd {
    /// Whether the coming run is made on one thread.
    pub fn is_alone(&mut self) -> bool {
        self.alone = self.alone.saturating_sub(1);
        self.alone > 0
    }

    /// Whether runs are made on one thread at the moment.
    pub fn is_avoided(self) -> bool {
        self.alone > 0
    }

    /// Notes how a run on all threads went.
    pub fn note(&mut self, slept: bool) {
        self.held_up = if slept { self.held_up + 1 } else { 0 };
        if self.held_up >= HELD_UP {
            *self = Self { held_up: 0, alone: ALONE };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_are_held_up_are_followed_by_some_alone() {
        let mut crowd = Crowd::default();
        for slept in [true, true, true, false, true, true, true] {
            assert!(!crowd.is_alone());
            crowd.note(slept);
        }
        crowd.note(true);
        let alone = (0..2 * ALONE).take_while(|_| crowd.is_alone()).count();
        assert_eq!(alone, ALONE as usize - 1);
        // The threads that slept meanwhile are given time to wake.
        crowd.note(true);
        assert!(!crowd.is_alone());
    }
}

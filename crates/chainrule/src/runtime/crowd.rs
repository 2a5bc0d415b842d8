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

/// Runs in a row that are held up before some are made on one thread, and how many.
const HELD_UP: u32 = 3;
const ALONE: u32 = 60;

impl Crowd {
    /// Whether the coming run is made on one thread.
    pub fn is_alone(&mut self) -> bool {
        self.alone = self.alone.saturating_sub(1);
        self.alone > 0
    }

    /// Notes how a run on all threads went.
    pub fn note(&mut self, slept: bool) {
        self.held_up = if slept { self.held_up + 1 } else { 0 };
        if self.held_up >= HELD_UP {
            // The next attempt is tried once, not three times.
            *self = Self { held_up: HELD_UP - 1, alone: ALONE };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_are_held_up_are_followed_by_some_alone() {
        let mut crowd = Crowd::default();
        for slept in [true, true, false, true, true] {
            assert!(!crowd.is_alone());
            crowd.note(slept);
        }
        crowd.note(true);
        let alone = (0..200).take_while(|_| crowd.is_alone()).count();
        assert_eq!(alone, ALONE as usize - 1);
        // One more bad run is enough, and a good one forgets the bad ones.
        crowd.note(true);
        assert!(crowd.is_alone());
        crowd = Crowd { held_up: HELD_UP - 1, alone: 0 };
        crowd.note(false);
        crowd.note(true);
        assert!(!crowd.is_alone());
    }
}

//! How long a worker looks for jobs before it sleeps.

use std::time::{Duration, Instant};

/// A pause between two looks. While it lasts, whoever has jobs can use them undisturbed.
const PAUSE: Duration = Duration::from_nanos(700);

/// The time for all pauses: longer than it takes the system to wake a thread twice. A program that
/// waits for a short job, and then adds the next one, finds the worker awake. If the worker slept
/// sooner, each job would begin by waking it, and end by waking the program.
const LONGEST: Duration = Duration::from_micros(50);

/// The pauses before a sleep. Unlike those of an event, they are made while other workers sleep,
/// too: workers do not queue for jobs.
pub(crate) struct Pauses {
    made: u32,
    begun: Instant,
    deadline: Option<Instant>,
}

impl Pauses {
    pub(crate) fn new(deadline: Option<Instant>) -> Self {
        Self {
            made: 0,
            begun: Instant::now(),
            deadline,
        }
    }

    /// Makes a pause and returns true; returns false if it is time to sleep, or if the deadline has
    /// passed.
    pub(crate) fn pause(&mut self) -> bool {
        // Models would have to explore each pause, and none differs from the look after it.
        if cfg!(any(ft_loom, ft_shuttle)) {
            return false;
        }
        let now = Instant::now();
        let is_late = self.deadline.is_some_and(|deadline| deadline <= now);
        // One pause is certain, also for a thread that has lost its processor for a while.
        if is_late || self.made > 0 && now - self.begun >= LONGEST {
            return false;
        }
        // Often the thread that has the next job is on this processor. On a busy machine the processor
        // does not come back for some milliseconds, perhaps after the deadline.
        if self.made % 2 == 1 && self.deadline.is_none() {
            std::thread::yield_now();
        }
        while now.elapsed() < PAUSE {
            (0..4).for_each(|_| std::hint::spin_loop());
        }
        self.made += 1;
        true
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn they_are_bounded() {
        for deadline in [None, Some(Instant::now() + 1_000 * LONGEST)] {
            let mut pauses = Pauses::new(deadline);
            while pauses.pause() {}
            assert!(pauses.begun.elapsed() >= LONGEST);
            assert!(PAUSE * pauses.made < LONGEST + PAUSE);
        }
    }

    #[test]
    fn none_after_the_deadline() {
        assert!(!Pauses::new(Some(Instant::now())).pause());
    }
}

//! The pauses of a thread before it goes to sleep.

use crate::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A pause. It is long on purpose: a consumer that looks sooner takes each item as soon as it is
/// there, and then both threads fight for the cache lines of that item. After a pause there are
/// about ten items. All pauses are equally long, so that two threads that wait for each other never
/// wait for much more than one.
const PAUSE: Duration = Duration::from_nanos(700);

/// The time for all pauses: longer than it takes to wake a sleeping thread. Otherwise two threads
/// that wait for each other would go to sleep in turns, each while the other one wakes up.
const LONGEST: Duration = Duration::from_micros(15);

/// The second pause and each pause this much later let other threads run on this processor: often
/// the system puts two threads that wake each other on the same one.
const YIELDED: u32 = 8;

/// No processor is given away if less than this is left before the deadline: on a busy machine it
/// does not come back for some milliseconds.
const NEAR: Duration = Duration::from_millis(100);

/// After so many waits in a row for which the pauses were too short, there is only one pause.
const PATIENT: u8 = 4;

/// After so many more such waits, all pauses are tried once, because the waits may be shorter now.
const TRIED_AGAIN: u8 = 16;

/// Learns how long the waits for an event are: whether it pays to make all pauses.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// The number of waits in a row for which the pauses were too short. From
    /// `PATIENT + TRIED_AGAIN` it goes back to `PATIENT`.
    in_vain: AtomicU8,
}

impl Patience {
    /// Begins the pauses of a wait. `is_first` says whether no other waiter has to be served first.
    pub(crate) fn pauses(&self, is_first: bool, deadline: Option<Instant>) -> Pauses<'_> {
        // Relaxed, here and below: this is only a guess, and a lost update does not matter.
        let in_vain = self.in_vain.load(Relaxed);
        // Models would have to explore each pause, and none differs from the look after it.
        let time = if !is_first || cfg!(any(ft_loom, ft_shuttle)) {
            Duration::ZERO
        } else if in_vain < PATIENT || in_vain == PATIENT + TRIED_AGAIN {
            LONGEST
        } else {
            PAUSE
        };
        Pauses {
            patience: self,
            made: 0,
            time,
            begun: Instant::now(),
            deadline,
        }
    }

    fn were_in_vain(&self) {
        let before = self.in_vain.load(Relaxed);
        let after = match before < PATIENT + TRIED_AGAIN {
            true => before + 1,
            false => PATIENT,
        };
        self.in_vain.store(after, Relaxed);
    }
}

/// The pauses of a thread before it goes to sleep. See [`Event::pauses`](crate::Event::pauses).
///
/// Together they take about as long as it takes to fall asleep and to be woken. If they were too
/// short several times in a row, only the first is left.
#[derive(Debug)]
pub struct Pauses<'a> {
    patience: &'a Patience,
    made: u32,
    /// The time for all of them.
    time: Duration,
    begun: Instant,
    deadline: Option<Instant>,
}

impl Pauses<'_> {
    /// Makes a pause and returns true; returns false if it is time to sleep, or if the deadline has
    /// passed.
    ///
    /// A pause ends at the deadline. The second and some later ones let other threads run on this
    /// processor, unless the deadline is near.
    pub fn pause(&mut self) -> bool {
        if self.time.is_zero() {
            return false;
        }
        let now = Instant::now();
        let left = (self.deadline).map(|deadline| deadline.saturating_duration_since(now));
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
        // Time counts, not the number of pauses: a thread that has lost its processor for a while
        // should enter the queue, so that others do not overtake it.
        if self.made > 0 && now - self.begun >= self.time {
            self.patience.were_in_vain();
            return false;
        }
        if self.made % YIELDED == 1 && left.is_none_or(|left| left >= NEAR) {
            std::thread::yield_now();
        }
        let pause = left.map_or(PAUSE, |left| left.min(PAUSE));
        while now.elapsed() < pause {
            (0..4).for_each(|_| std::hint::spin_loop());
        }
        self.made += 1;
        true
    }

    /// Notes that the change came during the last pause, so the thread need not sleep.
    pub fn were_enough(self) {
        // If other threads had the processor meanwhile, the machine is busy: a thread that sleeps
        // gets the processor as soon as it is woken, one that pauses gets it when its turn comes.
        if self.begun.elapsed() > 2 * LONGEST {
            self.patience.were_in_vain();
        } else if self.patience.in_vain.load(Relaxed) != 0 {
            self.patience.in_vain.store(0, Relaxed);
        }
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// Makes all pauses of a wait, and returns the time for them.
    fn pauses_made(patience: &Patience) -> Duration {
        let mut pauses = patience.pauses(true, None);
        while pauses.pause() {}
        pauses.time
    }

    #[test]
    fn they_are_bounded() {
        let patience = Patience::default();
        let mut pauses = patience.pauses(true, None);
        while pauses.pause() {}
        assert!(pauses.begun.elapsed() >= LONGEST);
        assert!(PAUSE * pauses.made < LONGEST + PAUSE);
    }

    /// Pauses that never help are given up, and tried again from time to time.
    #[test]
    fn patience_ends() {
        let patience = Patience::default();
        let made: Vec<_> = (0..60).map(|_| pauses_made(&patience)).collect();
        assert!(made[..4].iter().all(|&made| made == LONGEST));
        assert_eq!(made[4..].iter().filter(|&&made| made == LONGEST).count(), 3);
        assert_eq!(made[4..].iter().filter(|&&made| made == PAUSE).count(), 53);

        let mut pauses = patience.pauses(true, None);
        assert!(pauses.pause());
        pauses.were_enough();
        assert_eq!(pauses_made(&patience), LONGEST);
    }

    #[test]
    fn none_for_those_who_come_later() {
        let patience = Patience::default();
        assert!(!patience.pauses(false, None).pause());
        assert!(!patience.pauses(true, Some(Instant::now())).pause());
        assert_eq!(patience.in_vain.load(Relaxed), 0);
    }

    #[test]
    fn deadline_cuts_a_pause_short() {
        let patience = Patience::default();
        let soon = Instant::now() + PAUSE / 7;
        let mut pauses = patience.pauses(true, Some(soon));
        pauses.pause();
        assert!(!pauses.pause());
        assert!(Instant::now() >= soon);
        // The deadline was at fault, not the time for pauses.
        assert_eq!(patience.in_vain.load(Relaxed), 0);
    }
}

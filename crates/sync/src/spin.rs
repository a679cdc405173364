//! Looking a few times before going to sleep.

#[cfg(any(ft_loom, ft_shuttle))]
mod modeled;
#[cfg(any(ft_loom, ft_shuttle))]
pub use modeled::{poll, polled, spin};

/// Calls `attempt` a few times, with growing pauses, until it returns a value.
///
/// All calls together take a few microseconds at most: about as long as it would take to fall
/// asleep and be woken. The last pauses let other threads run. Under loom and shuttle it does not
/// call `attempt` at all: a model would have to explore every call, and none of them differs from
/// the first attempt after this function.
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub fn spin<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    /// Number of pauses of 1, 2, 4, ... spin hints.
    const HINTED: u32 = 6;
    /// Number of pauses that yield to other threads.
    const YIELDED: u32 = 4;

    for round in 0..HINTED + YIELDED {
        if let Some(done) = attempt() {
            return Some(done);
        }
        if round < HINTED {
            (0..1 << round).for_each(|_| std::hint::spin_loop());
        } else {
            std::thread::yield_now();
        }
    }
    attempt()
}

/// Calls `attempt` until it returns a value: at first with growing pauses, then with growing sleeps
/// of up to a millisecond.
///
/// It is meant for conditions that usually change in a moment, unless the operating system has
/// suspended the thread that changes them, and of whose change nobody is notified.
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    use std::{thread::sleep, time::Duration};

    if let Some(done) = spin(&mut attempt) {
        return done;
    }
    let mut pause = Duration::from_micros(20);
    loop {
        sleep(pause);
        if let Some(done) = attempt() {
            return done;
        }
        pause = (pause * 2).min(Duration::from_millis(1));
    }
}

/// Must follow a store that a [`poll`] may be waiting for. It has an effect only under loom.
#[cfg(not(any(ft_loom, ft_shuttle)))]
#[inline(always)]
pub fn polled() {}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// An attempt that succeeds on its `n`th call.
    fn nth(n: usize) -> impl FnMut() -> Option<usize> {
        let mut made = 0;
        move || {
            made += 1;
            (made == n).then_some(made)
        }
    }

    #[test]
    fn spins_a_few_times() {
        assert_eq!(spin(nth(1)), Some(1));
        assert_eq!(spin(nth(3)), Some(3));
        let mut made = 0;
        let seen = spin(|| {
            made += 1;
            None::<()>
        });
        assert!(seen.is_none());
        assert!(made > 3);
    }

    /// It does not matter how often that is.
    #[test]
    fn polls_to_the_end() {
        assert_eq!(poll(nth(1)), 1);
        assert_eq!(poll(nth(30)), 30);
    }
}

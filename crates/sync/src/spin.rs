//! Looking a few times before lying down to sleep.

#[cfg(any(ft_loom, ft_shuttle))]
mod modeled;
#[cfg(any(ft_loom, ft_shuttle))]
pub use modeled::{poll, polled, spin};

/// Calls `attempt` a few times, with growing pauses, until it returns something.
///
/// That takes some microseconds at most: about as long as it would take to fall asleep and be woken.
/// The last pauses leave the processor to other threads. Under loom and shuttle it calls nothing: a model would
/// have to explore every call, and they differ in nothing from the first one that follows.
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub fn spin<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    /// Pauses of 1, 2, 4, ... hints to the processor.
    const HINTED: u32 = 6;
    /// Pauses that yield.
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

/// Calls `attempt` until it returns something: with growing pauses, and then in growing sleeps of up
/// to a millisecond.
///
/// For what is over in a moment, unless the operating system has put somebody aside in the middle of
/// it, and whose end nobody tells.
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

/// Stands behind a store that a [`poll`] may be waiting for. Only loom wants to know.
#[cfg(not(any(ft_loom, ft_shuttle)))]
#[inline(always)]
pub fn polled() {}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// An attempt that succeeds when it is made for the `n`th time.
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

    /// However often that is.
    #[test]
    fn polls_to_the_end() {
        assert_eq!(poll(nth(1)), 1);
        assert_eq!(poll(nth(30)), 30);
    }
}

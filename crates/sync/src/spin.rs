//! Looking a few times before lying down to sleep.

/// Calls `attempt` a few times, with growing pauses, until it returns something.
///
/// That takes some microseconds at most: about as long as it would take to fall asleep and be woken.
/// The last pauses leave the processor to other threads. Under loom and shuttle it calls nothing: a model would
/// have to explore every call, and they differ in nothing from the first one that follows.
#[cfg(not(any(loom, shuttle)))]
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

/// Calls nothing.
#[cfg(any(loom, shuttle))]
pub fn spin<T>(_attempt: impl FnMut() -> Option<T>) -> Option<T> {
    None
}

/// Calls `attempt` until it returns something: with growing pauses, and then in growing sleeps of up
/// to a millisecond.
///
/// For what is over in a moment, unless the operating system has put somebody aside in the middle of
/// it, and whose end nobody tells.
#[cfg(not(any(loom, shuttle)))]
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

/// Calls `attempt` until it returns something, giving way to others in between.
#[cfg(any(loom, shuttle))]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        crate::thread::yield_now();
    }
}

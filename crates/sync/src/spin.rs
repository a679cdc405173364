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

/// Stands behind a store that a [`poll`] may be waiting for. Only loom wants to know.
#[cfg(not(loom))]
#[inline(always)]
pub fn polled() {}

/// Calls `attempt` until it returns something, giving way to others in between.
#[cfg(shuttle)]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        crate::thread::yield_now();
    }
}

/// Waits until `attempt` returns something, asleep: loom cannot tell that two threads that look again
/// and again wait for a third one.
#[cfg(loom)]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    // Relaxed, here and below: no part of the model, whose threads all run on this one.
    POLLED.pollers.fetch_add(1, Relaxed);
    let done = loop {
        if let Some(done) = attempt() {
            break done;
        }
        // The next look sees no store that is older than those which this one saw.
        crate::thread::yield_now();
        let turn = POLLED.turn.lock().unwrap();
        if let Some(done) = attempt() {
            break done;
        }
        drop(POLLED.changed.wait(turn).unwrap());
    };
    POLLED.pollers.fetch_sub(1, Relaxed);
    done
}

/// Wakes all that [`poll`], after a store that they may be waiting for. It orders nothing for those
/// who do not: that would hide what the store does not order itself.
#[cfg(loom)]
pub fn polled() {
    if POLLED.pollers.load(Relaxed) > 0 {
        drop(POLLED.turn.lock().unwrap());
        POLLED.changed.notify_all();
    }
}

#[cfg(loom)]
#[derive(Default)]
struct Polled {
    /// A std atomic on purpose: the model knows nothing of it.
    pollers: std::sync::atomic::AtomicUsize,
    turn: crate::Mutex<()>,
    changed: crate::Condvar,
}

#[cfg(loom)]
use std::sync::atomic::Ordering::Relaxed;

#[cfg(loom)]
loom::lazy_static! {
    static ref POLLED: Polled = Polled::default();
}

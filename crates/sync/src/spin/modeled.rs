//! Looking under loom and shuttle.

#[cfg(loom)]
use std::sync::atomic::Ordering::Relaxed;

/// Calls nothing.
pub fn spin<T>(_attempt: impl FnMut() -> Option<T>) -> Option<T> {
    None
}

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

/// Nobody sleeps.
#[cfg(shuttle)]
#[inline(always)]
pub fn polled() {}

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
loom::lazy_static! {
    static ref POLLED: Polled = Polled::default();
}

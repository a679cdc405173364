//! Looking under loom and shuttle.

#[cfg(ft_loom)]
use std::sync::atomic::Ordering::Relaxed;

/// Calls nothing.
pub fn spin<T>(_attempt: impl FnMut() -> Option<T>) -> Option<T> {
    None
}

/// Calls `attempt` until it returns something, giving way to others in between.
#[cfg(ft_shuttle)]
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
#[cfg(ft_loom)]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    // Relaxed, here and below: no part of the model, whose threads all run on this one.
    POLLED.pollers.fetch_add(1, Relaxed);
    let done = loop {
        if let Some(done) = attempt() {
            break done;
        }
        let woken = *POLLED.woken.lock().unwrap();
        // A look after a yield sees no store that was seen before it, and none that is older. More than
        // this many old ones are never there in our models: there would be a deadlock.
        let again = (0..3).find_map(|_| {
            crate::thread::yield_now();
            attempt()
        });
        if let Some(done) = again {
            break done;
        }
        let mut now = POLLED.woken.lock().unwrap();
        while *now == woken {
            now = POLLED.changed.wait(now).unwrap();
        }
    };
    POLLED.pollers.fetch_sub(1, Relaxed);
    done
}

/// Nobody sleeps.
#[cfg(ft_shuttle)]
#[inline(always)]
pub fn polled() {}

/// Wakes all that [`poll`], after a store that they may be waiting for. It orders nothing for those
/// who do not: that would hide what the store does not order itself.
#[cfg(ft_loom)]
pub fn polled() {
    if POLLED.pollers.load(Relaxed) > 0 {
        *POLLED.woken.lock().unwrap() += 1;
        POLLED.changed.notify_all();
    }
}

#[cfg(ft_loom)]
#[derive(Default)]
struct Polled {
    /// A std atomic on purpose: the model knows nothing of it.
    pollers: std::sync::atomic::AtomicUsize,
    /// How often those who sleep were woken.
    woken: crate::Mutex<usize>,
    changed: crate::Condvar,
}

#[cfg(ft_loom)]
loom::lazy_static! {
    static ref POLLED: Polled = Polled::default();
}

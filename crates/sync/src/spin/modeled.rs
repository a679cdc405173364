//! Spinning and polling under loom and shuttle.

#[cfg(ft_loom)]
use std::sync::atomic::Ordering::Relaxed;

/// Calls nothing.
pub fn spin<T>(_attempt: impl FnMut() -> Option<T>) -> Option<T> {
    None
}

/// Calls `attempt` until it returns a value, and lets other threads run in between.
#[cfg(ft_shuttle)]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        crate::thread::yield_now();
    }
}

/// Sleeps until `attempt` returns a value. It cannot look again and again: loom does not notice
/// that two threads that do so are waiting for a third one.
#[cfg(ft_loom)]
pub fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    // Relaxed, here and below: this is not part of the model, and all threads of a model run on one
    // system thread.
    POLLED.pollers.fetch_add(1, Relaxed);
    let done = loop {
        if let Some(done) = attempt() {
            break done;
        }
        let woken = *POLLED.woken.lock().unwrap();
        // A look after a yield sees neither a store that was seen before nor an older one. Our
        // models never have more than this many old stores; if one had, it would deadlock.
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

/// Nobody sleeps under shuttle.
#[cfg(ft_shuttle)]
#[inline(always)]
pub fn polled() {}

/// Wakes all threads that are in [`poll`], after a store that they may be waiting for. It orders
/// nothing for other threads: that would hide a missing ordering of the store.
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
    /// This is std's atomic on purpose: the model does not see it.
    pollers: std::sync::atomic::AtomicUsize,
    /// How often the sleeping threads were woken.
    woken: crate::Mutex<usize>,
    changed: crate::Condvar,
}

#[cfg(ft_loom)]
loom::lazy_static! {
    static ref POLLED: Polled = Polled::default();
}

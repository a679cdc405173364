//! The place of a thread: the number of the stripe to which it adds, in all counters.

use ft_sync::{ThreadToken, thread_local};
use std::cell::Cell;

thread_local! {
    /// 0 if the thread has no place yet.
    static PLACE: Cell<usize> = const { Cell::new(0) };
}

/// Returns the place of the calling thread. It can be called while the thread is ending.
#[inline]
pub(crate) fn current() -> usize {
    PLACE.with(|place| match place.get() {
        0 => first(place),
        number => number,
    })
}

/// Threads that begin one after the other have neighboring tokens, and so do not meet.
#[cold]
fn first(place: &Cell<usize>) -> usize {
    place.set(ThreadToken::current().get() as usize);
    place.get()
}

/// Gives the calling thread another place.
#[cold]
pub(crate) fn move_on() {
    // Marsaglia's xorshift, which goes through all numbers but 0. Threads that have met have different
    // numbers, so they part, although they had the same stripe.
    PLACE.with(|place| {
        let mut number = place.get();
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        place.set(number);
    });
}

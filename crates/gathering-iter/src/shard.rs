//! The values of some of the keys, and the notes of threads that wait for one of these keys.

use ft_sync::{Arc, Event};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// What happens to a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A value is inserted.
    Arrival,
    /// A draining reader takes the value, as the first one that comes to this key.
    Departure,
}

pub(crate) struct Shard<V> {
    pub(crate) values: HashMap<u64, V, BuildHasherDefault<KeyHasher>>,
    /// It is empty unless a thread waits, so that a change without waiters costs one look at a
    /// length.
    waiting: Vec<Waiting>,
}

struct Waiting {
    key: u64,
    what: What,
    event: Arc<Event>,
}

impl<V> Shard<V> {
    pub(crate) fn new() -> Self {
        Self {
            values: HashMap::default(),
            waiting: Vec::new(),
        }
    }

    /// Leaves a note: `event` is notified once when that happens to the key.
    pub(crate) fn ask(&mut self, key: u64, what: What, event: &Arc<Event>) {
        let asked = |w: &Waiting| w.key == key && w.what == what && Arc::ptr_eq(&w.event, event);
        if !self.waiting.iter().any(asked) {
            let event = Arc::clone(event);
            self.waiting.push(Waiting { key, what, event });
        }
    }

    /// Removes all notes with this event.
    pub(crate) fn withdraw(&mut self, event: &Arc<Event>) {
        self.waiting.retain(|w| !Arc::ptr_eq(&w.event, event));
    }

    /// Removes the notes about what has happened to the key, and returns the events to notify once
    /// the shard is unlocked.
    #[inline]
    pub(crate) fn happened(&mut self, key: u64, what: What) -> Signals {
        if self.waiting.is_empty() {
            Signals(Vec::new())
        } else {
            self.asked(|w| w.key == key && w.what == what)
        }
    }

    /// Removes all notes, because gathering has ended, and returns their events.
    pub(crate) fn ended(&mut self) -> Signals {
        self.asked(|_| true)
    }

    #[cold]
    fn asked(&mut self, is_meant: impl Fn(&Waiting) -> bool) -> Signals {
        let waiting = std::mem::take(&mut self.waiting);
        let (meant, others) = waiting.into_iter().partition(is_meant);
        self.waiting = others;
        Signals(meant)
    }
}

/// Events that are still to be notified.
#[must_use = "they wait for it"]
pub(crate) struct Signals(Vec<Waiting>);

impl Signals {
    #[inline]
    pub(crate) fn give(self) {
        for waiting in self.0 {
            waiting.event.notify_all();
        }
    }
}

/// Spreads a key over 64 bits, and does nothing else. That is needed because within a shard the low
/// bits of all keys are the same.
///
/// It is the folded multiplication of wyhash (Wang Yi) and similar hashes. The factor consists of
/// bits of pi.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    #[inline]
    fn write_u64(&mut self, key: u64) {
        let product = u128::from(key) * 0x1319_8a2e_0370_7345;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

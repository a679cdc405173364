//! The notes of threads that wait for something to happen to a key.

use std::collections::BTreeMap;

use ft_sync::{Arc, Event};

/// What happens to a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A value is inserted.
    Arrival,
    /// A draining reader takes the value, as the first one that comes to this key.
    Departure,
}

/// Notes by key. No list in it is empty.
pub(crate) struct Notes(BTreeMap<u64, Vec<Note>>);

struct Note {
    what: What,
    event: Arc<Event>,
}

impl Notes {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Leaves a note: `event` is notified once when that happens to the key.
    pub(crate) fn ask(&mut self, key: u64, what: What, event: &Arc<Event>) {
        let notes = self.0.entry(key).or_default();
        let asked = |note: &Note| note.what == what && Arc::ptr_eq(&note.event, event);
        if !notes.iter().any(asked) {
            let event = Arc::clone(event);
            notes.push(Note { what, event });
        }
    }

    /// Removes the notes about a key that have this event.
    pub(crate) fn withdraw(&mut self, key: u64, event: &Arc<Event>) {
        if let Some(notes) = self.0.get_mut(&key) {
            notes.retain(|note| !Arc::ptr_eq(&note.event, event));
            if notes.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    /// Returns whether there are notes about a key.
    pub(crate) fn has(&self, key: u64) -> bool {
        self.0.contains_key(&key)
    }

    /// Removes the notes about what has happened to the key, and returns the events to notify once
    /// all is unlocked.
    pub(crate) fn happened(&mut self, key: u64, what: What) -> Signals {
        let Some(notes) = self.0.remove(&key) else {
            return Signals(Vec::new());
        };
        let (meant, others): (Vec<_>, Vec<_>) =
            notes.into_iter().partition(|note| note.what == what);
        if !others.is_empty() {
            self.0.insert(key, others);
        }
        Signals(meant)
    }

    /// Removes all notes, because gathering has ended, and returns their events.
    pub(crate) fn ended(&mut self) -> Signals {
        let notes = std::mem::take(&mut self.0);
        Signals(notes.into_values().flatten().collect())
    }
}

/// Events that are still to be notified.
#[must_use = "they wait for it"]
pub(crate) struct Signals(Vec<Note>);

impl Signals {
    #[inline]
    pub(crate) fn give(self) {
        for note in self.0 {
            note.event.notify_all();
        }
    }
}

//! The list of waiting computations. It detects that computations would wait for each other.
//!
//! When a party is about to wait for a flight, it enters itself in a list that all
//! computations of a process share. Under the lock of that list it checks whether the leader of the flight is
//! waiting as well, for which flight, and so on. If this chain leads back to the party itself, the
//! party gets an error and does not wait. If several parties close such a circle at the same time,
//! exactly the last one to be entered gets the error.

use crate::{flight::Flight, party::Party};
use ft_sync::{Arc, Mutex, PerProcess};
use std::{any::Any, error::Error, fmt, sync::PoisonError};

/// A name by which a waiting party wants to be known: a key, for example.
///
/// Clones share the same note.
#[derive(Clone)]
// This is std's `Arc` on purpose: loom's cannot hold a value of any type, and nothing in the models
// depends on it.
pub struct Note(std::sync::Arc<dyn Any + Send + Sync>);

/// The wait of a party for a [`Flight`]. It lasts from [`begin`](Self::begin) until it is dropped.
#[derive(Debug)]
pub struct Waiting {
    party: Party,
    flight: Arc<Flight>,
}

/// The error for a wait that would never end: the leader waits for the very party that wants to
/// wait.
#[derive(Debug)]
pub struct Deadlock {
    notes: Vec<Note>,
}

struct Wait {
    party: Party,
    flight: Arc<Flight>,
    note: Note,
}

/// A flight that the search for a circle has reached.
struct Reached<'a> {
    flight: &'a Arc<Flight>,
    /// The wait that led to this flight, and the place of the flight before it.
    by: Option<(&'a Wait, usize)>,
}

type Waits = PerProcess<Mutex<Vec<Wait>>>;

impl Note {
    /// Creates a note from any value.
    pub fn new(note: impl Any + Send + Sync) -> Self {
        Self(std::sync::Arc::new(note))
    }

    /// Returns the value of the note, if it is of this type.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note").finish_non_exhaustive()
    }
}

impl Waiting {
    /// Registers that `party`, which belongs to the calling thread, waits for `flight`.
    ///
    /// # Errors
    ///
    /// [`Deadlock`], if the leader of the flight waits, directly or through others, for something
    /// that `party` is computing.
    pub fn begin(flight: &Arc<Flight>, party: Party, note: Note) -> Result<Self, Deadlock> {
        let wait = Wait {
            party,
            flight: Arc::clone(flight),
            note,
        };
        locked(|waits| match way_back(waits, flight, party) {
            Some(mut notes) => {
                notes.insert(0, wait.note);
                Err(Deadlock { notes })
            }
            None => {
                waits.push(wait);
                Ok(Self {
                    party,
                    flight: Arc::clone(flight),
                })
            }
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let is_ours =
            |wait: &Wait| wait.party == self.party && Arc::ptr_eq(&wait.flight, &self.flight);
        let ours = locked(|waits| {
            // In the child of a fork the wait is not in the list.
            let place = waits.iter().position(is_ours)?;
            Some(waits.swap_remove(place))
        });
        // The note is dropped here, and not under the lock.
        drop(ours);
    }
}

/// Returns the notes on the way from a flight back to what `party` computes, if there is such a
/// way.
fn way_back(waits: &[Wait], flight: &Arc<Flight>, party: Party) -> Option<Vec<Note>> {
    let mut reached = vec![Reached { flight, by: None }];
    let mut next = 0;
    while let Some(&Reached { flight, .. }) = reached.get(next) {
        // A party that waits for a landed flight is about to go on. A leader lands before it waits
        // again, and we take the lock after it did, so we see that its flight has landed.
        if !flight.has_landed() {
            // Without a leader, a party that waits is about to become it.
            let Some(leader) = flight.leader() else {
                next += 1;
                continue;
            };
            if party.would_stop(leader) {
                return Some(notes_to(&reached, next));
            }
            for wait in waits {
                let is_new = |wait: &Wait| {
                    !(reached.iter()).any(|other| Arc::ptr_eq(other.flight, &wait.flight))
                };
                if wait.party.stops(leader) && is_new(wait) {
                    reached.push(Reached {
                        flight: &wait.flight,
                        by: Some((wait, next)),
                    });
                }
            }
        }
        next += 1;
    }
    None
}

/// Returns the notes of the waits that lead to a place, the first one first.
fn notes_to(reached: &[Reached<'_>], mut place: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    while let Some((wait, before)) = reached[place].by {
        notes.push(wait.note.clone());
        place = before;
    }
    notes.reverse();
    notes
}

/// Calls `f` with all waits of the process, under their lock.
fn locked<R>(f: impl FnOnce(&mut Vec<Wait>) -> R) -> R {
    let waits = all();
    // Nothing panics while this lock is held.
    let mut waits = (waits.get().lock()).unwrap_or_else(PoisonError::into_inner);
    f(&mut waits)
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
fn all() -> &'static Waits {
    static ALL: Waits = Waits::new();
    &ALL
}

/// Each execution of a model has its own list, which is dropped at the end.
#[cfg(any(ft_loom, ft_shuttle))]
fn all() -> std::sync::Arc<Waits> {
    ft_sync::lazy_static! {
        static ref ALL: std::sync::Arc<Waits> = std::sync::Arc::default();
    }
    std::sync::Arc::clone(&ALL)
}

impl Deadlock {
    /// Returns the notes of all parties in the circle, first that of the party that got the error.
    /// Each party computes what the one before it asks for.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.notes.len() {
            1 => f.write_str("the function that computes a value asked for the same value"),
            values => write!(
                f,
                "the functions that compute {values} values ask for each other's"
            ),
        }
    }
}

impl Error for Deadlock {}

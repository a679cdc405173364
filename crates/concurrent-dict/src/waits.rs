//! Who waits for whom, so that computations that would wait for each other find out.
//!
//! A party that is about to wait for a flight is entered in a list, which all dictionaries of a process
//! share. Under the lock of the list it looks whether the leader of the flight waits as well, for
//! what, and so on. If the way comes back to the party itself, it is told, and does not wait. Of
//! those that close such a circle at the same time exactly the last to be entered is told.

use crate::once::Flight;
use ft_sync::{Arc, Mutex, PerProcess, ThreadToken};
use std::{any::Any, error::Error, fmt, sync::PoisonError};

/// Who computes a value, or waits for one: a thread, or a task that shares a thread with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    thread: ThreadToken,
    /// Which of the tasks of the thread; without one, whatever the thread does has to wait.
    task: Option<usize>,
}

/// What somebody who waits wants to be known by: a key, say.
///
/// Clones share it.
#[derive(Clone)]
// Of std on purpose: loom's own cannot hold a value of any type, and nothing in models depends on it.
pub struct Note(std::sync::Arc<dyn Any + Send + Sync>);

/// The wait of a party for a [`Flight`], from [`begin`](Self::begin) until it is dropped.
#[derive(Debug)]
pub struct Waiting {
    party: Party,
    flight: Arc<Flight>,
}

/// The error of a wait that would never end: the leader waits for the very party that wants to wait.
#[derive(Debug)]
pub struct Deadlock {
    notes: Vec<Note>,
}

struct Wait {
    party: Party,
    flight: Arc<Flight>,
    note: Note,
}

/// A flight that is waited for.
struct Reached<'a> {
    flight: &'a Arc<Flight>,
    /// The wait for it, and the place of the flight before it.
    by: Option<(&'a Wait, usize)>,
}

type Waits = PerProcess<Mutex<Vec<Wait>>>;

impl Note {
    /// Creates a note of any kind.
    pub fn new(note: impl Any + Send + Sync) -> Self {
        Self(std::sync::Arc::new(note))
    }

    /// Returns what the note was made of, if it is of this type.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note").finish_non_exhaustive()
    }
}

impl Party {
    /// Returns the calling thread.
    pub fn thread() -> Self {
        Self {
            thread: ThreadToken::current(),
            task: None,
        }
    }

    /// Returns a task that the calling thread runs, which lets others run while it waits.
    ///
    /// No other task of the thread may have the same `id` while this one computes or waits.
    pub fn task(id: usize) -> Self {
        Self {
            thread: ThreadToken::current(),
            task: Some(id),
        }
    }

    /// Tells whether it is a task.
    pub fn is_task(self) -> bool {
        self.task.is_some()
    }

    /// Tells whether the thread of this party is the calling one.
    pub(crate) fn is_here(self) -> bool {
        self.thread == ThreadToken::current()
    }

    /// Tells whether a wait of this party stops the other one.
    fn stops(self, other: Self) -> bool {
        match self.task {
            None => self.thread == other.thread,
            Some(_) => self == other,
        }
    }

    /// Tells the same of a wait that the calling thread is about to begin: what a thread computes is
    /// then further out in its calls, and does not go on before the task is done.
    fn would_stop(self, other: Self) -> bool {
        self.stops(other) || (other.task.is_none() && self.thread == other.thread)
    }
}

impl Waiting {
    /// Tells the others that `party`, which the calling thread runs, waits for `flight`.
    ///
    /// # Errors
    ///
    /// [`Deadlock`], if the leader of the flight waits, directly or through others, for something that
    /// this party is computing.
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
            // It is not there in the child of a fork.
            let place = waits.iter().position(is_ours)?;
            Some(waits.swap_remove(place))
        });
        // The note is not dropped under the lock.
        drop(ours);
    }
}

/// The notes on the way from a flight back to what `party` computes, if there is one.
fn way_back(waits: &[Wait], flight: &Arc<Flight>, party: Party) -> Option<Vec<Note>> {
    let mut reached = vec![Reached { flight, by: None }];
    let mut next = 0;
    while let Some(&Reached { flight, .. }) = reached.get(next) {
        // Who waits for what has landed is about to go on. A leader lands before it waits again, and
        // we have the lock after it, so we see that.
        if !flight.has_landed() {
            if party.would_stop(flight.leader()) {
                return Some(notes_to(&reached, next));
            }
            for wait in waits {
                let is_new = |wait: &Wait| {
                    !(reached.iter()).any(|other| Arc::ptr_eq(other.flight, &wait.flight))
                };
                if wait.party.stops(flight.leader()) && is_new(wait) {
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

/// The notes of the waits that lead to a place, the first one first.
fn notes_to(reached: &[Reached<'_>], mut place: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    while let Some((wait, before)) = reached[place].by {
        notes.push(wait.note.clone());
        place = before;
    }
    notes.reverse();
    notes
}

/// Calls `f` with the waits of the process.
fn locked<R>(f: impl FnOnce(&mut Vec<Wait>) -> R) -> R {
    let waits = all();
    // Nothing panics while it is locked.
    let mut waits = (waits.get().lock()).unwrap_or_else(PoisonError::into_inner);
    f(&mut waits)
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
fn all() -> &'static Waits {
    static ALL: Waits = Waits::new();
    &ALL
}

/// Models drop theirs after each execution.
#[cfg(any(ft_loom, ft_shuttle))]
fn all() -> std::sync::Arc<Waits> {
    ft_sync::lazy_static! {
        static ref ALL: std::sync::Arc<Waits> = std::sync::Arc::default();
    }
    std::sync::Arc::clone(&ALL)
}

impl Deadlock {
    /// Returns the notes of all that would wait in the circle, first the one that was refused. Each
    /// computes what the one before it asks for.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.notes.len() {
            1 => f.write_str("the function that computes a key asked for the same key"),
            keys => write!(
                f,
                "the functions that compute {keys} keys ask for each other's"
            ),
        }
    }
}

impl Error for Deadlock {}

//! The threads and tasks that compute values or wait for them.

use ft_sync::ThreadToken;

/// A party that computes a value, or waits for one: a whole thread, or one of several tasks on a
/// thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    thread: ThreadToken,
    /// Identifies the task within its thread. With `None`, everything that the thread does stops
    /// when the party waits.
    task: Option<usize>,
}

impl Party {
    /// Returns the calling thread as a party.
    pub fn thread() -> Self {
        Self {
            thread: ThreadToken::current(),
            task: None,
        }
    }

    /// Returns a party for a task that runs on the calling thread, and that lets other tasks run
    /// while it waits.
    ///
    /// No other task of the thread may use the same `id` while this one computes or waits.
    pub fn task(id: usize) -> Self {
        Self {
            thread: ThreadToken::current(),
            task: Some(id),
        }
    }

    /// Returns whether the party is a task.
    pub fn is_task(self) -> bool {
        self.task.is_some()
    }

    /// Returns whether this party belongs to the calling thread.
    pub(crate) fn is_here(self) -> bool {
        self.thread == ThreadToken::current()
    }

    /// Returns whether a wait of this party stops the other party.
    pub(crate) fn stops(self, other: Self) -> bool {
        match self.task {
            None => self.thread == other.thread,
            Some(_) => self == other,
        }
    }

    /// Like `stops`, for a wait that the calling thread is about to begin. If a thread as a whole
    /// is computing something, that computation is further out on the call stack of this wait, and
    /// cannot continue before the waiting task is done.
    pub(crate) fn would_stop(self, other: Self) -> bool {
        self.stops(other) || (other.task.is_none() && self.thread == other.thread)
    }
}

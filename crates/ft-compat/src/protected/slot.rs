//! A value, and a record of which thread changed it last.

use super::snapshot::Snapshot;
use ft_sync::ThreadToken;
use std::{mem, sync::Arc};

/// The content of a [`Protected`](super::Protected), under its lock.
pub(super) struct Slot<T> {
    /// The value, until it is first asked for: a value that is created in a constant cannot be
    /// shared.
    first: Option<T>,
    /// The value, once there is no `first`.
    shared: Option<Snapshot<T>>,
    /// How often the value was replaced.
    changes: u64,
    /// The latest change, together with those right before it by the same thread. `None` before any
    /// change.
    run: Option<Run>,
}

/// Successive changes by one thread.
struct Run {
    thread: ThreadToken,
    /// How many changes came before these.
    since: u64,
}

/// Identifies a look at the value by the number of changes before it.
pub(super) struct Seen(u64);

impl<T> Slot<T> {
    pub(super) const fn new(value: T) -> Self {
        Self {
            first: Some(value),
            shared: None,
            changes: 0,
            run: None,
        }
    }

    pub(super) fn current(&mut self) -> &mut Snapshot<T> {
        let first = &mut self.first;
        self.shared.get_or_insert_with(|| {
            Snapshot::new(first.take().expect("the value is in `first` or `shared`"))
        })
    }

    pub(super) fn look(&mut self) -> (Snapshot<T>, Seen) {
        (self.current().clone(), Seen(self.changes))
    }

    pub(super) fn replace(&mut self, new: Snapshot<T>) -> Snapshot<T> {
        let thread = ThreadToken::current();
        if self.run.as_ref().is_none_or(|run| run.thread != thread) {
            let since = self.changes;
            self.run = Some(Run { thread, since });
        }
        self.changes += 1;
        mem::replace(self.current(), new)
    }

    /// Replaces the value, unless another thread has done so since that look; in that case returns
    /// `new`.
    pub(super) fn replace_since(
        &mut self,
        seen: &Seen,
        new: Snapshot<T>,
    ) -> Result<Snapshot<T>, Snapshot<T>> {
        let all_ours = || {
            let thread = ThreadToken::current();
            (self.run.as_ref()).is_some_and(|run| run.thread == thread && run.since <= seen.0)
        };
        if self.changes == seen.0 || all_ours() {
            Ok(self.replace(new))
        } else {
            Err(new)
        }
    }

    /// Returns the value if there is no snapshot of it. While the slot is locked, nobody can get
    /// one.
    pub(super) fn unshared(&mut self) -> Option<&Snapshot<T>> {
        let current = self.current();
        // There are no weak references, which would also count.
        (Arc::strong_count(&current.0) == 1).then_some(current)
    }
}

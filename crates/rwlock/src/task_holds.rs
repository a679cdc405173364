//! The readings that tasks have, per lock.

use ft_sync::{
    Mutex, MutexGuard, TaskToken,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use std::{
    collections::hash_map::{Entry, HashMap},
    sync::PoisonError,
};

/// The readings that tasks have of one lock. Tasks move between threads, so unlike those of threads
/// these are kept with the lock.
#[derive(Debug, Default)]
pub(crate) struct TaskHolds {
    /// How often each task reads; never 0.
    readings: Mutex<HashMap<u64, usize>>,
    /// The number of tasks that read. Changes under the mutex.
    tasks: AtomicUsize,
}

impl TaskHolds {
    /// Returns whether no task reads. A task that reads is told the truth.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: what a task has done before happens before what it does now.
        self.tasks.load(Relaxed) == 0
    }

    /// Adds one reading.
    pub(crate) fn add(&self, task: TaskToken) {
        let mut readings = self.readings();
        *readings.entry(task.get()).or_insert(0) += 1;
        // Relaxed: as in `is_empty`.
        self.tasks.store(readings.len(), Relaxed);
    }

    /// Removes one reading. Returns false if there is none.
    pub(crate) fn remove(&self, task: TaskToken) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut readings = self.readings();
        let Entry::Occupied(mut entry) = readings.entry(task.get()) else {
            return false;
        };
        *entry.get_mut() -= 1;
        if *entry.get() == 0 {
            entry.remove();
            // Relaxed: as in `is_empty`.
            self.tasks.store(readings.len(), Relaxed);
        }
        true
    }

    /// Returns whether there is a reading.
    pub(crate) fn contains(&self, task: TaskToken) -> bool {
        !self.is_empty() && self.readings().contains_key(&task.get())
    }

    fn readings(&self) -> MutexGuard<'_, HashMap<u64, usize>> {
        // A panic leaves the readings as they were: it can only come from allocating.
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

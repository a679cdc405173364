//! Every operation of a container beside every other, itself included, with items that loom watches.

use crate::check;
use ft_sync::{Arc, UnsafeCell, thread};
use std::cmp::Ordering;

/// An item that two threads may not even read at the same time: each use changes a cell, as a type may do that is
/// `Send` and not `Sync`. Loom reports two changes of which neither happens before the other.
pub struct Watched(UnsafeCell<usize>);

impl Watched {
    /// Creates an item.
    pub fn new(number: usize) -> Self {
        Self(UnsafeCell::new(number))
    }

    fn touch(&self) -> usize {
        // SAFETY: none: that no other thread is at it is what loom checks.
        self.0.with_mut(|number| unsafe {
            *number += 0;
            *number
        })
    }
}

impl Clone for Watched {
    fn clone(&self) -> Self {
        Self::new(self.touch())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.touch();
    }
}

impl PartialEq for Watched {
    fn eq(&self, other: &Self) -> bool {
        self.touch() == other.touch()
    }
}

impl Eq for Watched {}

impl PartialOrd for Watched {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Watched {
    fn cmp(&self, other: &Self) -> Ordering {
        self.touch().cmp(&other.touch())
    }
}

/// An item that many threads may read at the same time: cloning it reads a cell, and dropping it changes the cell.
pub struct Shown(UnsafeCell<usize>);

impl Shown {
    /// Creates an item.
    pub fn new(number: usize) -> Self {
        Self(UnsafeCell::new(number))
    }

    /// Changes the number.
    pub fn set(&mut self, number: usize) {
        // SAFETY: `&mut self`.
        self.0.with_mut(|place| unsafe { *place = number });
    }
}

impl Clone for Shown {
    fn clone(&self) -> Self {
        // SAFETY: none: that no other thread changes it is what loom checks.
        Self::new(self.0.with(|number| unsafe { *number }))
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// A name, and what it does.
pub type Operation<C> = (&'static str, fn(&C));

/// Explores every pair of operations, one on each of two threads, on a new container each time.
pub fn each_pair<C: 'static>(make: fn() -> C, operations: &[Operation<C>]) {
    for (place, &(first, ours)) in operations.iter().enumerate() {
        for &(second, theirs) in &operations[place..] {
            println!("{first} beside {second}");
            check(move || {
                let shared = Arc::new(make());
                let other = Arc::clone(&shared);
                let other = thread::spawn(move || theirs(&other));
                ours(&shared);
                other.join().unwrap();
            });
        }
    }
}

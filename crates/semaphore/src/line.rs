//! The waiters, in the order in which they came.

use std::{iter, mem, process, task::Waker};

/// No place: marks the end of a list.
const NONE: usize = usize::MAX;

/// A line in which joining, leaving from anywhere and serving the first take constant time: a
/// doubly linked list whose nodes are places in a vector.
///
/// A waiter that has been served is out of the line, but keeps its place until it gives it up.
pub(crate) struct Line {
    places: Vec<Place>,
    first: usize,
    last: usize,
    /// The number of waiters in line.
    len: usize,
    /// The first vacant place. Vacant places are linked through `next`.
    vacant: usize,
    /// The process to which the waiters in line belong.
    process: u32,
}

struct Place {
    standing: Standing,
    /// Wakes the holder. It is `Some` while the holder is in line.
    waker: Option<Waker>,
    prev: usize,
    next: usize,
}

/// The state of the holder of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In line.
    Waiting,
    /// Served, and out of the line.
    Served,
    /// Out of the line, because this process is a child of the one in which it waited.
    Forgotten,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            places: Vec::new(),
            first: NONE,
            last: NONE,
            len: 0,
            vacant: NONE,
            process: process::id(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Joins at the end, and returns the place.
    pub(crate) fn join(&mut self, waker: Waker) -> usize {
        let place = Place {
            standing: Standing::Waiting,
            waker: Some(waker),
            prev: self.last,
            next: NONE,
        };
        let index = match self.vacant {
            NONE => {
                self.places.push(place);
                self.places.len() - 1
            }
            vacant => {
                self.vacant = mem::replace(&mut self.places[vacant], place).next;
                vacant
            }
        };
        match self.last {
            NONE => self.first = index,
            last => self.places[last].next = index,
        }
        self.last = index;
        self.len += 1;
        index
    }

    /// Serves the first in line, if there is one, and returns its waker.
    pub(crate) fn serve(&mut self) -> Option<Waker> {
        self.dismiss_first(Standing::Served)
    }

    /// In a child of the process to which the waiters belong, forgets them, because most of them
    /// are threads that do not exist here. Returns their wakers.
    pub(crate) fn forget_ancestors(&mut self) -> Vec<Waker> {
        let process = process::id();
        if mem::replace(&mut self.process, process) == process {
            return Vec::new();
        }
        iter::from_fn(|| self.dismiss_first(Standing::Forgotten)).collect()
    }

    /// Returns the state of the holder of a place.
    pub(crate) fn standing(&self, index: usize) -> Standing {
        self.places[index].standing
    }

    /// Replaces the waker of a waiter, and returns the old one.
    pub(crate) fn replace_waker(&mut self, index: usize, waker: Waker) -> Option<Waker> {
        self.places[index].waker.replace(waker)
    }

    /// Gives up a place. Returns the waker of its holder if the holder was still in line.
    pub(crate) fn leave(&mut self, index: usize) -> Option<Waker> {
        if self.places[index].standing == Standing::Waiting {
            self.unlink(index);
        }
        let place = &mut self.places[index];
        place.next = mem::replace(&mut self.vacant, index);
        place.waker.take()
    }

    fn dismiss_first(&mut self, standing: Standing) -> Option<Waker> {
        let index = self.first;
        if index == NONE {
            return None;
        }
        self.unlink(index);
        let place = &mut self.places[index];
        place.standing = standing;
        place.waker.take()
    }

    fn unlink(&mut self, index: usize) {
        let Place { prev, next, .. } = self.places[index];
        match prev {
            NONE => self.first = next,
            prev => self.places[prev].next = next,
        }
        match next {
            NONE => self.last = prev,
            next => self.places[next].prev = prev,
        }
        self.len -= 1;
    }
}

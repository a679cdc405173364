//! Those who wait, in the order in which they came.

use std::{iter, mem, process, task::Waker};

/// No place: the end of a list.
const NONE: usize = usize::MAX;

/// A line in which joining, leaving from anywhere and serving the first take constant time: a doubly
/// linked list whose nodes are places in a vector.
///
/// Who is served stays at its place, out of the line, until it gives the place up.
pub(crate) struct Line {
    places: Vec<Place>,
    first: usize,
    last: usize,
    /// How many are in line.
    len: usize,
    /// The first of the vacant places, which are linked through `next`.
    vacant: usize,
    /// The process that those in line belong to.
    process: u32,
}

struct Place {
    standing: Standing,
    /// Wakes the holder; there while it is in line.
    waker: Option<Waker>,
    prev: usize,
    next: usize,
}

/// How the holder of a place stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In line.
    Waiting,
    /// Served, and out of the line.
    Served,
    /// Out of the line, because this is a child of the process that it waited in.
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

    /// Joins at the end; returns the place.
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

    /// In a child of the process that those in line belong to, forgets them, for most of them are
    /// threads that do not exist here. Returns their wakers.
    pub(crate) fn forget_ancestors(&mut self) -> Vec<Waker> {
        let process = process::id();
        if mem::replace(&mut self.process, process) == process {
            return Vec::new();
        }
        iter::from_fn(|| self.dismiss_first(Standing::Forgotten)).collect()
    }

    /// Tells how the holder of a place stands.
    pub(crate) fn standing(&self, index: usize) -> Standing {
        self.places[index].standing
    }

    /// Replaces the waker of somebody who waits; returns the old one.
    pub(crate) fn replace_waker(&mut self, index: usize, waker: Waker) -> Option<Waker> {
        self.places[index].waker.replace(waker)
    }

    /// Gives a place up; returns the waker of its holder, if that was still in line.
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

//! A line of waiters, in the order in which they came.

use crate::process_id;
use std::{iter, mem, task::Waker};

/// No place: marks the end of a list.
const NONE: usize = usize::MAX;

/// A line of threads and tasks that wait to be served, first come, first served.
///
/// A primitive keeps its line under a mutex. Joining, leaving from anywhere and serving the first
/// take constant time: the line is a doubly linked list whose nodes are places in a vector.
///
/// A waiter that has been served is out of the line, but keeps its place, with a verdict for it,
/// until it gives the place up. Wakers are never called or dropped here: methods return them, to be
/// called or dropped after the mutex has been unlocked.
///
/// ```
/// use ft_sync::{Line, Standing};
/// use std::task::Waker;
///
/// let mut line = Line::new();
/// let (first, second) = (line.join(Waker::noop().clone()), line.join(Waker::noop().clone()));
/// let (served, waker) = line.serve("come in").unwrap();
/// waker.wake();
/// assert_eq!((served, line.first()), (first, Some(second)));
/// assert_eq!(line.standing(first), Standing::Served("come in"));
/// assert_eq!(line.standing(second), Standing::Waiting);
/// line.leave(first);
/// line.leave(second);
/// assert!(line.is_empty());
/// ```
#[derive(Debug)]
pub struct Line<V> {
    places: Vec<Place<V>>,
    first: usize,
    last: usize,
    /// The number of waiters in line.
    len: usize,
    /// The first vacant place. Vacant places are linked through `next`.
    vacant: usize,
    /// The process to which the waiters in line belong.
    process: u32,
}

#[derive(Debug)]
struct Place<V> {
    standing: Standing<V>,
    /// Wakes the holder. It is `Some` while the holder is in line.
    waker: Option<Waker>,
    prev: usize,
    next: usize,
}

/// The state of the holder of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<V> {
    /// In line.
    Waiting,
    /// Served, with this verdict, and out of the line.
    Served(V),
    /// Out of the line, because this process is a child of the one in which it waited.
    Forgotten,
}

impl<V: Copy> Line<V> {
    /// Creates an empty line.
    pub fn new() -> Self {
        Self {
            places: Vec::new(),
            first: NONE,
            last: NONE,
            len: 0,
            vacant: NONE,
            process: process_id(),
        }
    }

    /// Returns the number of waiters in line.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether nobody is in line.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Joins at the end, and returns the place.
    pub fn join(&mut self, waker: Waker) -> usize {
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

    /// Returns the place of the first in line, if there is one.
    pub fn first(&self) -> Option<usize> {
        (self.first != NONE).then_some(self.first)
    }

    /// Serves the first in line, if there is one, and returns its place and its waker.
    pub fn serve(&mut self, verdict: V) -> Option<(usize, Waker)> {
        self.dismiss_first(Standing::Served(verdict))
    }

    /// Changes the verdict for a waiter that has been served.
    pub fn change_verdict(&mut self, place: usize, verdict: V) {
        self.places[place].standing = Standing::Served(verdict);
    }

    /// In a child of the process to which the waiters belong, forgets those in line, because most of
    /// them are threads that do not exist here. Returns their wakers; otherwise returns `None`.
    pub fn forget_ancestors(&mut self) -> Option<Vec<Waker>> {
        let process = process_id();
        if mem::replace(&mut self.process, process) == process {
            return None;
        }
        let forget = || Some(self.dismiss_first(Standing::Forgotten)?.1);
        Some(iter::from_fn(forget).collect())
    }

    /// Returns the state of the holder of a place.
    pub fn standing(&self, place: usize) -> Standing<V> {
        self.places[place].standing
    }

    /// Replaces the waker of a waiter, and returns the old one.
    pub fn replace_waker(&mut self, place: usize, waker: Waker) -> Option<Waker> {
        self.places[place].waker.replace(waker)
    }

    /// Gives up a place. Returns the waker of its holder if the holder was still in line.
    pub fn leave(&mut self, place: usize) -> Option<Waker> {
        if let Standing::Waiting = self.places[place].standing {
            self.unlink(place);
        }
        let left = &mut self.places[place];
        left.next = mem::replace(&mut self.vacant, place);
        left.waker.take()
    }

    fn dismiss_first(&mut self, standing: Standing<V>) -> Option<(usize, Waker)> {
        let index = self.first;
        if index == NONE {
            return None;
        }
        self.unlink(index);
        let place = &mut self.places[index];
        place.standing = standing;
        let waker = place.waker.take();
        Some((index, waker.expect("a waiter in line has a waker")))
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

impl<V: Copy> Default for Line<V> {
    fn default() -> Self {
        Self::new()
    }
}

//! Who waits for permits, and for how many.

use ft_sync::{Line, Standing};
use std::task::Waker;

/// The part of a semaphore that is under its mutex.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    line: Line<()>,
    /// How many permits the holder of each place wants.
    wanted: Vec<usize>,
    /// The free permits, while there is a queue. They are too few for the first in line.
    pub(crate) saved: usize,
    /// How many more permits are out than the limit allows. Then none is saved.
    pub(crate) owed: usize,
}

/// The wakers of those who were served, to be called after the mutex has been unlocked.
#[derive(Default)]
#[must_use]
pub(crate) struct Served {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Queue {
    /// Returns whether permits must be counted here, and not in the word.
    pub(crate) fn is_needed(&self) -> bool {
        self.owed > 0 || !self.line.is_empty()
    }

    /// Adds permits, which pay what is owed first.
    pub(crate) fn add(&mut self, permits: usize) {
        let paid = permits.min(self.owed);
        self.owed -= paid;
        self.saved += permits - paid;
    }

    /// Takes permits away, or owes them.
    pub(crate) fn remove(&mut self, permits: usize) {
        let found = permits.min(self.saved);
        self.saved -= found;
        self.owed += permits - found;
    }

    /// Serves those at the head of the line for whom there are enough permits.
    pub(crate) fn serve(&mut self) -> Served {
        let mut served = Served::default();
        while let Some(first) = self.line.first() {
            let wanted = self.wanted[first];
            if wanted > self.saved {
                break;
            }
            self.saved -= wanted;
            if let Some((_, waker)) = self.line.serve(()) {
                match &mut served.first {
                    none @ None => *none = Some(waker),
                    Some(_) => served.others.push(waker),
                }
            }
        }
        served
    }

    /// Joins the line, and returns the place.
    pub(crate) fn join(&mut self, wanted: usize, waker: Waker) -> usize {
        let place = self.line.join(waker);
        if place == self.wanted.len() {
            self.wanted.push(wanted);
        } else {
            self.wanted[place] = wanted;
        }
        place
    }

    pub(crate) fn standing(&self, place: usize) -> Standing<()> {
        self.line.standing(place)
    }

    pub(crate) fn replace_waker(&mut self, place: usize, waker: Waker) -> Option<Waker> {
        self.line.replace_waker(place, waker)
    }

    /// Gives up a place. Returns the waker of its holder if the holder was still in line.
    pub(crate) fn leave(&mut self, place: usize) -> Option<Waker> {
        self.line.leave(place)
    }

    /// See [`Line::forget_ancestors`].
    pub(crate) fn forget_ancestors(&mut self) -> Option<Vec<Waker>> {
        self.line.forget_ancestors()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.line.len()
    }
}

impl Served {
    pub(crate) fn wake(self) {
        self.first.into_iter().for_each(Waker::wake);
        self.others.into_iter().for_each(Waker::wake);
    }
}

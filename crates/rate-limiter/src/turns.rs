//! The line of those that wait for permits. Only the first of them looks at the clock.

use ft_sync::{
    Line, Mutex, MutexGuard, Signal, Standing,
    atomic::{AtomicBool, Ordering::Relaxed},
};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Whose turn it is, and who comes after.
pub(crate) struct Turns {
    /// Whether it is someone's turn. Changes under the mutex.
    taken: AtomicBool,
    /// Those whose turn it is not. Empty if it is nobody's turn.
    line: Mutex<Line<()>>,
}

/// The turn. Dropping it passes it on.
pub(crate) struct Turn<'a>(&'a Turns);

/// A future of the turn.
pub(crate) struct Queued<'a> {
    turns: &'a Turns,
    /// It is `Some` from the first look until the turn comes.
    place: Option<usize>,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            line: Mutex::new(Line::new()),
        }
    }

    /// Returns whether someone waits. It may say yes in the child of a fork if someone waited in the
    /// parent.
    #[inline]
    pub(crate) fn may_be_taken(&self) -> bool {
        // Relaxed: the result may be outdated as soon as it is returned, and orders nothing.
        self.taken.load(Relaxed)
    }

    /// Returns whether someone waits.
    pub(crate) fn are_taken(&self) -> bool {
        let _line = self.lock();
        // Relaxed: it changes under the mutex.
        self.taken.load(Relaxed)
    }

    /// Returns the number of those that wait, including the one whose turn it is.
    pub(crate) fn waiting(&self) -> usize {
        let line = self.lock();
        // Relaxed: it changes under the mutex.
        line.len() + usize::from(self.taken.load(Relaxed))
    }

    pub(crate) fn queue(&self) -> Queued<'_> {
        Queued {
            turns: self,
            place: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line<()>> {
        loop {
            let mut line = self.line.lock().unwrap();
            let Some(forgotten) = line.forget_ancestors() else {
                return line;
            };
            // Relaxed: it changes under the mutex.
            self.taken.store(false, Relaxed);
            // Unlock before the wakers are dropped.
            drop(line);
            drop(forgotten);
        }
    }
}

impl<'a> Turn<'a> {
    /// Returns a turn that is not waited for any more, so that the waker is dropped. If that panics,
    /// the turn is passed on.
    fn without(waker: Waker, turns: &'a Turns) -> Self {
        let turn = Self(turns);
        drop(waker);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut line = self.0.lock();
        let next = line.serve(());
        // Relaxed: it changes under the mutex.
        self.0.taken.store(next.is_some(), Relaxed);
        drop(line);
        if let Some((_, waker)) = next {
            waker.wake();
        }
    }
}

impl<'a> Queued<'a> {
    /// Waits for the turn until the deadline.
    pub(crate) fn wait_deadline(&mut self, deadline: Option<Instant>) -> Option<Turn<'a>> {
        let served = Arc::new(Signal::new());
        let turn = self.look(Waker::from(Arc::clone(&served)));
        turn.or_else(|| {
            served.wait_deadline(deadline);
            self.look(Waker::from(served))
        })
    }

    /// Returns the turn if it has come. Otherwise `waker` will be woken when it does.
    fn look(&mut self, waker: Waker) -> Option<Turn<'a>> {
        let turns = self.turns;
        let mut line = turns.lock();
        if let Some(place) = self.place {
            let standing = line.standing(place);
            if standing == Standing::Waiting {
                let old = line.replace_waker(place, waker);
                drop(line);
                drop(old);
                return None;
            }
            line.leave(place);
            self.place = None;
            if standing == Standing::Served(()) {
                drop(line);
                return Some(Turn::without(waker, turns));
            }
        }
        // Relaxed: it changes under the mutex.
        if turns.taken.swap(true, Relaxed) {
            self.place = Some(line.join(waker));
            return None;
        }
        drop(line);
        Some(Turn::without(waker, turns))
    }
}

impl<'a> Future for Queued<'a> {
    type Output = Turn<'a>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn<'a>> {
        let turn = self.get_mut().look(cx.waker().clone());
        turn.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut line = self.turns.lock();
        let standing = line.standing(place);
        let waker = line.leave(place);
        drop(line);
        drop(waker);
        if standing == Standing::Served(()) {
            drop(Turn(self.turns));
        }
    }
}

//! The lock of a shard: readers write nothing that they share.

use crate::readers::{self, Announced};
use ft_sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};
use std::mem;

/// A writer has the lock. Never together with another bit.
const WRITING: usize = 0b001;
/// A writer is next: it waits for the readers that are there, and no more come.
const PENDING: usize = 0b010;
/// The rest counts the readers that could not announce themselves.
const READER: usize = 0b100;

/// A lock that one writer has, or any number of readers.
///
/// A reader says in its thread's slot that it is here, and looks whether a writer is. A writer sets
/// its bit, and waits for the readers whose slots say that they are here. A reader that sees the bit
/// takes its word back.
///
/// A thread has one slot, so a reader inside of another reader cannot announce itself. If it reads
/// under the same lock, it is covered by the outer one. If not, it counts itself in the lock. A writer
/// that still waits for readers may be waiting, by way of others, for the outer one; so when it is
/// asked to, it gives way, and is next. So readers inside of readers always get on, to any depth.
///
/// It is held for some instructions. Who has to wait looks again and again, with [`ft_sync::poll`],
/// so that giving it up is a plain store: that and the exchange that takes it would otherwise be
/// half of the cost of an overwrite.
#[derive(Default)]
pub(crate) struct Lock {
    state: AtomicUsize,
    /// How many readers ask the writer to give way.
    asking: AtomicUsize,
}

/// A reader's hold on a lock: one of these, or both, or none, if an outer reader of the same thread
/// has it covered.
pub(crate) struct Reading<'a> {
    // Dropped in this order.
    _announced: Option<Announced>,
    _counted: Option<Counted<'a>>,
}

/// One of the readers that a lock counts.
pub(crate) struct Counted<'a>(&'a Lock);

/// A writer's hold on a lock.
pub(crate) struct Locked<'a>(&'a Lock);

/// A writer's right to have the lock next.
struct Turn<'a>(&'a Lock);

/// What a writer has while it looks for readers.
enum Hold<'a> {
    Locked(Locked<'a>),
    Turn(Turn<'a>),
}

impl Lock {
    /// Waits until no writer has the lock, and keeps others from getting it.
    #[inline]
    pub(crate) fn read(&self) -> Reading<'_> {
        match self.try_announce() {
            None => self.read_slow(),
            announced => Reading {
                _announced: announced,
                _counted: None,
            },
        }
    }

    #[inline]
    fn try_announce(&self) -> Option<Announced> {
        let announced = Announced::announce(self.number())?;
        // SeqCst: see `Announced::announce`. It acquires, too, what the last writer has released.
        let state = self.state.load(SeqCst);
        (state & (WRITING | PENDING) == 0).then_some(announced)
    }

    /// Counts a reader, unless the state has one of the bits in `blocking`.
    fn try_count(&self, blocking: usize) -> Option<Counted<'_>> {
        let mut state = 0;
        // Acquire: pairs with the Release of the last writer, or with that of `give_way`, which hands
        // it on. Relaxed: on failure nothing is read. There are never too many to count: each is a
        // call on some stack.
        while let Err(now) = (self.state).compare_exchange(state, state + READER, Acquire, Relaxed)
        {
            if now & blocking != 0 {
                return None;
            }
            state = now;
        }
        Some(Counted(self))
    }

    #[cold]
    fn read_slow(&self) -> Reading<'_> {
        let (announced, counted) = match Announced::current() {
            Some(outer) if outer == self.number() => (None, None),
            // To announce oneself to a writer in vain would only make it wait.
            Some(0) => {
                let counted = ft_sync::poll(|| self.try_count(WRITING | PENDING));
                (Announced::besides(self.number()), Some(counted))
            }
            _ => (None, Some(self.count())),
        };
        Reading {
            _announced: announced,
            _counted: counted,
        }
    }

    /// Counts a reader inside of another one.
    fn count(&self) -> Counted<'_> {
        if let Some(counted) = self.try_count(WRITING) {
            return counted;
        }
        // Relaxed, twice: it hands nothing on, and the writer looks again and again.
        self.asking.fetch_add(1, Relaxed);
        ft_sync::polled();
        let counted = ft_sync::poll(|| self.try_count(WRITING));
        self.asking.fetch_sub(1, Relaxed);
        counted
    }

    /// Waits until nobody has the lock, and keeps everybody from getting it.
    ///
    /// # Panics
    ///
    /// If the thread itself reads under the lock.
    #[inline]
    pub(crate) fn write(&self) -> Locked<'_> {
        if self.try_write(0, WRITING).is_err() {
            return self.write_slow();
        }
        let locked = Locked(self);
        if readers::is_read(self.number()) {
            return self.write_after(Hold::Locked(locked));
        }
        locked
    }

    /// Waits for the readers that have announced themselves.
    #[cold]
    fn write_after<'a>(&'a self, mut hold: Hold<'a>) -> Locked<'a> {
        readers::wait_for_readers(self.number(), &mut |is_gone| {
            if matches!(hold, Hold::Locked(_)) && !self.wait_unless_asked(is_gone) {
                let turn = Hold::Turn(self.give_way());
                mem::forget(mem::replace(&mut hold, turn));
            }
        });
        match hold {
            Hold::Locked(locked) => locked,
            Hold::Turn(turn) => turn.lock(),
        }
    }

    #[inline]
    fn try_write(&self, before: usize, after: usize) -> Result<usize, usize> {
        // SeqCst: see `Announced::announce`. It acquires, too, what whoever had the lock has released.
        // Relaxed: on failure nothing is read.
        (self.state).compare_exchange(before, after, SeqCst, Relaxed)
    }

    /// Takes the lock, or, if readers are counted there, the turn; and then waits for the others.
    #[cold]
    fn write_slow(&self) -> Locked<'_> {
        let hold = ft_sync::poll(|| match self.try_write(0, WRITING) {
            Ok(_) => Some(Hold::Locked(Locked(self))),
            Err(state) if state & (WRITING | PENDING) != 0 => None,
            Err(state) => {
                let turn = self.try_write(state, state | PENDING);
                turn.is_ok().then(|| Hold::Turn(Turn(self)))
            }
        });
        self.write_after(hold)
    }

    /// Waits until a reader is gone, which returns true, or another one asks for a way.
    #[cold]
    fn wait_unless_asked(&self, is_gone: &dyn Fn() -> bool) -> bool {
        ft_sync::poll(|| match is_gone() {
            true => Some(true),
            // Relaxed: as in `count`.
            false => (self.asking.load(Relaxed) > 0).then_some(false),
        })
    }

    /// Lets those readers in that must not wait, by the writer that has the lock and waits for others.
    #[cold]
    fn give_way(&self) -> Turn<'_> {
        // Release: hands on to readers what the last writer released, which we have acquired. A plain
        // store: nobody changes what is WRITING.
        self.state.store(PENDING, Release);
        ft_sync::polled();
        Turn(self)
    }

    /// What readers know it by; no other lock has it while this one lives, in which it cannot
    /// move: who reads or writes under it borrows it.
    #[inline]
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<'a> Turn<'a> {
    /// Waits until no reader is counted, and has the lock then.
    ///
    /// No reader has announced itself since the caller looked for them: each of them saw one of our bits.
    #[cold]
    fn lock(self) -> Locked<'a> {
        let lock = self.0;
        // Acquire: pairs with the Release of the readers that were counted. Relaxed: on failure
        // nothing is read.
        ft_sync::poll(|| {
            (lock.state)
                .compare_exchange(PENDING, WRITING, Acquire, Relaxed)
                .ok()
        });
        mem::forget(self);
        Locked(lock)
    }
}

/// Only in a panic.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Relaxed: nothing was changed, and a read-modify-write hands on what others released.
        self.0.state.fetch_and(!PENDING, Relaxed);
        ft_sync::polled();
    }
}

impl Drop for Counted<'_> {
    #[cold]
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the writer that is next.
        self.0.state.fetch_sub(READER, Release);
        ft_sync::polled();
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the SeqCst, which acquires, of who locks or reads next.
        self.0.state.store(0, Release);
        ft_sync::polled();
    }
}

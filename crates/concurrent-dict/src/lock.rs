//! The lock of a shard. Readers write nothing that they share with other readers.

use ft_sync::{
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
    readers::{self, Announced},
};
use std::mem;

/// A writer has the lock. This bit is never set together with another one.
const WRITING: usize = 0b001;
/// A writer is next: it waits for the present readers, and no further readers get in.
const PENDING: usize = 0b010;
/// The bits above count the readers that could not announce themselves.
const READER: usize = 0b100;

/// A lock that one writer or any number of readers can hold.
///
/// A reader announces itself in the slot of its thread, and then checks whether a writer has the
/// lock. A writer sets its bit, and then waits for the readers that have announced themselves. A
/// reader that sees the bit of a writer withdraws its announcement.
///
/// A thread has only one slot, so a reader inside of another reader cannot announce itself. If it
/// reads under the same lock, the outer reader covers it. Otherwise it counts itself in the lock. A
/// writer that is still waiting for readers may be waiting, indirectly, for the outer reader. So
/// when an inner reader asks it to, the writer gives way, and has the next turn. Therefore readers
/// inside of readers always proceed, to any depth.
///
/// The lock is held for a few instructions. A thread that has to wait looks again and again, with
/// [`ft_sync::poll`], so that releasing the lock is a plain store. Otherwise the release and the
/// exchange that takes the lock would make up half of the cost of an overwrite.
#[derive(Default)]
pub(crate) struct Lock {
    state: AtomicUsize,
    /// The number of readers that ask the writer to give way.
    asking: AtomicUsize,
}

/// The hold of a reader on a lock: an announcement, a count, or both; or neither, if an outer
/// reader of the same thread covers it.
pub(crate) struct Reading<'a> {
    // Fields are dropped in this order.
    _announced: Option<Announced>,
    _counted: Option<Counted<'a>>,
}

/// One reader that is counted in the lock.
pub(crate) struct Counted<'a>(&'a Lock);

/// The hold of a writer on a lock.
pub(crate) struct Locked<'a>(&'a Lock);

/// The right of a writer to get the lock next.
struct Turn<'a>(&'a Lock);

/// What a writer has while it looks for readers.
enum Hold<'a> {
    Locked(Locked<'a>),
    Turn(Turn<'a>),
}

impl Lock {
    /// Waits until no writer has the lock, and keeps writers from getting it.
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
        // SeqCst: see `Announced::announce`. The load also acquires what the last writer released.
        let state = self.state.load(SeqCst);
        (state & (WRITING | PENDING) == 0).then_some(announced)
    }

    /// Counts a reader, unless the state has one of the bits in `blocking`.
    fn try_count(&self, blocking: usize) -> Option<Counted<'_>> {
        let mut state = 0;
        // Acquire: pairs with the Release of the last writer, or with that in `give_way`, which
        // passes it on.
        // Relaxed: on failure nothing is read.
        //
        // The count cannot overflow, since each counted reader is a call on some stack.
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
            // An announcement would be in vain here, and would only make the writer wait.
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

    /// Counts a reader that is inside of another reader.
    fn count(&self) -> Counted<'_> {
        if let Some(counted) = self.try_count(WRITING) {
            return counted;
        }
        // Relaxed, twice: nothing is published with the count, and the writer looks again and
        // again.
        self.asking.fetch_add(1, Relaxed);
        ft_sync::polled();
        let counted = ft_sync::poll(|| self.try_count(WRITING));
        self.asking.fetch_sub(1, Relaxed);
        counted
    }

    /// Waits until nobody has the lock, and keeps everybody else from getting it. Returns as well
    /// whether the lock was in use.
    ///
    /// # Panics
    ///
    /// If the calling thread itself reads under the lock.
    #[inline]
    pub(crate) fn write(&self) -> (Locked<'_>, bool) {
        if self.try_write(0, WRITING).is_err() {
            return (self.write_slow(), true);
        }
        let locked = Locked(self);
        if readers::is_read(self.number()) {
            return (self.write_after(Hold::Locked(locked)), true);
        }
        (locked, false)
    }

    /// Waits for the readers that have announced themselves.
    #[cold]
    fn write_after<'a>(&'a self, mut hold: Hold<'a>) -> Locked<'a> {
        assert!(
            Announced::current() != Some(self.number()),
            "a function that reads in a dictionary must not change it"
        );
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
        // SeqCst: see `Announced::announce`. The exchange also acquires what the last holder
        // released.
        // Relaxed: on failure nothing is read.
        (self.state).compare_exchange(before, after, SeqCst, Relaxed)
    }

    /// Takes the lock, or, if readers are counted in it, the next turn; then waits for the
    /// announced readers.
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

    /// Waits until a reader has finished, and returns true; returns false if another reader asks
    /// the writer to give way.
    #[cold]
    fn wait_unless_asked(&self, is_gone: &dyn Fn() -> bool) -> bool {
        ft_sync::poll(|| match is_gone() {
            true => Some(true),
            // Relaxed: as in `count`.
            false => (self.asking.load(Relaxed) > 0).then_some(false),
        })
    }

    /// Lets readers in that must not wait. The calling writer has the lock and waits for other
    /// readers.
    #[cold]
    fn give_way(&self) -> Turn<'_> {
        // Release: passes on to readers what the last writer released and we have acquired. A plain
        // store suffices, because nobody else changes the state while it is WRITING.
        self.state.store(PENDING, Release);
        ft_sync::polled();
        Turn(self)
    }

    /// The number by which readers identify the lock. No other lock has it during this one's life:
    /// readers and writers borrow the lock, so it does not move meanwhile.
    #[inline]
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<'a> Turn<'a> {
    /// Waits until no reader is counted, and then takes the lock.
    ///
    /// No reader has announced itself since the caller looked for readers: each of them saw one of
    /// our bits.
    #[cold]
    fn lock(self) -> Locked<'a> {
        let lock = self.0;
        // Acquire: pairs with the Release of the readers that were counted.
        // Relaxed: on failure nothing is read.
        ft_sync::poll(|| {
            (lock.state)
                .compare_exchange(PENDING, WRITING, Acquire, Relaxed)
                .ok()
        });
        mem::forget(self);
        Locked(lock)
    }
}

/// This runs only in a panic.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Relaxed: nothing was changed, and a read-modify-write passes on what others released.
        self.0.state.fetch_and(!PENDING, Relaxed);
        ft_sync::polled();
    }
}

impl Drop for Counted<'_> {
    #[cold]
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the next writer.
        self.0.state.fetch_sub(READER, Release);
        ft_sync::polled();
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the `SeqCst` access, which acquires, of the next thread that locks or
        // reads.
        self.0.state.store(0, Release);
        ft_sync::polled();
    }
}

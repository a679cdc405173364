//! One end of the queue: its position, and how threads claim positions there.

use std::{
    num::NonZeroUsize,
    ptr::{self, NonNull},
};

use ft_sync::{
    Event,
    atomic::{
        AtomicPtr, AtomicU64,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
};

use crate::block::{Block, Pauses, Shape, Slot};

/// A flag of a [`Word`]: one thread is moving on to the next block, or is peeking. No position can
/// be claimed meanwhile.
const HELD: u64 = 0b01;

/// A flag of a [`Word`] of the back: no position will be claimed there any more. A word that is
/// closed is never held.
const CLOSED: u64 = 0b10;

/// Where a [`Word`] has its position, above the flags. There is room enough never to wrap.
const SHIFT: u32 = 2;

/// The state of an end at one moment: a position and flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u64);

impl Word {
    /// Returns the first position that no call has claimed at this end.
    #[inline]
    pub(crate) fn position(self) -> u64 {
        self.0 >> SHIFT
    }

    /// Returns whether nobody holds the end or has closed it.
    #[inline]
    pub(crate) fn is_free(self) -> bool {
        self.0 & (HELD | CLOSED) == 0
    }

    #[inline]
    pub(crate) fn is_held(self) -> bool {
        self.0 & HELD != 0
    }

    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Returns the word after a claim of `count` positions. This word must have no flags.
    #[inline]
    fn after(self, count: usize) -> Self {
        debug_assert!(self.0 & (HELD | CLOSED) == 0);
        Self(self.0 + ((count as u64) << SHIFT))
    }
}

/// One end of the queue.
pub(crate) struct End<T> {
    /// See [`Word`]. The position only rises, so a word that a claim or a close has replaced never
    /// comes back.
    word: AtomicU64,
    /// The block of the last position that was claimed here, null if there is none. It changes only
    /// while the word is held.
    block: AtomicPtr<Block<T>>,
    /// A position that the other end has reached. It may be outdated. It saves a look at the other
    /// end, whose cache line is with the processors that work there.
    seen: AtomicU64,
    /// Notified of claims at this end, and of closing.
    pub(crate) changed: Event,
    /// The bound of the queue. Each end has a copy of it and of the shape, in the cache line that
    /// it needs anyway.
    pub(crate) capacity: Option<NonZeroUsize>,
    pub(crate) shape: Shape,
}

/// Positions that a call has claimed, all in one block. Each must be used once.
pub(crate) struct Claimed<T> {
    /// The slot of the first position.
    first: *const Slot<T>,
    pub(crate) start: u64,
    pub(crate) count: usize,
}

impl<T> Claimed<T> {
    /// Returns the slot of the only position. It can be used until it is emptied.
    #[inline]
    pub(crate) fn slot<'a>(&self) -> &'a Slot<T>
    where
        T: 'a,
    {
        debug_assert!(self.count == 1);
        // SAFETY: as in `slots`.
        unsafe { &*self.first }
    }

    /// Returns the slots with their positions. A slot can be used until it is emptied.
    #[inline]
    pub(crate) fn slots<'a>(&self) -> impl Iterator<Item = (u64, &'a Slot<T>)> + use<'a, T>
    where
        T: 'a,
    {
        let (first, start) = (self.first, self.start);
        (0..self.count).map(move |n| {
            // SAFETY: the block has these slots (see `claimed`), and is not freed before each of
            // them is emptied: by our caller, or by the pop of the item that our caller puts in.
            (start + n as u64, unsafe { &*first.add(n) })
        })
    }
}

impl<T> End<T> {
    pub(crate) fn new(capacity: Option<NonZeroUsize>, shape: Shape) -> Self {
        Self {
            word: AtomicU64::new(0),
            block: AtomicPtr::new(ptr::null_mut()),
            seen: AtomicU64::new(0),
            changed: Event::new(),
            capacity,
            shape,
        }
    }

    /// Returns the state of this end.
    #[inline]
    pub(crate) fn load(&self) -> Word {
        // Acquire: pairs with the Release of the claims, of `move_on`, of `release` and of `close`.
        // So a thread that has seen a claim also sees what the claim was based on: a position of
        // the other end that is at least as high.
        Word(self.word.load(Acquire))
    }

    /// Returns the block of the last position that was claimed here. To rely on it, the caller
    /// holds the word.
    #[inline]
    pub(crate) fn block(&self) -> *mut Block<T> {
        // Relaxed: the block changes only while the word is held, so who holds the word, or has
        // loaded it and then replaces it, has acquired this block and its contents with the word.
        self.block.load(Relaxed)
    }

    /// Returns how many positions there are from that of `word` on until a block begins.
    #[inline]
    pub(crate) fn room_in_block(&self, word: Word) -> usize {
        self.shape.slots() - self.shape.slot_of(word.position())
    }

    /// Returns whether the position of `word` is the first of a block.
    #[inline]
    pub(crate) fn begins_block(&self, word: Word) -> bool {
        self.shape.slot_of(word.position()) == 0
    }

    /// Returns a position that the other end has reached.
    #[inline]
    pub(crate) fn seen(&self) -> u64 {
        // Acquire: pairs with the Release in `saw`, by a thread that had acquired the claims up to
        // this position.
        self.seen.load(Acquire)
    }

    /// Notes a position that the other end has reached. Two threads may do so in the wrong order,
    /// which makes the note outdated, and not wrong.
    #[inline]
    pub(crate) fn saw(&self, position: u64) {
        // Release: pairs with the Acquire in `seen`.
        self.seen.store(position, Release);
    }

    /// Claims `count` positions from that of `word` on, which must be in the block of the position
    /// before (in a ring they always are). Returns the new word if it has changed.
    #[inline]
    pub(crate) fn claim(&self, word: Word, count: usize) -> Result<Claimed<T>, Word> {
        debug_assert!(word.position() > 0);
        // This is the block of `word` or a later one. If it is a later one, another claim has
        // replaced `word`, and the exchange fails.
        let block = self.block();
        self.exchange(word, word.after(count))?;
        Ok(self.claimed(block, word.position(), count))
    }

    /// Returns whether a call that wants `wanted` positions looks at their slots, to learn what the
    /// other end has done, rather than at that end.
    ///
    /// That is so in a ring, in which slots can be looked at without a claim, for single items. Then
    /// two threads that work at both ends touch the same cache line only if they are at the same
    /// item.
    #[inline]
    pub(crate) fn looks_at_slots(&self, word: Word, wanted: usize) -> bool {
        // While the first position of all is being claimed, there is no block yet.
        self.shape.is_ring() && wanted == 1 && word.position() > 0 && !word.is_held()
    }

    /// Returns the slot of a position in a ring. The caller has seen a word of this end that was not
    /// held, with a position that is not 0.
    #[inline]
    pub(crate) fn slot(&self, position: u64) -> &Slot<T> {
        debug_assert!(self.shape.is_ring());
        // SAFETY: the only block of a ring is set before the word that the caller has seen, which
        // acquired it, and freed with the queue.
        unsafe {
            let block = NonNull::new_unchecked(self.block());
            &*Block::slot(block, self.shape.slot_of(position))
        }
    }

    /// Claims `count` positions, of which the first is the first of a block, and holds the word.
    /// [`move_on`](Self::move_on) must follow. Returns the new word if it has changed.
    pub(crate) fn claim_and_hold(&self, word: Word, count: usize) -> Result<(), Word> {
        debug_assert!(self.begins_block(word));
        self.exchange(word, Word(word.after(count).0 | HELD))
    }

    /// Lets others claim the positions behind those that we have claimed with `claim_and_hold`,
    /// which are in `block`.
    pub(crate) fn move_on(&self, word: Word, count: usize, block: *mut Block<T>) -> Claimed<T> {
        // Relaxed: see `block`. The word that follows is released.
        self.block.store(block, Relaxed);
        self.release(word.after(count));
        self.claimed(block, word.position(), count)
    }

    #[inline]
    fn claimed(&self, block: *mut Block<T>, start: u64, count: usize) -> Claimed<T> {
        let index = self.shape.slot_of(start);
        debug_assert!(!block.is_null() && index + count <= self.shape.slots());
        // SAFETY: these positions are claimed, so this is the block that has them, and it is not
        // freed before they are used.
        let first = unsafe { Block::slot(NonNull::new_unchecked(block), index) };
        Claimed {
            first,
            start,
            count,
        }
    }

    #[inline]
    fn exchange(&self, word: Word, new: Word) -> Result<(), Word> {
        // SeqCst: in one order with the notification that follows; see `Event::notify_after_swap`.
        // Release: pairs with the Acquire in `load`.
        // Acquire: passes on what earlier claims released, and pairs with the Release at the end of
        // a peek. A failure stands for `load`.
        match (self.word).compare_exchange(word.0, new.0, SeqCst, Acquire) {
            Ok(_) => Ok(()),
            Err(now) => Err(Word(now)),
        }
    }

    /// Holds the word for a peek. [`release`](Self::release) of the same word must follow. Returns
    /// false if the word has changed.
    pub(crate) fn hold(&self, word: Word) -> bool {
        // Acquire: pairs with the Release at the end of the last peek, which used the item before
        // us: cloning an item may change it. What was released with `word` is also acquired with
        // the value that replaces it, because this is a read-modify-write.
        // Relaxed: on failure nothing is read.
        (self.word)
            .compare_exchange(word.0, word.0 | HELD, Acquire, Relaxed)
            .is_ok()
    }

    /// Ends the holding of the word, which becomes `word`.
    pub(crate) fn release(&self, word: Word) {
        // Release: pairs with the Acquire in `load` and `exchange`. After a peek it is the pop that
        // moves the item, or another peek, that comes after our reading.
        //
        // A plain store suffices, because nobody else changes a word that is held.
        self.word.store(word.0, Release);
    }

    /// Lets no claim succeed any more. Returns false if that was so already.
    pub(crate) fn close(&self) -> bool {
        let mut pauses = Pauses::default();
        loop {
            let word = self.load();
            if word.is_closed() {
                return false;
            }
            // Release: pairs with the Acquire in `load`, for what this thread did and what it
            // acquired with `word`.
            // Relaxed: a failure decides nothing.
            let closed = Word(word.0 | CLOSED);
            if !word.is_held()
                && (self.word)
                    .compare_exchange(word.0, closed.0, Release, Relaxed)
                    .is_ok()
            {
                return true;
            }
            pauses.pause();
        }
    }
}

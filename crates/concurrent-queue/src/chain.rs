//! The chain of blocks: appending one, going on to the next, and freeing those that are used up.
//!
//! A ring comes here once, for its only block, and after that only to learn at the end of each lap
//! that there is nothing to do.

use std::ptr::{self, NonNull};

use ft_sync::atomic::{
    AtomicPtr,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use crate::{
    ConcurrentQueue,
    block::{Block, Pauses, SLOTS},
    end::{Claimed, Word},
};

impl<T> ConcurrentQueue<T> {
    /// Claims `count` positions for a push, of which the first is the first of a block, and appends
    /// that block. Returns the new word if it has changed.
    #[cold]
    pub(crate) fn append(&self, word: Word, count: usize) -> Result<Claimed<T>, Word> {
        let tail = &self.tail.end;
        if !tail.shape.needs_block(word.position()) {
            return tail.claim(word, count);
        }
        // The memory comes first: nobody else can push while the word is held.
        let new = self.take_spare();
        // SAFETY: only we have the block.
        unsafe { Block::start_at(new, word.position()) };
        if let Err(now) = tail.claim_and_hold(word, count) {
            // SAFETY: as above.
            unsafe { self.keep_spare(new) };
            return Err(now);
        }
        let link = self.link_after(tail.block(), word.position());
        // Release: pairs with the Acquire in `follow`. From then on the block before may be freed,
        // and this was our last use of it.
        link.store(new.as_ptr(), Release);
        Ok(tail.move_on(word, count, new.as_ptr()))
    }

    /// Claims `count` positions for a pop, of which the first is the first of a block, and moves on
    /// to that block. A push must have claimed the positions. Returns the new word if it has
    /// changed.
    #[cold]
    pub(crate) fn advance(&self, word: Word, count: usize) -> Result<Claimed<T>, Word> {
        let head = &self.head.end;
        if !head.shape.needs_block(word.position()) {
            return head.claim(word, count);
        }
        head.claim_and_hold(word, count)?;
        let last = head.block();
        let claimed = head.move_on(word, count, self.follow(last, word.position()));
        if !last.is_null() {
            self.free_used_up();
        }
        Ok(claimed)
    }

    /// Returns the block with `position`, of which a push has claimed it. `last` is the block of the
    /// position before. The caller holds the head, or is alone.
    pub(crate) fn block_of(&self, position: u64, last: *mut Block<T>) -> NonNull<Block<T>> {
        let block = match self.head.end.shape.needs_block(position) {
            true => self.follow(last, position),
            false => last,
        };
        NonNull::new(block).expect("a push has made the block")
    }

    /// Returns the link to the block that begins with `position`. It comes after `last`, or is the
    /// first block of all if `last` is null.
    ///
    /// `last` is the block at an end that the caller holds. If it is null, no pop has moved on yet,
    /// so nobody has taken `oldest` to free blocks.
    pub(crate) fn link_after(&self, last: *mut Block<T>, position: u64) -> &AtomicPtr<Block<T>> {
        let Some(last) = NonNull::new(last) else {
            return &self.head.oldest;
        };
        // SAFETY: `free_used_up` does not free this block, because the head has not moved on from
        // it: we hold the head, or we hold the tail and have not linked the block to move on to.
        unsafe {
            debug_assert!(Block::base(last) + SLOTS as u64 == position);
            &last.as_ref().next
        }
    }

    /// Returns the block after `last`. It begins with `position`, which a push has claimed. The
    /// caller holds the head.
    fn follow(&self, last: *mut Block<T>, position: u64) -> *mut Block<T> {
        let link = self.link_after(last, position);
        let mut pauses = Pauses::default();
        loop {
            // Acquire: pairs with the Release in `append`, which was the last use of `last` by the
            // push. The new block is complete for us without it: that happens before the claim.
            let next = link.load(Acquire);
            if !next.is_null() {
                return next;
            }
            // The push sets the link right after its claim.
            pauses.pause();
        }
    }

    /// Frees the oldest blocks, as far as they are used up.
    ///
    /// The caller has moved the head on to a block, and has not emptied the slot that it claimed
    /// there. So that block is not used up, and this goes no further.
    fn free_used_up(&self) {
        // Acquire: pairs with the Release below, after which the last thread here no longer uses
        // the block that it found in use.
        let oldest = self.head.oldest.swap(ptr::null_mut(), Acquire);
        let Some(mut oldest) = NonNull::new(oldest) else {
            // Another thread is here. If it has not seen the block that made us come, a later call
            // frees that block.
            return;
        };
        // SAFETY: the block is in the chain, from which only this function takes blocks, in one
        // thread at a time. It is not beyond the block of the caller, whose claim happens after
        // those of the positions before it, and after what those claims acquired: the claims of
        // pushes.
        while unsafe { Block::is_used_up(oldest) } {
            // SAFETY: as above.
            // Relaxed: the head has moved on through this link, and we have acquired that with the
            // head.
            let next = unsafe { oldest.as_ref() }.next.load(Relaxed);
            // SAFETY: no thread uses the block any more:
            // - A claim gets the block of its end. The head is beyond this block. So is the tail,
            //   or it is held by the thread that is moving it on, which has linked the next block
            //   and is done with this one.
            // - Those who have claimed its slots are done with them, or they would not all be
            //   emptied.
            // - Who follows links begins at the end that it holds, or here.
            unsafe { self.keep_spare(oldest) };
            oldest = NonNull::new(next).expect("the block of the caller comes later");
        }
        // Release: pairs with the Acquire above.
        self.head.oldest.store(oldest.as_ptr(), Release);
    }

    /// Returns a block, without allocating if there is a spare one.
    fn take_spare(&self) -> NonNull<Block<T>> {
        // Acquire: pairs with the Release in `keep_spare`, by a thread that has acquired what was
        // done with the block.
        let spare = self.tail.spare.swap(ptr::null_mut(), Acquire);
        NonNull::new(spare).unwrap_or_else(|| Block::new(self.tail.end.shape))
    }

    /// Keeps a block for the next push that needs one.
    ///
    /// # Safety
    ///
    /// The block is of this queue, has no item, and nobody uses it.
    unsafe fn keep_spare(&self, block: NonNull<Block<T>>) {
        // Release: pairs with the Acquire in `take_spare`.
        // Acquire: pairs with the Release here, because we free what another thread left.
        let old = self.tail.spare.swap(block.as_ptr(), AcqRel);
        if let Some(old) = NonNull::new(old) {
            // SAFETY: it was kept by this function, and only we have taken it.
            unsafe { Block::free(old, self.tail.end.shape) };
        }
    }

    /// Frees all blocks. No item may be left, and the queue is not used after this.
    pub(crate) fn free_blocks(&mut self) {
        let shape = self.tail.end.shape;
        // Relaxed, here and below: `&mut self` is exclusive, so what other threads did happens
        // before.
        let mut next = self.head.oldest.load(Relaxed);
        while let Some(block) = NonNull::new(next) {
            // SAFETY: the block is in the chain, which has each block once, and nobody else uses
            // it.
            unsafe {
                next = block.as_ref().next.load(Relaxed);
                Block::free(block, shape);
            }
        }
        if let Some(spare) = NonNull::new(self.tail.spare.load(Relaxed)) {
            // SAFETY: it was kept by `keep_spare`, and is not in the chain.
            unsafe { Block::free(spare, shape) };
        }
    }
}

//! Operations on a queue that no other thread is using.

use crate::{ConcurrentQueue, block::Block};

impl<T> ConcurrentQueue<T> {
    /// Calls `visit` with every item, in order, until it returns an error.
    ///
    /// It takes no lock, allocates nothing, and leaves nothing to be freed later. It is meant for
    /// garbage collectors that look for references while all other threads are stopped.
    ///
    /// # Errors
    ///
    /// The error of `visit`.
    ///
    /// # Safety
    ///
    /// From before this call until it returns, no other thread is inside any method of this queue
    /// (waiting on one of its events from outside is allowed), and everything that other threads
    /// did to the queue happens before this call. `visit` does not use the queue.
    ///
    /// ```
    /// use ft_concurrent_queue::ConcurrentQueue;
    ///
    /// let queue: ConcurrentQueue<_> = (1..=5).collect();
    /// let mut seen = vec![];
    /// let mut visit = |&n: &u32| {
    ///     seen.push(n);
    ///     if n < 3 { Ok(()) } else { Err("enough") }
    /// };
    /// // SAFETY: no other thread has the queue.
    /// let result = unsafe { queue.for_each_quiescent(&mut visit) };
    /// assert_eq!(result, Err("enough"));
    /// assert_eq!(seen, [1, 2, 3]);
    /// ```
    pub unsafe fn for_each_quiescent<E>(
        &self,
        visit: &mut dyn FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        let head = &self.head.end;
        let mut block = head.block();
        for position in head.load().position()..self.tail.end.load().position() {
            let here = self.block_of(position, block);
            // SAFETY: nobody is in a method. So the block is not freed, the slot is filled, and
            // nobody else uses the item.
            unsafe { (*Block::slot(here, head.shape.slot_of(position))).look(&mut *visit)? };
            block = here.as_ptr();
        }
        Ok(())
    }
}

impl<T> Drop for ConcurrentQueue<T> {
    fn drop(&mut self) {
        /// Frees the blocks, after it has dropped the items that a panicking destructor left.
        struct Rest<'a, T>(&'a mut ConcurrentQueue<T>);

        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                self.0.try_iter().for_each(drop);
                self.0.free_blocks();
            }
        }

        let rest = Rest(self);
        rest.0.try_iter().for_each(drop);
    }
}

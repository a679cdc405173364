//! What is done to a queue while nobody else uses it.

use crossbeam_epoch as epoch;
use ft_sync::atomic::Ordering::Relaxed;

use crate::ConcurrentQueue;

impl<T> ConcurrentQueue<T> {
    /// Calls `visit` with every item, in order, until it returns an error.
    ///
    /// Takes no lock, allocates nothing and leaves nothing to be freed later: made for garbage
    /// collectors that look for references while the world is stopped.
    ///
    /// # Errors
    ///
    /// What `visit` returns.
    ///
    /// # Safety
    ///
    /// From before this call until it returns, no other thread is inside any method of this queue
    /// (waiting on one of its events from outside is fine), and what other threads did to it
    /// happens before. `visit` does not use the queue.
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
    /// // SAFETY: this thread alone has the queue.
    /// let result = unsafe { queue.for_each_quiescent(&mut visit) };
    /// assert_eq!(result, Err("enough"));
    /// assert_eq!(seen, [1, 2, 3]);
    /// ```
    pub unsafe fn for_each_quiescent<E>(
        &self,
        visit: &mut dyn FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        // SAFETY: nobody else is in a method, says the caller, so nobody moves the links or frees
        // a segment, and no protection is needed.
        let guard = unsafe { epoch::unprotected() };
        // Relaxed, here and below: what others did happens before, says the caller.
        let mut next = self.head.load(Relaxed, guard);
        // SAFETY: reached from `head`, so not retired, and nothing is retired meanwhile.
        while let Some(segment) = unsafe { next.as_ref() } {
            for slot in segment.left() {
                // SAFETY: passed on to the caller.
                unsafe { slot.visit(&mut *visit)? };
            }
            next = segment.next.load(Relaxed, guard);
        }
        Ok(())
    }
}

impl<T> Drop for ConcurrentQueue<T> {
    fn drop(&mut self) {
        // SAFETY: `&mut self`: nobody else has the queue, so nobody moves the links or retires
        // what they lead to.
        let guard = unsafe { epoch::unprotected() };
        // Relaxed, here and below: whoever used the queue before has handed it over since.
        let mut first = self.head.load(Relaxed, guard);
        while !first.is_null() {
            // SAFETY: reached from `head`, so not retired: it is ours, and reached only once.
            let segment = unsafe { first.into_owned() };
            for slot in segment.left() {
                // SAFETY: we have the queue to ourselves; no pop has claimed this slot.
                drop(unsafe { slot.take() });
            }
            first = segment.next.load(Relaxed, guard);
        }
    }
}

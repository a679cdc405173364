//! Operations on a queue that no other thread is using.

use crossbeam_epoch as epoch;
use ft_sync::atomic::Ordering::Relaxed;

use crate::ConcurrentQueue;

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
        // SAFETY: the caller promises that nobody else is in a method. So nobody moves the links or
        // frees a segment, and no protection is needed.
        let guard = unsafe { epoch::unprotected() };
        // Relaxed, here and below: the caller promises that everything that others did happens
        // before.
        let mut next = self.head.load(Relaxed, guard);
        // SAFETY: the segment is reached from `head`, so it is not retired, and nothing is retired
        // meanwhile.
        while let Some(segment) = unsafe { next.as_ref() } {
            for slot in segment.left() {
                // SAFETY: our caller makes the promise that `visit` requires.
                unsafe { slot.visit(&mut *visit)? };
            }
            next = segment.next.load(Relaxed, guard);
        }
        Ok(())
    }
}

impl<T> Drop for ConcurrentQueue<T> {
    fn drop(&mut self) {
        // SAFETY: `&mut self` is exclusive, so nobody moves the links or retires what they lead to.
        let guard = unsafe { epoch::unprotected() };
        // Relaxed, here and below: threads that used the queue have handed it over since.
        let mut first = self.head.load(Relaxed, guard);
        while !first.is_null() {
            // SAFETY: the segment is reached from `head`, so it is not retired. We own it, and
            // reach it only once.
            let segment = unsafe { first.into_owned() };
            for slot in segment.left() {
                // SAFETY: we are the only user of the queue, and no pop has claimed this slot.
                drop(unsafe { slot.take() });
            }
            first = segment.next.load(Relaxed, guard);
        }
    }
}

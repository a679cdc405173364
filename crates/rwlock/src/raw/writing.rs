//! Writers.

use super::{
    lock::RawRwLock,
    word::{BIASED, Kind, ONE_READER, QUEUED, WRITER},
};
use ft_sync::atomic::Ordering::{Acquire, Relaxed, Release};

impl RawRwLock {
    /// Takes the lock for writing if nobody has it. Returns whether it did.
    #[inline]
    pub fn try_write(&self) -> bool {
        // The only state that lets a writer in at once. A load would fetch the cache line for
        // reading, and the exchange would then fetch it again for writing.
        // Acquire: pairs with the Releases of those who had the lock before.
        // Relaxed: on failure the state decides what to do.
        match (self.state).compare_exchange(0, WRITER, Acquire, Relaxed) {
            Ok(_) => true,
            Err(now) => now & !(QUEUED | BIASED) == 0 && self.try_take_slow(Kind::Write),
        }
    }

    /// Releases the writing.
    ///
    /// # Safety
    ///
    /// There must be a writing that nobody else releases.
    #[inline]
    pub unsafe fn unlock_write(&self) {
        // Release: pairs with the Acquire of the thread that takes the lock next.
        // Relaxed: on failure nothing has happened.
        if (self.state.compare_exchange(WRITER, 0, Release, Relaxed)).is_err() {
            self.end_writing(0);
        }
    }

    /// Turns the writing into a reading. No other writer gets in between, and waiting readers get
    /// in, too.
    ///
    /// # Safety
    ///
    /// As for [`unlock_write`](Self::unlock_write).
    pub unsafe fn downgrade(&self) {
        // As in `unlock_write`.
        if (self
            .state
            .compare_exchange(WRITER, ONE_READER, Release, Relaxed))
        .is_err()
        {
            self.end_writing(ONE_READER);
        }
    }

    #[cold]
    pub(super) fn end_writing(&self, instead: usize) {
        let mut line = self.line();
        // Release: pairs with the Acquire of readers that take the lock without waiting. From here
        // to the end of `call_next` the lock may be free, but only a thread that has locked the
        // line can take it.
        self.state.fetch_add(instead.wrapping_sub(WRITER), Release);
        self.call_next(&mut line, Kind::Read).raise(line);
    }
}

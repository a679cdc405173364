//! The bits of the word.

/// The line is not empty. Set and cleared with the line locked.
pub(super) const QUEUED: usize = 0b001;
/// A writer has the lock.
pub(super) const WRITER: usize = 0b010;
/// Readers may announce themselves instead of counting themselves. Never set together with
/// `WRITER`. Cleared with the line locked, by a writer that found no announced reader.
pub(super) const BIASED: usize = 0b100;
/// The bits above count the readers that have the lock and have not announced themselves.
pub(super) const ONE_READER: usize = 0b1000;

/// A count from here on is too large, or, near the end of the range, one that is below zero for a
/// moment: see `RawRwLock::unlock_read`.
pub(super) const LIMIT: usize = 1 << (usize::BITS - 2);
/// The bits of such a count.
pub(super) const BEYOND: usize = !(LIMIT - 1);

/// The number of a lock whose readers have never announced themselves. No reader announces it.
pub(super) const NO_NUMBER: usize = 0b1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

impl Kind {
    /// Returns the bits of the state that keep a thread from simply adding itself to it.
    #[inline]
    pub(super) fn blocking(self) -> usize {
        match self {
            Self::Read => WRITER | QUEUED,
            Self::Write => usize::MAX,
        }
    }
}

/// The state with one more reader.
pub(super) fn with_reader(state: usize) -> usize {
    // It overflows only if threads have that many calls on their stacks, or if the program forgets
    // its guards.
    assert!(!(LIMIT..LIMIT * 3).contains(&state), "too many readers");
    // Past that range the count is below zero for a moment.
    state.wrapping_add(ONE_READER)
}

/// Returns whether readers are counted.
pub(super) fn is_counted(state: usize) -> bool {
    (ONE_READER..LIMIT).contains(&state)
}

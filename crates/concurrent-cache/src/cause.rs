//! Why a value has left the cache.

/// Why a value has left the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// It was evicted to make room; or it was not stored, because it was too heavy or its time was
    /// zero.
    Evicted,
    /// Its time was over.
    Expired,
    /// A call has removed it.
    Removed,
    /// Another value was stored under the same key.
    Replaced,
}

impl Cause {
    pub(crate) const COUNT: usize = 4;
}

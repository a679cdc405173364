//! One total order over `SeqCst` accesses, also under loom.

#[cfg(ft_loom)]
use crate::atomic::{Ordering::SeqCst, fence};

/// Must be called between a `SeqCst` read-modify-write of one word and a `SeqCst` load of another.
///
/// When two threads each write their own word and then look at the other's, at least one of them
/// sees what the other wrote: `SeqCst` guarantees that. Loom treats such accesses as `AcqRel`, and
/// keeps one order only among `SeqCst` fences. So this function is a fence under loom, and does
/// nothing elsewhere. On x86-64 the read-modify-write alone is faster than a store with a fence.
#[inline(always)]
pub fn before_looking() {
    #[cfg(ft_loom)]
    fence(SeqCst);
}

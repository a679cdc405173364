//! One order of all accesses that ask for it.

#[cfg(ft_loom)]
use crate::atomic::{Ordering::SeqCst, fence};

/// Stands between a `SeqCst` read-modify-write of one word and a `SeqCst` load of another.
///
/// Of two threads that each write their own word and then look at the other's, one at least sees
/// what the other wrote: that is what `SeqCst` means. Loom takes such accesses for `AcqRel`, and
/// knows that order of fences only, so this is a fence under loom, and nothing elsewhere. On x86-64
/// the read-modify-write alone is faster than a store with a fence.
#[inline(always)]
pub fn before_looking() {
    #[cfg(ft_loom)]
    fence(SeqCst);
}

//! What may be shared, sent, and caught by `catch_unwind`.

use ft_striped_counter::StripedCounter;
use static_assertions::assert_impl_all;
use std::panic::{RefUnwindSafe, UnwindSafe};

assert_impl_all!(StripedCounter: Send, Sync, UnwindSafe, RefUnwindSafe);

/// What nobody contends for takes two words.
#[test]
fn is_small() {
    assert_eq!(size_of::<StripedCounter>(), 16);
}

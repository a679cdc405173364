//! What may be shared, sent, and caught by `catch_unwind`.

use ft_latch::{Latch, Watch};
use static_assertions::assert_impl_all;
use std::panic::{RefUnwindSafe, UnwindSafe};

assert_impl_all!(Latch: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Watch<'static>: Send, Sync, UnwindSafe, RefUnwindSafe);

//! What may be shared, sent, and caught by `catch_unwind`.

use ft_atomic_int::{AtomicFlag, AtomicInt64, Watch};
use static_assertions::assert_impl_all;
use std::panic::{RefUnwindSafe, UnwindSafe};

assert_impl_all!(AtomicInt64: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(AtomicFlag: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Watch<'static>: Send, Sync, UnwindSafe, RefUnwindSafe);

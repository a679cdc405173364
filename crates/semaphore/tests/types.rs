//! What may be shared, sent, and caught by `catch_unwind`.

use ft_semaphore::{Acquire, OwnedPermit, Permit, Semaphore};
use static_assertions::assert_impl_all;
use std::panic::{RefUnwindSafe, UnwindSafe};

assert_impl_all!(Semaphore: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Permit<'static>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(OwnedPermit: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Acquire<'static>: Send);

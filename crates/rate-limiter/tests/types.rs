//! What may be shared, sent, and caught by `catch_unwind`.

use ft_rate_limiter::{ManualClock, RateLimiter, Wait};
use static_assertions::assert_impl_all;
use std::panic::{RefUnwindSafe, UnwindSafe};

assert_impl_all!(RateLimiter: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(ManualClock: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Wait<'static>: Send);

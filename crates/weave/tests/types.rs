//! What may be shared, sent, and caught by `catch_unwind`.

use ft_weave::{Key, Registration, parts::Keys};
use static_assertions::assert_impl_all;
use std::panic::{RefUnwindSafe, UnwindSafe};

assert_impl_all!(Key: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Registration: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Keys<4>: Send, Sync, UnwindSafe, RefUnwindSafe);

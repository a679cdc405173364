//! What may be shared, sent, and caught by `catch_unwind`.

use ft_barrier::{Barrier, Enter, Entry, Turn};
use static_assertions::assert_impl_all;
use std::{
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

assert_impl_all!(Barrier: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Enter<&'static Barrier>: Send, Unpin);
assert_impl_all!(Enter<Arc<Barrier>>: Send, Unpin);
assert_impl_all!(Entry<&'static Barrier>: Send, Sync);
assert_impl_all!(Turn<&'static Barrier>: Send, Sync);

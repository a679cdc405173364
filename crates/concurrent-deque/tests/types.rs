//! What may be shared, sent, and caught by `catch_unwind`.

use ft_concurrent_deque::ConcurrentDeque;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

// One thread at a time has an item, under the lock: it need not be `Sync`.
assert_impl_all!(ConcurrentDeque<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(ConcurrentDeque<Rc<u8>>: Send, Sync);

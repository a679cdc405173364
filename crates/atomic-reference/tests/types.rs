//! What may be shared, sent, and caught by `catch_unwind`.

use ft_atomic_reference::{AtomicReference, Change, StableReference};
use ft_test_pool::Pooled;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    sync::Arc,
};

assert_impl_all!(AtomicReference<Arc<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
// All threads can reach the same object.
assert_not_impl_any!(AtomicReference<Arc<Cell<u8>>>: Send, Sync);
assert_not_impl_any!(AtomicReference<Rc<u8>>: Send, Sync);
assert_impl_all!(StableReference<Pooled<u8>>: Send, Sync);
assert_not_impl_any!(StableReference<Pooled<Cell<u8>>>: Send, Sync);
assert_impl_all!(Change<u8>: Send, Sync);

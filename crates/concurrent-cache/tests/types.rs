//! What may be shared, sent, and caught by `catch_unwind`.

use ft_concurrent_cache::{
    Builder, Cause, Claim, ConcurrentCache, Leader, ManualClock, Statistics, Suspended,
    SystemClock, Terms,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    collections::hash_map::RandomState,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

assert_impl_all!(ConcurrentCache<u8, u8>: Send, Sync, UnwindSafe, RefUnwindSafe);
// Readers of a key are in it at once.
assert_impl_all!(ConcurrentCache<u8, Cell<u8>>: Send);
assert_not_impl_any!(ConcurrentCache<u8, Cell<u8>>: Sync);
assert_not_impl_any!(ConcurrentCache<Cell<u8>, u8>: Sync);
assert_not_impl_any!(ConcurrentCache<u8, Rc<u8>>: Send, Sync);
assert_not_impl_any!(ConcurrentCache<Rc<u8>, u8>: Send, Sync);
assert_not_impl_any!(ConcurrentCache<u8, u8, Rc<u8>>: Send, Sync);
assert_not_impl_any!(ConcurrentCache<u8, u8, RandomState, Rc<u8>>: Send, Sync);

type Own<V> = Claim<'static, u8, V, RandomState, SystemClock>;
assert_impl_all!(Own<u8>: Send, Sync);
assert_not_impl_any!(Leader<'static, u8, Rc<u8>, RandomState, SystemClock>: Send, Sync);
assert_impl_all!(Suspended: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Builder<u8, u8>: Send, Sync);
assert_impl_all!(Terms: Send, Sync, Copy, Default);
assert_impl_all!(Statistics: Send, Sync, Copy, Default);
assert_impl_all!(Cause: Send, Sync, Copy);
assert_impl_all!(ManualClock: Send, Sync, Clone, Default);
assert_impl_all!(SystemClock: Send, Sync, Copy, Default);

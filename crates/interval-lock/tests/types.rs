//! What may be shared, sent, and caught by `catch_unwind`.

use ft_interval_lock::{IntervalLock, IntervalLockGuard, RawIntervalLock, Waiter};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

// One thread at a time has the value: it need not be `Sync`.
assert_impl_all!(IntervalLock<Cell<u8>>: Send, Sync);
assert_not_impl_any!(IntervalLock<Rc<u8>>: Send, Sync);
// It is not poisoned, so a value that was left half-changed would be seen: as with `parking_lot`.
assert_not_impl_any!(IntervalLock<u8>: RefUnwindSafe);

// The thread that took the lock gives it up.
assert_not_impl_any!(IntervalLockGuard<'static, u8>: Send);
assert_impl_all!(IntervalLockGuard<'static, u8>: Sync);
assert_not_impl_any!(IntervalLockGuard<'static, Cell<u8>>: Sync);

assert_impl_all!(RawIntervalLock: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Waiter<'static>: Send);

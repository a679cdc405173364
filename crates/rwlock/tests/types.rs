//! What may be shared, sent, and caught by `catch_unwind`.

use ft_rwlock::{RawRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

assert_impl_all!(RwLock<u8>: Send, Sync);
// Readers are in it at once.
assert_not_impl_any!(RwLock<Cell<u8>>: Sync);
assert_not_impl_any!(RwLock<Rc<u8>>: Send, Sync);
// It is not poisoned, so a value that was left half-changed would be seen: as with `parking_lot`.
assert_not_impl_any!(RwLock<u8>: RefUnwindSafe);

// Another thread than the one that took the lock may give it up.
assert_impl_all!(RwLockReadGuard<'static, u8>: Send, Sync);
assert_impl_all!(RwLockWriteGuard<'static, u8>: Send, Sync);
assert_not_impl_any!(RwLockWriteGuard<'static, Cell<u8>>: Sync);

assert_impl_all!(RawRwLock: Send, Sync, UnwindSafe, RefUnwindSafe);

//! What may be shared, sent, and caught by `catch_unwind`.

use ft_concurrent_dict::{
    Claim, ConcurrentDict, Deadlock, Entry, Flight, IntoIter, Iter, Leader, Suspended, Waiting,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    collections::hash_map::RandomState,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

assert_impl_all!(ConcurrentDict<u8, u8>: Send, Sync, UnwindSafe, RefUnwindSafe);
// Readers of a key are in it at once.
assert_impl_all!(ConcurrentDict<u8, Cell<u8>>: Send);
assert_not_impl_any!(ConcurrentDict<u8, Cell<u8>>: Sync);
assert_not_impl_any!(ConcurrentDict<Cell<u8>, u8>: Sync);
assert_not_impl_any!(ConcurrentDict<u8, Rc<u8>>: Send, Sync);
assert_not_impl_any!(ConcurrentDict<Rc<u8>, u8>: Send, Sync);
assert_not_impl_any!(ConcurrentDict<u8, u8, Rc<u8>>: Send, Sync);

assert_impl_all!(Flight: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Suspended: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Waiting: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Deadlock: Send, Sync, std::error::Error);
assert_impl_all!(Iter<'static, u8, u8, RandomState>: Send, Sync);
assert_not_impl_any!(Iter<'static, u8, Rc<u8>, RandomState>: Send, Sync);
assert_impl_all!(IntoIter<u8, u8>: Send, Sync);
assert_not_impl_any!(IntoIter<u8, Rc<u8>>: Send, Sync);
assert_impl_all!(Claim<'static, u8, u8, RandomState>: Send, Sync);
assert_not_impl_any!(Leader<'static, u8, Rc<u8>, RandomState>: Send, Sync);
// It hands the value out.
assert_not_impl_any!(Entry<'static, u8, Rc<u8>>: Send, Sync);

//! What may be shared, sent, and caught by `catch_unwind`.

use ft_gathering_iter::{GatheringIter, Insertion, Reader};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

// One thread at a time has a value, under the lock: it need not be `Sync`.
assert_impl_all!(GatheringIter<Cell<u8>, Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Reader<Cell<u8>, Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Insertion<'static, u8, u8>: Send);
assert_not_impl_any!(GatheringIter<Rc<u8>, u8>: Send, Sync);
assert_not_impl_any!(GatheringIter<u8, Rc<u8>>: Send, Sync);
assert_not_impl_any!(Reader<Rc<u8>, u8>: Send, Sync);
assert_not_impl_any!(Reader<u8, Rc<u8>>: Send, Sync);
assert_not_impl_any!(Insertion<'static, Rc<u8>, u8>: Send, Sync);

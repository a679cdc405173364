//! What may be shared, sent, and caught by `catch_unwind`.

use ft_concurrent_queue::{
    Attempt, ConcurrentQueue, ConcurrentStack, IntoIter, Iter, PriorityQueue, TaskTracker, TryIter,
    Turn,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

// One thread at a time has an item, that of a peek included: it need not be `Sync`.
assert_impl_all!(ConcurrentQueue<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(ConcurrentStack<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(PriorityQueue<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(ConcurrentQueue<Rc<u8>>: Send, Sync);
assert_not_impl_any!(ConcurrentStack<Rc<u8>>: Send, Sync);
assert_not_impl_any!(PriorityQueue<Rc<u8>>: Send, Sync);

assert_impl_all!(IntoIter<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Iter<'static, Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(TryIter<'static, Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(IntoIter<Rc<u8>>: Send, Sync);
assert_not_impl_any!(Iter<'static, Rc<u8>>: Send, Sync);
assert_not_impl_any!(TryIter<'static, Rc<u8>>: Send, Sync);
assert_not_impl_any!(Turn<'static, Rc<u8>>: Send, Sync);

assert_impl_all!(TaskTracker: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Attempt<'static>: Send, Sync, UnwindSafe, RefUnwindSafe);

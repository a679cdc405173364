//! What may be shared, sent, and caught by `catch_unwind`.

use ft_sync::{Event, Listener, PerProcess, Select, Signal, ThreadToken, UnsafeCell};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

assert_impl_all!(Event: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Listener<'static>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Select<'static, u8>: Send);
assert_impl_all!(Signal: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(ThreadToken: Send, Sync);

// All threads get at the same value.
assert_impl_all!(PerProcess<u8>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(PerProcess<Cell<u8>>: Sync);
assert_not_impl_any!(PerProcess<Rc<u8>>: Send, Sync);

assert_impl_all!(UnsafeCell<u8>: Send);
assert_not_impl_any!(UnsafeCell<u8>: Sync, RefUnwindSafe);

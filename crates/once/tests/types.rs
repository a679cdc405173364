//! What may be shared, sent, and caught by `catch_unwind`.

use ft_once::{Claim, Flight, Leader, Once, Party, Suspended, Turn, Waiting};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

assert_impl_all!(Once<u8>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Flight: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Claim<'static, u8>: Send, Unpin);
assert_impl_all!(Leader<'static, u8>: Send, Sync);
assert_impl_all!(Turn<'static, u8>: Send, Sync);
assert_impl_all!(Party: Send, Sync, Copy);
assert_impl_all!(Suspended: Send, Sync);
assert_impl_all!(Waiting: Send, Sync);
assert_impl_all!(Once<Cell<u8>>: Send);
// It is shared by reference.
assert_not_impl_any!(Once<Cell<u8>>: Sync);
// A thread may drop what another one has stored.
assert_not_impl_any!(Once<Rc<u8>>: Send, Sync);

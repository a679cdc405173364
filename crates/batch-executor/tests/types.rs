//! What may be shared, sent, and caught by `catch_unwind`.

use ft_batch_executor::{BatchBuffer, BatchExecutor};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    sync::Arc,
};

// A value is handed out once, so it need not be `Sync`.
assert_impl_all!(BatchBuffer<Box<Cell<u8>>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(BatchBuffer<Box<Rc<u8>>>: Send, Sync);
assert_not_impl_any!(BatchBuffer<Arc<Cell<u8>>>: Send, Sync);

// The same goes for the source.
assert_impl_all!(BatchExecutor<usize, Cell<u8>>: Send, Sync);
assert_impl_all!(BatchExecutor<usize, fn() -> Result<usize, ()>>: UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(BatchExecutor<usize, Rc<u8>>: Send, Sync);
assert_not_impl_any!(BatchExecutor<Box<Rc<u8>>, u8>: Send, Sync);

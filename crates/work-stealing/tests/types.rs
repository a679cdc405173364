//! What may be shared, sent, and caught by `catch_unwind`.

use ft_work_stealing::{Pool, Scope, SpawnError, WorkerThread};
use static_assertions::assert_impl_all;

assert_impl_all!(Pool: Send, Sync);
assert_impl_all!(Scope<'static, 'static>: Send, Sync);
assert_impl_all!(SpawnError: Send, Sync);
assert_impl_all!(WorkerThread: Send);

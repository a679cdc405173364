//! Entries that bypass PyO3, for calls that do not have to wait.

use super::{
    class::PyRwLock,
    context::{PyRwReadContext, PyRwWriteContext},
};
use crate::runtime::{awaiting, fast_calls::Done};
use pyo3::prelude::*;
use std::sync::OnceLock;

mod lock {
    use super::{Done, PyRwLock};

    crate::runtime::fast_calls::fast! { PyRwLock:
        noargs c"lock_read" = |this, py| this.0.try_read().then(|| Done::none(py));
        noargs c"unlock_read" = |this, py| super::unlocked(this, py, |lock| lock.0.unlock_read().is_ok());
        noargs c"lock_write" = |this, py| this.0.try_write().then(|| Done::none(py));
        noargs c"unlock_write" = |this, py| super::unlocked(this, py, |lock| lock.0.unlock_write().is_ok());
        noargs c"release_read" = |this, py| super::unlocked(this, py, |lock| lock.0.unlock_read().is_ok());
        noargs c"release_write" = |this, py| super::unlocked(this, py, |lock| lock.0.unlock_write().is_ok());
    }
}

mod read_context {
    use super::{PyRwReadContext, entered};

    crate::runtime::fast_calls::fast! { PyRwReadContext:
        noargs c"__enter__" = |this, py| entered(&this.lock, py, |lock| lock.0.try_read());
        three c"__exit__" = |this, py, _, _, _| {
            super::unlocked(this.lock.get()?.get(), py, |lock| lock.0.unlock_read().is_ok())
        };
    }
}

mod write_context {
    use super::{PyRwWriteContext, entered};

    crate::runtime::fast_calls::fast! { PyRwWriteContext:
        noargs c"__enter__" = |this, py| entered(&this.lock, py, |lock| lock.0.try_write());
        three c"__exit__" = |this, py, _, _, _| {
            super::unlocked(this.lock.get()?.get(), py, |lock| lock.0.unlock_write().is_ok())
        };
    }
}

/// Releases a lock, if this thread has it. If a task has it, the caller may be that task.
#[inline]
fn unlocked(lock: &PyRwLock, py: Python<'_>, unlock: fn(&PyRwLock) -> bool) -> Option<Done> {
    if lock.0.has_tasks() {
        return None;
    }
    awaiting::ringing(py, || unlock(lock)).then(|| Done::none(py))
}

/// Returns the lock of a context, if the context has one and the lock could be taken at once.
#[inline]
fn entered(
    lock: &OnceLock<Py<PyRwLock>>,
    py: Python<'_>,
    attempt: fn(&PyRwLock) -> bool,
) -> Option<Done> {
    let lock = lock.get()?;
    attempt(lock.get()).then(|| Done(lock.clone_ref(py).into_ptr()))
}

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    lock::speed_up(py)?;
    read_context::speed_up(py)?;
    write_context::speed_up(py)
}

//! Entries that bypass PyO3, for calls that do not have to wait.

use super::{
    class::PyRwLock,
    context::{PyRwReadContext, PyRwWriteContext},
};
use crate::runtime::fast_calls::Done;
use pyo3::prelude::*;
use std::sync::OnceLock;

mod lock {
    use super::{Done, PyRwLock};

    crate::runtime::fast_calls::fast! { PyRwLock:
        noargs c"lock_read" = |this, py| this.0.try_read().then(|| Done::none(py));
        noargs c"unlock_read" = |this, py| this.0.unlock_read().ok().map(|()| Done::none(py));
        noargs c"lock_write" = |this, py| this.0.try_write().then(|| Done::none(py));
        noargs c"unlock_write" = |this, py| this.0.unlock_write().ok().map(|_| Done::none(py));
        noargs c"release_read" = |this, py| this.0.unlock_read().ok().map(|()| Done::none(py));
        noargs c"release_write" = |this, py| this.0.unlock_write().ok().map(|_| Done::none(py));
    }
}

mod read_context {
    use super::{Done, PyRwReadContext, entered};

    crate::runtime::fast_calls::fast! { PyRwReadContext:
        noargs c"__enter__" = |this, py| entered(&this.lock, py, |lock| lock.0.try_read());
        three c"__exit__" = |this, py, _, _, _| {
            this.lock.get()?.get().0.unlock_read().ok()?;
            Some(Done::none(py))
        };
    }
}

mod write_context {
    use super::{Done, PyRwWriteContext, entered};

    crate::runtime::fast_calls::fast! { PyRwWriteContext:
        noargs c"__enter__" = |this, py| entered(&this.lock, py, |lock| lock.0.try_write());
        three c"__exit__" = |this, py, _, _, _| {
            this.lock.get()?.get().0.unlock_write().ok()?;
            Some(Done::none(py))
        };
    }
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

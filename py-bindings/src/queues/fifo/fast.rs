//! Entries that bypass PyO3, for calls that do not have to wait.

use super::{class::PyConcurrentQueue, iter::QueueIter, std::PyStdQueue};
use crate::runtime::{
    awaiting::{self, ringing},
    fast_calls::Done,
    object::Object,
};
use pyo3::prelude::*;

mod queue {
    use super::{PyConcurrentQueue, pop_now, push_now};

    crate::runtime::fast_calls::fast! { PyConcurrentQueue:
        one c"push" = |this, _, value| push_now(this, &value);
        one c"try_push" = |this, _, value| push_now(this, &value);
        none c"pop" = |this, py| pop_now(this, py);
        noargs c"try_pop" = |this, py| pop_now(this, py);
    }
}

mod iter {
    use super::{QueueIter, pop_now};

    crate::runtime::fast_calls::fast! { QueueIter:
        next tp_iternext = |this, py| pop_now(this.0.get(), py);
    }
}

mod std_queue {
    use super::{PyConcurrentQueue, PyStdQueue, pop_now, push_now};

    crate::runtime::fast_calls::fast! { PyStdQueue as PyConcurrentQueue:
        one c"put" = |this, _, item| push_now(this, &item);
        one_exact c"put_nowait" = |this, _, item| push_now(this, &item);
        none c"get" = |this, py| pop_now(this, py);
        noargs_exact c"get_nowait" = |this, py| pop_now(this, py);
    }
}

/// Appends an item if that is possible without waiting.
#[inline]
pub(crate) fn push_now(queue: &PyConcurrentQueue, item: &Bound<'_, PyAny>) -> Option<Done> {
    let py = item.py();
    ringing(py, || queue.inner.get()?.try_push(Object::new(item)).ok())?;
    Some(Done::none(py))
}

/// Takes out the oldest item if there is one.
#[inline]
pub(crate) fn pop_now(queue: &PyConcurrentQueue, py: Python<'_>) -> Option<Done> {
    let core = &queue.inner.get()?.core;
    let item = core.try_pop().ok()?;
    // In a queue without a bound, no call waits for room.
    if core.capacity().is_some() {
        awaiting::ring(py);
    }
    Some(Done::object(item))
}

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    queue::speed_up(py)?;
    iter::speed_up(py)?;
    std_queue::speed_up(py)
}

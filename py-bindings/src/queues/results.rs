//! Ways to hand items to Python: in a wrapper, or in an exception.

use crate::{
    local_wrapper,
    runtime::{
        create::{self, New},
        object::Object,
    },
};
use pyo3::prelude::*;
use std::collections::VecDeque;

/// Returns the result of `pop` in a LocalWrapper.
pub(crate) fn in_wrapper<'py>(
    py: Python<'py>,
    pop: impl FnOnce() -> PyResult<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    // The wrapper is made first, because nothing may fail once the item is out of the queue.
    let wrapper = local_wrapper::Vacant::new(py)?;
    Ok(wrapper.fill(pop()?.into_bound(py)))
}

/// Stores the items that a `push_many` has not pushed in its exception.
pub(crate) fn with_rest(py: Python<'_>, err: PyErr, rest: VecDeque<Object>) -> PyErr {
    let rest = create::list(py, rest.into_iter().map(|item| Ok(item.into_bound(py))));
    let name = New("remaining").into_pyobject(py);
    let set = rest.and_then(|rest| err.value(py).setattr(name?, rest));
    set.err().unwrap_or(err)
}

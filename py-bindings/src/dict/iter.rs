//! The iterator over the keys of a `ConcurrentDict`.

use super::{
    class::PyConcurrentDict,
    walk::{KeyWalk, Keys},
};
use crate::runtime::{fast_calls, object::Object};
use ft_concurrent_dict::Walk;
use pyo3::{PyTraverseError, PyVisit, prelude::*};

/// An iterator over keys, which copies the keys of one part of the dictionary at a time.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentDictIterator"
)]
pub(crate) struct DictIter(KeyWalk<PyConcurrentDict>);

impl Keys for PyConcurrentDict {
    fn next_keys(this: &Bound<'_, Self>, walk: &mut Walk) -> Option<Vec<Object>> {
        (this.get().core).collect_next(walk, |key, _| key.clone())
    }
}

impl DictIter {
    pub(crate) fn new(dict: &Bound<'_, PyConcurrentDict>) -> Self {
        Self(KeyWalk::new(dict))
    }
}

#[pymethods]
impl DictIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.0.next(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(&visit)
    }

    fn __clear__(&self) {
        self.0.clear();
    }
}

fast_calls::fast! { DictIter:
    next tp_iternext = |this, _| this.0.next_ready();
}

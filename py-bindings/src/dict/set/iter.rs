//! The iterator over the elements of a `ConcurrentSet`.

use super::class::PyConcurrentSet;
use crate::{
    dict::walk::{KeyWalk, Keys},
    runtime::{fast_calls, object::Object},
};
use ft_concurrent_dict::Walk;
use pyo3::{PyTraverseError, PyVisit, prelude::*};

/// An iterator over elements, which copies those of one part of the set at a time.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentSetIterator"
)]
pub(crate) struct SetIter(KeyWalk<PyConcurrentSet>);

impl Keys for PyConcurrentSet {
    fn next_keys(this: &Bound<'_, Self>, walk: &mut Walk) -> Option<Vec<Object>> {
        (this.get().core).collect_next(walk, |element, ()| element.clone())
    }
}

impl SetIter {
    pub(super) fn new(set: &Bound<'_, PyConcurrentSet>) -> Self {
        Self(KeyWalk::new(set))
    }
}

#[pymethods]
impl SetIter {
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

fast_calls::fast! { SetIter:
    next tp_iternext = |this, _| this.0.next_ready();
}

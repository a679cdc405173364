//! MISSING, and optional arguments.

use pyo3::prelude::*;

/// The type of MISSING, which stands for the absence of a key.
#[pyclass(frozen, module = "ft_utils.concurrency", name = "MissingType")]
pub(crate) struct Missing;

#[pymethods]
impl Missing {
    fn __repr__(&self) -> &'static str {
        "MISSING"
    }

    fn __bool__(&self) -> bool {
        false
    }

    fn __reduce__(&self) -> &'static str {
        "MISSING"
    }
}

/// An optional argument for which None is a normal value.
pub(crate) struct Optional<'py>(pub(crate) Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Optional<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(present(&object).cloned()))
    }
}

/// Returns the argument, unless it is MISSING.
pub(super) fn present<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyAny>> {
    (!object.is_instance_of::<Missing>()).then_some(object)
}

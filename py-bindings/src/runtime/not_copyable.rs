//! Makes `copy` and `pickle` refuse objects that threads share.

use super::create::exception;
use pyo3::{exceptions::PyTypeError, prelude::*};

/// Refuses `copy.copy`, `copy.deepcopy` and `pickle` of an object that threads share.
///
/// A copy would be a separate object, which the threads that use the original do not know. A
/// program that needs a new object calls the method that `instead` names.
pub(crate) fn refuse(object: &Bound<'_, PyAny>, instead: &str) -> PyResult<()> {
    let kind = object.get_type().name()?.to_string();
    Err(exception::<PyTypeError>(format!(
        "cannot copy or pickle '{kind}' object, which threads share; use {instead}"
    )))
}

/// Gives a class the methods that `copy` and `pickle` look for; each of them raises.
macro_rules! not_copyable {
    ($class:ty, $instead:literal) => {
        #[pymethods]
        impl $class {
            fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
                $crate::runtime::not_copyable::refuse(slf, $instead)
            }

            fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
                Self::__copy__(slf)
            }

            fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
                Self::__copy__(slf)
            }
        }
    };
}
pub(crate) use not_copyable;

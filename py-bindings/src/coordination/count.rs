//! Numbers to count by, as arguments.

use crate::runtime::create::exception;
use pyo3::{
    exceptions::{PyOverflowError, PyValueError},
    prelude::*,
};

/// A number that is not negative, and fits into 32 bits.
pub(super) struct Count(pub(super) u32);

impl FromPyObject<'_, '_> for Count {
    type Error = PyErr;

    fn extract(count: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let count: i64 = count.extract()?;
        if count < 0 {
            let message = format!("a count must not be negative: {count}");
            return Err(exception::<PyValueError>(message));
        }
        match u32::try_from(count) {
            Ok(count) => Ok(Self(count)),
            Err(_) => {
                let message = format!("a count must not exceed {}: {count}", u32::MAX);
                Err(exception::<PyOverflowError>(message))
            }
        }
    }
}

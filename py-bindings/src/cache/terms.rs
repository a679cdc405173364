//! Times and weights, as Python gives them.

use crate::runtime::create::exception;
use ft_concurrent_cache::Terms;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
};
use std::time::Duration;

/// A number of seconds or a `timedelta`, for which something may be used.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromPyObject<'_, '_> for Seconds {
    type Error = PyErr;

    fn extract(seconds: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = seconds.py();
        let number: PyResult<f64> = seconds.extract();
        let number = match number {
            Err(err) if err.is_instance_of::<PyTypeError>(py) => {
                // A `timedelta`.
                let Some(total) = seconds.getattr_opt(intern!(py, "total_seconds"))? else {
                    let kind = seconds.get_type();
                    return Err(exception::<PyTypeError>(format!(
                        "expected a number of seconds, a timedelta or None, not {kind}"
                    )));
                };
                total.call0()?.extract()?
            }
            number => number?,
        };
        if number.is_nan() || number < 0.0 {
            return Err(exception::<PyValueError>(format!(
                "a number of seconds must not be negative or NaN: {number}"
            )));
        }
        // A number that is too large means for ever.
        Ok(Self(
            Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX),
        ))
    }
}

/// Terms with these times, where they are given.
pub(crate) fn terms(ttl: Option<Seconds>, idle: Option<Seconds>) -> Terms {
    let mut terms = Terms::new();
    if let Some(Seconds(ttl)) = ttl {
        terms = terms.time_to_live(ttl);
    }
    if let Some(Seconds(idle)) = idle {
        terms = terms.time_to_idle(idle);
    }
    terms
}

/// Converts what a weigher has returned.
pub(crate) fn weight(weight: &Bound<'_, PyAny>) -> PyResult<u64> {
    weight.extract().map_err(|err: PyErr| {
        if err.is_instance_of::<PyTypeError>(weight.py()) {
            let kind = weight.get_type();
            return exception::<PyTypeError>(format!("weigher must return an int, not {kind}"));
        }
        exception::<PyValueError>(format!(
            "weigher must return an int from 0 to 2**64 - 1, not {weight}"
        ))
    })
}

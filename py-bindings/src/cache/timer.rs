//! The clock of a cache, which may be a function of the user's.

use crate::runtime::{create::exception, object::Object};
use ft_concurrent_cache::{Clock, SystemClock};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyValueError, prelude::*};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// What the core reads the time from. The core may do that under a lock, where no Python code may
/// run, so a function of the user's is called before, by [`Timer::tick`].
pub(crate) enum Time {
    System(SystemClock),
    /// The latest time that the function has returned, in nanoseconds.
    Told(Arc<AtomicU64>),
}

/// A function of the user's that returns seconds, if there is one.
pub(crate) struct Timer(Option<(Object, Arc<AtomicU64>)>);

impl Timer {
    pub(crate) fn new(function: Option<&Bound<'_, PyAny>>) -> PyResult<(Self, Time)> {
        let Some(function) = function else {
            return Ok((Self(None), Time::System(SystemClock::default())));
        };
        let told = Arc::default();
        let timer = Self(Some((Object::new(function), Arc::clone(&told))));
        timer.tick(function.py())?;
        Ok((timer, Time::Told(told)))
    }

    /// Asks the function for the time. Time never goes back, whatever the function returns.
    #[inline]
    pub(crate) fn tick(&self, py: Python<'_>) -> PyResult<()> {
        match &self.0 {
            None => Ok(()),
            Some((function, told)) => {
                // Relaxed: a time publishes nothing.
                told.fetch_max(nanoseconds(&function.bind(py).call0()?)?, Relaxed);
                Ok(())
            }
        }
    }

    /// Whether the time is that of the system, which needs no call.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.0 {
            Some((function, _)) => visit.call(&**function),
            None => Ok(()),
        }
    }
}

fn nanoseconds(seconds: &Bound<'_, PyAny>) -> PyResult<u64> {
    let seconds: f64 = seconds.extract()?;
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| {
        exception::<PyValueError>(format!(
            "timer must return a number of seconds that is not negative, not {seconds}"
        ))
    })?;
    Ok(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

impl Clock for Time {
    #[inline]
    fn now(&self) -> Duration {
        match self {
            Self::System(clock) => clock.now(),
            // Relaxed: as in `tick`.
            Self::Told(nanos) => Duration::from_nanos(nanos.load(Relaxed)),
        }
    }
}

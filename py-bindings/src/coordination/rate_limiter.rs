//! `RateLimiter`, and `ManualClock`.

use super::count::Count;
use crate::runtime::{
    awaiting::{self, Awaited, Coroutine, Nap, Operation, Outcome},
    blocking::{self, Timeout},
    choosing::Case,
    create::{New, exception},
    deferral::deferred_from_birth,
    error::Result,
    not_copyable::not_copyable,
};
use ft_rate_limiter::{ManualClock, RateLimiter};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::{Arc, OnceLock},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// Hands out permits at a steady rate, to threads and coroutines together.
///
/// RateLimiter(rate, burst=1, clock=None)
///
/// It grants rate permits a second, and after a pause up to burst of them at once: in any t seconds
/// at most burst + t * rate, however many threads and event loops use it. The time between two permits
/// is a whole number of nanoseconds, rounded up.
///
/// Those that wait are served first come, first served, and while anyone waits, try_acquire() gets
/// nothing. A waiter may be cancelled, time out, be interrupted by Ctrl-C, or have its event loop
/// closed: it has then taken nothing, and the next one takes its place. Ctrl-C ends a wait within
/// 0.1 s. No more than burst permits can be asked for at once.
///
/// clock may be a ManualClock, for tests. Otherwise the limiter goes by the system's monotonic clock.
///
/// "with limiter" in threads that run no event loop, and "async with limiter" in coroutines, take one
/// permit before the block, waiting for it. Nothing is given back at the end. In a subclass they call
/// acquire() and acquire_async().
///
/// >>> clock = ManualClock()
/// >>> limiter = RateLimiter(10, burst=2, clock=clock)
/// >>> [limiter.try_acquire() for _ in range(3)]
/// [True, True, False]
/// >>> clock.advance(0.1)
/// >>> limiter.acquire()
/// True
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "RateLimiter"
)]
pub(crate) struct PyRateLimiter {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    core: OnceLock<Arc<RateLimiter>>,
}

impl PyRateLimiter {
    #[inline]
    fn core(&self) -> PyResult<&Arc<RateLimiter>> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>("RateLimiter.__init__() was not called by the subclass")
        })
    }
}

#[pymethods]
impl PyRateLimiter {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(rate, burst=1, clock=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: OnceLock::new(),
        }
    }

    #[pyo3(signature = (rate, burst=Count(1), clock=None))]
    fn __init__(&self, rate: f64, burst: Count, clock: Option<&Bound<'_, PyAny>>) -> Result<()> {
        let limiter = match clock {
            None => RateLimiter::new(rate, burst.0)?,
            Some(clock) => match clock.cast::<PyManualClock>() {
                Ok(clock) => RateLimiter::with_clock(rate, burst.0, &clock.get().0)?,
                Err(_) => {
                    let message = format!("clock must be a ManualClock, not {}", clock.get_type());
                    return Err(exception::<PyTypeError>(message).into());
                }
            },
        };
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Arc::new(limiter));
        Ok(())
    }

    /// Take n permits if they are there and nobody waits; return whether that succeeded.
    #[pyo3(signature = (n=Count(1)), text_signature = "($self, n=1)")]
    fn try_acquire(&self, n: Count) -> Result<bool> {
        Ok(self.core()?.try_acquire(n.0)?)
    }

    /// Take n permits, waiting for them if necessary; return False if timeout seconds pass before.
    #[pyo3(signature = (n=Count(1), timeout=None), text_signature = "($self, n=1, timeout=None)")]
    fn acquire(&self, py: Python<'_>, n: Count, timeout: Option<Timeout>) -> Result<bool> {
        let core = self.core()?;
        if core.try_acquire(n.0)? {
            return Ok(true);
        }
        let deadline = Timeout::deadline(timeout);
        let acquired = awaiting::ringing(py, || -> Result<_> {
            // When it is dropped, the next in line has its turn. That happens before the alarms are
            // rung.
            let mut wait = core.wait_for(n.0)?;
            let step = |until| wait.wait_deadline(until).then_some(());
            Ok(blocking::wait_in_slices(py, deadline, step)?)
        })?;
        Ok(acquired.is_some())
    }

    /// Do what acquire() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call. A task that is cancelled while it waits has taken nothing.
    #[pyo3(signature = (n=Count(1), timeout=None), text_signature = "($self, n=1, timeout=None)")]
    fn acquire_async(&self, n: Count, timeout: Option<Timeout>) -> Result<Coroutine> {
        let core = self.core()?;
        // This fails if there are never so many permits.
        core.wait_for(n.0)?;
        let deadline = Timeout::deadline(timeout);
        let wait = awaited(core, n.0);
        Ok(Coroutine::new("RateLimiter.acquire_async", wait, deadline))
    }

    /// Return the case of select() and select_async() that takes n permits.
    ///
    /// While such a call waits, it has a place in line. It has taken nothing if another case takes
    /// effect.
    #[pyo3(signature = (n=Count(1)), text_signature = "($self, n=1)")]
    fn acquiring(slf: &Bound<'_, Self>, n: Count) -> Result<Case> {
        let (core, n) = (Arc::clone(slf.get().core()?), n.0);
        // As above.
        core.wait_for(n)?;
        let name = "RateLimiter.acquiring";
        Ok(Case::new(name, slf, None, move |_, _| {
            Box::new(TakePermits::new(&core, n))
        }))
    }

    /// Take the next n permits, ahead of all waiters; return in how many seconds they may be used.
    ///
    /// The caller has to wait for that long. It cannot give the permits back.
    #[pyo3(signature = (n=Count(1)), text_signature = "($self, n=1)")]
    fn reserve(&self, n: Count) -> Result<New<f64>> {
        Ok(New(self.core()?.reserve(n.0)?.as_secs_f64()))
    }

    /// The number of permits that are there at this moment.
    #[getter]
    fn available(&self) -> PyResult<New<i64>> {
        Ok(New(self.core()?.available().into()))
    }

    /// The largest number of permits that can be taken at once.
    #[getter]
    fn burst(&self) -> PyResult<New<i64>> {
        Ok(New(self.core()?.burst().into()))
    }

    /// The time between two permits, in seconds.
    #[getter]
    fn interval(&self) -> PyResult<New<f64>> {
        Ok(New(self.core()?.interval().as_secs_f64()))
    }

    /// The number of waiters at this moment.
    #[getter]
    fn waiting(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.waiting()))
    }

    /// Return another Python object for the same limiter.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> PyResult<Self> {
        Ok(Self {
            core: OnceLock::from(Arc::clone(self.core()?)),
        })
    }

    fn __enter__(slf: &Bound<'_, Self>) -> Result<()> {
        let py = slf.py();
        if awaiting::is_in_event_loop(py)? {
            let message = "use 'async with' in the thread of an event loop, which must not wait";
            return Err(exception::<PyRuntimeError>(message).into());
        }
        if slf.is_exact_instance_of::<Self>() {
            slf.get().acquire(py, Count(1), None)?;
        } else {
            slf.call_method0(intern!(py, "acquire"))?;
        }
        Ok(())
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) {
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if !slf.is_exact_instance_of::<Self>() {
            return slf.call_method0(intern!(py, "acquire_async"));
        }
        // The burst is at least 1.
        let operation = TakePermits::new(slf.get().core()?, 1);
        let coroutine = Coroutine::new("RateLimiter.__aenter__", operation, None);
        Ok(Bound::new(py, coroutine)?.into_any())
    }

    // As for `__exit__`.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __aexit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Coroutine {
        Coroutine::finished("RateLimiter.__aexit__")
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        let Some(core) = slf.get().core.get() else {
            return Ok(New(format!("<ft_utils.{name}, not initialized>")));
        };
        let (place, available) = (slf.as_ptr(), core.available());
        let (burst, waiting) = (core.burst(), core.waiting());
        Ok(New(format!(
            "<ft_utils.{name} at {place:p}: available={available}/{burst}, waiting={waiting}>"
        )))
    }
}

not_copyable!(PyRateLimiter, "handle() to share the object");

/// Waits for permits, of which the limiter has so many.
fn awaited(core: &Arc<RateLimiter>, n: u32) -> Awaited {
    let (core, nap) = (Arc::clone(core), Nap::default());
    let naps = nap.clone();
    let wait = async move {
        let acquired = core.acquire_async(n, |at| naps.until(at)).await;
        debug_assert!(acquired.is_ok(), "the number was accepted before");
    };
    Awaited::new(wait).with_naps(nap)
}

/// Takes permits, waiting in line for them. An attempt does not enter the line.
struct TakePermits {
    core: Arc<RateLimiter>,
    n: u32,
    /// The place in line. Dropping it leaves the line.
    waiting: Option<Awaited>,
}

impl TakePermits {
    /// `n` is at most the burst.
    fn new(core: &Arc<RateLimiter>, n: u32) -> Self {
        Self {
            core: Arc::clone(core),
            n,
            waiting: None,
        }
    }
}

impl Operation for TakePermits {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        let taken = match &mut self.waiting {
            Some(waiting) => waiting.attempt(py).is_some(),
            None => self.core.try_acquire(self.n) == Ok(true),
        };
        taken.then_some(Ok(None))
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        let waiting = (self.waiting).get_or_insert_with(|| awaited(&self.core, self.n));
        waiting.poll(py, waker).map(|_| Ok(None))
    }

    fn wake_at(&self) -> Option<Instant> {
        self.waiting.as_ref()?.wake_at()
    }

    fn traverse(&self, _visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        Ok(())
    }
}

/// A clock that stands still until it is advanced, for tests of programs that use a RateLimiter.
///
/// ManualClock()
///
/// Advancing it wakes the threads and coroutines that wait for that time, so a test need not sleep.
///
/// >>> clock = ManualClock()
/// >>> clock.advance(1.5)
/// >>> clock.now()
/// 1.5
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "ManualClock"
)]
pub(crate) struct PyManualClock(ManualClock);

#[pymethods]
impl PyManualClock {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(ManualClock::new())
    }

    fn __init__(&self) {}

    /// Advance the clock, and wake all that wait for it.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let by = Duration::try_from_secs_f64(seconds).ok();
        let advanced = by.and_then(|by| awaiting::ringing(py, || self.0.try_advance(by)));
        advanced.ok_or_else(|| {
            let message = format!("a clock cannot be advanced by {seconds} seconds");
            exception::<PyValueError>(message)
        })
    }

    /// Return the seconds by which the clock was advanced.
    fn now(&self) -> New<f64> {
        New(self.0.now().as_secs_f64())
    }

    /// Return another Python object for the same clock.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> Self {
        Self(self.0.clone())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let (name, place) = (slf.get_type().name()?, slf.as_ptr());
        let now = slf.get().0.now().as_secs_f64();
        Ok(New(format!("<ft_utils.{name} at {place:p}: {now} s>")))
    }
}

not_copyable!(
    PyManualClock,
    "now() for the time, handle() to share the object"
);

mod limiter {
    use super::*;

    deferred_from_birth!(PyRateLimiter);
}

mod clock {
    use super::*;

    deferred_from_birth!(PyManualClock);
}

/// Defers the reference counts of both classes.
pub(crate) fn defer(py: Python<'_>) {
    limiter::defer(py);
    clock::defer(py);
}

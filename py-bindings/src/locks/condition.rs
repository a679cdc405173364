//! `Condition`.

use super::{lock::PyLock, relock::Held};
use crate::runtime::{
    awaitable::refuse_coroutine,
    awaiting::{self, Coroutine},
    blocking::{self, Timeout},
    create::{New, exception},
    error::both,
    nesting::Nested,
    not_copyable::not_copyable,
};
use ft_compat::Protected;
use ft_sync::Event;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyTypeError},
    intern,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

/// A condition variable for threads, and for coroutines of any number of event loops.
///
/// Condition(lock=None)
///
/// It works like threading.Condition, and in coroutines like asyncio.Condition: wait() and
/// wait_async() release the lock, wait until notify() or notify_all() wakes them, and take the lock
/// again. lock may be any object with acquire() and release(); without one it is a new Lock (not an
/// RLock, so a thread that takes it twice waits for itself). Coroutines need a lock that has
/// acquire_async(), as Lock does.
///
/// Those that have waited longest are notified first. A wait ends only with the lock, however it ends.
/// If one that was notified is then cancelled or interrupted, its notification goes to the next one.
/// Ctrl-C ends a wait within 0.1 s, if the lock is free.
///
/// >>> import threading
/// >>> items, filled = [], Condition()
/// >>> def produce():
/// ...     with filled:
/// ...         items.append("bread")
/// ...         filled.notify()
/// >>> threading.Thread(target=produce).start()
/// >>> with filled:
/// ...     filled.wait_for(lambda: items)
/// ['bread']
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "Condition"
)]
pub(crate) struct PyCondition {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    core: Nested<OnceLock<Arc<Core>>>,
    /// In a handle, the original object. Only that object shows the lock to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the dict of the instance.
    is_made: bool,
}

struct Core {
    /// `None` once the collector has cleared the object.
    lock: Protected<Option<Py<PyAny>>>,
    /// Those that wait. They enter while they have the lock.
    waiters: Arc<Event>,
}

impl PyCondition {
    fn core(&self) -> PyResult<&Arc<Core>> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>("Condition.__init__() was not called by the subclass")
        })
    }

    pub(super) fn waiters(&self) -> PyResult<&Arc<Event>> {
        Ok(&self.core()?.waiters)
    }

    pub(super) fn lock<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let lock = self.core()?.lock.get(py);
        let lock = lock.as_ref().map(|lock| lock.bind(py).clone());
        lock.ok_or_else(|| {
            exception::<PyRuntimeError>("the condition was cleared by the collector")
        })
    }

    /// Returns the lock, which someone has to have. `what` is not possible otherwise.
    pub(super) fn held<'py>(&self, py: Python<'py>, what: &str) -> PyResult<Held<'py>> {
        let held = Held::new(self.lock(py)?);
        if held.is_held()? {
            return Ok(held);
        }
        let message = format!("cannot {what} on un-acquired lock");
        Err(exception::<PyRuntimeError>(message))
    }

    fn wait_until(&self, py: Python<'_>, deadline: Option<Instant>) -> PyResult<bool> {
        let held = self.held(py, "wait")?;
        let waiters = self.waiters()?;
        let mut listener = waiters.listen();
        let saved = match held.release() {
            Ok(saved) => saved,
            Err(err) => {
                awaiting::ringing(py, || drop(listener));
                return Err(err);
            }
        };
        // If the wait fails, a notification goes to the next one in line before this thread waits for
        // the lock.
        let waited = awaiting::ringing(py, || {
            let waited = blocking::wait_in_slices(py, deadline, |until| {
                listener.wait_slice(until).then_some(())
            });
            drop(listener);
            waited
        });
        let was_notified = matches!(waited, Ok(Some(())));
        let outcome = both(py, held.acquire_again(saved), waited);
        if was_notified && outcome.is_err() {
            awaiting::ringing(py, || waiters.notify(1));
        }
        Ok(outcome?.is_some())
    }
}

#[pymethods]
impl PyCondition {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(lock=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    #[pyo3(signature = (lock=None))]
    fn __init__(&self, py: Python<'_>, lock: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let lock = match lock {
            None => Bound::new(py, PyLock::unlocked())?.into_any(),
            Some(lock) => {
                for name in [intern!(py, "acquire"), intern!(py, "release")] {
                    if !lock.hasattr(name)? {
                        let kind = lock.get_type();
                        let message = format!("lock must have acquire() and release(), not {kind}");
                        return Err(exception::<PyTypeError>(message));
                    }
                }
                lock.clone()
            }
        };
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Arc::new(Core {
            lock: Protected::new(Some(lock.unbind())),
            waiters: Arc::new(Event::new()),
        }));
        Ok(())
    }

    /// Take the lock, with the arguments of its own method.
    #[pyo3(signature = (blocking=None, timeout=None), text_signature = "($self, blocking=True, timeout=-1)")]
    fn acquire<'py>(
        &self,
        py: Python<'py>,
        blocking: Option<&Bound<'py, PyAny>>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (lock, name) = (self.lock(py)?, intern!(py, "acquire"));
        match (blocking, timeout) {
            (None, None) => lock.call_method0(name),
            (Some(blocking), None) => lock.call_method1(name, (blocking,)),
            (None, Some(timeout)) => lock.call_method1(name, (true, timeout)),
            (Some(blocking), Some(timeout)) => lock.call_method1(name, (blocking, timeout)),
        }
    }

    /// Take the lock in a coroutine, with the lock's method acquire_async().
    #[pyo3(signature = (timeout=None))]
    pub(super) fn acquire_async<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (lock, name) = (self.lock(py)?, intern!(py, "acquire_async"));
        match timeout {
            None => lock.call_method0(name),
            Some(timeout) => lock.call_method1(name, (timeout,)),
        }
    }

    /// Release the lock.
    pub(super) fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.lock(py)?.call_method0(intern!(py, "release"))?;
        Ok(())
    }

    /// Return whether anyone has the lock.
    fn locked(&self, py: Python<'_>) -> PyResult<bool> {
        Held::new(self.lock(py)?).is_held()
    }

    /// Release the lock, wait until notified, and take the lock again; return whether notified.
    ///
    /// It returns False if timeout seconds pass before. Raise RuntimeError if the lock is free. If a
    /// signal handler raises, its exception is raised once the thread has the lock again.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<bool> {
        self.wait_until(py, Timeout::deadline(timeout))
    }

    /// Wait until predicate() is true, and return its result.
    ///
    /// If timeout seconds pass before, return the last result, which is false. predicate is called
    /// with the lock, first at once, and after each notification.
    #[pyo3(signature = (predicate, timeout=None))]
    fn wait_for<'py>(
        &self,
        predicate: &Bound<'py, PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let deadline = Timeout::deadline(timeout);
        loop {
            let (result, is_true) = test(predicate)?;
            if is_true || has_passed(deadline) {
                return Ok(result);
            }
            self.wait_until(predicate.py(), deadline)?;
        }
    }

    /// Wake the n that have waited longest, or all if fewer wait.
    ///
    /// They go on when they have the lock. Raise RuntimeError if the lock is free.
    #[pyo3(signature = (n=1))]
    fn notify(&self, py: Python<'_>, n: isize) -> PyResult<()> {
        self.held(py, "notify")?;
        // Like threading's, it takes a negative number for none.
        let n = usize::try_from(n).unwrap_or(0);
        let waiters = self.waiters()?;
        awaiting::ringing(py, || waiters.notify(n));
        Ok(())
    }

    /// Wake all that wait. Raise RuntimeError if the lock is free.
    fn notify_all(&self, py: Python<'_>) -> PyResult<()> {
        self.notify(py, isize::MAX)
    }

    /// Return another Python object for the same condition, with the same lock.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        // This fails if the object is not initialized.
        this.core()?;
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            core: Nested::new(OnceLock::clone(&this.core)),
            owner: Some(owner),
            is_made: true,
        })
    }

    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.lock(py)?.call_method0(intern!(py, "__enter__"))
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (kind=None, value=None, traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __exit__<'py>(
        &self,
        py: Python<'py>,
        kind: Option<&Bound<'py, PyAny>>,
        value: Option<&Bound<'py, PyAny>>,
        traceback: Option<&Bound<'py, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = (kind, value, traceback);
        (self.lock(py)?).call_method1(intern!(py, "__exit__"), arguments)
    }

    fn __aenter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.acquire_async(py, None)
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __aexit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> PyResult<Coroutine> {
        // The lock is released now and not when the coroutine is awaited, because a signal may
        // strike in between.
        self.release(py)?;
        Ok(Coroutine::finished("Condition.__aexit__"))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let (py, name, place) = (slf.py(), slf.get_type().name()?, slf.as_ptr());
        if slf.get().core.get().is_none() {
            return Ok(New(format!("<ft_utils.{name}, not initialized>")));
        }
        let lock = slf.get().lock(py)?.repr()?;
        Ok(New(format!("<ft_utils.{name} at {place:p}: {lock}>")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        match self.core.get() {
            Some(core) => core.lock.traverse(|lock| visit.call(lock)),
            None => Ok(()),
        }
    }

    fn __clear__(&self, py: Python<'_>) {
        if let (None, Some(core)) = (&self.owner, self.core.get()) {
            core.lock.take(py);
        }
    }
}

not_copyable!(PyCondition, "handle() to share the object");

/// Calls a predicate. Returns its result, and whether that is true.
pub(super) fn test<'py>(predicate: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, bool)> {
    let result = predicate.call0()?;
    refuse_coroutine(&result, "a predicate is a plain function")?;
    let is_true = result.is_truthy()?;
    Ok((result, is_true))
}

pub(super) fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

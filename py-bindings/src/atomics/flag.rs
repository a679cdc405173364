//! `AtomicFlag`.

use crate::runtime::{
    awaiting::{self, Awaited, Coroutine},
    blocking::{self, Timeout},
    choosing::Case,
    create::New,
    deferral::deferred_from_birth,
    fast_calls::{self, Done},
    inline::{HasInline, Inline},
    not_copyable::not_copyable,
    truth::Truth,
};
use ft_atomic_int::AtomicFlag;
use pyo3::{
    PyTraverseError, PyVisit,
    prelude::*,
    types::{PyBool, PyDict, PyTuple},
};
use std::sync::Arc;

/// True or False, shared by threads and coroutines, which change it in atomic steps and can wait for
/// it.
///
/// AtomicFlag(value)
///
/// Arguments may be any objects; their truth values are used. If computing one raises, the flag
/// does not change. Every method is one atomic, sequentially consistent step. wait() ends once the
/// flag has been set, even if it is cleared again at once. Ctrl-C ends a wait within 0.1 s.
///
/// >>> claimed = AtomicFlag(False)
/// >>> claimed.test_and_set()
/// False
/// >>> claimed.test_and_set()
/// True
/// >>> claimed
/// AtomicFlag(True)
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils.concurrency",
    name = "AtomicFlag"
)]
pub(crate) struct PyAtomicFlag(Inline<Self>);

impl HasInline for PyAtomicFlag {
    type Core = AtomicFlag;

    #[inline]
    fn inline(&self) -> &Inline<Self> {
        &self.0
    }
}

impl PyAtomicFlag {
    #[inline]
    fn store(&self, py: Python<'_>, value: bool) {
        self.swap(py, value);
    }

    #[inline]
    fn swap(&self, py: Python<'_>, value: bool) -> bool {
        awaiting::ringing(py, || self.0.exchange(value))
    }
}

#[pymethods]
impl PyAtomicFlag {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(value)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Inline::new(AtomicFlag::default()))
    }

    fn __init__(&self, py: Python<'_>, value: Truth) {
        // A second call sets the flag again.
        self.store(py, value.0);
    }

    /// Return whether the flag is set.
    fn get(&self) -> bool {
        self.0.load()
    }

    /// Set the flag if value is true, and clear it otherwise.
    fn set(&self, py: Python<'_>, value: Truth) {
        self.store(py, value.0);
    }

    /// Clear the flag.
    fn clear(&self) {
        self.0.clear();
    }

    /// Set the flag and return whether it was set before.
    ///
    /// If many threads call this, the one that gets False was the first.
    fn test_and_set(&self, py: Python<'_>) -> bool {
        self.swap(py, true)
    }

    /// Set or clear the flag, and return whether it was set before.
    fn exchange(&self, py: Python<'_>, value: Truth) -> bool {
        self.swap(py, value.0)
    }

    /// Change the flag to new if it equals expected; return whether it did.
    fn compare_exchange(&self, py: Python<'_>, expected: Truth, new: Truth) -> bool {
        awaiting::ringing(py, || self.0.compare_exchange(expected.0, new.0)).is_ok()
    }

    /// Wait until the flag is set; return False if timeout seconds pass before.
    ///
    /// With timeout=0 it does not wait. A negative timeout, or NaN, raises ValueError.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<bool> {
        let watch = self.0.watch();
        let attempt = || watch.was_set().then_some(());
        let deadline = Timeout::deadline(timeout);
        Ok(blocking::wait(py, deadline, self.0.became_set(), attempt)?.is_some())
    }

    /// Do what wait() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call. A task that is cancelled leaves no trace.
    #[pyo3(signature = (timeout=None))]
    fn wait_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> Coroutine {
        let deadline = Timeout::deadline(timeout);
        Coroutine::new("AtomicFlag.wait_async", awaited(slf), deadline)
    }

    /// Return the case of select() and select_async() that does what wait() does.
    fn waiting(slf: &Bound<'_, Self>) -> Case {
        Case::new("AtomicFlag.waiting", slf, None, |flag, _| {
            Box::new(awaited(flag))
        })
    }

    /// Return another Python object for the same flag.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        Self(Inline::handle(slf))
    }

    fn __bool__(&self) -> bool {
        self.0.load()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let value = if slf.get().0.load() { "True" } else { "False" };
        Ok(New(format!("{}({value})", slf.get_type().name()?)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(&visit)
    }
}

fn awaited(flag: &Bound<'_, PyAtomicFlag>) -> Awaited {
    let held = Arc::new(flag.clone().unbind());
    let flag = Arc::clone(&held);
    Awaited::new(async move { flag.get().0.wait_async().await }).holding(held)
}

not_copyable!(
    PyAtomicFlag,
    "get() for the value, handle() to share the object"
);

fast_calls::fast! { PyAtomicFlag:
    noargs c"get" = |this, py| Some(Done::bool(py, this.0.load()));
    one c"set" = |this, py, value| {
        this.store(py, exact_bool(value)?);
        Some(Done::none(py))
    };
    noargs c"clear" = |this, py| {
        this.0.clear();
        Some(Done::none(py))
    };
    noargs c"test_and_set" = |this, py| Some(Done::bool(py, this.swap(py, true)));
    one c"exchange" = |this, py, value| Some(Done::bool(py, this.swap(py, exact_bool(value)?)));
    two c"compare_exchange" = |this, py, expected, new| {
        let (expected, new) = (exact_bool(expected)?, exact_bool(new)?);
        let exchanged = awaiting::ringing(py, || this.0.compare_exchange(expected, new));
        Some(Done::bool(py, exchanged.is_ok()))
    };
    truth nb_bool = |this| this.0.load();
}

/// Returns the value of an object that is True or False itself.
#[inline]
fn exact_bool(object: Borrowed<'_, '_, PyAny>) -> Option<bool> {
    let is_true = std::ptr::eq(object.as_ptr(), PyBool::new(object.py(), true).as_ptr());
    (is_true || object.as_ptr() == PyBool::new(object.py(), false).as_ptr()).then_some(is_true)
}

deferred_from_birth!(PyAtomicFlag);

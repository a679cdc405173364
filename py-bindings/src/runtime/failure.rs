//! The exception that has ended a queue, or the gathering of values.

use crate::runtime::{
    create::{New, exception},
    error::raised,
    imports::Imports,
    object::Object,
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyBaseException, PyException, PyTypeError},
    ffi,
    prelude::*,
    types::{PyString, PyType},
};
use std::sync::{Arc, OnceLock};

/// An exception and its text.
#[derive(Clone)]
pub(crate) struct Cause {
    exception: Object,
    /// For example "ValueError: bad row", like the last line of a traceback. The text is made once,
    /// by the thread that fails the queue, because `__str__` may be arbitrary user code. The
    /// threads that raise errors with this text may be in the middle of a wait, where such code
    /// must not run.
    text: Arc<str>,
}

impl Cause {
    /// Makes a cause from an exception. Asking the exception for its text may raise another
    /// exception. If that one is an `Exception`, it is ignored. Any other is returned beside the
    /// cause, because it may come from a signal handler and must not be lost.
    pub(crate) fn new(exception: &Bound<'_, PyBaseException>) -> (Self, PyResult<()>) {
        let kind = exception.get_type().name();
        let mut text = kind.map_or_else(|_| "an exception".into(), |kind| lossy(&kind));
        let told = match exception.str() {
            Ok(said) => {
                let said = lossy(&said);
                if !said.is_empty() {
                    text = format!("{text}: {said}");
                }
                Ok(())
            }
            Err(err) if err.is_instance_of::<PyException>(exception.py()) => Ok(()),
            Err(err) => Err(err),
        };
        let cause = Self {
            exception: Object::new(exception),
            text: text.into(),
        };
        (cause, told)
    }

    /// Reads the argument of a `fail` method.
    pub(crate) fn of_argument(argument: &Bound<'_, PyAny>) -> PyResult<(Self, PyResult<()>)> {
        if let Ok(exception) = argument.cast::<PyBaseException>() {
            return Ok(Self::new(exception));
        }
        let kind = argument.get_type();
        let message = format!("exception must be an exception, not {kind}");
        Err(exception::<PyTypeError>(message))
    }

    pub(crate) fn into_py(self) -> Py<PyAny> {
        self.exception.into_py()
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&*self.exception)
    }

    /// Makes a new error with this cause. Each thread gets an error of its own, because an
    /// exception that several threads raise would collect the tracebacks of all of them.
    pub(crate) fn error(&self, kind: &Bound<'_, PyType>, what: &str) -> PyErr {
        let message = New(format!("{what}: {}", self.text)).into_pyobject(kind.py());
        let err = match message.and_then(|message| kind.call1((message,))) {
            Ok(err) => PyErr::from_value(err),
            Err(err) => err,
        };
        let cause = self.exception.clone().into_py().into_ptr();
        // `PyErr::set_cause` would not do: it reads the traceback of the cause, and the thread that
        // failed may be adding to this traceback while it leaves its functions.
        // SAFETY: both arguments are exceptions; the cause is one because `new` accepts nothing
        // else. The call takes over the reference to the cause.
        unsafe { ffi::PyException_SetCause(err.value(kind.py()).as_ptr(), cause) };
        err
    }
}

fn lossy(text: &Bound<'_, PyString>) -> String {
    text.to_string_lossy().into_owned()
}

/// How a queue has ended. The first thread to end the queue sets this value, and closes the queue
/// afterwards. So a thread that finds the queue closed also finds the reason here.
#[derive(Default)]
pub(crate) struct Ending(OnceLock<Option<Cause>>);

impl Ending {
    /// Records that the queue was shut down, unless it has ended already.
    pub(crate) fn shut_down(&self) {
        self.decide(None);
    }

    /// Records that the queue has failed, unless it has ended already.
    pub(crate) fn fail(&self, cause: Cause) {
        self.decide(Some(cause));
    }

    fn decide(&self, ending: Option<Cause>) {
        // If another thread is setting the value at the same moment, this call waits for it. That
        // wait is short: the other thread only moves a value. It is attached, so neither a fork nor
        // the collector can interrupt it.
        drop(self.0.set(ending));
    }

    /// Returns why the queue has failed, if it has.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.0.get().and_then(Option::as_ref)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.cause().map_or(Ok(()), |cause| cause.traverse(visit))
    }

    /// Returns the part of the queue's `repr` that tells its state.
    pub(crate) fn state(&self, is_closed: bool) -> &'static str {
        match self.cause() {
            _ if !is_closed => "",
            Some(_) => ", failed",
            None => ", shut down",
        }
    }

    /// Returns the error for a call on a queue that has ended.
    #[cold]
    pub(crate) fn error(&self, py: Python<'_>) -> PyErr {
        let imports = Imports::get(py);
        match self.cause() {
            Some(cause) => cause.error(imports.queue_failed.bind(py), "the queue has failed"),
            None => raised(py, &imports.shut_down),
        }
    }
}

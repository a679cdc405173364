//! The exception because of which something has ended: a queue, or the gathering of values.

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

/// An exception, and what it says.
#[derive(Clone)]
pub(crate) struct Cause {
    exception: Object,
    /// "ValueError: bad row", as the last line of a traceback has it. Made once, in the thread that
    /// fails, because `__str__` may be anybody's code: those who raise the error may be in the middle
    /// of a wait.
    text: Arc<str>,
}

impl Cause {
    /// Also returns what the exception raised when it was asked for its text, unless that is an
    /// `Exception`, which is passed over: a signal that strikes meanwhile is not to be lost.
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

    /// The argument of a method `fail`.
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

    /// A new error because of this, for one of those who are told: an exception that several threads
    /// raise would collect the tracebacks of all of them.
    pub(crate) fn error(&self, kind: &Bound<'_, PyType>, what: &str) -> PyErr {
        let message = New(format!("{what}: {}", self.text)).into_pyobject(kind.py());
        let err = match message.and_then(|message| kind.call1((message,))) {
            Ok(err) => PyErr::from_value(err),
            Err(err) => err,
        };
        let cause = self.exception.clone().into_py().into_ptr();
        // Not `PyErr::set_cause`, which reads the traceback of the cause: the thread that failed may
        // be adding to it, as it leaves its functions.
        // SAFETY: the first is an exception, and so is the cause, as `new` takes no other object. The
        // error gets the reference to it.
        unsafe { ffi::PyException_SetCause(err.value(kind.py()).as_ptr(), cause) };
        err
    }
}

fn lossy(text: &Bound<'_, PyString>) -> String {
    text.to_string_lossy().into_owned()
}

/// How a queue has ended: whoever is first decides, and closes the queue after that. So whoever
/// finds a queue closed finds here why.
#[derive(Default)]
pub(crate) struct Ending(OnceLock<Option<Cause>>);

impl Ending {
    /// Says that the queue was shut down, unless it has ended.
    pub(crate) fn shut_down(&self) {
        self.decide(None);
    }

    /// Says that the queue has failed, unless it has ended.
    pub(crate) fn fail(&self, cause: Cause) {
        self.decide(Some(cause));
    }

    fn decide(&self, ending: Option<Cause>) {
        // Another thread that does this at this moment moves a value, and nothing else, before this
        // one goes on. It is attached, so neither a fork nor the collector can come in between.
        drop(self.0.set(ending));
    }

    /// Why the queue has failed, if it has.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.0.get().and_then(Option::as_ref)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.cause().map_or(Ok(()), |cause| cause.traverse(visit))
    }

    /// What the text of a queue says of its state.
    pub(crate) fn state(&self, is_closed: bool) -> &'static str {
        match self.cause() {
            _ if !is_closed => "",
            Some(_) => ", failed",
            None => ", shut down",
        }
    }

    /// What those get who come to a queue that has ended.
    #[cold]
    pub(crate) fn error(&self, py: Python<'_>) -> PyErr {
        let imports = Imports::get(py);
        match self.cause() {
            Some(cause) => cause.error(imports.queue_failed.bind(py), "the queue has failed"),
            None => raised(py, &imports.shut_down),
        }
    }
}

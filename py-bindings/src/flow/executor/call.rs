//! The call that a job makes.

use crate::runtime::object::Object;
use pyo3::{
    PyTraverseError, PyVisit, ffi,
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A function, its arguments, and the context of the thread that has submitted it.
pub(crate) struct Call {
    /// The function, and then the positional arguments: at least one item.
    args: Object,
    kwargs: Option<Object>,
    /// This call's own copy.
    context: Object,
}

impl Call {
    /// `args` begins with the function.
    pub(crate) fn new(
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        // SAFETY: the thread is attached. The result is a new reference, or null with an exception
        // set.
        let context =
            unsafe { Bound::from_owned_ptr_or_err(args.py(), ffi::PyContext_CopyCurrent())? };
        Ok(Self {
            args: Object::new(args),
            kwargs: kwargs.map(|kwargs| Object::new(kwargs)),
            context: Object::from(context.unbind()),
        })
    }

    /// Makes the call, and releases what belongs to it.
    pub(crate) fn make(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let context = self.context.as_ptr();
        let kwargs = self.kwargs.as_ref();
        let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_ptr());
        // SAFETY: the thread is attached, and the objects are valid while `self` lives. `args` is a
        // tuple that has the function as its first item. Each call returns null or -1 with an exception
        // set if it fails.
        unsafe {
            if ffi::PyContext_Enter(context) != 0 {
                return Err(PyErr::fetch(py));
            }
            let args = self.args.as_ptr();
            let function = ffi::PyTuple_GET_ITEM(args, 0);
            let rest = (&raw mut (*args.cast::<ffi::PyTupleObject>()).ob_item)
                .cast::<*mut ffi::PyObject>()
                .add(1);
            let count = ffi::PyTuple_GET_SIZE(args) as usize - 1;
            let result = ffi::PyObject_VectorcallDict(function, rest, count, kwargs);
            let result = Bound::from_owned_ptr_or_err(py, result);
            // It fails only if the call has entered contexts and not left them.
            let left = ffi::PyContext_Exit(context);
            match result {
                Ok(_) if left != 0 => Err(PyErr::fetch(py)),
                Err(_) if left != 0 => {
                    ffi::PyErr_Clear();
                    result
                }
                _ => result,
            }
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&*self.args)?;
        visit.call(self.kwargs.as_deref())?;
        visit.call(&*self.context)
    }
}

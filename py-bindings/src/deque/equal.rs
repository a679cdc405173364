//! The search for an item.

use crate::runtime::object::Object;
use ft_concurrent_deque::Query;
use pyo3::{ffi, prelude::*};

/// Finds the items that are or equal an object.
pub(super) struct Equal<'a, 'py>(pub(super) &'a Bound<'py, PyAny>);

impl Query<Object> for Equal<'_, '_> {
    type Error = PyErr;

    fn matches(&self, item: &Object) -> PyResult<bool> {
        let (item, value) = (item.as_ptr(), self.0.as_ptr());
        // SAFETY: both are valid objects that outlive the call, and the thread is attached. As in
        // `collections.deque`, this checks identity first, and the item is the left operand.
        match unsafe { ffi::PyObject_RichCompareBool(item, value, ffi::Py_EQ) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(PyErr::fetch(self.0.py())),
        }
    }

    fn is_same(one: &Object, other: &Object) -> bool {
        one.is(&**other)
    }
}

//! Python objects made of Rust values, where a lack of memory is a MemoryError.
//!
//! PyO3's own conversions of these panic then, and a panic that finds no memory for its exception
//! ends the process.

use pyo3::{
    PyErrArguments, PyTypeInfo, ffi,
    prelude::*,
    types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use std::borrow::Cow;

/// A length as Python has it; no object is so large that this would change it.
fn signed(length: usize) -> ffi::Py_ssize_t {
    length as ffi::Py_ssize_t
}

/// A value that a method returns.
pub(crate) struct New<T>(pub(crate) T);

/// Says how one type of values becomes an object.
macro_rules! made {
    ($($value:ty => $kind:ty, |$it:ident| $make:expr;)*) => {$(
        impl<'py> IntoPyObject<'py> for New<$value> {
            type Target = $kind;
            type Output = Bound<'py, $kind>;
            type Error = PyErr;

            #[inline]
            fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, $kind>> {
                let $it = self.0;
                // SAFETY: the thread is attached, and the function returns a new reference to an
                // object of this type, or null with an exception.
                unsafe { Ok(Bound::from_owned_ptr_or_err(py, $make)?.cast_into_unchecked()) }
            }
        }
    )*};
}

made! {
    i64 => PyInt, |n| ffi::PyLong_FromLongLong(n);
    u64 => PyInt, |n| ffi::PyLong_FromUnsignedLongLong(n);
    usize => PyInt, |n| ffi::PyLong_FromSize_t(n);
    f64 => PyFloat, |x| ffi::PyFloat_FromDouble(x);
    &str => PyString, |text| ffi::PyUnicode_FromStringAndSize(
        text.as_ptr().cast(), signed(text.len()));
}

impl<'py> IntoPyObject<'py> for New<String> {
    type Target = PyString;
    type Output = Bound<'py, PyString>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        New(self.0.as_str()).into_pyobject(py)
    }
}

pub(crate) fn int(py: Python<'_>, n: i64) -> PyResult<Bound<'_, PyInt>> {
    New(n).into_pyobject(py)
}

pub(crate) fn dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: the thread is attached; a new reference to a dict, or null with an exception.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyDict_New())?.cast_into_unchecked()) }
}

/// Makes a list of the items of a dict.
pub(crate) fn items<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyList>> {
    // SAFETY: the thread is attached and the dict valid; a new reference to a list, or null with
    // an exception.
    unsafe {
        let items = ffi::PyDict_Items(dict.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(dict.py(), items)?.cast_into_unchecked())
    }
}

pub(crate) fn single<'py>(one: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    // SAFETY: the thread is attached and the object valid; a new reference to a tuple, or null with
    // an exception.
    unsafe {
        let single = ffi::PyTuple_Pack(1, one.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(one.py(), single)?.cast_into_unchecked())
    }
}

pub(crate) fn pair<'py>(
    one: &Bound<'py, PyAny>,
    other: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    // SAFETY: the thread is attached and both objects are valid; a new reference to a tuple, or
    // null with an exception.
    unsafe {
        let pair = ffi::PyTuple_Pack(2, one.as_ptr(), other.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(one.py(), pair)?.cast_into_unchecked())
    }
}

/// A list that is made before there is something to put in, because then nothing may fail.
pub(crate) struct Room<'py>(Bound<'py, PyList>);

impl<'py> Room<'py> {
    /// Makes room for so many items.
    pub(crate) fn new(py: Python<'py>, items: usize) -> PyResult<Self> {
        // SAFETY: the thread is attached; a new reference to a list, or null with an exception.
        let list = unsafe {
            let list = ffi::PyList_New(signed(items));
            Bound::from_owned_ptr_or_err(py, list)?.cast_into_unchecked()
        };
        Ok(Self(list))
    }

    /// Puts in the items, and gives up the room that is left.
    pub(crate) fn fill(
        self,
        items: impl ExactSizeIterator<Item = Py<PyAny>>,
    ) -> Bound<'py, PyList> {
        let Self(list) = self;
        let filled = items.len();
        assert!(filled <= list.len());
        for (index, item) in (0..filled).zip(items) {
            // SAFETY: the index is within the list, which nobody else has seen, and where there is
            // null. It takes the reference over.
            unsafe { ffi::PyList_SET_ITEM(list.as_ptr(), signed(index), item.into_ptr()) };
        }
        // SAFETY: a list may have fewer items than it has room for; those cut off are null.
        unsafe { (*list.as_ptr().cast::<ffi::PyVarObject>()).ob_size = signed(filled) };
        list
    }
}

/// Makes a list.
pub(crate) fn list<'py>(
    py: Python<'py>,
    items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, PyList>> {
    let items = items.collect::<PyResult<Vec<_>>>()?;
    let room = Room::new(py, items.len())?;
    Ok(room.fill(items.into_iter().map(Bound::unbind)))
}

/// An exception with a message.
pub(crate) fn exception<E: PyTypeInfo>(message: impl Into<Cow<'static, str>>) -> PyErr {
    PyErr::new::<E, _>(Message(message.into()))
}

/// The text of an exception. Without memory for it there is none: PyO3 asks for it where nothing
/// can be raised, and an exception for which there is no memory either becomes a MemoryError.
struct Message(Cow<'static, str>);

impl PyErrArguments for Message {
    fn arguments(self, py: Python<'_>) -> Py<PyAny> {
        match New(&*self.0).into_pyobject(py) {
            Ok(text) => text.into_any().unbind(),
            Err(_) => py.None(),
        }
    }
}

/// An exception with one argument, whatever that is.
pub(crate) fn exception_of<E: PyTypeInfo>(argument: &Bound<'_, PyAny>) -> PyErr {
    let made = argument.py().get_type::<E>().call1((argument,));
    made.map_or_else(|err| err, PyErr::from_value)
}

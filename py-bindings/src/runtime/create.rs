//! Makes Python objects from Rust values, and raises MemoryError when memory runs out.
//!
//! PyO3's own conversions panic in that case, and a panic that finds no memory for its exception
//! ends the process.

use pyo3::{
    PyErrArguments, PyTypeInfo, ffi,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use std::borrow::Cow;

/// Converts a length to Python's type. No object is so large that this changes the number.
fn signed(length: usize) -> ffi::Py_ssize_t {
    length as ffi::Py_ssize_t
}

/// Wraps a value that a method returns, to be converted by this module.
pub(crate) struct New<T>(pub(crate) T);

/// Defines how each type of value becomes an object.
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
                // object of this type, or null with an exception set.
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

/// Returns True or False.
pub(crate) fn bool(py: Python<'_>, value: bool) -> Py<PyAny> {
    PyBool::new(py, value).to_owned().into_any().unbind()
}

pub(crate) fn dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: the thread is attached. The result is a new reference to a dict, or null with an
    // exception set.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyDict_New())?.cast_into_unchecked()) }
}

/// Makes a list of the items of a dict.
pub(crate) fn items<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyList>> {
    // SAFETY: the thread is attached and the dict is valid. The result is a new reference to a
    // list, or null with an exception set.
    unsafe {
        let items = ffi::PyDict_Items(dict.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(dict.py(), items)?.cast_into_unchecked())
    }
}

pub(crate) fn single<'py>(one: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    // SAFETY: the thread is attached and the object is valid. The result is a new reference to a
    // tuple, or null with an exception set.
    unsafe {
        let single = ffi::PyTuple_Pack(1, one.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(one.py(), single)?.cast_into_unchecked())
    }
}

pub(crate) fn pair<'py>(
    one: &Bound<'py, PyAny>,
    other: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    // SAFETY: the thread is attached and both objects are valid. The result is a new reference to a
    // tuple, or null with an exception set.
    unsafe {
        let pair = ffi::PyTuple_Pack(2, one.as_ptr(), other.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(one.py(), pair)?.cast_into_unchecked())
    }
}

/// Makes a tuple of two objects, and takes over the references to them.
pub(crate) fn pair_of<'py>(
    py: Python<'py>,
    one: Bound<'py, PyAny>,
    other: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(PairRoom::new(py)?.fill(one, other))
}

/// A tuple with room for two objects. It is made in advance, for callers that must not fail once they
/// have the objects.
pub(crate) struct PairRoom<'py>(Bound<'py, PyAny>);

impl<'py> PairRoom<'py> {
    #[inline]
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        // SAFETY: the thread is attached. The result is a new reference to a tuple with two slots
        // that hold null, or null with an exception set.
        unsafe { Ok(Self(Bound::from_owned_ptr_or_err(py, ffi::PyTuple_New(2))?)) }
    }

    /// Puts the objects into the tuple.
    #[inline]
    pub(crate) fn fill(
        self,
        one: Bound<'py, PyAny>,
        other: Bound<'py, PyAny>,
    ) -> Bound<'py, PyAny> {
        let Self(pair) = self;
        // SAFETY: the tuple has two slots, which hold null, and no other code has seen it. Each call
        // takes over a reference.
        unsafe {
            ffi::PyTuple_SET_ITEM(pair.as_ptr(), 0, one.into_ptr());
            ffi::PyTuple_SET_ITEM(pair.as_ptr(), 1, other.into_ptr());
        }
        pair
    }
}

/// A list with room for items. It is made in advance, for callers that must not fail once they have
/// the items.
pub(crate) struct Room<'py>(Bound<'py, PyList>);

impl<'py> Room<'py> {
    /// Makes an empty list with room for this many items.
    pub(crate) fn new(py: Python<'py>, items: usize) -> PyResult<Self> {
        // SAFETY: the thread is attached. The result is a new reference to a list, or null with an
        // exception set.
        let list = unsafe {
            let list = ffi::PyList_New(signed(items));
            Bound::from_owned_ptr_or_err(py, list)?.cast_into_unchecked()
        };
        Ok(Self(list))
    }

    /// Puts the items into the list, and cuts off the room that is left.
    pub(crate) fn fill(
        self,
        items: impl ExactSizeIterator<Item = Py<PyAny>>,
    ) -> Bound<'py, PyList> {
        let Self(list) = self;
        let filled = items.len();
        assert!(filled <= list.len());
        for (index, item) in (0..filled).zip(items) {
            // SAFETY: the index is within the list, and this slot still holds null. No other code
            // has seen the list. The call takes over the reference.
            unsafe { ffi::PyList_SET_ITEM(list.as_ptr(), signed(index), item.into_ptr()) };
        }
        // SAFETY: a list may have fewer items than room for them. The slots cut off here hold null.
        unsafe { (*list.as_ptr().cast::<ffi::PyVarObject>()).ob_size = signed(filled) };
        list
    }
}

impl<'py> Room<'py> {
    /// Puts the items into the list, until one cannot be made.
    pub(crate) fn try_fill(
        self,
        items: impl ExactSizeIterator<Item = PyResult<Bound<'py, PyAny>>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let Self(list) = self;
        assert_eq!(items.len(), list.len());
        for (index, item) in (0..list.len()).zip(items) {
            // SAFETY: as in `fill`. If an item is missing, the list is dropped, which is fine with
            // slots that hold null.
            unsafe { ffi::PyList_SET_ITEM(list.as_ptr(), signed(index), item?.into_ptr()) };
        }
        Ok(list)
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

/// Makes a tuple.
pub(crate) fn tuple<'py>(
    py: Python<'py>,
    items: impl Iterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let list = list(py, items.map(Ok))?;
    // SAFETY: the thread is attached and the list is valid. The result is a new reference to a
    // tuple, or null with an exception set.
    unsafe {
        let tuple = ffi::PyList_AsTuple(list.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(py, tuple)?.cast_into_unchecked())
    }
}

/// Makes an exception with a message.
pub(crate) fn exception<E: PyTypeInfo>(message: impl Into<Cow<'static, str>>) -> PyErr {
    PyErr::new::<E, _>(Message(message.into()))
}

/// The text of an exception. If there is no memory for it, the exception gets no text: PyO3 asks
/// for the text at a point where nothing can be raised. If there is no memory for the exception
/// either, it becomes a MemoryError.
struct Message(Cow<'static, str>);

impl PyErrArguments for Message {
    fn arguments(self, py: Python<'_>) -> Py<PyAny> {
        match New(&*self.0).into_pyobject(py) {
            Ok(text) => text.into_any().unbind(),
            Err(_) => py.None(),
        }
    }
}

/// Makes an exception with any object as its one argument.
pub(crate) fn exception_of<E: PyTypeInfo>(argument: &Bound<'_, PyAny>) -> PyErr {
    let made = argument.py().get_type::<E>().call1((argument,));
    made.map_or_else(|err| err, PyErr::from_value)
}

//! `ft_utils._weave`: destructors that run when a thread ends.

use crate::runtime::{create::exception, error::Result};
use ft_weave::{Destructor, c};
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError},
    ffi,
    prelude::*,
    types::{PyCapsule, PyInt},
};
use std::{ffi::c_void, mem, ptr::NonNull};

/// An address: any int that fits in a pointer, signed or unsigned.
pub(crate) struct Address(*mut c_void);

impl FromPyObject<'_, '_> for Address {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        // Only ints are accepted: an object with an `__index__` is rarely meant as an address.
        let int = object.cast::<PyInt>().map_err(|_| {
            let kind = object.get_type();
            exception::<PyTypeError>(format!("an address is an int, not {kind}"))
        })?;
        // SAFETY: the object is an int, and the thread is attached.
        let address = unsafe { ffi::PyLong_AsVoidPtr(int.as_ptr()) };
        if address.is_null() && PyErr::take(py).is_some() {
            let bits = usize::BITS;
            return Err(exception::<PyOverflowError>(format!(
                "an address is an int from -2**{} to 2**{bits} - 1",
                bits - 1
            )));
        }
        Ok(Self(address))
    }
}

/// Call a native function with the value of a variable when this thread ends.
///
/// var is the address of a `void *`. destructor is the address of a `void (*)(void *)`, which must
/// not use Python. Neither can be checked: a wrong address is likely to crash the process when the
/// thread ends. If either address is 0, nothing is called.
#[pyfunction]
#[pyo3(signature = (var, destructor, /))]
pub(crate) fn register_native_destructor(var: Address, destructor: Address) -> Result<()> {
    // SAFETY: null becomes `None`. Any other value is the address of such a function; the
    // documentation requires that.
    let destructor = unsafe { mem::transmute::<*mut c_void, Option<Destructor>>(destructor.0) };
    // SAFETY: the documentation tells users what the addresses have to be.
    unsafe { ft_weave::register(var.0.cast(), destructor) }?;
    Ok(())
}

/// Undo all registrations of a variable in this thread; return whether there were any.
#[pyfunction]
#[pyo3(signature = (var, /))]
pub(crate) fn unregister_native_destructor(var: Address) -> bool {
    ft_weave::unregister(var.0.cast()) > 0
}

/// Return the registrations of this thread in order, each as (var, destructor).
#[pyfunction]
pub(crate) fn registered_native_destructors() -> Vec<(usize, usize)> {
    let found = ft_weave::registered().into_iter();
    found
        .map(|it| (it.variable as usize, it.destructor as usize))
        .collect()
}

/// Run the destructors of this thread now, as if it ended; return the number of calls.
///
/// Use it in the main thread, which still exists when the process ends:
/// `atexit.register(run_native_destructors)`.
#[pyfunction]
pub(crate) fn run_native_destructors(py: Python<'_>) -> usize {
    // The thread is detached, as it is when it ends.
    py.detach(ft_weave::run_now)
}

/// Makes the table of functions for C, under the name that `ft_weave.h` looks for.
pub(crate) fn c_api(py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
    let table = NonNull::from(&c::API).cast::<c_void>();
    // SAFETY: the table is a constant. Code that gets the pointer knows its type by the name.
    unsafe { PyCapsule::new_with_pointer(py, table, c"ft_utils._weave.C_API") }
}

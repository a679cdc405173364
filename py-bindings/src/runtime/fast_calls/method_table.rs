//! Puts entries into a class's method table and slots.

use pyo3::{PyClass, PyTypeInfo, ffi, prelude::*, pyclass::boolean_struct::True, types::PyType};
use std::{
    ffi::{CStr, c_int},
    sync::{
        OnceLock,
        atomic::{AtomicPtr, Ordering::Relaxed},
    },
};

/// PyO3's function, which an entry stands in front of.
pub(crate) struct Slow<F>(OnceLock<F>);

impl<F: Copy> Slow<F> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Sets it. A second import, after a first one that failed, sets the same one again.
    pub(crate) fn set(&self, slow: F) {
        let _ = self.0.set(slow);
    }

    #[cold]
    pub(crate) fn get(&self) -> F {
        *self.0.get().expect("set before the entry is")
    }
}

/// A class that entries are put into.
pub(crate) struct Class<'py>(Bound<'py, PyType>);

impl<'py> Class<'py> {
    pub(crate) fn of<T: PyTypeInfo>(py: Python<'py>) -> Self {
        Self(py.get_type::<T>())
    }

    pub(crate) fn as_ptr(&self) -> *mut ffi::PyTypeObject {
        self.0.as_type_ptr()
    }

    /// Puts an entry into a slot that PyO3 has filled.
    ///
    /// # Safety
    ///
    /// `slot` belongs to this class, and no code uses the class yet.
    pub(crate) unsafe fn slot<F: Copy>(&self, slot: *mut Option<F>, fast: F, slow: &Slow<F>) {
        // SAFETY: the caller's promise.
        let before = unsafe { (*slot).replace(fast) };
        let before = before.expect("PyO3 has filled the slot");
        slow.set(before);
    }

    /// Puts an entry in front of a method.
    ///
    /// # Safety
    ///
    /// `fast` is of the kind that `fast_flags` names. `pick` returns the kind that `flags` names.
    pub(crate) unsafe fn method<F: Copy>(
        &self,
        name: &'static CStr,
        (fast, fast_flags): (ffi::PyMethodDefPointer, c_int),
        (pick, flags): (unsafe fn(ffi::PyMethodDefPointer) -> F, c_int),
        slow: &Slow<F>,
    ) -> PyResult<()> {
        // The module is imported again, after a first import that failed.
        if slow.0.get().is_some() {
            return Ok(());
        }
        let name = name.to_str().expect("names are ASCII");
        let method = self.0.getattr(name)?;
        // SAFETY: the object is valid.
        let kind = unsafe { ffi::Py_TYPE(method.as_ptr()) };
        assert_eq!(kind, &raw mut ffi::PyMethodDescr_Type, "{name}");
        // SAFETY: the object is a method descriptor. Its definition belongs to PyO3, and lives as
        // long as the process.
        let before = unsafe { &*(*method.as_ptr().cast::<ffi::PyMethodDescrObject>()).d_method };
        assert_eq!(before.ml_flags, flags, "{name}");
        // SAFETY: the flags name the kind of the function, and the caller promises that `pick`
        // matches.
        slow.set(unsafe { pick(before.ml_meth) });
        // Leaked, because the class refers to the definition forever.
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: before.ml_name,
            ml_meth: fast,
            ml_flags: fast_flags,
            ml_doc: before.ml_doc,
        }));
        // SAFETY: the class and the definition are valid. The result is a new reference, or null
        // with an exception set.
        let method = unsafe {
            let class = self.0.as_type_ptr();
            Bound::from_owned_ptr_or_err(self.0.py(), ffi::PyDescr_NewMethod(class, definition))?
        };
        self.0.setattr(name, method)
    }
}

/// A class whose direct instances an entry is for; instances of subclasses are excluded.
pub(crate) struct Exact(AtomicPtr<ffi::PyTypeObject>);

impl Exact {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    pub(crate) fn set(&self, class: &Class<'_>) {
        // Relaxed: as in `is`.
        self.0.store(class.as_ptr(), Relaxed);
    }

    #[inline]
    pub(crate) fn is(&self, class: *mut ffi::PyTypeObject) -> bool {
        // Relaxed: the thread that imports the module stores the pointer, before any other code has
        // the class. The pointer is only compared, never followed.
        class == self.0.load(Relaxed)
    }
}

/// Returns the Rust value of an instance.
///
/// # Safety
///
/// `this` is an instance of `T`'s class, valid for `'a`, and the thread is attached.
#[inline]
pub(crate) unsafe fn instance<'a, T>(this: *mut ffi::PyObject) -> &'a T
where
    T: PyClass<Frozen = True> + Sync,
{
    // SAFETY: the caller's promise.
    unsafe {
        let object = Borrowed::from_ptr(Python::assume_attached(), this);
        &*std::ptr::from_ref(object.cast_unchecked::<T>().get())
    }
}

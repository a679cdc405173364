//! Puts an entry into the table of methods or the slots of a class.

use pyo3::{PyClass, PyTypeInfo, ffi, prelude::*, pyclass::boolean_struct::True, types::PyType};
use std::{
    ffi::{CStr, c_int},
    sync::{
        OnceLock,
        atomic::{AtomicPtr, Ordering::Relaxed},
    },
};

/// PyO3's function, which an entry stands before.
pub(crate) struct Slow<F>(OnceLock<F>);

impl<F: Copy> Slow<F> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    #[cold]
    pub(crate) fn get(&self) -> F {
        *self.0.get().expect("set before the entry is")
    }
}

/// A class that gets entries.
pub(crate) struct Class<'py>(Bound<'py, PyType>);

impl<'py> Class<'py> {
    pub(crate) fn of<T: PyTypeInfo>(py: Python<'py>) -> Self {
        Self(py.get_type::<T>())
    }

    pub(crate) fn as_ptr(&self) -> *mut ffi::PyTypeObject {
        self.0.as_type_ptr()
    }

    /// Puts an entry into a slot, which PyO3 has filled.
    ///
    /// # Safety
    ///
    /// `slot` is one of this class, and nobody uses the class yet.
    pub(crate) unsafe fn slot<F: Copy>(&self, slot: *mut Option<F>, fast: F, slow: &Slow<F>) {
        // SAFETY: the caller's promise.
        let before = unsafe { (*slot).replace(fast) };
        let before = before.expect("PyO3 has filled the slot");
        // An error is the same function again, of a second import that failed the first time.
        let _ = slow.0.set(before);
    }

    /// Puts an entry before a method.
    ///
    /// # Safety
    ///
    /// `fast` is of the kind that its flags say, and what `pick` returns of the kind that PyO3's say.
    pub(crate) unsafe fn method<F: Copy>(
        &self,
        name: &'static CStr,
        (fast, fast_flags): (ffi::PyMethodDefPointer, c_int),
        (pick, flags): (unsafe fn(ffi::PyMethodDefPointer) -> F, c_int),
        slow: &Slow<F>,
    ) -> PyResult<()> {
        let name = name.to_str().expect("names are ASCII");
        let method = self.0.getattr(name)?;
        // SAFETY: the object is valid.
        let kind = unsafe { ffi::Py_TYPE(method.as_ptr()) };
        assert_eq!(kind, &raw mut ffi::PyMethodDescr_Type, "{name}");
        // SAFETY: it is a method descriptor, whose definition lives as long as the process: it is PyO3's.
        let before = unsafe { &*(*method.as_ptr().cast::<ffi::PyMethodDescrObject>()).d_method };
        assert_eq!(before.ml_flags, flags, "{name}");
        // SAFETY: the flags say which kind it is, and the caller promises the rest.
        let _ = slow.0.set(unsafe { pick(before.ml_meth) });
        // For ever: the class refers to it.
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: before.ml_name,
            ml_meth: fast,
            ml_flags: fast_flags,
            ml_doc: before.ml_doc,
        }));
        // SAFETY: the class and the definition are valid; a new reference, or null with an exception.
        let method = unsafe {
            let class = self.0.as_type_ptr();
            Bound::from_owned_ptr_or_err(self.0.py(), ffi::PyDescr_NewMethod(class, definition))?
        };
        self.0.setattr(name, method)
    }
}

/// The class whose own instances an entry is for, and not those of its subclasses.
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
        // Relaxed: set by the thread that imports the module, before anybody has the class; and the
        // pointer is only compared.
        class == self.0.load(Relaxed)
    }
}

/// The Rust value of an instance.
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

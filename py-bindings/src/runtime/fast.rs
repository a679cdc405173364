//! Entries that Python calls without PyO3, for the calls that programs make most.
//!
//! PyO3 enters a method through a trampoline, a guard and a parser of arguments, which cost more
//! than an atomic operation does. Here a C function goes before the one of PyO3, in the method table
//! or in the slot of an operator. It does all of a call that is plain (the right number of
//! arguments, ints that are ints, nothing to wait for), or else nothing, and then PyO3's function gets
//! the call as it came. So there is one definition of what a method means and raises, the one in
//! `#[pymethods]`; an entry here may only be a faster way to the same result.
//!
//! What runs in an entry must not panic, must not wait, and must not drop a `Py` or a `PyErr`:
//! PyO3 does not know there that the thread is attached, and would keep them for later. `Bound` and
//! [`Object`] are released at once.

use crate::runtime::object::Object;
use pyo3::{PyClass, PyTypeInfo, ffi, prelude::*, pyclass::boolean_struct::True, types::PyType};
use std::{
    ffi::{CStr, c_int},
    sync::{
        OnceLock,
        atomic::{AtomicPtr, Ordering::Relaxed},
    },
};

/// The result of a whole call: a new reference, or null with an exception set (or, at the end of an
/// iterator, without).
pub(crate) struct Done(pub(crate) *mut ffi::PyObject);

impl Done {
    #[inline]
    pub(crate) fn none(_: Python<'_>) -> Self {
        // SAFETY: the thread is attached.
        let none = unsafe { ffi::Py_None() };
        // Since 3.12 nobody counts its references.
        #[cfg(not(Py_3_12))]
        // SAFETY: as above.
        unsafe {
            crate::runtime::refcount::incref(none)
        };
        Self(none)
    }

    #[inline]
    pub(crate) fn bool(_: Python<'_>, yes: bool) -> Self {
        // SAFETY: the thread is attached.
        Self(unsafe { ffi::PyBool_FromLong(yes.into()) })
    }

    #[inline]
    pub(crate) fn int(_: Python<'_>, n: i64) -> Self {
        // SAFETY: the thread is attached.
        Self(unsafe { ffi::PyLong_FromLongLong(n) })
    }

    #[inline]
    pub(crate) fn object(object: Object) -> Self {
        Self(object.into_py().into_ptr())
    }
}

/// The number that an object is, if it is exactly an int, not a bool say, and fits in 64 bits. Runs no
/// Python code.
#[inline]
pub(crate) fn exact_i64(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    let object = object.as_ptr();
    // SAFETY: the object is valid, and the thread attached. For an exact int the conversion runs no
    // code, and only fails with the exception that is cleared here; there was none before, as the
    // thread is about to run Python code or does so.
    unsafe {
        if ffi::PyLong_CheckExact(object) == 0 {
            return None;
        }
        // Faster than PyLong_AsLongLongAndOverflow, unless it does not fit.
        let value = ffi::PyLong_AsLongLong(object);
        if value == -1 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(value)
    }
}

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

/// Defines `speed_up`, which puts entries before methods and slots of a class:
///
/// ```ignore
/// fast! { PyClass:
///     noargs c"get" = |this, py| Some(Done::int(py, this.0.load()));
///     one c"set" = |this, py, value| { this.0.store(exact_i64(value)?); Some(Done::none(py)) };
///     binary nb_add = |left, right, py| ...;
/// }
/// ```
///
/// The kinds `noargs_exact` and `one_exact` leave to it all calls on instances of subclasses, where the
/// method calls another one, which they may override.
///
/// `None` leaves the call to PyO3's function; then nothing may have happened that would make it do
/// something else.
macro_rules! fast {
    ($class:ty: $($entries:tt)*) => { $crate::runtime::fast::fast! { $class as $class: $($entries)* } };
    ($class:ty as $value:ty: $($kind:ident $name:tt = $body:expr;)*) => {
        /// Puts faster entries before some methods; called before anybody can use the class.
        pub(crate) fn speed_up(py: pyo3::Python<'_>) -> pyo3::PyResult<()> {
            let class = $crate::runtime::fast::Class::of::<$class>(py);
            $($crate::runtime::fast::entry!($kind, $value, class, py, $name, $body);)*
            Ok(())
        }
    };
}

/// One entry of `fast!`.
macro_rules! entry {
    (noargs, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@noargs $class, $to, $name, $body, |_| true)
    };
    (noargs_exact, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        static CLASS: $crate::runtime::fast::Exact = $crate::runtime::fast::Exact::new();
        CLASS.set(&$to);
        $crate::runtime::fast::entry!(@noargs $class, $to, $name, $body, |class| CLASS.is(class))
    }};
    (one_exact, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        static CLASS: $crate::runtime::fast::Exact = $crate::runtime::fast::Exact::new();
        CLASS.set(&$to);
        $crate::runtime::fast::entry!(@fastcall $class, $to, $name, $body, 1, (0), |class| CLASS.is(class))
    }};
    (@noargs $class:ty, $to:ident, $name:tt, $body:expr, $is_ours:expr) => {{
        use $crate::runtime::fast::{Slow, instance};
        use pyo3::{Python, ffi};

        static SLOW: Slow<ffi::PyCFunction> = Slow::new();
        unsafe extern "C" fn fast(
            this: *mut ffi::PyObject,
            nothing: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let body: for<'py> fn(&$class, Python<'py>) -> Option<$crate::runtime::fast::Done> = $body;
            let is_ours: fn(*mut ffi::PyTypeObject) -> bool = $is_ours;
            // SAFETY: Python calls a method attached, with an instance of its class.
            unsafe {
                if is_ours(ffi::Py_TYPE(this)) {
                    let done = body(instance(this), Python::assume_attached());
                    if let Some($crate::runtime::fast::Done(result)) = done {
                        return result;
                    }
                }
                SLOW.get()(this, nothing)
            }
        }
        let entry = (ffi::PyMethodDefPointer { PyCFunction: fast }, ffi::METH_NOARGS);
        // SAFETY: METH_NOARGS says that it is a `PyCFunction`, and both are.
        unsafe { $to.method($name, entry, (|it| it.PyCFunction, ffi::METH_NOARGS), &SLOW)? };
    }};
    // `__enter__` of what returns itself, and other methods that do, if the body says yes.
    (enter, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        use $crate::runtime::fast::{Slow, instance};
        use pyo3::ffi;

        static SLOW: Slow<ffi::PyCFunction> = Slow::new();
        unsafe extern "C" fn fast(
            this: *mut ffi::PyObject,
            nothing: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let body: fn(&$class) -> bool = $body;
            // SAFETY: Python calls a method attached, with an instance of its class.
            unsafe {
                if body(instance(this)) {
                    $crate::runtime::refcount::incref(this);
                    return this;
                }
                SLOW.get()(this, nothing)
            }
        }
        let entry = (ffi::PyMethodDefPointer { PyCFunction: fast }, ffi::METH_NOARGS);
        // SAFETY: METH_NOARGS says that it is a `PyCFunction`, and both are.
        unsafe { $to.method($name, entry, (|it| it.PyCFunction, ffi::METH_NOARGS), &SLOW)? };
    }};
    (one, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@fastcall $class, $to, $name, $body, 1, (0), |_| true)
    };
    (two, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@fastcall $class, $to, $name, $body, 2, (0 1), |_| true)
    };
    (three, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@fastcall $class, $to, $name, $body, 3, (0 1 2), |_| true)
    };
    // A method that may be called without arguments, but has some.
    (none, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@fastcall $class, $to, $name, $body, 0, (), |_| true)
    };
    (@fastcall $class:ty, $to:ident, $name:tt, $body:expr, $count:literal, ($($index:literal)*), $is_ours:expr) => {{
        use $crate::runtime::fast::{Slow, instance};
        #[allow(unused_imports, reason = "not where there are no arguments")]
        use pyo3::{Borrowed, PyAny, Python, ffi};

        static SLOW: Slow<ffi::PyCFunctionFastWithKeywords> = Slow::new();
        unsafe extern "C" fn fast(
            this: *mut ffi::PyObject,
            args: *const *mut ffi::PyObject,
            count: ffi::Py_ssize_t,
            keywords: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let body: for<'a, 'py> fn(
                &$class,
                Python<'py>,
                $($crate::runtime::fast::entry!(@argument $index),)*
            ) -> Option<$crate::runtime::fast::Done> = $body;
            let is_ours: fn(*mut ffi::PyTypeObject) -> bool = $is_ours;
            // SAFETY: Python calls a method attached, with an instance of its class, and as many
            // valid arguments as it says.
            unsafe {
                if count == $count && keywords.is_null() && is_ours(ffi::Py_TYPE(this)) {
                    let py = Python::assume_attached();
                    let done = body(
                        instance(this),
                        py,
                        $(Borrowed::from_ptr(py, *args.add($index)),)*
                    );
                    if let Some($crate::runtime::fast::Done(result)) = done {
                        return result;
                    }
                }
                SLOW.get()(this, args, count, keywords)
            }
        }
        let flags = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
        let entry = (ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: fast }, flags);
        // SAFETY: the flags say that it is a `PyCFunctionFastWithKeywords`, and both are.
        unsafe { $to.method($name, entry, (|it| it.PyCFunctionFastWithKeywords, flags), &SLOW)? };
    }};
    (@argument $index:literal) => { Borrowed<'a, 'py, PyAny> };
    // Slots. In a binary operator either side may be the instance, or both.
    (binary, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_number, $name, ffi::binaryfunc, *mut ffi::PyObject,
            (left: *mut ffi::PyObject, right: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(
                    Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>, Python<'py>
                ) -> Option<$crate::runtime::fast::Done> = $body;
                body(Borrowed::from_ptr(py, left), Borrowed::from_ptr(py, right), py)
                    .map(|$crate::runtime::fast::Done(result)| result)
            })
    };
    (in_place, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_number, $name, ffi::binaryfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject, right: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Borrowed<'a, 'py, PyAny>) -> Option<()> = $body;
                body(instance::<$class>(this), Borrowed::from_ptr(py, right))
                    .map(|()| { $crate::runtime::refcount::incref(this); this })
            })
    };
    (unary, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_number, $name, ffi::unaryfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'py> fn(&$class, Python<'py>) -> Option<$crate::runtime::fast::Done> = $body;
                body(instance::<$class>(this), py).map(|$crate::runtime::fast::Done(result)| result)
            })
    };
    (truth, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_number, $name, ffi::inquiry, c_int,
            (this: *mut ffi::PyObject), $to,
            |_py| {
                let body: fn(&$class) -> bool = $body;
                Some(c_int::from(body(instance::<$class>(this))))
            })
    };
    (item, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_mapping, $name, ffi::binaryfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject, key: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Python<'py>, Borrowed<'a, 'py, PyAny>) -> Option<$crate::runtime::fast::Done> = $body;
                body(instance::<$class>(this), py, Borrowed::from_ptr(py, key)).map(|$crate::runtime::fast::Done(result)| result)
            })
    };
    (contains, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_sequence, $name, ffi::objobjproc, c_int,
            (this: *mut ffi::PyObject, key: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Borrowed<'a, 'py, PyAny>) -> Option<bool> = $body;
                body(instance::<$class>(this), Borrowed::from_ptr(py, key)).map(c_int::from)
            })
    };
    // The value is null where the item is deleted.
    (set_item, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@slot $class, $py, tp_as_mapping, $name, ffi::objobjargproc, c_int,
            (this: *mut ffi::PyObject, key: *mut ffi::PyObject, value: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(
                    &$class, Borrowed<'a, 'py, PyAny>, Option<Borrowed<'a, 'py, PyAny>>
                ) -> Option<()> = $body;
                let value = (!value.is_null()).then(|| Borrowed::from_ptr(py, value));
                body(instance::<$class>(this), Borrowed::from_ptr(py, key), value).map(|()| 0)
            })
    };
    (next, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@type_slot $class, $py, $name, ffi::iternextfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'py> fn(&$class, Python<'py>) -> Option<$crate::runtime::fast::Done> = $body;
                body(instance::<$class>(this), py).map(|$crate::runtime::fast::Done(result)| result)
            })
    };
    (compare, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast::entry!(@type_slot $class, $py, $name, ffi::richcmpfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject, other: *mut ffi::PyObject, operator: c_int), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Borrowed<'a, 'py, PyAny>, CompareOp) -> Option<bool> = $body;
                CompareOp::from_raw(operator)
                    .and_then(|operator| body(instance::<$class>(this), Borrowed::from_ptr(py, other), operator))
                    .map(|yes| $crate::runtime::fast::Done::bool(py, yes).0)
            })
    };
    (@slot $class:ty, $py:ident, $table:ident, $slot:ident, $kind:ty, $result:ty,
        ($($arg:ident: $type:ty),*), $to:ident, $body:expr) => {
        $crate::runtime::fast::entry!(@any $class, $kind, $result, ($($arg: $type),*), $to, $body,
            &raw mut (*(*<$class as pyo3::PyTypeInfo>::type_object_raw($py)).$table).$slot)
    };
    (@type_slot $class:ty, $py:ident, $slot:ident, $kind:ty, $result:ty,
        ($($arg:ident: $type:ty),*), $to:ident, $body:expr) => {
        $crate::runtime::fast::entry!(@any $class, $kind, $result, ($($arg: $type),*), $to, $body,
            &raw mut (*<$class as pyo3::PyTypeInfo>::type_object_raw($py)).$slot)
    };
    (@any $class:ty, $kind:ty, $result:ty, ($($arg:ident: $type:ty),*), $to:ident, $body:expr, $place:expr) => {{
        #[allow(unused_imports, reason = "not all slots need all")]
        use {
            $crate::runtime::fast::{Slow, instance},
            pyo3::{Borrowed, PyAny, Python, basic::CompareOp, ffi},
            std::ffi::c_int,
        };

        static SLOW: Slow<$kind> = Slow::new();
        unsafe extern "C" fn fast($($arg: $type),*) -> $result {
            // SAFETY: Python calls a slot attached, with valid objects, the first of which is an instance
            // of the class, but for binary operators, whose entries look.
            unsafe {
                let body = entry_body($($arg),*);
                match body {
                    Some(result) => result,
                    None => SLOW.get()($($arg),*),
                }
            }
        }
        /// # Safety
        ///
        /// That of the slot.
        #[inline(always)]
        unsafe fn entry_body($($arg: $type),*) -> Option<$result> {
            // SAFETY: the caller's promise.
            unsafe {
                let body = $body;
                body(Python::assume_attached())
            }
        }
        // SAFETY: the class is made, has this table, as it has the slot, and is not in use yet.
        unsafe { $to.slot($place, fast, &SLOW) };
    }};
}

pub(crate) use {entry, fast};

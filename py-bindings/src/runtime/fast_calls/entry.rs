//! The kinds of entries.

/// Defines `speed_up`, which puts entries in front of methods and slots of a class:
///
/// ```ignore
/// fast! { PyClass:
///     noargs c"get" = |this, py| Some(Done::int(py, this.0.load()));
///     one c"set" = |this, py, value| { this.0.store(exact_i64(value)?); Some(Done::none(py)) };
///     binary nb_add = |left, right, py| ...;
/// }
/// ```
///
/// The kinds `noargs_exact` and `one_exact` are for methods that call another method, which a
/// subclass may override. These entries pass all calls on instances of subclasses to PyO3's
/// function.
///
/// If the body returns `None`, PyO3's function gets the call. Until then the body must not have
/// done anything that would alter what that function does.
macro_rules! fast {
    ($class:ty: $($entries:tt)*) => { $crate::runtime::fast_calls::fast! { $class as $class: $($entries)* } };
    ($class:ty as $value:ty: $($kind:ident $name:tt = $body:expr;)*) => {
        /// Puts faster entries in front of some methods. Called before any code can use the class.
        pub(crate) fn speed_up(py: pyo3::Python<'_>) -> pyo3::PyResult<()> {
            let class = $crate::runtime::fast_calls::Class::of::<$class>(py);
            $($crate::runtime::fast_calls::entry!($kind, $value, class, py, $name, $body);)*
            Ok(())
        }
    };
}

/// One entry of `fast!`.
macro_rules! entry {
    (noargs, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@noargs $class, $to, $name, $body, |_| true)
    };
    (noargs_exact, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        static CLASS: $crate::runtime::fast_calls::Exact = $crate::runtime::fast_calls::Exact::new();
        CLASS.set(&$to);
        $crate::runtime::fast_calls::entry!(@noargs $class, $to, $name, $body, |class| CLASS.is(class))
    }};
    (one_exact, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        static CLASS: $crate::runtime::fast_calls::Exact = $crate::runtime::fast_calls::Exact::new();
        CLASS.set(&$to);
        $crate::runtime::fast_calls::entry!(@fastcall $class, $to, $name, $body, 1, (0), |class| CLASS.is(class))
    }};
    (@noargs $class:ty, $to:ident, $name:tt, $body:expr, $is_ours:expr) => {{
        use $crate::runtime::fast_calls::{Slow, instance};
        use pyo3::{Python, ffi};

        static SLOW: Slow<ffi::PyCFunction> = Slow::new();
        unsafe extern "C" fn fast(
            this: *mut ffi::PyObject,
            nothing: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let body: for<'py> fn(&$class, Python<'py>) -> Option<$crate::runtime::fast_calls::Done> = $body;
            let is_ours: fn(*mut ffi::PyTypeObject) -> bool = $is_ours;
            // SAFETY: Python calls a method in an attached thread, with an instance of its class.
            unsafe {
                if is_ours(ffi::Py_TYPE(this)) {
                    let done = body(instance(this), Python::assume_attached());
                    if let Some($crate::runtime::fast_calls::Done(result)) = done {
                        return result;
                    }
                }
                SLOW.get()(this, nothing)
            }
        }
        let entry = (ffi::PyMethodDefPointer { PyCFunction: fast }, ffi::METH_NOARGS);
        // SAFETY: METH_NOARGS says that the function is a `PyCFunction`, and both functions are.
        unsafe { $to.method($name, entry, (|it| it.PyCFunction, ffi::METH_NOARGS), &SLOW)? };
    }};
    // `__enter__` of classes that return the instance itself, and other methods that do. The entry
    // applies if the body returns true.
    (enter, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        use $crate::runtime::fast_calls::{Slow, instance};
        use pyo3::ffi;

        static SLOW: Slow<ffi::PyCFunction> = Slow::new();
        unsafe extern "C" fn fast(
            this: *mut ffi::PyObject,
            nothing: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let body: fn(&$class) -> bool = $body;
            // SAFETY: Python calls a method in an attached thread, with an instance of its class.
            unsafe {
                if body(instance(this)) {
                    $crate::runtime::refcount::incref(this);
                    return this;
                }
                SLOW.get()(this, nothing)
            }
        }
        let entry = (ffi::PyMethodDefPointer { PyCFunction: fast }, ffi::METH_NOARGS);
        // SAFETY: METH_NOARGS says that the function is a `PyCFunction`, and both functions are.
        unsafe { $to.method($name, entry, (|it| it.PyCFunction, ffi::METH_NOARGS), &SLOW)? };
    }};
    (one, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@fastcall $class, $to, $name, $body, 1, (0), |_| true)
    };
    // For methods whose only argument has no name, and no default: Python passes it in a register,
    // instead of an array. It also checks the number of arguments itself, with a text of its own.
    (single, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {{
        use $crate::runtime::fast_calls::{Done, Slow, instance};
        use pyo3::{Borrowed, PyAny, Python, ffi};

        static SLOW: Slow<ffi::PyCFunctionFastWithKeywords> = Slow::new();
        unsafe extern "C" fn fast(
            this: *mut ffi::PyObject,
            argument: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            let body: for<'a, 'py> fn(&$class, Python<'py>, Borrowed<'a, 'py, PyAny>) -> Option<Done> = $body;
            // SAFETY: Python calls a method in an attached thread, with an instance of its class
            // and a valid argument.
            unsafe {
                let py = Python::assume_attached();
                match body(instance(this), py, Borrowed::from_ptr(py, argument)) {
                    Some(Done(result)) => result,
                    None => SLOW.get()(this, &argument, 1, std::ptr::null_mut()),
                }
            }
        }
        let entry = (ffi::PyMethodDefPointer { PyCFunction: fast }, ffi::METH_O);
        let flags = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
        // SAFETY: METH_O says that the entry is a `PyCFunction`, and the flags that PyO3's function
        // is a `PyCFunctionFastWithKeywords`.
        unsafe { $to.method($name, entry, (|it| it.PyCFunctionFastWithKeywords, flags), &SLOW)? };
    }};
    (two, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@fastcall $class, $to, $name, $body, 2, (0 1), |_| true)
    };
    (three, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@fastcall $class, $to, $name, $body, 3, (0 1 2), |_| true)
    };
    // A method that has arguments, but may be called without any; the entry handles calls without.
    (none, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@fastcall $class, $to, $name, $body, 0, (), |_| true)
    };
    (@fastcall $class:ty, $to:ident, $name:tt, $body:expr, $count:literal, ($($index:literal)*), $is_ours:expr) => {{
        use $crate::runtime::fast_calls::{Slow, instance};
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
                $($crate::runtime::fast_calls::entry!(@argument $index),)*
            ) -> Option<$crate::runtime::fast_calls::Done> = $body;
            let is_ours: fn(*mut ffi::PyTypeObject) -> bool = $is_ours;
            // SAFETY: Python calls a method in an attached thread, with an instance of its class
            // and `count` valid arguments.
            unsafe {
                if count == $count && keywords.is_null() && is_ours(ffi::Py_TYPE(this)) {
                    let py = Python::assume_attached();
                    let done = body(
                        instance(this),
                        py,
                        $(Borrowed::from_ptr(py, *args.add($index)),)*
                    );
                    if let Some($crate::runtime::fast_calls::Done(result)) = done {
                        return result;
                    }
                }
                SLOW.get()(this, args, count, keywords)
            }
        }
        let flags = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
        let entry = (ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: fast }, flags);
        // SAFETY: the flags say that the function is a `PyCFunctionFastWithKeywords`, and both
        // functions are.
        unsafe { $to.method($name, entry, (|it| it.PyCFunctionFastWithKeywords, flags), &SLOW)? };
    }};
    (@argument $index:literal) => { Borrowed<'a, 'py, PyAny> };
    // Slots. In a binary operator, either operand or both may be instances of the class.
    (binary, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_number, $name, ffi::binaryfunc, *mut ffi::PyObject,
            (left: *mut ffi::PyObject, right: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(
                    Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>, Python<'py>
                ) -> Option<$crate::runtime::fast_calls::Done> = $body;
                body(Borrowed::from_ptr(py, left), Borrowed::from_ptr(py, right), py)
                    .map(|$crate::runtime::fast_calls::Done(result)| result)
            })
    };
    (in_place, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_number, $name, ffi::binaryfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject, right: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Borrowed<'a, 'py, PyAny>) -> Option<()> = $body;
                body(instance::<$class>(this), Borrowed::from_ptr(py, right))
                    .map(|()| { $crate::runtime::refcount::incref(this); this })
            })
    };
    (unary, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_number, $name, ffi::unaryfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'py> fn(&$class, Python<'py>) -> Option<$crate::runtime::fast_calls::Done> = $body;
                body(instance::<$class>(this), py).map(|$crate::runtime::fast_calls::Done(result)| result)
            })
    };
    (truth, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_number, $name, ffi::inquiry, c_int,
            (this: *mut ffi::PyObject), $to,
            |_py| {
                let body: fn(&$class) -> bool = $body;
                Some(c_int::from(body(instance::<$class>(this))))
            })
    };
    (item, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_mapping, $name, ffi::binaryfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject, key: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Python<'py>, Borrowed<'a, 'py, PyAny>) -> Option<$crate::runtime::fast_calls::Done> = $body;
                body(instance::<$class>(this), py, Borrowed::from_ptr(py, key)).map(|$crate::runtime::fast_calls::Done(result)| result)
            })
    };
    (contains, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_sequence, $name, ffi::objobjproc, c_int,
            (this: *mut ffi::PyObject, key: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Borrowed<'a, 'py, PyAny>) -> Option<bool> = $body;
                body(instance::<$class>(this), Borrowed::from_ptr(py, key)).map(c_int::from)
            })
    };
    // The value is null if the item is to be deleted.
    (set_item, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@slot $class, $py, tp_as_mapping, $name, ffi::objobjargproc, c_int,
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
        $crate::runtime::fast_calls::entry!(@type_slot $class, $py, $name, ffi::iternextfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject), $to,
            |py| {
                let body: for<'py> fn(&$class, Python<'py>) -> Option<$crate::runtime::fast_calls::Done> = $body;
                body(instance::<$class>(this), py).map(|$crate::runtime::fast_calls::Done(result)| result)
            })
    };
    (compare, $class:ty, $to:ident, $py:ident, $name:tt, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@type_slot $class, $py, $name, ffi::richcmpfunc, *mut ffi::PyObject,
            (this: *mut ffi::PyObject, other: *mut ffi::PyObject, operator: c_int), $to,
            |py| {
                let body: for<'a, 'py> fn(&$class, Borrowed<'a, 'py, PyAny>, CompareOp) -> Option<bool> = $body;
                CompareOp::from_raw(operator)
                    .and_then(|operator| body(instance::<$class>(this), Borrowed::from_ptr(py, other), operator))
                    .map(|yes| $crate::runtime::fast_calls::Done::bool(py, yes).0)
            })
    };
    (@slot $class:ty, $py:ident, $table:ident, $slot:ident, $kind:ty, $result:ty,
        ($($arg:ident: $type:ty),*), $to:ident, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@any $class, $kind, $result, ($($arg: $type),*), $to, $body,
            &raw mut (*(*<$class as pyo3::PyTypeInfo>::type_object_raw($py)).$table).$slot)
    };
    (@type_slot $class:ty, $py:ident, $slot:ident, $kind:ty, $result:ty,
        ($($arg:ident: $type:ty),*), $to:ident, $body:expr) => {
        $crate::runtime::fast_calls::entry!(@any $class, $kind, $result, ($($arg: $type),*), $to, $body,
            &raw mut (*<$class as pyo3::PyTypeInfo>::type_object_raw($py)).$slot)
    };
    (@any $class:ty, $kind:ty, $result:ty, ($($arg:ident: $type:ty),*), $to:ident, $body:expr, $place:expr) => {{
        #[allow(unused_imports, reason = "not all slots need all")]
        use {
            $crate::runtime::fast_calls::{Slow, instance},
            pyo3::{Borrowed, PyAny, Python, basic::CompareOp, ffi},
            std::ffi::c_int,
        };

        static SLOW: Slow<$kind> = Slow::new();
        unsafe extern "C" fn fast($($arg: $type),*) -> $result {
            // SAFETY: Python calls a slot in an attached thread, with valid objects. The first one
            // is an instance of the class. Binary operators are the exception; their entries check
            // their operands.
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
        /// The same conditions as for the slot.
        #[inline(always)]
        unsafe fn entry_body($($arg: $type),*) -> Option<$result> {
            // SAFETY: the caller's promise.
            unsafe {
                let body = $body;
                body(Python::assume_attached())
            }
        }
        // SAFETY: the class is complete and not in use yet. It has this slot, and so it has the
        // table that contains the slot.
        unsafe { $to.slot($place, fast, &SLOW) };
    }};
}

pub(crate) use {entry, fast};

//! The operators with the same form, as tables.

use super::class::PyAtomicInt64;
use crate::runtime::{create::New, error::Result};
use ft_atomic_int::Operation;
use pyo3::{ffi, prelude::*};

/// Operators and their reflected forms, each with its function of the C API.
macro_rules! binary {
    ($class:ty: $($left:ident $right:ident = $function:ident;)*) => {
        #[pymethods]
        impl $class {$(
            fn $left<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                self.left(other, ffi::$function)
            }

            fn $right<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                self.right(other, ffi::$function)
            }
        )*}
    };
}

binary! { PyAtomicInt64:
    __add__ __radd__ = PyNumber_Add;
    __sub__ __rsub__ = PyNumber_Subtract;
    __mul__ __rmul__ = PyNumber_Multiply;
    __truediv__ __rtruediv__ = PyNumber_TrueDivide;
    __floordiv__ __rfloordiv__ = PyNumber_FloorDivide;
    __mod__ __rmod__ = PyNumber_Remainder;
    __divmod__ __rdivmod__ = PyNumber_Divmod;
    __lshift__ __rlshift__ = PyNumber_Lshift;
    __rshift__ __rrshift__ = PyNumber_Rshift;
    __and__ __rand__ = PyNumber_And;
    __or__ __ror__ = PyNumber_Or;
    __xor__ __rxor__ = PyNumber_Xor;
}

/// In-place operators, each with its atomic operation and its sign.
macro_rules! in_place {
    ($class:ty: $($method:ident = $operation:ident, $sign:literal;)*) => {
        #[pymethods]
        impl $class {$(
            fn $method(&self, other: &Bound<'_, PyAny>) -> Result<()> {
                self.in_place(Operation::$operation, $sign, other)
            }
        )*}
    };
}

in_place! { PyAtomicInt64:
    __iadd__ = Add, "+";
    __isub__ = Sub, "-";
    __imul__ = Mul, "*";
    __ifloordiv__ = FloorDiv, "//";
    __imod__ = Rem, "%";
    __ilshift__ = Shl, "<<";
    __irshift__ = Shr, ">>";
    __iand__ = And, "&";
    __ior__ = Or, "|";
    __ixor__ = Xor, "^";
}

/// Methods that return the value as an int.
macro_rules! value {
    ($class:ty: $($method:ident)*) => {
        #[pymethods]
        impl $class {$(
            fn $method(&self) -> New<i64> {
                New(self.0.load())
            }
        )*}
    };
}

value! { PyAtomicInt64: __pos__ __int__ __index__ __trunc__ __floor__ __ceil__ }

//! The operators that are alike, as tables.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "the compiler takes what PyO3 makes of a macro's output for code of this file"
)]

use super::class::PyAtomicInt64;
use crate::runtime::{create::New, error::Result};
use ft_atomic_int::Operation;
use pyo3::{ffi, prelude::*};

/// Operators and their reflections, each with its function of the C API.
macro_rules! binary {
    ($($left:ident $right:ident = $function:ident;)*) => {
        #[pymethods]
        impl PyAtomicInt64 {$(
            fn $left<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                self.left(other, ffi::$function)
            }

            fn $right<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                self.right(other, ffi::$function)
            }
        )*}
    };
}

binary! {
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
    ($($method:ident = $operation:ident, $sign:literal;)*) => {
        #[pymethods]
        impl PyAtomicInt64 {$(
            fn $method(&self, other: &Bound<'_, PyAny>) -> Result<()> {
                self.in_place(Operation::$operation, $sign, other)
            }
        )*}
    };
}

in_place! {
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
    ($($method:ident)*) => {
        #[pymethods]
        impl PyAtomicInt64 {$(
            fn $method(&self) -> New<i64> {
                New(self.0.load())
            }
        )*}
    };
}

value! { __pos__ __int__ __index__ __trunc__ __floor__ __ceil__ }

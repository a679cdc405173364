//! Operators, comparisons, and conversions to numbers and text.

use super::{
    slots::{Ptr, owned, slot, typed},
    wrapper::{Operand, Wrapper, forward, forward_object},
};
use crate::runtime::refcount::incref;
use pyo3::ffi;
use std::{
    ffi::{c_int, c_void},
    ptr::{self, NonNull},
};

macro_rules! unary {
    ($function:ident) => {{
        unsafe extern "C" fn unary(wrapper: Ptr) -> Ptr {
            // SAFETY: the interpreter's promise.
            unsafe { forward(wrapper, |object| ffi::$function(object)) }
        }
        let slot: ffi::unaryfunc = unary;
        slot as *mut c_void
    }};
}

/// A binary operator. One operand or both are wrappers: the wrapped objects take their place, and
/// the operator then works as usual.
macro_rules! binary {
    ($function:ident) => {{
        unsafe extern "C" fn binary(left: Ptr, right: Ptr) -> Ptr {
            // SAFETY: the interpreter's promise.
            unsafe {
                let (Some(left), Some(right)) = (Operand::of(left), Operand::of(right)) else {
                    return ptr::null_mut();
                };
                ffi::$function(left.object, right.object)
            }
        }
        let slot: ffi::binaryfunc = binary;
        slot as *mut c_void
    }};
}

macro_rules! in_place {
    ($function:ident) => {{
        unsafe extern "C" fn in_place(wrapper: Ptr, right: Ptr) -> Ptr {
            // SAFETY: the interpreter's promise.
            unsafe { replace(wrapper, right, |left, right| ffi::$function(left, right)) }
        }
        let slot: ffi::binaryfunc = in_place;
        slot as *mut c_void
    }};
}
pub(super) use in_place;

pub(super) const SLOTS: &[ffi::PyType_Slot] = &[
    slot(ffi::Py_nb_add, binary!(PyNumber_Add)),
    slot(ffi::Py_nb_subtract, binary!(PyNumber_Subtract)),
    slot(ffi::Py_nb_multiply, binary!(PyNumber_Multiply)),
    slot(ffi::Py_nb_matrix_multiply, binary!(PyNumber_MatrixMultiply)),
    slot(ffi::Py_nb_true_divide, binary!(PyNumber_TrueDivide)),
    slot(ffi::Py_nb_floor_divide, binary!(PyNumber_FloorDivide)),
    slot(ffi::Py_nb_remainder, binary!(PyNumber_Remainder)),
    slot(ffi::Py_nb_divmod, binary!(PyNumber_Divmod)),
    slot(ffi::Py_nb_lshift, binary!(PyNumber_Lshift)),
    slot(ffi::Py_nb_rshift, binary!(PyNumber_Rshift)),
    slot(ffi::Py_nb_and, binary!(PyNumber_And)),
    slot(ffi::Py_nb_or, binary!(PyNumber_Or)),
    slot(ffi::Py_nb_xor, binary!(PyNumber_Xor)),
    slot(ffi::Py_nb_power, typed!(power: ternaryfunc)),
    slot(ffi::Py_nb_inplace_add, in_place!(PyNumber_InPlaceAdd)),
    slot(
        ffi::Py_nb_inplace_subtract,
        in_place!(PyNumber_InPlaceSubtract),
    ),
    slot(
        ffi::Py_nb_inplace_multiply,
        in_place!(PyNumber_InPlaceMultiply),
    ),
    slot(
        ffi::Py_nb_inplace_matrix_multiply,
        in_place!(PyNumber_InPlaceMatrixMultiply),
    ),
    slot(
        ffi::Py_nb_inplace_true_divide,
        in_place!(PyNumber_InPlaceTrueDivide),
    ),
    slot(
        ffi::Py_nb_inplace_floor_divide,
        in_place!(PyNumber_InPlaceFloorDivide),
    ),
    slot(
        ffi::Py_nb_inplace_remainder,
        in_place!(PyNumber_InPlaceRemainder),
    ),
    slot(ffi::Py_nb_inplace_lshift, in_place!(PyNumber_InPlaceLshift)),
    slot(ffi::Py_nb_inplace_rshift, in_place!(PyNumber_InPlaceRshift)),
    slot(ffi::Py_nb_inplace_and, in_place!(PyNumber_InPlaceAnd)),
    slot(ffi::Py_nb_inplace_or, in_place!(PyNumber_InPlaceOr)),
    slot(ffi::Py_nb_inplace_xor, in_place!(PyNumber_InPlaceXor)),
    slot(
        ffi::Py_nb_inplace_power,
        typed!(in_place_power: ternaryfunc),
    ),
    slot(ffi::Py_nb_negative, unary!(PyNumber_Negative)),
    slot(ffi::Py_nb_positive, unary!(PyNumber_Positive)),
    slot(ffi::Py_nb_absolute, unary!(PyNumber_Absolute)),
    slot(ffi::Py_nb_invert, unary!(PyNumber_Invert)),
    slot(ffi::Py_nb_int, unary!(PyNumber_Long)),
    slot(ffi::Py_nb_float, unary!(PyNumber_Float)),
    slot(ffi::Py_nb_index, unary!(PyNumber_Index)),
    slot(ffi::Py_nb_bool, typed!(truth: inquiry)),
    slot(ffi::Py_tp_richcompare, typed!(compare: richcmpfunc)),
    slot(ffi::Py_tp_hash, typed!(hash: hashfunc)),
    slot(ffi::Py_tp_str, unary!(PyObject_Str)),
    slot(ffi::Py_tp_repr, typed!(repr: reprfunc)),
];

/// Any of the three operands can be the wrapper.
unsafe extern "C" fn power(base: Ptr, exponent: Ptr, modulus: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let operands = (
            Operand::of(base),
            Operand::of(exponent),
            Operand::of(modulus),
        );
        let (Some(base), Some(exponent), Some(modulus)) = operands else {
            return ptr::null_mut();
        };
        ffi::PyNumber_Power(base.object, exponent.object, modulus.object)
    }
}

unsafe extern "C" fn in_place_power(wrapper: Ptr, exponent: Ptr, modulus: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let Some(modulus) = Operand::of(modulus) else {
            return ptr::null_mut();
        };
        replace(wrapper, exponent, |base, exponent| {
            ffi::PyNumber_InPlacePower(base, exponent, modulus.object)
        })
    }
}

/// Applies an in-place operator to the wrapped object, which the result then replaces.
///
/// # Safety
///
/// The interpreter's promise, for `wrapper` and `right`. The function returns a reference or null.
pub(super) unsafe fn replace(
    wrapper: Ptr,
    right: Ptr,
    function: impl FnOnce(Ptr, Ptr) -> Ptr,
) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let this = Wrapper::of(wrapper);
        let (Some(left), Some(right)) = (this.target(), Operand::of(right)) else {
            return ptr::null_mut();
        };
        let Some(result) = NonNull::new(function(left.object, right.object)) else {
            return ptr::null_mut();
        };
        this.replace(&left, result);
        incref(wrapper);
        wrapper
    }
}

unsafe extern "C" fn truth(wrapper: Ptr) -> c_int {
    // SAFETY: the interpreter's promise.
    unsafe { forward(wrapper, |object| ffi::PyObject_IsTrue(object)) }
}

unsafe extern "C" fn compare(wrapper: Ptr, other: Ptr, operator: c_int) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let other = match Wrapper::cast(other) {
            Some(other) => other.object(),
            None => Some(Operand::lent(other)),
        };
        let (Some(object), Some(other)) = (Wrapper::of(wrapper).object(), other) else {
            return ptr::null_mut();
        };
        ffi::PyObject_RichCompare(object.object, other.object, operator)
    }
}

unsafe extern "C" fn hash(wrapper: Ptr) -> ffi::Py_hash_t {
    // SAFETY: the interpreter's promise.
    unsafe { forward_object(wrapper, |object| ffi::PyObject_Hash(object)) }
}

unsafe extern "C" fn repr(wrapper: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise. The format takes a str and an object.
    unsafe {
        let Some(name) = owned(ffi::PyType_GetName(ffi::Py_TYPE(wrapper))) else {
            return ptr::null_mut();
        };
        forward_object(wrapper, |object| {
            ffi::PyUnicode_FromFormat(c"<%U: %R>".as_ptr(), name.as_ptr(), object)
        })
    }
}

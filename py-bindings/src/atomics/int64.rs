//! `AtomicInt64`.

use crate::{
    dict::once,
    local_wrapper,
    runtime::{
        create::{self, New, exception},
        error::{Result, not_copyable},
        fast::{self, Done, exact_i64},
        imports::Imports,
        reentry::{Place, Watch, own_change},
    },
};
use ft_atomic_int::{ArithmeticError, AtomicInt64, Change, Operation, Overflow};
use pyo3::{
    basic::CompareOp,
    exceptions::{PyOverflowError, PyTypeError, PyValueError},
    ffi, intern,
    prelude::*,
    types::{PyDict, PyInt, PyNotImplemented, PyType},
};
use std::sync::Arc;

/// An integer of 64 bits that threads share and change in atomic steps.
///
/// AtomicInt64(value=0, *, overflow="raise")
///
/// Every method and every in-place operator (``a += 1``) is one atomic, sequentially consistent
/// step, which takes integers. ``/=`` and ``@=`` have no integer to store, and raise ``TypeError``. The
/// other operators read the value once and work on that as on any int, also with ``float``,
/// ``complex``, ``Fraction`` and ``Decimal``, so they never overflow. A step whose result does not fit
/// into 64 bits raises ``OverflowError`` and leaves the value unchanged; with ``overflow="wrap"`` it
/// wraps round, with ``overflow="saturate"`` it stops at the limit.
///
/// >>> counter = AtomicInt64(40)
/// >>> counter.incr()
/// 41
/// >>> counter += 1
/// >>> counter
/// AtomicInt64(42)
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    module = "ft_utils.concurrency",
    name = "AtomicInt64"
)]
pub(crate) struct PyAtomicInt64(Arc<AtomicInt64>);

static WATCH: Watch = Watch::new();

/// The argument of an atomic step.
enum Operand {
    Value(i64),
    /// It is an integer, but not one of 64 bits, or it failed to say which.
    Failed(PyErr),
}

impl Operand {
    fn value(self) -> PyResult<i64> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Failed(err) => Err(err),
        }
    }
}

impl FromPyObject<'_, '_> for Operand {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Some(int) = integer(&object).transpose() else {
            let kind = object.get_type();
            return Err(exception::<PyTypeError>(format!(
                "expected an integer, not {kind}"
            )));
        };
        Ok(match int.and_then(|int| to_i64(&int)) {
            Ok(value) => Self::Value(value),
            Err(err) => Self::Failed(err),
        })
    }
}

/// The int that an object stands for, if it stands for one.
fn integer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    let py = object.py();
    if let Ok(int) = object.cast::<PyInt>() {
        return Ok(Some(int.clone()));
    }
    if let Ok(atomic) = object.cast::<PyAtomicInt64>() {
        return atomic.get().int(py).map(Some);
    }
    // SAFETY: both get a valid object while attached; `PyNumber_Index` returns a new reference
    // or sets an exception.
    unsafe {
        if ffi::PyIndex_Check(object.as_ptr()) == 0 {
            return Ok(None);
        }
        let index = Bound::from_owned_ptr_or_err(py, ffi::PyNumber_Index(object.as_ptr()));
        match index {
            // All wrappers have `__index__`, whatever they wrap.
            Err(err)
                if local_wrapper::is_instance(object) && err.is_instance_of::<PyTypeError>(py) =>
            {
                Ok(None)
            }
            index => Ok(Some(index?.cast_into()?)),
        }
    }
}

/// As [`integer`], where what has `__index__` need not be one: all arrays of NumPy have it.
fn integral<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    match integer(object) {
        Err(err) if err.is_instance_of::<PyTypeError>(object.py()) => Ok(None),
        int => int,
    }
}

/// What an operator that is not in place takes from the other side: an int, or another number as it
/// is. Python asks all other types for the operator themselves.
fn number<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Some(int) = integral(object)? {
        return Ok(Some(int.into_any()));
    }
    let py = object.py();
    // By its type, as operators go, and not by what it says its class is.
    let is_number = (object.get_type()).is_subclass(Imports::get(py).number.bind(py))?;
    Ok(is_number.then(|| object.clone()))
}

fn to_i64(int: &Bound<'_, PyInt>) -> PyResult<i64> {
    int.extract().map_err(|_| {
        exception::<PyOverflowError>("the operand does not fit in 64 bits; the value is unchanged")
    })
}

/// A function of the C API for an operator.
type Binary = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

/// What `power` and `__rpow__` use: no modulus.
unsafe extern "C" fn power(
    left: *mut ffi::PyObject,
    right: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise is that of `PyNumber_Power`; None is immortal or borrowed.
    unsafe { ffi::PyNumber_Power(left, right, ffi::Py_None()) }
}

impl PyAtomicInt64 {
    fn int<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyInt>> {
        create::int(py, self.0.load())
    }

    /// Applies an operator to the value, on the left, and another number.
    fn left<'py>(
        &self,
        right: &Bound<'py, PyAny>,
        operator: Binary,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = right.py();
        match number(right)? {
            Some(right) => call(operator, self.int(py)?.as_any(), &right),
            None => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    /// As `left`, with the value on the right.
    fn right<'py>(
        &self,
        left: &Bound<'py, PyAny>,
        operator: Binary,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = left.py();
        match number(left)? {
            Some(left) => call(operator, &left, self.int(py)?.as_any()),
            None => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    // All changes go through these: see `reentry`.

    #[inline]
    fn apply(
        &self,
        operation: Operation,
        operand: i64,
    ) -> std::result::Result<Change, ArithmeticError> {
        let change = self.0.apply(operation, operand)?;
        self.changed();
        Ok(change)
    }

    #[inline]
    fn swap(&self, value: i64) -> i64 {
        let before = self.0.exchange(value);
        self.changed();
        before
    }

    #[inline]
    fn exchange_if(&self, expected: i64, new: i64) -> std::result::Result<i64, i64> {
        let before = self.0.compare_exchange(expected, new)?;
        self.changed();
        Ok(before)
    }

    #[inline]
    fn store(&self, value: i64) {
        self.0.store(value);
        self.changed();
    }

    #[inline]
    fn changed(&self) {
        WATCH.changed(|| self.place());
    }

    fn place(&self) -> Place {
        Place::of(&*self.0)
    }

    fn step(&self, operation: Operation, operand: Operand) -> Result<Change> {
        Ok(self.apply(operation, operand.value()?)?)
    }

    /// Does the step of an in-place operator.
    ///
    /// Whatever the operand is, Python must not go on to the operator that is not in place: its result
    /// would take the place of the object that threads share, in one thread.
    fn in_place(&self, operation: Operation, sign: &str, operand: &Bound<'_, PyAny>) -> Result<()> {
        let Some(int) = integral(operand)? else {
            let kind = operand.get_type();
            let reason = format!("{sign}= takes an integer, not {kind}");
            return Err(refused(&reason, sign).into());
        };
        self.apply(operation, to_i64(&int)?)?;
        Ok(())
    }
}

/// The error of an in-place operator that has no integer to store.
fn refused(reason: &str, sign: &str) -> PyErr {
    exception::<PyTypeError>(format!(
        "{reason}; a {sign} b gives a result and leaves the shared integer as it is"
    ))
}

/// Refuses unknown keywords, but for the class that has an `__init__` of its own, to which Python
/// passes them too: `object` does the same.
fn check_unused(cls: &Bound<'_, PyType>, others: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = cls.py();
    let init = intern!(py, "__init__");
    if cls.getattr(init)?.is(py.get_type::<PyAny>().getattr(init)?) {
        let name = others.keys().get_item(0)?;
        let message = format!(
            "AtomicInt64.__new__() got an unexpected keyword argument {}",
            name.repr()?
        );
        return Err(exception::<PyTypeError>(message));
    }
    Ok(())
}

fn call<'py>(
    operator: Binary,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: `operator` is a function of the C API for two objects, which both are valid; it
    // returns a new reference or sets an exception.
    unsafe { Bound::from_owned_ptr_or_err(left.py(), operator(left.as_ptr(), right.as_ptr())) }
}

#[pymethods]
impl PyAtomicInt64 {
    #[new]
    #[classmethod]
    #[pyo3(
        signature = (value=Operand::Value(0), *, overflow="raise", **others),
        text_signature = "(value=0, *, overflow='raise')",
    )]
    fn new(
        cls: &Bound<'_, PyType>,
        value: Operand,
        overflow: &str,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        if let Some(others) = others {
            check_unused(cls, others)?;
        }
        let overflow = match overflow {
            "raise" => Overflow::Error,
            "wrap" => Overflow::Wrap,
            "saturate" => Overflow::Saturate,
            other => {
                let message =
                    format!("overflow must be 'raise', 'wrap' or 'saturate', not {other:?}");
                return Err(exception::<PyValueError>(message));
            }
        };
        Ok(Self(Arc::new(AtomicInt64::new(value.value()?, overflow))))
    }

    /// Return the value.
    fn get(&self) -> New<i64> {
        New(self.0.load())
    }

    /// Replace the value.
    #[pyo3(signature = (value, /))]
    fn set(&self, value: Operand) -> PyResult<()> {
        self.store(value.value()?);
        Ok(())
    }

    /// Add one and return the new value.
    fn incr(&self) -> Result<New<i64>> {
        Ok(New(self.apply(Operation::Add, 1)?.after))
    }

    /// Subtract one and return the new value.
    fn decr(&self) -> Result<New<i64>> {
        Ok(New(self.apply(Operation::Sub, 1)?.after))
    }

    /// Replace the value and return the one before.
    #[pyo3(signature = (value, /))]
    fn exchange(&self, value: Operand) -> PyResult<New<i64>> {
        Ok(New(self.swap(value.value()?)))
    }

    /// Replace the value by new if it is expected, and tell whether it was.
    #[pyo3(signature = (expected, new, /))]
    fn compare_exchange(&self, expected: Operand, new: Operand) -> PyResult<bool> {
        Ok((self.exchange_if(expected.value()?, new.value()?)).is_ok())
    }

    /// Replace the value by function(value) and return the new one.
    ///
    /// The function is called again whenever another thread has changed the value meanwhile, and
    /// must return an int. If it raises, the value is unchanged. It may read the value, but not
    /// change it: that is a RuntimeError.
    #[pyo3(signature = (function, /))]
    fn update(&self, function: &Bound<'_, PyAny>) -> PyResult<New<i64>> {
        let step = |value: i64| {
            let next = function.call1((create::int(function.py(), value)?,))?;
            once::refuse_coroutine(&next, "update() takes a function that returns the value")?;
            next.extract::<Operand>()?.value()
        };
        let mut before = self.0.load();
        loop {
            let (after, has_changed_it) = WATCH.during(self.place(), || step(before));
            let after = after?;
            match self.exchange_if(before, after) {
                Ok(_) => return Ok(New(after)),
                Err(_) if has_changed_it => return Err(own_change("AtomicInt64")),
                Err(other) => before = other,
            }
        }
    }

    /// Add to the value and return the one before.
    #[pyo3(signature = (operand, /))]
    fn fetch_add(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Add, operand)?.before))
    }

    /// Subtract from the value and return the one before.
    #[pyo3(signature = (operand, /))]
    fn fetch_sub(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Sub, operand)?.before))
    }

    /// Take the bitwise and, and return the value before.
    #[pyo3(signature = (operand, /))]
    fn fetch_and(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::And, operand)?.before))
    }

    /// Take the bitwise or, and return the value before.
    #[pyo3(signature = (operand, /))]
    fn fetch_or(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Or, operand)?.before))
    }

    /// Take the bitwise exclusive or, and return the value before.
    #[pyo3(signature = (operand, /))]
    fn fetch_xor(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Xor, operand)?.before))
    }

    /// Take the larger of the value and the operand, and return the value before.
    #[pyo3(signature = (operand, /))]
    fn fetch_max(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Max, operand)?.before))
    }

    /// Take the smaller of the value and the operand, and return the value before.
    #[pyo3(signature = (operand, /))]
    fn fetch_min(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Min, operand)?.before))
    }

    /// Return another object for the same integer.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn __add__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Add)
    }

    fn __radd__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Add)
    }

    fn __sub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Subtract)
    }

    fn __rsub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Subtract)
    }

    fn __mul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Multiply)
    }

    fn __rmul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Multiply)
    }

    fn __truediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_TrueDivide)
    }

    fn __rtruediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_TrueDivide)
    }

    fn __floordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_FloorDivide)
    }

    fn __rfloordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_FloorDivide)
    }

    fn __mod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Remainder)
    }

    fn __rmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Remainder)
    }

    fn __divmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Divmod)
    }

    fn __rdivmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Divmod)
    }

    fn __pow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if modulo.is_none() {
            return self.left(other, power);
        }
        match (number(other)?, number(modulo)?) {
            (Some(exponent), Some(modulo)) => self.int(py)?.into_any().pow(exponent, modulo),
            _ => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    fn __rpow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if modulo.is_none() {
            return self.right(other, power);
        }
        match (number(other)?, number(modulo)?) {
            (Some(base), Some(modulo)) => base.pow(self.int(py)?, modulo),
            _ => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    fn __lshift__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Lshift)
    }

    fn __rlshift__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Lshift)
    }

    fn __rshift__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Rshift)
    }

    fn __rrshift__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Rshift)
    }

    fn __and__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_And)
    }

    fn __rand__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_And)
    }

    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Or)
    }

    fn __ror__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Or)
    }

    fn __xor__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.left(other, ffi::PyNumber_Xor)
    }

    fn __rxor__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.right(other, ffi::PyNumber_Xor)
    }

    fn __iadd__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Add, "+", other)
    }

    fn __isub__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Sub, "-", other)
    }

    fn __imul__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Mul, "*", other)
    }

    fn __ifloordiv__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::FloorDiv, "//", other)
    }

    fn __imod__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Rem, "%", other)
    }

    fn __ipow__(&self, other: &Bound<'_, PyAny>, _modulo: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Pow, "**", other)
    }

    fn __ilshift__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Shl, "<<", other)
    }

    fn __irshift__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Shr, ">>", other)
    }

    fn __iand__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::And, "&", other)
    }

    fn __ior__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Or, "|", other)
    }

    fn __ixor__(&self, other: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Xor, "^", other)
    }

    fn __itruediv__(&self, _other: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("/= would not store an integer, as //= does", "/"))
    }

    fn __imatmul__(&self, _other: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("@= would not store an integer", "@"))
    }

    fn __neg__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.int(py)?.neg()
    }

    fn __pos__(&self) -> New<i64> {
        New(self.0.load())
    }

    fn __abs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.int(py)?.abs()
    }

    fn __invert__(&self) -> New<i64> {
        New(!self.0.load())
    }

    fn __int__(&self) -> New<i64> {
        New(self.0.load())
    }

    fn __index__(&self) -> New<i64> {
        New(self.0.load())
    }

    fn __trunc__(&self) -> New<i64> {
        New(self.0.load())
    }

    fn __floor__(&self) -> New<i64> {
        New(self.0.load())
    }

    fn __ceil__(&self) -> New<i64> {
        New(self.0.load())
    }

    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        &self,
        py: Python<'py>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match ndigits {
            Some(ndigits) => self
                .int(py)?
                .call_method1(intern!(py, "__round__"), (ndigits,)),
            None => Ok(self.int(py)?.into_any()),
        }
    }

    fn __float__(&self) -> New<f64> {
        New(self.0.load() as f64)
    }

    fn __bool__(&self) -> bool {
        self.0.load() != 0
    }

    /// What the other makes of it, which need not be a bool.
    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = self.int(other.py())?;
        match other.cast::<Self>() {
            Ok(other) => value.rich_compare(other.get().int(value.py())?, op),
            Err(_) => value.rich_compare(other, op),
        }
    }

    fn __format__<'py>(&self, spec: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = spec.py();
        self.int(py)?
            .call_method1(intern!(py, "__format__"), (spec,))
    }

    fn __str__(&self) -> New<String> {
        New(self.0.load().to_string())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let atomic = &slf.get().0;
        let policy = match atomic.overflow() {
            Overflow::Error => "",
            Overflow::Wrap => ", overflow='wrap'",
            Overflow::Saturate => ", overflow='saturate'",
        };
        Ok(New(format!(
            "{}({}{policy})",
            slf.get_type().name()?,
            atomic.load()
        )))
    }

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
        not_copyable(slf, "get() for the value, handle() to share the object")
    }

    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }
}

// The same once more, for plain ints.
fast::fast! { PyAtomicInt64:
    noargs c"get" = |this, py| Some(Done::int(py, this.0.load()));
    one c"set" = |this, py, value| {
        this.store(exact_i64(value)?);
        Some(Done::none(py))
    };
    noargs c"incr" = |this, py| {
        let change = this.apply(Operation::Add, 1).ok()?;
        Some(Done::int(py, change.after))
    };
    noargs c"decr" = |this, py| {
        let change = this.apply(Operation::Sub, 1).ok()?;
        Some(Done::int(py, change.after))
    };
    one c"exchange" = |this, py, value| Some(Done::int(py, this.swap(exact_i64(value)?)));
    two c"compare_exchange" = |this, py, expected, new| {
        let (expected, new) = (exact_i64(expected)?, exact_i64(new)?);
        Some(Done::bool(py, this.exchange_if(expected, new).is_ok()))
    };
    one c"fetch_add" = |this, py, right| fetch(this, py, Operation::Add, right);
    one c"fetch_sub" = |this, py, right| fetch(this, py, Operation::Sub, right);
    one c"fetch_and" = |this, py, right| fetch(this, py, Operation::And, right);
    one c"fetch_or" = |this, py, right| fetch(this, py, Operation::Or, right);
    one c"fetch_xor" = |this, py, right| fetch(this, py, Operation::Xor, right);
    one c"fetch_max" = |this, py, right| fetch(this, py, Operation::Max, right);
    one c"fetch_min" = |this, py, right| fetch(this, py, Operation::Min, right);
    binary nb_add = |left, right, py| binary(left, right, py, Operation::Add);
    binary nb_subtract = |left, right, py| binary(left, right, py, Operation::Sub);
    binary nb_multiply = |left, right, py| binary(left, right, py, Operation::Mul);
    binary nb_floor_divide = |left, right, py| binary(left, right, py, Operation::FloorDiv);
    binary nb_remainder = |left, right, py| binary(left, right, py, Operation::Rem);
    binary nb_lshift = |left, right, py| binary(left, right, py, Operation::Shl);
    binary nb_rshift = |left, right, py| binary(left, right, py, Operation::Shr);
    binary nb_and = |left, right, py| binary(left, right, py, Operation::And);
    binary nb_or = |left, right, py| binary(left, right, py, Operation::Or);
    binary nb_xor = |left, right, py| binary(left, right, py, Operation::Xor);
    in_place nb_inplace_add = |this, right| in_place(this, Operation::Add, right);
    in_place nb_inplace_subtract = |this, right| in_place(this, Operation::Sub, right);
    in_place nb_inplace_multiply = |this, right| in_place(this, Operation::Mul, right);
    in_place nb_inplace_floor_divide = |this, right| in_place(this, Operation::FloorDiv, right);
    in_place nb_inplace_remainder = |this, right| in_place(this, Operation::Rem, right);
    in_place nb_inplace_lshift = |this, right| in_place(this, Operation::Shl, right);
    in_place nb_inplace_rshift = |this, right| in_place(this, Operation::Shr, right);
    in_place nb_inplace_and = |this, right| in_place(this, Operation::And, right);
    in_place nb_inplace_or = |this, right| in_place(this, Operation::Or, right);
    in_place nb_inplace_xor = |this, right| in_place(this, Operation::Xor, right);
    unary nb_positive = |this, py| Some(Done::int(py, this.0.load()));
    unary nb_negative = |this, py| Some(Done::int(py, this.0.load().checked_neg()?));
    unary nb_absolute = |this, py| Some(Done::int(py, this.0.load().checked_abs()?));
    unary nb_invert = |this, py| Some(Done::int(py, !this.0.load()));
    unary nb_int = |this, py| Some(Done::int(py, this.0.load()));
    unary nb_index = |this, py| Some(Done::int(py, this.0.load()));
    truth nb_bool = |this| this.0.load() != 0;
    compare tp_richcompare = |this, other, operator| {
        let order = this.0.load().cmp(&value_of(other)?);
        Some(operator.matches(order))
    };
}

/// The number, if it is plainly one.
#[inline]
fn value_of(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    exact_i64(object).or_else(|| Some(object.cast_exact::<PyAtomicInt64>().ok()?.get().0.load()))
}

#[inline(always)]
fn fetch(
    this: &PyAtomicInt64,
    py: Python<'_>,
    operation: Operation,
    operand: Borrowed<'_, '_, PyAny>,
) -> Option<Done> {
    let change = this.apply(operation, exact_i64(operand)?).ok()?;
    Some(Done::int(py, change.before))
}

#[inline(always)]
fn binary(
    left: Borrowed<'_, '_, PyAny>,
    right: Borrowed<'_, '_, PyAny>,
    py: Python<'_>,
    operation: Operation,
) -> Option<Done> {
    let (left, right) = (value_of(left)?, value_of(right)?);
    Some(Done::int(
        py,
        operation.apply(left, right, Overflow::Error).ok()?,
    ))
}

#[inline(always)]
fn in_place(
    this: &PyAtomicInt64,
    operation: Operation,
    operand: Borrowed<'_, '_, PyAny>,
) -> Option<()> {
    this.apply(operation, exact_i64(operand)?).ok().map(drop)
}

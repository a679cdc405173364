//! `ConcurrentDeque`.

use crate::{
    deque::iter::DequeIter,
    runtime::{
        blocking::{self, Timeout},
        create::{self, New, exception},
        fast::{self, Done},
        imports::Imports,
        nesting::{Call, Nested},
        not_copyable::not_copyable,
        object::{Object, objects},
    },
};
use ft_concurrent_deque::{ConcurrentDeque, Query};
use pyo3::{
    PyTraverseError, PyTypeInfo, PyVisit,
    basic::CompareOp,
    exceptions::{PyIndexError, PyMemoryError, PyOverflowError, PyTypeError, PyValueError},
    ffi,
    prelude::*,
    types::{PyDict, PyList, PyNotImplemented, PyTuple},
};
use std::{
    ptr,
    sync::{Arc, OnceLock},
    time::Instant,
};

type Core = ConcurrentDeque<Object>;

/// A double-ended queue that threads share: all of collections.deque, and pops that can wait.
///
/// ConcurrentDeque(iterable=(), maxlen=None)
///
/// Every operation is one atomic step: nobody sees half a block that extend() puts in, or misses an
/// item while others rotate. With a maxlen there are never more items than that; one put in at one
/// end of a full deque pushes out the one at the other end.
///
/// Iteration, reversed(), comparisons, repr(), copy() and count() go by the items that are there when
/// they begin; they never raise because others write, and what is put in later is not seen. in,
/// index() and remove() tell of the moment in which they end. Comparisons of items may run any
/// code, and may use the same deque.
///
/// A second call of __init__() appends to the items, and leaves maxlen as it is.
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    sequence,
    module = "ft_utils.concurrency",
    name = "ConcurrentDeque"
)]
pub(crate) struct PyConcurrentDeque {
    /// Set by `__init__`, so that subclasses are free in what they take, or else by the first use.
    core: Nested<OnceLock<Arc<Core>>>,
    /// The object whose items these are, if it is another one. It alone shows them to the
    /// collector, which would free live objects if it were shown one reference twice.
    owner: Option<Py<Self>>,
}

/// How often to repeat: a failure of `__index__` is kept, for an operand that cannot be extracted
/// would be declined, and the exception lost.
struct Times(PyResult<isize>);

impl FromPyObject<'_, '_> for Times {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        // SAFETY: both get a valid object while attached. The second returns -1 with an exception
        // if it fails, and without one if that is the number.
        unsafe {
            if ffi::PyIndex_Check(object.as_ptr()) == 0 {
                let kind = object.get_type();
                let message = format!("expected an integer, not {kind}");
                return Err(exception::<PyTypeError>(message));
            }
            let overflow = PyOverflowError::type_object_raw(py).cast();
            let n = ffi::PyNumber_AsSsize_t(object.as_ptr(), overflow);
            Ok(Self(match PyErr::take(py) {
                Some(err) if n == -1 => Err(err),
                _ => Ok(n),
            }))
        }
    }
}

impl PyConcurrentDeque {
    fn repeat(&self, n: isize) -> PyResult<()> {
        match self.core().repeat(n) {
            Ok(pushed_out) => {
                drop(pushed_out);
                Ok(())
            }
            Err(err) => Err(exception::<PyMemoryError>(err.to_string())),
        }
    }

    #[inline]
    fn core(&self) -> &Arc<Core> {
        self.core.get_or_init(Arc::default)
    }

    /// Makes another deque of the same class and maxlen, as `collections.deque` does.
    fn another<'py>(slf: &Bound<'py, Self>, items: Vec<Object>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let maxlen = slf.get().core().maxlen();
        if slf.is_exact_instance_of::<Self>() {
            let core = Core::with_maxlen(maxlen);
            drop(core.extend_back(items));
            let core = Nested::new(OnceLock::from(Arc::new(core)));
            return Bound::new(py, Self { core, owner: None });
        }
        let (class, items) = (slf.get_type(), list(py, items)?);
        let made = match maxlen {
            Some(maxlen) => class.call1((items, maxlen)),
            None => class.call1((items,)),
        };
        Ok(made?.cast_into()?)
    }

    #[inline]
    fn take(
        &self,
        py: Python<'_>,
        patience: Patience,
        pop: fn(&Core) -> Option<Object>,
    ) -> PyResult<Py<PyAny>> {
        let core = self.core();
        let item = match (pop(core), patience) {
            (None, Patience::Until(deadline)) => {
                blocking::wait(py, deadline, core.not_empty(), || pop(core))?
            }
            (item, _) => item,
        };
        match item {
            Some(item) => Ok(item.into_py()),
            None => Err(empty(py)),
        }
    }
}

#[cold]
fn empty(py: Python<'_>) -> PyErr {
    let kind = Imports::get(py).empty_deque.bind(py).clone();
    PyErr::from_type(kind, "pop from an empty deque")
}

fn out_of_range() -> PyErr {
    exception::<PyIndexError>("deque index out of range")
}

fn list(py: Python<'_>, items: Vec<Object>) -> PyResult<Bound<'_, PyList>> {
    create::list(py, items.into_iter().map(|item| Ok(item.into_bound(py))))
}

/// Reads an iterable to its end.
fn read(iterable: &Bound<'_, PyAny>) -> PyResult<Vec<Object>> {
    if let Ok(deque) = iterable.cast_exact::<PyConcurrentDeque>() {
        return Ok(deque.get().core().to_vec());
    }
    objects(iterable)
}

/// How long a pop waits for an item.
enum Patience {
    None,
    /// Without a deadline, for ever.
    Until(Option<Instant>),
}

impl FromPyObject<'_, '_> for Patience {
    type Error = PyErr;

    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let timeout: Option<Timeout> = timeout.extract()?;
        Ok(Self::Until(Timeout::deadline(timeout)))
    }
}

/// An argument that may be left out, where None is wrong.
struct Given<'py>(Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}

/// The index of an item. One that no machine word holds is an IndexError.
struct Index(isize);

impl FromPyObject<'_, '_> for Index {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: both are valid objects, and the thread is attached.
        let index = unsafe { ffi::PyNumber_AsSsize_t(object.as_ptr(), ffi::PyExc_IndexError) };
        checked(object.py(), index).map(Self)
    }
}

/// One end of a range of indices. Beyond a machine word it is the largest or smallest there is.
struct Bounds(isize);

impl FromPyObject<'_, '_> for Bounds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: the object is valid, the thread is attached, and null asks for clipping.
        let index = unsafe { ffi::PyNumber_AsSsize_t(object.as_ptr(), ptr::null_mut()) };
        checked(object.py(), index).map(Self)
    }
}

/// -1 can stand for an error.
fn checked(py: Python<'_>, index: isize) -> PyResult<isize> {
    match (index == -1).then(|| PyErr::take(py)).flatten() {
        Some(err) => Err(err),
        None => Ok(index),
    }
}

/// Finds the items that are an object or equal it.
struct Equal<'a, 'py>(&'a Bound<'py, PyAny>);

impl Query<Object> for Equal<'_, '_> {
    type Error = PyErr;

    fn matches(&self, item: &Object) -> PyResult<bool> {
        let (item, value) = (item.as_ptr(), self.0.as_ptr());
        // SAFETY: both are valid objects that outlive the call, and the thread is attached. As
        // `collections.deque` does, it looks at identity first, and then asks the item.
        match unsafe { ffi::PyObject_RichCompareBool(item, value, ffi::Py_EQ) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(PyErr::fetch(self.0.py())),
        }
    }

    fn is_same(one: &Object, other: &Object) -> bool {
        one.is(&**other)
    }
}

#[pymethods]
impl PyConcurrentDeque {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(iterable=(), maxlen=None)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
        }
    }

    #[pyo3(signature = (iterable=Given(None), maxlen=None))]
    fn __init__(&self, iterable: Given<'_>, maxlen: Option<isize>) -> PyResult<()> {
        let maxlen = match maxlen.map(usize::try_from).transpose() {
            Ok(maxlen) => maxlen,
            Err(_) => return Err(exception::<PyValueError>("maxlen must be non-negative")),
        };
        let items = iterable.0.map_or(Ok(Vec::new()), |items| read(&items))?;
        let core = self
            .core
            .get_or_init(|| Arc::new(Core::with_maxlen(maxlen)));
        drop(core.extend_back(items));
        Ok(())
    }

    /// The largest number of items, or None if there is no limit.
    #[getter]
    fn maxlen(&self) -> Option<New<usize>> {
        self.core().maxlen().map(New)
    }

    /// Add an item at the right end; if the deque is full, drop the one at the left end.
    #[pyo3(signature = (item, /))]
    fn append(&self, item: &Bound<'_, PyAny>) {
        drop(self.core().push_back(Object::new(item)));
    }

    /// Add an item at the left end; if the deque is full, drop the one at the right end.
    #[pyo3(signature = (item, /))]
    fn appendleft(&self, item: &Bound<'_, PyAny>) {
        drop(self.core().push_front(Object::new(item)));
    }

    /// Remove and return the rightmost item.
    ///
    /// If there is none wait for timeout seconds, for ever if it is None, not at all if it is left
    /// out; then raise EmptyDequeError, which is an IndexError and a RuntimeError. Waits end within
    /// 0.1 s of Ctrl-C. Each item put in wakes the thread that waits longest.
    #[pyo3(
        signature = (*, timeout=Patience::None),
        text_signature = "($self, *, timeout=0)",
    )]
    fn pop(&self, py: Python<'_>, timeout: Patience) -> PyResult<Py<PyAny>> {
        self.take(py, timeout, Core::pop_back)
    }

    /// Remove and return the leftmost item.
    ///
    /// If there is none wait for timeout seconds, for ever if it is None, not at all if it is left
    /// out; then raise EmptyDequeError, which is an IndexError and a RuntimeError. Waits end within
    /// 0.1 s of Ctrl-C. Each item put in wakes the thread that waits longest.
    #[pyo3(
        signature = (*, timeout=Patience::None),
        text_signature = "($self, *, timeout=0)",
    )]
    fn popleft(&self, py: Python<'_>, timeout: Patience) -> PyResult<Py<PyAny>> {
        self.take(py, timeout, Core::pop_front)
    }

    /// Add the items of an iterable at the right end, as one block.
    ///
    /// The iterable is read to its end first. If that fails nothing is added.
    #[pyo3(signature = (iterable, /))]
    fn extend(&self, iterable: &Bound<'_, PyAny>) -> PyResult<()> {
        drop(self.core().extend_back(read(iterable)?));
        Ok(())
    }

    /// Add the items of an iterable at the left end, one before the other, as one block: they end
    /// up in reverse order.
    ///
    /// The iterable is read to its end first. If that fails nothing is added.
    #[pyo3(signature = (iterable, /))]
    fn extendleft(&self, iterable: &Bound<'_, PyAny>) -> PyResult<()> {
        drop(self.core().extend_front(read(iterable)?));
        Ok(())
    }

    /// Insert an item before the one at index, or, if that is beyond an end, at that end.
    ///
    /// Raise IndexError if there are maxlen items.
    #[pyo3(signature = (index, item, /))]
    fn insert(&self, index: isize, item: &Bound<'_, PyAny>) -> PyResult<()> {
        let item = Object::new(item);
        let refused = self.core().insert(index, item).err();
        refused.map_or(Ok(()), |err| {
            Err(exception::<PyIndexError>(err.to_string()))
        })
    }

    /// Remove the first item, from the left, that is or equals value; raise ValueError if there is
    /// none.
    ///
    /// It is the first one at the moment in which it is removed, whatever others do.
    #[pyo3(signature = (value, /))]
    fn remove(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.core().try_remove(&Equal(value))? {
            Some(_item) => Ok(()),
            None => Err(exception::<PyValueError>("deque.remove(x): x not in deque")),
        }
    }

    /// Return the index of the first item that is or equals value; raise ValueError if there is
    /// none.
    ///
    /// With start and stop look only at the items from index start to before stop.
    #[pyo3(
        signature = (value, start=Bounds(0), stop=Bounds(isize::MAX), /),
        text_signature = "($self, value, start=0, stop=sys.maxsize, /)",
    )]
    fn index(&self, value: &Bound<'_, PyAny>, start: Bounds, stop: Bounds) -> PyResult<New<usize>> {
        let found = self.core().try_position(&Equal(value), start.0, stop.0)?;
        match found {
            Some(index) => Ok(New(index)),
            None => {
                let value = value.repr()?;
                Err(exception::<PyValueError>(format!(
                    "{value} is not in deque"
                )))
            }
        }
    }

    /// Return the number of items that are or equal value.
    #[pyo3(signature = (value, /))]
    fn count(&self, value: &Bound<'_, PyAny>) -> PyResult<New<usize>> {
        self.core().try_count(&Equal(value)).map(New)
    }

    /// Move the last n items to the left end, or, if n is negative, the first -n to the right end.
    #[pyo3(signature = (n=1, /))]
    fn rotate(&self, n: isize) {
        self.core().rotate(n);
    }

    /// Reverse the order of the items.
    fn reverse(&self) {
        self.core().reverse();
    }

    /// Remove all items.
    fn clear(&self) {
        drop(self.core().take());
    }

    /// Return a copy: a deque of the same class, with the same items and the same maxlen.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        Self::another(slf, slf.get().core().to_vec())
    }

    /// Return another object for the same deque.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Self {
            core: Nested::new(OnceLock::from(Arc::clone(this.core()))),
            owner: Some(owner),
        }
    }

    fn __len__(&self) -> usize {
        self.core().len()
    }

    fn __contains__(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let found = self.core().try_position(&Equal(value), 0, isize::MAX)?;
        Ok(found.is_some())
    }

    fn __iter__(&self) -> DequeIter {
        DequeIter::new(self.core().to_vec())
    }

    fn __reversed__(&self) -> DequeIter {
        let mut items = self.core().to_vec();
        items.reverse();
        DequeIter::new(items)
    }

    fn __getitem__(&self, index: Index) -> PyResult<Py<PyAny>> {
        let item = self.core().get(index.0);
        item.map(Object::into_py).ok_or_else(out_of_range)
    }

    fn __setitem__(&self, index: Index, item: &Bound<'_, PyAny>) -> PyResult<()> {
        let item = Object::new(item);
        let replaced = self.core().set(index.0, item);
        replaced.map(drop).map_err(|_| out_of_range())
    }

    fn __delitem__(&self, index: Index) -> PyResult<()> {
        let removed = self.core().remove_at(index.0);
        removed.map(drop).ok_or_else(out_of_range)
    }

    fn __add__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(other) = other.cast::<Self>() else {
            return Ok(PyNotImplemented::get(slf.py()).to_owned().into_any());
        };
        let mut items = slf.get().core().to_vec();
        items.extend(other.get().core().to_vec());
        Ok(Self::another(slf, items)?.into_any())
    }

    fn __iadd__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.extend(other)
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, n: Times) -> PyResult<Bound<'py, Self>> {
        let n = n.0?;
        let product = Self::copy(slf)?;
        product.get().repeat(n)?;
        Ok(product)
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, n: Times) -> PyResult<Bound<'py, Self>> {
        Self::__mul__(slf, n)
    }

    fn __imul__(&self, n: Times) -> PyResult<()> {
        self.repeat(n.0?)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Ok(other) = other.cast::<Self>() else {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        };
        let _call = Call::enter()?;
        let ours = list(py, slf.get().core().to_vec())?;
        let theirs = list(py, other.get().core().to_vec())?;
        ours.into_any().rich_compare(theirs, op)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let py = slf.py();
        let _call = Call::enter()?;
        // SAFETY: the object is valid; `Py_ReprLeave` follows whatever happens.
        match unsafe { ffi::Py_ReprEnter(slf.as_ptr()) } {
            0 => {
                let core = slf.get().core();
                let text = list(py, core.to_vec()).and_then(|items| items.repr());
                // SAFETY: it was entered.
                unsafe { ffi::Py_ReprLeave(slf.as_ptr()) };
                let (name, text) = (slf.get_type().name()?, text?);
                Ok(New(match core.maxlen() {
                    Some(maxlen) => format!("{name}({text}, maxlen={maxlen})"),
                    None => format!("{name}({text})"),
                }))
            }
            1 => Ok(New("[...]".to_owned())),
            _ => Err(PyErr::fetch(py)),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        // The collector runs while no other thread is attached, and only attached threads are
        // inside methods of the core. None of them stops there: nothing in them allocates a Python
        // object, detaches, or runs Python code. So the lock is free, and this visits everything.
        // (For the same reason a thread may wait for that lock attached: whoever has it runs.)
        self.core.get().map_or(Ok(()), |core| {
            core.for_each_quiescent(|item| visit.call(&**item))
        })
    }

    fn __clear__(&self) {
        if let (None, Some(core)) = (&self.owner, self.core.get()) {
            drop(core.take());
        }
    }
}

not_copyable!(
    PyConcurrentDeque,
    "copy() for a copy, handle() to share the object"
);

/// Makes the class a MutableSequence in the eyes of `isinstance`, and of `match`.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("collections.abc")?.getattr("MutableSequence")?;
    abc.call_method1("register", (py.get_type::<PyConcurrentDeque>(),))?;
    Ok(())
}

fast::fast! { PyConcurrentDeque:
    one c"append" = |this, py, item| {
        drop(this.core.get()?.push_back(Object::new(&item)));
        Some(Done::none(py))
    };
    one c"appendleft" = |this, py, item| {
        drop(this.core.get()?.push_front(Object::new(&item)));
        Some(Done::none(py))
    };
    none c"pop" = |this, _| this.core.get()?.pop_back().map(Done::object);
    none c"popleft" = |this, _| this.core.get()?.pop_front().map(Done::object);
}

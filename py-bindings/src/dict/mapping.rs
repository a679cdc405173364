//! `ConcurrentDict`: the mapping. Its compound operations are in `compound`.

use crate::{
    dict::{
        compound::Optional,
        iter::DictIter,
        once,
        probe::{PlainProbe, Probe},
        value::Value,
    },
    runtime::{
        create::{self, New, exception},
        error::{key_error, not_copyable},
        fast::{self, Done, exact_i64},
        imports::Imports,
        nesting::{Call, Nested},
        object::Object,
        reentry::{Place, Watch},
    },
};
use ft_concurrent_dict::{ConcurrentDict, Entry};
use pyo3::{
    PyTraverseError, PyVisit,
    basic::CompareOp,
    exceptions::{PyKeyError, PyTypeError},
    ffi, intern,
    prelude::*,
    types::{
        PyDict, PyList, PyMapping, PyMappingProxy, PyNotImplemented, PyString, PyTuple, PyType,
    },
};
use std::sync::Arc;

pub(crate) type Core = ConcurrentDict<Object, Value>;

/// A dict that threads share: a complete MutableMapping, and more in one step.
///
/// ConcurrentDict(initial_capacity=0, dictionary={})
/// ConcurrentDict(dictionary)
///
/// initial_capacity is about the number of threads that use it at once, not a number of keys; 0
/// suits the machine. The dictionary, a mapping or an iterable of pairs, is copied; it may come first, as
/// for dict. A subclass may have a method __missing__(key), as for dict.
///
/// Operations on one key are atomic. Those on all of it (len, iteration, keys, values, items,
/// as_dict, copy, clear, ==, update) go from part to part: a key that is there all the time is seen
/// exactly once, one that comes or goes meanwhile may be seen or not. None of them raises because
/// others write. (But dict(d) and {**d} list the keys and then ask for each, so they raise KeyError
/// when one has gone: use as_dict().) The order of keys is unspecified. Hashes and comparisons of
/// keys may run any code, and may use the same dictionary.
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    mapping,
    module = "ft_utils.concurrency",
    name = "ConcurrentDict"
)]
pub(crate) struct PyConcurrentDict {
    pub(crate) core: Nested<Arc<Core>>,
    /// The object whose contents these are, if it is another one. It alone shows them to the
    /// collector, which would free live objects if it were shown one reference twice.
    owner: Option<Py<Self>>,
}

pub(crate) static WATCH: Watch = Watch::new();

impl PyConcurrentDict {
    /// Notes a change by this thread: see `reentry`. What removes or stores a value calls it.
    #[inline]
    pub(crate) fn changed(&self, hash: u64) {
        WATCH.changed(|| self.place(hash));
    }

    pub(crate) fn place(&self, hash: u64) -> Place {
        Place::of_key(&**self.core, hash)
    }

    fn with_capacity(initial_capacity: isize) -> Self {
        let core = match usize::try_from(initial_capacity) {
            Err(_) | Ok(0) => Core::new(),
            Ok(shards) => Core::with_shards(shards),
        };
        let core = Nested::new(Arc::new(core));
        Self { core, owner: None }
    }

    pub(crate) fn get_value<'py>(
        &self,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self
            .core
            .try_read(&Probe::new(key)?, |value| value.cloned())?;
        value.map(|value| value.into_object(key.py())).transpose()
    }

    pub(crate) fn insert(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let probe = Probe::new(key)?;
        let value = Value::new(value);
        let _replaced = self.core.try_entry(&probe, |entry| match entry {
            Entry::Occupied(mut entry) => Some(entry.replace(value)),
            Entry::Vacant(entry) => {
                entry.insert(probe.key(), value);
                None
            }
        })?;
        self.changed(probe.hash());
        Ok(())
    }

    fn remove<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let probe = Probe::new(key)?;
        let removed = self.core.try_entry(&probe, |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(_) => None,
        })?;
        if removed.is_some() {
            self.changed(probe.hash());
        }
        removed
            .map(|(_key, value)| value.into_object(key.py()))
            .transpose()
    }

    /// Stores what `dict(source, **kwargs)` would hold.
    ///
    /// Anything but a dictionary of ours becomes such a dict first, so an error in it, wherever it
    /// comes, leaves this one unchanged.
    fn merge(
        &self,
        source: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        if let Some(kwargs) = kwargs {
            // Not all calls see to that.
            if !kwargs
                .iter()
                .all(|(name, _)| name.is_instance_of::<PyString>())
            {
                return Err(exception::<PyTypeError>("keywords must be strings"));
            }
        }
        if let Some(source) = source {
            if let Ok(other) = source.cast::<Self>() {
                self.merge_own(other.get(), source.py())?;
            } else {
                let dict = source.py().get_type::<PyDict>().call1((source,))?;
                self.merge_dict(dict.cast()?)?;
            }
        }
        kwargs.map_or(Ok(()), |kwargs| self.merge_dict(kwargs))
    }

    fn merge_own(&self, other: &Self, py: Python<'_>) -> PyResult<()> {
        for (key, value) in other.core.iter() {
            self.insert(&key.into_bound(py), &value.into_object(py)?)?;
        }
        Ok(())
    }

    fn merge_dict(&self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        // A list of the items is safe from a `__hash__` or `__eq__` that changes the dict.
        for item in create::items(dict)? {
            let item = item.cast::<PyTuple>()?;
            self.insert(&item.get_item(0)?, &item.get_item(1)?)?;
        }
        Ok(())
    }

    pub(crate) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = create::dict(py)?;
        for (key, value) in self.core.iter() {
            dict.set_item(&*key, value.into_object(py)?)?;
        }
        Ok(dict)
    }

    fn duplicate(&self, py: Python<'_>) -> PyResult<Self> {
        let core = Nested::new(Arc::new(Core::with_shards(self.core.shards())));
        let copy = Self { core, owner: None };
        copy.merge_own(self, py)?;
        Ok(copy)
    }
}

#[pymethods]
impl PyConcurrentDict {
    #[new]
    #[pyo3(
        signature = (initial_capacity=Optional(None), dictionary=None),
        text_signature = "(initial_capacity=0, dictionary={})",
    )]
    fn new(
        initial_capacity: Optional<'_>,
        dictionary: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (capacity, source) = match &initial_capacity.0 {
            Some(first) => capacity_or_source(first)?,
            None => (0, None),
        };
        let source = match (source, dictionary) {
            (Some(_), Some(_)) => {
                let message = "ConcurrentDict() takes (dictionary) or (initial_capacity, dictionary), \
                    not two dictionaries";
                return Err(exception::<PyTypeError>(message));
            }
            (None, Some(other)) if !is_source(other)? => {
                return Err(exception::<PyTypeError>(format!(
                    "dictionary must be a mapping or an iterable of pairs, not '{}'",
                    other.get_type().name()?
                )));
            }
            (source, dictionary) => source.or(dictionary),
        };
        let dict = Self::with_capacity(capacity);
        match source.map(|source| (source, source.cast::<PyDict>())) {
            // What is stored in it, whatever its methods say.
            Some((_, Ok(source))) => dict.merge_dict(source)?,
            Some((source, Err(_))) => dict.merge(Some(source), None)?,
            None => (),
        }
        Ok(dict)
    }

    /// Return a new dictionary with these keys, all with the same value.
    #[classmethod]
    #[pyo3(signature = (iterable, value=None, /))]
    fn fromkeys<'py>(
        class: &Bound<'py, PyType>,
        iterable: &Bound<'py, PyAny>,
        value: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let dict = class.call0()?;
        let none = class.py().None().into_bound(class.py());
        for key in iterable.try_iter()? {
            dict.set_item(key?, value.unwrap_or(&none))?;
        }
        Ok(dict)
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match slf.get().get_value(key)? {
            Some(value) => Ok(value),
            None => missing(slf, key),
        }
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.insert(key, value)
    }

    fn __delitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<()> {
        self.remove(key)?.map(drop).ok_or_else(|| key_error(key))
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.core
            .try_read(&Probe::new(key)?, |value| value.is_some())
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __bool__(&self) -> bool {
        !self.core.is_empty()
    }

    fn __iter__(slf: &Bound<'_, Self>) -> DictIter {
        DictIter::new(slf)
    }

    /// Return the value of a key, or the default.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.get_value(key)?.or(default))
    }

    /// Return the value of a key, after storing the default if there is none.
    #[pyo3(signature = (key, default=None, /))]
    fn setdefault<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let probe = Probe::new(key)?;
        let found = self.core.try_read(&probe, |value| value.cloned())?;
        if let Some(value) = found {
            return value.into_object(py);
        }
        let value = default.map_or_else(|| Value::Object(Object::from(py.None())), Value::new);
        let (stored, left_over) = self.core.try_entry(&probe, |entry| match entry {
            Entry::Occupied(entry) => (entry.get().clone(), Some(value)),
            Entry::Vacant(entry) => (entry.insert(probe.key(), value).clone(), None),
        })?;
        if left_over.is_none() {
            self.changed(probe.hash());
        }
        stored.into_object(py)
    }

    /// Remove a key and return its value, or the default; without one, raise KeyError.
    #[pyo3(
        signature = (key, default=Optional(None), /),
        text_signature = "($self, key, /, *default)",
    )]
    fn pop<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Optional<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.remove(key)?
            .or(default.0)
            .ok_or_else(|| key_error(key))
    }

    /// Remove some key and return it with its value; raise KeyError if there is none.
    fn popitem<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match self.core.pop_any() {
            Some((key, value)) => {
                WATCH.changed_all(&**self.core);
                create::pair(key.bind(py), &value.into_object(py)?)
            }
            None => Err(exception::<PyKeyError>("popitem(): dictionary is empty")),
        }
    }

    /// Store the items of a mapping, or of an iterable of pairs, and of the keywords.
    ///
    /// Each item is stored in one step, all of them in many. If the source fails, none is.
    #[pyo3(
        signature = (source=Optional(None), /, **kwargs),
        text_signature = "($self, source={}, /, **kwargs)",
    )]
    fn update(&self, source: Optional<'_>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        self.merge(source.0.as_ref(), kwargs)
    }

    /// Remove everything. Keys that are stored meanwhile may survive.
    fn clear(&self) {
        self.core.clear();
        WATCH.changed_all(&**self.core);
    }

    /// Return a copy, as a ConcurrentDict.
    fn copy(&self, py: Python<'_>) -> PyResult<Self> {
        self.duplicate(py)
    }

    /// Replace the value of a key by new if it is, or equals, expected; tell whether it was.
    ///
    /// MISSING as expected means that the key is absent, as new that it is removed. A comparison that
    /// changes the value each time, for ever, is a RuntimeError.
    #[pyo3(signature = (key, expected, new, /))]
    fn compare_exchange(
        &self,
        key: &Bound<'_, PyAny>,
        expected: &Bound<'_, PyAny>,
        new: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        self.exchange_if(key, expected, new)
    }

    /// Return the value of a key; if there is none, store and return that of factory().
    ///
    /// Of all threads that ask for the same missing key one calls its factory; the others wait,
    /// and can be interrupted. If the factory raises, the thread that called it gets the error,
    /// and one of the others calls its own.
    ///
    /// Factories may ask for other keys, of this dictionary or another one. If they wait for each other's,
    /// the last to ask gets a RuntimeError that names the keys. A coroutine is not stored: that is a
    /// TypeError, see get_or_insert_async().
    #[pyo3(signature = (key, factory, /))]
    fn get_or_insert<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.compute(key, factory)
    }

    /// Return, awaited, the value of a key; if there is none, store and return await factory().
    ///
    /// Of all tasks, in whatever event loops, and threads in get_or_insert() that ask for the same
    /// missing key one makes the value; the others wait for it. If that one fails, or is cancelled, it
    /// alone gets the error, and one of the others calls its own factory.
    #[pyo3(signature = (key, factory, /))]
    fn get_or_insert_async<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        once::get_or_insert_async(slf, key, factory)
    }

    /// Replace the value of a key by function(value), and return the new one.
    ///
    /// If the key is missing the function gets the default; without one, raise KeyError. It is
    /// called again whenever another thread has changed the value meanwhile. It may use the
    /// dictionary, but not change the value of this key itself: that is a RuntimeError.
    #[pyo3(
        signature = (key, function, default=Optional(None)),
        text_signature = "($self, key, function, *default)",
    )]
    fn update_with<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        function: &Bound<'py, PyAny>,
        default: Optional<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.update_one(key, function, default.0.as_ref())
    }

    /// Add n to the value of a key, or store n if there is none; return the new value.
    ///
    /// Anything that can be added will do. Ints are added without making an object.
    #[pyo3(
        signature = (key, n=Optional(None), /),
        text_signature = "($self, key, n=1, /)",
    )]
    fn add<'py>(&self, key: &Bound<'py, PyAny>, n: Optional<'py>) -> PyResult<Bound<'py, PyAny>> {
        match n.0 {
            Some(n) => self.add_to(key, &n),
            None => self.add_to(key, create::int(key.py(), 1)?.as_any()),
        }
    }

    /// Add 1 for each key of an iterable, or, of a mapping from keys to numbers, each number.
    ///
    /// One call for thousands of keys: they are counted first, and each different key is then
    /// added in one step. If the source fails, nothing is added.
    #[pyo3(signature = (source, /))]
    fn add_many(&self, source: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add_all(source)
    }

    /// Return the keys there are now: a list, with the set operations and comparisons of a view.
    ///
    /// Beside another list == and != go item by item, in order, which is unspecified.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let keys = create::list(
            py,
            (self.core.iter()).map(|(key, _)| Ok(key.into_bound(py))),
        )?;
        Imports::get(py).keys.bind(py).call1((keys,))
    }

    /// Return a list of the values there are now.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        create::list(py, self.core.iter().map(|(_, value)| value.into_object(py)))
    }

    /// Return the keys there are now with their values, in pairs: a list, with the set operations
    /// and comparisons of a view.
    ///
    /// Beside another list == and != go item by item, in order, which is unspecified.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let pair = |(key, value): (Object, Value)| {
            let value = value.into_object(py)?;
            Ok(create::pair(key.bind(py), &value)?.into_any())
        };
        let items = create::list(py, self.core.iter().map(pair))?;
        Imports::get(py).items.bind(py).call1((items,))
    }

    /// Return a copy, as a dict.
    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.to_dict(py)
    }

    /// Return another object for the same dictionary.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Self {
            core: Nested::new(Arc::clone(&this.core)),
            owner: Some(owner),
        }
    }

    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if other.cast::<PyMapping>().is_err() {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        }
        let union = self.duplicate(py)?;
        union.merge(Some(other), None)?;
        Ok(Bound::new(py, union)?.into_any())
    }

    fn __ror__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if other.cast::<PyMapping>().is_err() {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        }
        let union = Self::with_capacity(0);
        union.merge(Some(other), None)?;
        union.merge_own(self, py)?;
        Ok(Bound::new(py, union)?.into_any())
    }

    fn __ior__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.merge(Some(other), None)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let theirs = match (other.cast::<Self>(), other.cast::<PyDict>()) {
            (Ok(other), _) => other.get().to_dict(py)?,
            (_, Ok(dict)) => dict.clone(),
            _ => return Ok(PyNotImplemented::get(py).to_owned().into_any()),
        };
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                let _call = Call::enter()?;
                slf.get().to_dict(py)?.into_any().rich_compare(theirs, op)
            }
            _ => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let py = slf.py();
        let name = slf.get_type().name()?;
        let _call = Call::enter()?;
        // SAFETY: the object is valid; `Py_ReprLeave` follows whatever happens.
        match unsafe { ffi::Py_ReprEnter(slf.as_ptr()) } {
            0 => {
                let text = slf.get().to_dict(py).and_then(|dict| dict.repr());
                // SAFETY: it was entered.
                unsafe { ffi::Py_ReprLeave(slf.as_ptr()) };
                Ok(New(format!("{name}({})", text?)))
            }
            1 => Ok(New(format!("{name}({{...}})"))),
            _ => Err(PyErr::fetch(py)),
        }
    }

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
        not_copyable(
            slf,
            "copy() or as_dict() for a copy, handle() to share the object",
        )
    }

    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        // SAFETY: the collector runs while no other thread is attached, and only attached threads
        // are inside methods of the core. None of them stops there: nothing in them allocates a
        // Python object, detaches, or runs Python code, so neither does this thread.
        unsafe {
            self.core.for_each_quiescent(|key, value| {
                visit.call(&**key)?;
                match value {
                    Some(Value::Object(object)) => visit.call(&**object),
                    Some(Value::Count(_)) | None => Ok(()),
                }
            })
        }
    }

    fn __clear__(&self) {
        if self.owner.is_none() {
            self.core.clear();
        }
    }
}

/// What the first argument of the constructor is: a capacity, or what to copy.
fn capacity_or_source<'a, 'py>(
    first: &'a Bound<'py, PyAny>,
) -> PyResult<(isize, Option<&'a Bound<'py, PyAny>>)> {
    match first.extract() {
        Ok(capacity) => Ok((capacity, None)),
        Err(err) if !err.is_instance_of::<PyTypeError>(first.py()) => Err(err),
        Err(_) if is_source(first)? => Ok((0, Some(first))),
        Err(_) => Err(exception::<PyTypeError>(format!(
            "initial_capacity must be an int, or a mapping or an iterable of pairs to copy, not '{}'",
            first.get_type().name()?
        ))),
    }
}

/// Tells whether an object may be a mapping or an iterable of pairs. Runs none of its methods, and takes a
/// str for a mistake.
fn is_source(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let (py, kind) = (object.py(), object.get_type());
    Ok(!object.is_instance_of::<PyString>()
        && (kind.hasattr(intern!(py, "keys"))?
            || kind.hasattr(intern!(py, "__iter__"))?
            || kind.hasattr(intern!(py, "__getitem__"))?))
}

/// What `d[key]` is without the key: what a subclass's `__missing__` returns, or a KeyError.
fn missing<'py>(
    slf: &Bound<'py, PyConcurrentDict>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let name = intern!(py, "__missing__");
    if slf.is_exact_instance_of::<PyConcurrentDict>() {
        return Err(key_error(key));
    }
    let kind = slf.get_type();
    // As Python looks for special methods: among the attributes of the classes, not those of the
    // instance or of a metaclass.
    for class in kind.mro() {
        let attributes = class.getattr(intern!(py, "__dict__"))?;
        let Ok(method) = attributes.cast_into::<PyMappingProxy>()?.get_item(name) else {
            continue;
        };
        return match method.get_type().getattr_opt(intern!(py, "__get__"))? {
            Some(bind) => bind.call1((method, slf, &kind))?.call1((key,)),
            None => method.call1((key,)),
        };
    }
    Err(key_error(key))
}

/// Makes the class a MutableMapping in the eyes of `isinstance`, and of `match`.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("collections.abc")?.getattr("MutableMapping")?;
    abc.call_method1("register", (py.get_type::<PyConcurrentDict>(),))?;
    Ok(())
}

fast::fast! { PyConcurrentDict:
    item mp_subscript = |this, py, key| Some(found(py, read(this, &key)??));
    set_item mp_ass_subscript = |this, key, value| match value {
        Some(value) => write(this, &key, &value),
        None => take(this, &key)?.map(drop),
    };
    contains sq_contains = |this, key| {
        let probe = PlainProbe::new(&key)?;
        this.core.try_read(&probe, |value| value.is_some()).ok()
    };
    // The more frequent one last: it comes first.
    two c"get" = |this, py, key, default| Some(match read(this, &key)? {
        Some(value) => found(py, value),
        None => Done::object(Object::new(&default)),
    });
    one c"get" = |this, py, key| Some(match read(this, &key)? {
        Some(value) => found(py, value),
        None => Done::none(py),
    });
    one c"pop" = |this, py, key| Some(found(py, take(this, &key)??));
    two c"setdefault" = |this, py, key, default| {
        let probe = PlainProbe::new(&key)?;
        let stored = (this.core)
            .try_entry(&probe, |entry| match entry {
                Entry::Occupied(entry) => entry.get().clone(),
                Entry::Vacant(entry) => {
                    this.changed(probe.hash());
                    entry.insert(probe.key(), Value::new(&default)).clone()
                }
            })
            .ok()?;
        Some(found(py, stored))
    };
    two c"add" = |this, py, key, n| count(this, py, &key, exact_i64(n)?);
    one c"add" = |this, py, key| count(this, py, &key, 1);
}

/// What is stored for a plain key, or not; `None` where that cannot be told without Python code.
#[inline]
fn read(this: &PyConcurrentDict, key: &Bound<'_, PyAny>) -> Option<Option<Value>> {
    let probe = PlainProbe::new(key)?;
    this.core.try_read(&probe, |value| value.cloned()).ok()
}

/// Stores a value for a plain key.
#[inline]
fn write(this: &PyConcurrentDict, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> Option<()> {
    let probe = PlainProbe::new(key)?;
    let value = Value::new(value);
    let _replaced = (this.core)
        .try_entry(&probe, |entry| match entry {
            Entry::Occupied(mut entry) => Some(entry.replace(value)),
            Entry::Vacant(entry) => {
                entry.insert(probe.key(), value);
                None
            }
        })
        .ok()?;
    this.changed(probe.hash());
    Some(())
}

/// Takes a plain key out.
#[inline]
fn take(this: &PyConcurrentDict, key: &Bound<'_, PyAny>) -> Option<Option<Value>> {
    let probe = PlainProbe::new(key)?;
    let removed = (this.core)
        .try_entry(&probe, |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(_) => None,
        })
        .ok()?;
    if removed.is_some() {
        this.changed(probe.hash());
    }
    Some(removed.map(|(_key, value)| value))
}

#[inline]
fn count(this: &PyConcurrentDict, py: Python<'_>, key: &Bound<'_, PyAny>, n: i64) -> Option<Done> {
    let probe = PlainProbe::new(key)?;
    let sum = (this.add_count(&probe, || probe.key(), probe.hash(), n)).ok()??;
    Some(Done::int(py, sum))
}

#[inline]
fn found(py: Python<'_>, value: Value) -> Done {
    match value {
        Value::Object(object) => Done::object(object),
        Value::Count(count) => Done::int(py, count),
    }
}

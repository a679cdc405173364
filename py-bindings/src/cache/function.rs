//! What `cached` makes of a function.

use super::{class::PyConcurrentCache, terms::Seconds};
use crate::runtime::{
    awaitable::refuse_coroutine,
    create::{self, New},
    fast_calls::Slow,
    imports::Imports,
};
use ft_concurrent_cache::Terms;
use pyo3::{
    PyTraverseError, PyVisit, ffi, intern,
    prelude::*,
    types::{PyDict, PyInt, PyString, PyTuple},
};

/// The entry that `fast` puts into each cached function.
pub(super) static VECTORCALL: Slow<ffi::vectorcallfunc> = Slow::new();

/// A function whose results are kept in a ConcurrentCache. Made by cached().
#[pyclass(
    frozen,
    dict,
    weakref,
    generic,
    module = "ft_utils.concurrency",
    name = "CachedFunction"
)]
pub(crate) struct CachedFunction {
    pub(crate) cache: Py<PyConcurrentCache>,
    function: Py<PyAny>,
    /// Makes a key of the arguments, if they are not the key themselves.
    key: Option<Py<PyAny>>,
    typed: bool,
    is_async: bool,
    /// Makes a `CachedMethod` of this and an instance.
    bind: Py<PyAny>,
    /// What the interpreter calls instead of `__call__`: see `fast`.
    pub(super) vectorcall: ffi::vectorcallfunc,
}

/// The arguments of a call.
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) args: &'a Bound<'py, PyTuple>,
    pub(crate) kwargs: Option<&'a Bound<'py, PyDict>>,
}

impl CachedFunction {
    /// Returns the key of a call. Keys are as those of `functools.lru_cache`.
    pub(crate) fn key_of<'py>(
        &self,
        py: Python<'py>,
        Arguments { args, kwargs }: &Arguments<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(key) = &self.key {
            return key.bind(py).call(Bound::clone(args), *kwargs);
        }
        let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
        if kwargs.is_none() && !self.typed {
            // For these, building and comparing a tuple would cost more than all the rest. An
            // argument that is a tuple itself would be taken for several arguments.
            if let [argument] = args.as_slice() {
                if argument.is_exact_instance_of::<PyInt>()
                    || argument.is_exact_instance_of::<PyString>()
                {
                    return Ok(argument.clone());
                }
            }
            return Ok(Bound::clone(args).into_any());
        }
        let mut key: Vec<Bound<'py, PyAny>> = args.iter().collect();
        if let Some(kwargs) = kwargs {
            // A mark that nobody passes: it separates arguments from names.
            key.push(py.get_type::<Self>().into_any());
            for (name, value) in kwargs {
                key.push(name);
                key.push(value);
            }
        }
        if self.typed {
            key.extend(args.iter().map(|value| value.get_type().into_any()));
            let values = kwargs.into_iter().flat_map(|kwargs| kwargs.iter());
            key.extend(values.map(|(_, value)| value.get_type().into_any()));
        }
        Ok(create::tuple(py, key.into_iter())?.into_any())
    }

    /// Calls the function with these arguments, unless the cache has the result.
    pub(crate) fn call<'py>(
        &self,
        cache: &Bound<'py, PyConcurrentCache>,
        key: &Bound<'py, PyAny>,
        Arguments { args, kwargs }: &Arguments<'_, 'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let function = self.function.bind(py);
        if self.is_async {
            let partial = Imports::get(py).partial.bind(py);
            let all = create::tuple(py, std::iter::once(function.clone()).chain(args.iter()))?;
            let made = partial.call(all, *kwargs)?;
            return PyConcurrentCache::get_or_compute_async(cache, key, &made, None::<Seconds>);
        }
        cache.get().compute(key, Terms::new(), None, || {
            let value = function.call(Bound::clone(args), *kwargs)?;
            refuse_coroutine(&value, "apply cached() to the async function itself")?;
            Ok(value)
        })
    }

    /// Whether a single argument of a plain type is the key of a call, and the result what the call
    /// returns.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.key.is_none() && !self.typed && !self.is_async
    }

    pub(crate) fn parts(&self) -> (Option<&Py<PyAny>>, &Py<PyAny>) {
        (self.key.as_ref(), &self.function)
    }

    /// Returns hits, misses, the bound and the size of a cache, as functools does.
    pub(crate) fn info<'py>(cache: &Bound<'py, PyConcurrentCache>) -> PyResult<Bound<'py, PyAny>> {
        let py = cache.py();
        let counted = cache.get().core().statistics();
        let (hits, misses) = (counted.hits, counted.misses);
        let size = cache.len()?;
        let maxsize = cache.getattr(intern!(py, "maxsize"))?;
        let info = Imports::get(py).cache_info.bind(py);
        info.call1((New(hits), New(misses), maxsize, New(size)))
    }
}

#[pymethods]
impl CachedFunction {
    #[new]
    pub(super) fn new(
        function: Py<PyAny>,
        cache: Py<PyConcurrentCache>,
        key: Option<Py<PyAny>>,
        typed: bool,
        is_async: bool,
        bind: Py<PyAny>,
    ) -> Self {
        Self {
            cache,
            function,
            key,
            typed,
            is_async,
            bind,
            vectorcall: VECTORCALL.get(),
        }
    }

    // Becomes `__call__`: see `packed`, as for all methods with these two arguments.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, /, *args, **kwargs)")]
    fn _call<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = Arguments { args, kwargs };
        let key = self.key_of(py, &arguments)?;
        self.call(self.cache.bind(py), &key, &arguments)
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: &Bound<'py, PyAny>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if instance.is_none() {
            return Ok(slf.clone().into_any());
        }
        slf.get().bind.bind(slf.py()).call1((slf, instance))
    }

    /// The cache of the results; in a method that has one for each instance, that of calls through
    /// the class.
    #[getter]
    fn cache(&self, py: Python<'_>) -> Py<PyConcurrentCache> {
        self.cache.clone_ref(py)
    }

    /// Return hits, misses, maxsize and currsize, as functools.lru_cache does.
    fn cache_info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Self::info(self.cache.bind(py))
    }

    /// Remove all results, and reset the statistics of the cache.
    fn cache_clear(&self, py: Python<'_>) {
        let core = self.cache.bind(py).get().core();
        core.clear();
        core.reset_statistics();
    }

    /// Return the key of a call with these arguments.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, /, *args, **kwargs)")]
    fn cache_key<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.key_of(py, &Arguments { args, kwargs })
    }

    /// Remove the result of a call with these arguments; return whether there was one.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, /, *args, **kwargs)")]
    fn cache_invalidate<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<bool> {
        let key = self.key_of(py, &Arguments { args, kwargs })?;
        let removed = self.cache.bind(py).get().remove(&key)?;
        Ok(removed.is_some())
    }

    /// Copies and pickles are references to the function by its name, as of any function.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.getattr(intern!(slf.py(), "__qualname__"))
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let function = slf.get().function.bind(slf.py()).repr()?;
        Ok(New(format!("<cached {function}>")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.cache)?;
        visit.call(&self.function)?;
        visit.call(&self.key)?;
        visit.call(&self.bind)
    }
}

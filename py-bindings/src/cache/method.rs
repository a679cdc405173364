//! A cached function that is bound to an instance.

use super::{
    class::PyConcurrentCache,
    function::{Arguments, CachedFunction},
};
use crate::runtime::create::{self, New};
use pyo3::{
    PyTraverseError, PyVisit,
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A cached function, bound to an instance. What caches the results does not keep it alive.
#[pyclass(
    frozen,
    weakref,
    generic,
    module = "ft_utils.concurrency",
    name = "CachedMethod"
)]
pub(crate) struct CachedMethod {
    function: Py<CachedFunction>,
    instance: Py<PyAny>,
    /// That of the instance, or of all instances.
    cache: Py<PyConcurrentCache>,
    /// Stands for the instance in the keys of a cache of all instances.
    token: Option<Py<PyAny>>,
}

impl CachedMethod {
    fn arguments<'py>(&self, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyTuple>> {
        let py = args.py();
        let first = std::iter::once(self.instance.bind(py).clone());
        create::tuple(py, first.chain(args.iter()))
    }

    /// Returns the key of a call. A function that makes keys gets the instance too.
    fn key<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = args.py();
        let function = self.function.get();
        let key = match function.parts().0 {
            Some(_) => {
                let args = &self.arguments(args)?;
                function.key_of(py, &Arguments { args, kwargs })?
            }
            None => function.key_of(py, &Arguments { args, kwargs })?,
        };
        match &self.token {
            Some(token) => Ok(create::pair(token.bind(py), &key)?.into_any()),
            None => Ok(key),
        }
    }
}

#[pymethods]
impl CachedMethod {
    #[new]
    fn new(
        function: Py<CachedFunction>,
        instance: Py<PyAny>,
        cache: Py<PyConcurrentCache>,
        token: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            function,
            instance,
            cache,
            token,
        }
    }

    // Becomes `__call__`: see `packed`, as for all methods with these two arguments.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, /, *args, **kwargs)")]
    fn _call<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let key = self.key(args, kwargs)?;
        let args = &self.arguments(args)?;
        let cache = self.cache.bind(args.py());
        (self.function.get()).call(cache, &key, &Arguments { args, kwargs })
    }

    /// The cache of the results.
    #[getter]
    fn cache(&self, py: Python<'_>) -> Py<PyConcurrentCache> {
        self.cache.clone_ref(py)
    }

    #[getter]
    fn __self__(&self, py: Python<'_>) -> Py<PyAny> {
        self.instance.clone_ref(py)
    }

    #[getter]
    fn __func__(&self, py: Python<'_>) -> Py<CachedFunction> {
        self.function.clone_ref(py)
    }

    /// Return hits, misses, maxsize and currsize, as functools.lru_cache does.
    fn cache_info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        CachedFunction::info(self.cache.bind(py))
    }

    /// Remove all results that are in the cache of the method.
    fn cache_clear(&self, py: Python<'_>) {
        self.cache.bind(py).get().core().clear();
    }

    /// Return the key of a call with these arguments.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, /, *args, **kwargs)")]
    fn cache_key<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.key(args, kwargs)
    }

    /// Remove the result of a call with these arguments; return whether there was one.
    #[pyo3(signature = (args, kwargs, /), text_signature = "($self, /, *args, **kwargs)")]
    fn cache_invalidate<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<bool> {
        let key = self.key(args, kwargs)?;
        let removed = self.cache.bind(args.py()).get().remove(&key)?;
        Ok(removed.is_some())
    }

    /// Everything else is as for the function: its name, its documentation, what it wraps.
    fn __getattr__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.function.bind(name.py()).getattr(name.cast()?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<New<String>> {
        let (function, instance) = (self.function.bind(py), self.instance.bind(py));
        Ok(New(format!(
            "<{} of {}>",
            function.repr()?,
            instance.repr()?
        )))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        visit.call(&self.instance)?;
        visit.call(&self.cache)?;
        visit.call(&self.token)
    }
}

//! The class `ConcurrentCache`: how it is made, shared and collected, and what its methods share.

use super::{
    listener::Listener,
    terms::{Seconds, weight},
    timer::{Time, Timer},
};
use crate::runtime::{
    create::{New, exception},
    kept::Kept,
    nesting::Nested,
    not_copyable::not_copyable,
    object::Object,
    probe::Probe,
};
use ft_concurrent_cache::{ConcurrentCache, Terms};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use std::{hash::RandomState, sync::Arc, time::Duration};

pub(crate) type Core = ConcurrentCache<Object, Kept, RandomState, Time>;

/// A bounded mapping that forgets what it is asked for least, and computes a missing value once.
///
/// maxsize is the largest number of entries, or, with a weigher, the largest sum of weigher(key,
/// value); with None there is no bound. An entry can no longer be read ttl seconds after it was
/// stored, and idle seconds after it was last read or stored. For stale seconds more,
/// get_or_compute() returns it to all callers but one, which computes it anew. cache_errors is the
/// number of seconds for which get_or_compute() raises the Exception of a computation again,
/// instead of computing again; without it, an exception is not kept. Each of these times may be a
/// timedelta instead of a number. on_evict(key, value, cause) is
/// called, with no lock held, for each entry that leaves; the cause is "size", "expired", "removed"
/// or "replaced". timer() returns seconds, and replaces the monotonic clock.
///
/// Which entry leaves a full cache is decided by W-TinyLFU, which keeps what was asked for often;
/// a new entry may leave at once. Operations on one key are atomic. Operations on the whole cache
/// go from part to part, and never raise because other threads write.
///
/// >>> cache = ConcurrentCache(1000, ttl=60)
/// >>> cache.get_or_compute("answer", lambda: 6 * 7)
/// 42
/// >>> cache.get_or_compute("answer", lambda: 1 / 0), cache.get("question")
/// (42, None)
/// >>> cache.stats()[:3]  # hits, misses, computations
/// (1, 2, 1)
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    mapping,
    module = "ft_utils.concurrency",
    name = "ConcurrentCache"
)]
pub(crate) struct PyConcurrentCache {
    pub(crate) shared: Nested<Arc<Shared>>,
    /// In a handle, the original object. Only that object shows the contents to the collector.
    owner: Option<Py<Self>>,
}

/// What an object and its handles share.
pub(crate) struct Shared {
    pub(crate) core: Core,
    pub(crate) timer: Timer,
    weigher: Option<Object>,
    listener: Option<Arc<Listener>>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) errors: Option<Duration>,
}

impl PyConcurrentCache {
    #[inline]
    pub(crate) fn core(&self) -> &Core {
        &self.shared.core
    }

    /// Makes a probe of a key, and asks a timer of the user's for the time.
    #[inline]
    pub(crate) fn probe<'a, 'py>(&self, key: &'a Bound<'py, PyAny>) -> PyResult<Probe<'a, 'py>> {
        self.shared.timer.tick(key.py())?;
        Probe::new(key)
    }

    pub(crate) fn find<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let probe = self.probe(key)?;
        let kept = self.core().try_read(&probe, Kept::clone)?;
        Ok(kept.and_then(|kept| kept.into_value(key.py())))
    }

    pub(crate) fn insert(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        terms: Terms,
    ) -> PyResult<()> {
        let probe = self.probe(key)?;
        let terms = self.weighed(key, value, terms)?;
        let _replaced =
            (self.core()).try_insert(&probe, || probe.key(), Kept::new(value), terms)?;
        Ok(())
    }

    pub(crate) fn remove<'py>(
        &self,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let removed = self.core().try_remove(&self.probe(key)?)?;
        Ok(removed.and_then(|kept| kept.into_value(key.py())))
    }

    /// Adds the weight of an entry to its terms.
    pub(crate) fn weighed(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        terms: Terms,
    ) -> PyResult<Terms> {
        match &self.shared.weigher {
            None => Ok(terms),
            Some(weigher) => {
                Ok(terms.weight(weight(&weigher.bind(key.py()).call1((key, value))?)?))
            }
        }
    }
}

#[pymethods]
impl PyConcurrentCache {
    #[new]
    #[pyo3(signature = (
        maxsize, *, ttl=None, idle=None, weigher=None, on_evict=None, stale=None,
        cache_errors=None, timer=None,
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "they are those of the Python class"
    )]
    pub(super) fn new(
        maxsize: Option<&Bound<'_, PyAny>>,
        ttl: Option<Seconds>,
        idle: Option<Seconds>,
        weigher: Option<&Bound<'_, PyAny>>,
        on_evict: Option<&Bound<'_, PyAny>>,
        stale: Option<Seconds>,
        cache_errors: Option<Seconds>,
        timer: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        for (name, function) in [
            ("weigher", weigher),
            ("on_evict", on_evict),
            ("timer", timer),
        ] {
            if let Some(function) = function.filter(|function| !function.is_callable()) {
                let kind = function.get_type();
                return Err(exception::<PyTypeError>(format!(
                    "{name} must be callable or None, not {kind}"
                )));
            }
        }
        let capacity = capacity(maxsize)?;
        let (timer, time) = Timer::new(timer)?;
        let mut builder = Builder::default().record_statistics();
        builder = match weigher {
            None => builder.max_entries(capacity),
            Some(_) => builder.max_weight(capacity),
        };
        for (time, set) in [
            (
                ttl,
                Builder::time_to_live as fn(Builder, Duration) -> Builder,
            ),
            (idle, Builder::time_to_idle),
            (stale, Builder::stale_while_revalidate),
        ] {
            if let Some(Seconds(time)) = time {
                builder = set(builder, time);
            }
        }
        let listener = on_evict.map(|function| Arc::new(Listener::new(function)));
        if let Some(listener) = listener.clone() {
            builder = builder.listener(move |key, kept, cause| listener.tell(key, kept, cause));
        }
        let seconds = |time: Option<Seconds>| time.map(|Seconds(time)| time);
        let shared = Shared {
            core: builder.clock(time).build(),
            timer,
            weigher: weigher.map(Object::new),
            listener,
            ttl: seconds(ttl),
            idle: seconds(idle),
            errors: seconds(cache_errors),
        };
        Ok(Self {
            shared: Nested::new(Arc::new(shared)),
            owner: None,
        })
    }

    /// Return another Python object for the same cache.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        let this = slf.get();
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Self {
            shared: Nested::new(Arc::clone(&this.shared)),
            owner: Some(owner),
        }
    }

    /// The largest number of entries, or sum of their weights; None without a bound.
    ///
    /// If it is set to less than is there, entries leave at once, as they do when others come: when
    /// the assignment ends, there are no more than that.
    #[getter]
    fn maxsize(&self) -> Option<New<u64>> {
        let capacity = self.core().capacity();
        (capacity < u64::MAX).then_some(New(capacity))
    }

    #[setter]
    fn set_maxsize(&self, maxsize: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.core().set_capacity(capacity(maxsize)?);
        Ok(())
    }

    /// The number of entries, or the sum of their weights.
    #[getter]
    fn currsize(&self) -> New<u64> {
        New(self.core().weight())
    }

    /// The number of seconds for which an entry can be read, or None.
    #[getter]
    fn ttl(&self) -> Option<New<f64>> {
        self.shared.ttl.map(|time| New(time.as_secs_f64()))
    }

    /// The number of seconds for which an entry can be read after it was last used, or None.
    #[getter]
    fn idle(&self) -> Option<New<f64>> {
        self.shared.idle.map(|time| New(time.as_secs_f64()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        self.shared.timer.traverse(&visit)?;
        if let Some(weigher) = &self.shared.weigher {
            visit.call(&**weigher)?;
        }
        if let Some(listener) = &self.shared.listener {
            listener.traverse(&visit)?;
        }
        // SAFETY: no operation on the core is in progress. Only attached threads call the core's
        // methods, and while the collector runs, no other thread is attached. No thread detaches
        // inside such a method, and the collector never starts inside one, because the methods do
        // not allocate Python objects, detach, or run Python code while they change the contents.
        unsafe {
            self.core().for_each_quiescent(|key, kept| {
                visit.call(&**key)?;
                kept.map_or(Ok(()), |kept| visit.call(&**kept.object()))
            })
        }
    }

    // The functions stay: they were there before the cache was, so a circle through one of them
    // goes through another object too, which the collector takes apart.
    fn __clear__(&self) {
        if self.owner.is_none() {
            if let Some(listener) = &self.shared.listener {
                listener.close();
            }
            self.core().clear();
        }
    }
}

not_copyable!(
    PyConcurrentCache,
    "dict(cache.items()) for a copy, handle() to share the object"
);

type Builder = ft_concurrent_cache::Builder<Object, Kept>;

fn capacity(maxsize: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    let Some(maxsize) = maxsize else {
        return Ok(u64::MAX);
    };
    let number: i64 = maxsize.extract().map_err(|err: PyErr| {
        if !err.is_instance_of::<PyTypeError>(maxsize.py()) {
            return err;
        }
        let kind = maxsize.get_type();
        exception::<PyTypeError>(format!("maxsize must be an int or None, not {kind}"))
    })?;
    u64::try_from(number)
        .map_err(|_| exception::<PyValueError>(format!("maxsize must not be negative: {number}")))
}

/// Registers the class as a MutableMapping, for `isinstance` and `match`.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("collections.abc")?.getattr("MutableMapping")?;
    abc.call_method1("register", (py.get_type::<PyConcurrentCache>(),))?;
    Ok(())
}

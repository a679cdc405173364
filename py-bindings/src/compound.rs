//! The operations of `ConcurrentDict` that read and write a key in one atomic step.

use crate::{
    blocking,
    concurrent_dict::PyConcurrentDict,
    counting::{self, Counts},
    error::key_error,
    fast::exact_i64,
    key::Probe,
    made::{self, exception},
    object::Object,
    value::Value,
};
use ft_concurrent_dict::{Claim, Entry, Query};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyMapping, PyTuple},
};

/// The type of MISSING, which stands for the absence of a key.
#[pyclass(frozen, module = "ft_utils.concurrency", name = "MissingType")]
pub(crate) struct Missing;

#[pymethods]
impl Missing {
    fn __repr__(&self) -> &'static str {
        "MISSING"
    }

    fn __bool__(&self) -> bool {
        false
    }

    fn __reduce__(&self) -> &'static str {
        "MISSING"
    }
}

/// An argument that may be left out, where None is a value like any other.
pub(crate) struct Optional<'py>(pub(crate) Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Optional<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(present(&object).cloned()))
    }
}

/// The argument, unless it is MISSING.
fn present<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyAny>> {
    (!object.is_instance_of::<Missing>()).then_some(object)
}

impl PyConcurrentDict {
    /// Replaces the value of a key, or its absence, if it is still the one that was seen.
    ///
    /// Comparing values may run any code, so it is done without the lock; that the value is the
    /// very one that was compared is checked under it.
    fn replace(
        &self,
        probe: &Probe<'_, '_>,
        seen: Option<&Value>,
        new: Option<Value>,
    ) -> PyResult<bool> {
        let (done, _taken_out) =
            (self.core).try_entry(probe, |entry| match (entry, seen, new) {
                (Entry::Occupied(mut entry), Some(seen), Some(new))
                    if entry.get().is_same(seen) =>
                {
                    (true, (None, Some(entry.replace(new))))
                }
                (Entry::Occupied(entry), Some(seen), None) if entry.get().is_same(seen) => {
                    let (key, value) = entry.remove();
                    (true, (Some(key), Some(value)))
                }
                (Entry::Vacant(entry), None, Some(new)) => {
                    entry.insert(probe.key(), new);
                    (true, (None, None))
                }
                (Entry::Vacant(_), None, None) => (true, (None, None)),
                (_, _, new) => (false, (None, new)),
            })?;
        Ok(done)
    }

    fn seen(&self, probe: &Probe<'_, '_>) -> PyResult<Option<Value>> {
        self.core.try_read(probe, |value| value.cloned())
    }

    /// Adds as counters do, in one step and without making an object; false if that cannot be.
    pub(crate) fn add_count<Q: Query<Object>>(
        &self,
        probe: &Q,
        key: impl FnOnce() -> Object,
        n: i64,
    ) -> Result<Option<i64>, Q::Error> {
        let (sum, _replaced) = self.core.try_entry(probe, |entry| match entry {
            Entry::Occupied(mut entry) => {
                let sum = entry.get().count().and_then(|count| count.checked_add(n));
                (sum, sum.map(|sum| entry.replace(Value::Count(sum))))
            }
            Entry::Vacant(entry) => {
                entry.insert(key(), Value::Count(n));
                (Some(n), None)
            }
        })?;
        Ok(sum)
    }

    fn add_n(&self, key: &Bound<'_, PyAny>, n: i64) -> PyResult<()> {
        let probe = Probe::new(key)?;
        match self.add_count(&probe, || probe.key(), n)? {
            Some(_) => Ok(()),
            None => self
                .add_one(key, made::int(key.py(), n)?.as_any())
                .map(drop),
        }
    }

    fn add_one(&self, key: &Bound<'_, PyAny>, n: &Bound<'_, PyAny>) -> PyResult<Value> {
        let probe = Probe::new(key)?;
        if let Some(n) = exact_i64(n.as_borrowed()) {
            if let Some(sum) = self.add_count(&probe, || probe.key(), n)? {
                return Ok(Value::Count(sum));
            }
        }
        let sum = self.exchange_with(&probe, |current| match current {
            Some(current) => current.add(n),
            None => Ok(n.clone()),
        })?;
        Ok(Value::new(&sum))
    }

    /// Replaces the value of a key by `f` of it, calling `f` again if another was faster.
    fn exchange_with<'py>(
        &self,
        probe: &Probe<'_, 'py>,
        f: impl Fn(Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        loop {
            let seen = self.seen(probe)?;
            let current = seen.clone().map(|value| value.into_object(probe.py()));
            let new = f(current.transpose()?)?;
            if self.replace(probe, seen.as_ref(), Some(Value::new(&new)))? {
                return Ok(new);
            }
        }
    }
}

/// What the methods of the same names do; `concurrent_dict` documents them.
impl PyConcurrentDict {
    pub(crate) fn exchange_if(
        &self,
        key: &Bound<'_, PyAny>,
        expected: &Bound<'_, PyAny>,
        new: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let probe = Probe::new(key)?;
        loop {
            let seen = self.seen(&probe)?;
            let equal = match (&seen, present(expected)) {
                (None, None) => true,
                (Some(value), Some(expected)) => {
                    let value = value.clone().into_object(key.py())?;
                    value.is(expected) || value.eq(expected)?
                }
                _ => false,
            };
            if !equal {
                return Ok(false);
            }
            if self.replace(&probe, seen.as_ref(), present(new).map(Value::new))? {
                return Ok(true);
            }
        }
    }

    pub(crate) fn compute<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        let probe = Probe::new(key)?;
        loop {
            match self.core.try_claim(&probe, || probe.key())? {
                Claim::Ready(value) => return value.into_object(py),
                Claim::Leader(leader) => {
                    let value = factory.call0()?;
                    let stored = leader.publish(&probe, || probe.key(), Value::new(&value))?;
                    return stored.into_object(py);
                }
                Claim::Follower(flight) if flight.is_led_by_me() => {
                    return Err(exception::<PyRuntimeError>(
                        "the factory for a key asked for the same key, and would wait for itself",
                    ));
                }
                Claim::Follower(flight) => {
                    let landed = || flight.has_landed().then_some(());
                    blocking::wait(py, None, flight.changed(), landed)?;
                }
            }
        }
    }

    pub(crate) fn update_one<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        function: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.exchange_with(&Probe::new(key)?, |current| {
            match current.as_ref().or(default) {
                Some(current) => function.call1((current,)),
                None => Err(key_error(key)),
            }
        })
    }

    pub(crate) fn add_to<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        n: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.add_one(key, n)?.into_object(key.py())
    }

    pub(crate) fn add_all(&self, source: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = source.py();
        let counts = if let Ok(other) = source.cast::<Self>() {
            // Not `dict(other)`: that raises KeyError when others remove keys meanwhile.
            other.get().to_dict(py)?
        } else if source.cast::<PyMapping>().is_ok() {
            py.get_type::<PyDict>().call1((source,))?.cast_into()?
        } else {
            match counting::count(&source.try_iter()?)? {
                Counts::Words(words) => {
                    for (word, n) in words {
                        self.add_n(word.object.bind(py), n)?;
                    }
                    return Ok(());
                }
                Counts::Others(counts) => counts,
            }
        };
        for item in made::items(&counts)? {
            let item = item.cast::<PyTuple>()?;
            self.add_one(&item.get_item(0)?, &item.get_item(1)?)?;
        }
        Ok(())
    }
}

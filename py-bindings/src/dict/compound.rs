//! The operations of `ConcurrentDict` that read and write a key in one atomic step.

use crate::{
    dict::{
        counts::{self, Counts},
        mapping::{PyConcurrentDict, WATCH},
        once,
        probe::Probe,
        value::Value,
    },
    runtime::{
        awaitable::refuse_coroutine,
        awaiting, blocking, create,
        error::key_error,
        fast::exact_i64,
        object::Object,
        reentry::{Patience, own_change},
    },
};
use ft_concurrent_dict::{Claim, Entry, Leader, Party, Query};
use pyo3::{
    prelude::*,
    types::{PyDict, PyMapping, PyTuple},
};
use std::hash::RandomState;

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
        if done {
            self.changed(probe.hash());
        }
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
        hash: u64,
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
        if sum.is_some() {
            self.changed(hash);
        }
        Ok(sum)
    }

    fn add_n(&self, key: &Bound<'_, PyAny>, n: i64) -> PyResult<()> {
        let probe = Probe::new(key)?;
        match self.add_count(&probe, || probe.key(), probe.hash(), n)? {
            Some(_) => Ok(()),
            None => self
                .add_one(key, create::int(key.py(), n)?.as_any())
                .map(drop),
        }
    }

    fn add_one(&self, key: &Bound<'_, PyAny>, n: &Bound<'_, PyAny>) -> PyResult<Value> {
        let probe = Probe::new(key)?;
        if let Some(n) = exact_i64(n.as_borrowed()) {
            if let Some(sum) = self.add_count(&probe, || probe.key(), probe.hash(), n)? {
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
            let current = current.transpose()?;
            let (new, has_changed_it) = WATCH.during(self.place(probe.hash()), || f(current));
            let new = new?;
            if self.replace(probe, seen.as_ref(), Some(Value::new(&new)))? {
                return Ok(new);
            }
            if has_changed_it {
                return Err(own_change("value"));
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
        let mut patience = Patience::default();
        loop {
            let seen = self.seen(&probe)?;
            let equal = || -> PyResult<bool> {
                match (&seen, present(expected)) {
                    (None, None) => Ok(true),
                    (Some(value), Some(expected)) => {
                        let value = value.clone().into_object(key.py())?;
                        Ok(value.is(expected) || value.eq(expected)?)
                    }
                    _ => Ok(false),
                }
            };
            let (equal, has_changed_it) = WATCH.during(self.place(probe.hash()), equal);
            if !equal? {
                return Ok(false);
            }
            if self.replace(&probe, seen.as_ref(), present(new).map(Value::new))? {
                return Ok(true);
            }
            patience.lose(has_changed_it)?;
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
            // Tasks may wait for the claim, however it ends.
            let claim = || self.core.try_claim(&probe, || probe.key());
            match awaiting::ringing(py, claim)? {
                Claim::Ready(value) => return value.into_object(py),
                Claim::Leader(leader) => {
                    return awaiting::ringing(py, || self.lead(leader, &probe, factory));
                }
                Claim::Follower(flight) => {
                    let _waiting = once::begin_waiting(&flight, Party::thread(), key)?;
                    let landed = || flight.has_landed().then_some(());
                    blocking::wait(py, None, flight.changed(), landed)?;
                }
            }
        }
    }

    fn lead<'py>(
        &self,
        leader: Leader<'_, Object, Value, RandomState>,
        probe: &Probe<'_, 'py>,
        factory: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = factory.call0()?;
        refuse_coroutine(
            &value,
            "get_or_insert() takes a function that returns the value; await get_or_insert_async() \
             for this one",
        )?;
        self.publish(leader, probe, &value)
    }

    /// Stores what was computed, unless there is a value by now; returns the one that is there.
    pub(crate) fn publish<'py>(
        &self,
        leader: Leader<'_, Object, Value, RandomState>,
        probe: &Probe<'_, 'py>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stored = leader.publish(probe, || probe.key(), Value::new(value))?;
        self.changed(probe.hash());
        stored.into_object(probe.py())
    }

    pub(crate) fn update_one<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        function: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.exchange_with(&Probe::new(key)?, |current| {
            match current.as_ref().or(default) {
                Some(current) => {
                    let next = function.call1((current,))?;
                    let message = "update_with() takes a function that returns the value";
                    refuse_coroutine(&next, message)?;
                    Ok(next)
                }
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
            match counts::count(&source.try_iter()?)? {
                Counts::Words(words) => {
                    for (word, n) in words {
                        self.add_n(word.object.bind(py), n)?;
                    }
                    return Ok(());
                }
                Counts::Others(counts) => counts,
            }
        };
        for item in create::items(&counts)? {
            let item = item.cast::<PyTuple>()?;
            self.add_one(&item.get_item(0)?, &item.get_item(1)?)?;
        }
        Ok(())
    }
}

//! The operations that read and write a key in one step: `compare_exchange`, `update_with`.

use super::{
    class::{PyConcurrentDict, WATCH},
    missing::{Optional, present},
    probe::Probe,
    value::Value,
};
use crate::runtime::{
    awaitable::refuse_coroutine,
    error::key_error,
    reentry::{Patience, own_change},
};
use ft_concurrent_dict::Entry;
use pyo3::prelude::*;

#[pymethods]
impl PyConcurrentDict {
    /// Replace the value of a key by new if it is or equals expected; return whether it did.
    ///
    /// If expected is MISSING, the key must be absent. If new is MISSING, the key is removed. If
    /// the comparison itself changes the value again and again, this raises RuntimeError.
    #[pyo3(signature = (key, expected, new, /))]
    fn compare_exchange(
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

    /// Replace the value of a key by function(value), and return the new value.
    ///
    /// If the key is missing, the function gets the default; without a default, raise KeyError. The
    /// function is called again whenever another thread has changed the value meanwhile. It may use
    /// the dictionary, but must not change the value of this key itself: that raises RuntimeError.
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
        self.exchange_with(&Probe::new(key)?, |current| {
            match current.as_ref().or(default.0.as_ref()) {
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
}

impl PyConcurrentDict {
    /// Replaces the value of a key, or its absence, if it is still what the caller has seen.
    ///
    /// Comparing values may run any code, so callers compare without the lock. Here the lock is
    /// held only to check that the value is still the one that was compared.
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

    /// Replaces the value of a key by the result of `f`, and calls `f` again if another thread was
    /// faster.
    pub(super) fn exchange_with<'py>(
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

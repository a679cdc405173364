//! Counting: `add` and `add_many`.

use super::{
    class::PyConcurrentDict,
    counts::{self, Counts},
    missing::Optional,
    probe::Probe,
    value::{Content, Value},
};
use crate::runtime::{create, fast_calls::exact_i64, object::Object};
use ft_concurrent_dict::{Entry, Query};
use pyo3::{
    prelude::*,
    types::{PyDict, PyMapping, PyTuple},
};

#[pymethods]
impl PyConcurrentDict {
    /// Add n to the value of a key, or store n if the key is missing; return the new value.
    ///
    /// Values of any type that supports addition will do. Ints are added without making an object.
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

    /// Add 1 for each key of an iterable, or add the numbers of a mapping from keys to numbers.
    ///
    /// One call can count thousands of keys: they are counted first, and each distinct key is then
    /// added in one step. If reading the source fails, nothing is added.
    #[pyo3(signature = (source, /))]
    fn add_many(&self, source: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = source.py();
        let counts = if let Ok(other) = source.cast::<Self>() {
            // `dict(other)` would raise KeyError if another thread removes a key meanwhile.
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

impl PyConcurrentDict {
    pub(crate) fn add_to<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        n: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.add_one(key, n)? {
            Content::Object(sum) => Ok(sum),
            Content::Count(sum) => Ok(create::int(key.py(), sum)?.into_any()),
        }
    }

    /// Adds to a counter in one step and without making an object. Returns `None` if that is not
    /// possible.
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
                let new = sum.and_then(Value::counter);
                (
                    sum.filter(|_| new.is_some()),
                    new.map(|new| entry.replace(new)),
                )
            }
            Entry::Vacant(entry) => {
                let new = Value::counter(n);
                let sum = new.is_some().then_some(n);
                if let Some(new) = new {
                    entry.insert(key(), new);
                }
                (sum, None)
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

    fn add_one<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        n: &Bound<'py, PyAny>,
    ) -> PyResult<Content<Bound<'py, PyAny>>> {
        let probe = Probe::new(key)?;
        if let Some(n) = exact_i64(n.as_borrowed()) {
            if let Some(sum) = self.add_count(&probe, || probe.key(), probe.hash(), n)? {
                return Ok(Content::Count(sum));
            }
        }
        self.exchange_with(&probe, |current| match current {
            Some(current) => current.add(n),
            None => Ok(n.clone()),
        })
        .map(Content::Object)
    }
}

//! Entries that bypass PyO3, for keys that are exactly a str, an int or bytes.

use super::{
    class::PyConcurrentDict,
    probe::PlainProbe,
    value::{Content, Value},
};
use crate::runtime::{
    fast_calls::{self, Done, exact_i64},
    object::Object,
};
use ft_concurrent_dict::Entry;
use pyo3::prelude::*;

fast_calls::fast! { PyConcurrentDict:
    item mp_subscript = |this, py, key| Some(found(py, read(this, &key)??));
    set_item mp_ass_subscript = |this, key, value| match value {
        Some(value) => write(this, &key, &value),
        None => take(this, &key)?.map(drop),
    };
    contains sq_contains = |this, key| {
        let probe = PlainProbe::new(&key)?;
        this.core.try_read(&probe, |value| value.is_some()).ok()
    };
    // The more frequent entry is last, because the last one is tried first.
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

/// Returns the value of a plain key, if the key is present. Returns `None` if finding it would need
/// Python code.
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

/// Removes a plain key.
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
    match value.into_content() {
        Content::Object(object) => Done::object(object),
        Content::Count(count) => Done::int(py, count),
    }
}

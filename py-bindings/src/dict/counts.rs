//! Counts how often each key occurs in an iterable, for `ConcurrentDict.add_many`.

use crate::{
    dict::probe::Probe,
    runtime::{create, imports::Imports, object::Object},
};
use ft_concurrent_dict::Query;
use pyo3::{
    prelude::*,
    types::{PyDict, PyIterator, PyString, PyTuple},
};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hash, Hasher},
};

/// The distinct keys, and how often each occurred.
pub(crate) enum Counts<'py> {
    Words(HashMap<Word, i64, BuildHasherDefault<Mixed>>),
    Others(Bound<'py, PyDict>),
}

/// An object that is exactly a str, so that hashing and comparing it runs no Python code.
pub(crate) struct Word {
    pub(crate) object: Object,
    hash: u64,
}

/// A hasher that passes on a number that is already a hash.
#[derive(Default)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a word writes its hash and nothing else");
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

impl Hash for Word {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Word {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: words are made and compared during a call from Python, in an attached thread.
        let py = unsafe { Python::assume_attached() };
        let this = self.object.bind(py);
        self.hash == other.hash
            && Probe::with_hash(this, self.hash).peek(&other.object) == Some(true)
    }
}

impl Eq for Word {}

/// Counts the keys that an iterator yields.
///
/// Strings are counted here. Once a key of another type appears, all keys go to a
/// `collections.Counter`, because that key may be equal to a string, and its methods may run any
/// code.
pub(crate) fn count<'py>(keys: &Bound<'py, PyIterator>) -> PyResult<Counts<'py>> {
    let mut words = HashMap::<Word, i64, _>::default();
    for key in keys {
        let key = key?;
        if !key.is_exact_instance_of::<PyString>() {
            return count_others(words, &key, keys).map(Counts::Others);
        }
        let hash = Probe::new(&key)?.hash();
        let object = Object::from(key.unbind());
        *words.entry(Word { object, hash }).or_default() += 1;
    }
    Ok(Counts::Words(words))
}

#[cold]
fn count_others<'py>(
    words: HashMap<Word, i64, BuildHasherDefault<Mixed>>,
    key: &Bound<'py, PyAny>,
    rest: &Bound<'py, PyIterator>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = key.py();
    let counter = Imports::get(py).counter.bind(py).call0()?;
    let counts = counter.cast_into::<PyDict>()?;
    for (word, count) in words {
        counts.set_item(word.object.bind(py), create::int(py, count)?)?;
    }
    let update = counts.getattr(create::New("update").into_pyobject(py)?)?;
    update.call1((PyTuple::new(py, [key])?,))?;
    update.call1((rest,))?;
    Ok(counts)
}

//! The named methods that work on whole sets.

use super::class::{PyConcurrentSet, set_of};
use crate::runtime::{
    create::{self, New},
    nesting::text_of_contents,
    object::objects,
    probe::Probe,
};
use pyo3::{
    prelude::*,
    types::{PyList, PySet, PyTuple},
};

impl PyConcurrentSet {
    /// Calls `f` with each element of a set.
    pub(super) fn each(
        &self,
        elements: &Bound<'_, PySet>,
        f: impl Fn(&Self, &Probe<'_, '_>) -> PyResult<()>,
    ) -> PyResult<()> {
        // The list does not change if an `__eq__` changes the set.
        let elements = elements.py().get_type::<PyList>().call1((elements,))?;
        for element in objects(&elements)? {
            f(self, &Probe::new(&element.into_bound(elements.py()))?)?;
        }
        Ok(())
    }

    pub(super) fn add_all(&self, elements: &Bound<'_, PySet>) -> PyResult<()> {
        self.each(elements, |this, probe| {
            this.insert(probe, || probe.key()).map(drop)
        })
    }

    pub(super) fn discard_all(&self, elements: &Bound<'_, PySet>) -> PyResult<()> {
        self.each(elements, |this, probe| this.take(probe).map(drop))
    }

    pub(super) fn toggle_all(&self, elements: &Bound<'_, PySet>) -> PyResult<()> {
        self.each(elements, Self::toggle)
    }

    /// Removes each element that is not in `kept`.
    pub(super) fn keep_only(&self, kept: &Bound<'_, PySet>) -> PyResult<()> {
        for element in self.elements() {
            let element = element.into_bound(kept.py());
            if !kept.contains(&element)? {
                self.take(&Probe::new(&element)?)?;
            }
        }
        Ok(())
    }

    /// Returns what the method of the builtin set makes of the present elements and the others.
    fn by_set(&self, name: &str, others: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let set = self.to_set(others.py())?;
        Self::of(&set.call_method1(New(name), others)?)
    }

    fn ask(&self, name: &str, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let set = self.to_set(other.py())?;
        set.call_method1(New(name), create::single(other)?)?
            .extract()
    }
}

/// Returns the elements of all iterables.
fn union_of<'py>(others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PySet>> {
    let all = PySet::empty(others.py())?;
    all.call_method1(New("update"), others)?;
    Ok(all)
}

#[pymethods]
impl PyConcurrentSet {
    /// Add the elements of all iterables.
    #[pyo3(signature = (*others))]
    fn update(&self, others: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.add_all(&union_of(others)?)
    }

    /// Remove the elements that are not in all of the iterables.
    #[pyo3(signature = (*others))]
    fn intersection_update(&self, others: &Bound<'_, PyTuple>) -> PyResult<()> {
        let Some((first, _)) = others.as_slice().split_first() else {
            return Ok(());
        };
        let kept = set_of(first)?;
        let rest = others.get_slice(1, others.len());
        kept.call_method1(New("intersection_update"), rest)?;
        self.keep_only(&kept)
    }

    /// Remove the elements of all iterables.
    #[pyo3(signature = (*others))]
    fn difference_update(&self, others: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.discard_all(&union_of(others)?)
    }

    /// Remove each element of the iterable that is in the set, and add each that is not.
    #[pyo3(signature = (other, /))]
    fn symmetric_difference_update(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.toggle_all(&set_of(other)?)
    }

    /// Return a new set with the elements of this one and of all iterables.
    #[pyo3(signature = (*others))]
    fn union(&self, others: &Bound<'_, PyTuple>) -> PyResult<Self> {
        self.by_set("union", others)
    }

    /// Return a new set with the elements that are also in all of the iterables.
    #[pyo3(signature = (*others))]
    fn intersection(&self, others: &Bound<'_, PyTuple>) -> PyResult<Self> {
        self.by_set("intersection", others)
    }

    /// Return a new set with the elements that are in none of the iterables.
    #[pyo3(signature = (*others))]
    fn difference(&self, others: &Bound<'_, PyTuple>) -> PyResult<Self> {
        self.by_set("difference", others)
    }

    /// Return a new set with the elements that are either in this one or in the iterable.
    #[pyo3(signature = (other, /))]
    fn symmetric_difference(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.by_set("symmetric_difference", &create::single(other)?)
    }

    /// Return whether the iterable has none of the elements.
    #[pyo3(signature = (other, /))]
    fn isdisjoint(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.ask("isdisjoint", other)
    }

    /// Return whether the iterable has all of the elements.
    #[pyo3(signature = (other, /))]
    fn issubset(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.ask("issubset", other)
    }

    /// Return whether this set has all elements of the iterable.
    #[pyo3(signature = (other, /))]
    fn issuperset(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.ask("issuperset", other)
    }

    /// Remove all elements; elements that other threads add meanwhile may survive.
    fn clear(&self) {
        self.core.clear();
    }

    /// Return a copy that is a ConcurrentSet.
    fn copy(&self) -> Self {
        self.duplicate()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        if slf.get().core.is_empty() {
            return Ok(New(format!("{name}()")));
        }
        let text = text_of_contents(slf, || slf.get().to_set(slf.py())?.repr())?;
        Ok(New(match text {
            Some(text) => format!("{name}({text})"),
            None => format!("{name}(...)"),
        }))
    }
}

//! State that lies in a Python object itself, so that a small object is one block of memory.

use pyo3::{PyClass, PyTraverseError, PyVisit, prelude::*, pyclass::boolean_struct::True};
use std::ops::Deref;

/// A class whose state is inline.
pub(crate) trait HasInline: PyClass<Frozen = True> + Sync + Sized {
    type Core: Default;

    fn inline(&self) -> &Inline<Self>;
}

/// The state of an object; in a handle, that of the object that it is a handle of.
pub(crate) struct Inline<C: HasInline> {
    /// Unused in a handle.
    core: C::Core,
    /// In a handle, the object with the state. It is not a handle itself.
    owner: Option<Py<C>>,
}

impl<C: HasInline> Inline<C> {
    pub(crate) fn new(core: C::Core) -> Self {
        Self { core, owner: None }
    }

    /// Returns what a handle of `object` holds. `object` may be a handle.
    pub(crate) fn handle(object: &Bound<'_, C>) -> Self {
        let owner = match &object.get().inline().owner {
            Some(owner) => owner.clone_ref(object.py()),
            None => object.clone().unbind(),
        };
        Self {
            core: C::Core::default(),
            owner: Some(owner),
        }
    }

    /// Returns the state, unless this is a handle. Only its owner shows the contents of a container to
    /// the collector.
    pub(crate) fn own(&self) -> Option<&C::Core> {
        self.owner.is_none().then_some(&self.core)
    }

    /// Shows the collector the object that a handle keeps alive.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)
    }
}

impl<C: HasInline> Default for Inline<C> {
    fn default() -> Self {
        Self::new(C::Core::default())
    }
}

impl<C: HasInline> Deref for Inline<C> {
    type Target = C::Core;

    #[inline]
    fn deref(&self) -> &C::Core {
        match &self.owner {
            None => &self.core,
            Some(owner) => &owner.get().inline().core,
        }
    }
}

//! The class `Case`.

use crate::runtime::{
    awaiting::Operation, create::New, not_copyable::not_copyable, object::Object,
};
use pyo3::{PyClass, PyTraverseError, PyVisit, prelude::*};

/// Begins the operation of a case: it gets the object that the case is about, and the value.
type Begin = dyn Fn(&Bound<'_, PyAny>, Option<Object>) -> Box<dyn Operation> + Send + Sync;

/// One of the things that select() and select_async() choose from.
///
/// The method of another object returns it, such as queue.popping(). It does nothing by itself. It
/// can be used in any number of calls, also at the same time: the calls of one case are independent.
#[pyclass(
    frozen,
    weakref,
    generic,
    module = "ft_utils.synchronization",
    name = "Case"
)]
pub(crate) struct Case {
    /// The method that made the case, with its class.
    name: &'static str,
    /// The object that the case is about.
    owner: Py<PyAny>,
    value: Option<Py<PyAny>>,
    begin: Box<Begin>,
}

impl Case {
    /// Makes a case. `begin` holds no Python object, because the collector would not see it there.
    pub(crate) fn new<T: PyClass>(
        name: &'static str,
        owner: &Bound<'_, T>,
        value: Option<&Bound<'_, PyAny>>,
        begin: impl Fn(&Bound<'_, T>, Option<Object>) -> Box<dyn Operation> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            owner: owner.clone().into_any().unbind(),
            value: value.map(|value| value.clone().unbind()),
            begin: Box::new(move |owner, value| {
                let owner = owner.cast::<T>();
                begin(owner.expect("the owner is the object given above"), value)
            }),
        }
    }

    /// Begins to wait for the case.
    pub(super) fn begin(&self, py: Python<'_>) -> Box<dyn Operation> {
        let value = self.value.as_ref().map(|value| Object::new(value.bind(py)));
        (self.begin)(self.owner.bind(py), value)
    }
}

#[pymethods]
impl Case {
    fn __repr__(slf: &Bound<'_, Self>) -> New<String> {
        let (name, place) = (slf.get().name, slf.as_ptr());
        New(format!("<ft_utils.Case {name} at {place:p}>"))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        visit.call(&self.value)
    }
}

not_copyable!(Case, "the case itself, which any number of calls can use");

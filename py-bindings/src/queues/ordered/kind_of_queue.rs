//! What the LIFO queue and the priority queue have alike.

/// The methods of a class that differs from its base in the items alone.
macro_rules! kind_of_queue {
    ($class:ident, $items:expr) => {
        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0, *, shared=False)")]
            fn new(
                _args: &Bound<'_, PyTuple>,
                _kwargs: Option<&Bound<'_, PyDict>>,
            ) -> PyClassInitializer<Self> {
                PyClassInitializer::from(PyOrderedQueue::unmade()).add_subclass(Self)
            }

            #[pyo3(signature = (maxsize=None, *, shared=Truth(false)))]
            fn __init__(
                slf: &Bound<'_, Self>,
                #[pyo3(from_py_with = channel::bound)] maxsize: Option<usize>,
                shared: Truth,
            ) {
                share_if(shared, slf);
                slf.as_super().get().make($items(maxsize));
            }

            /// Return another Python object for the same queue.
            ///
            /// If each thread uses a handle of its own, the threads do not contend for one reference count.
            fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
                let base = PyClassInitializer::from(PyOrderedQueue::share(slf.as_super())?);
                Bound::new(slf.py(), base.add_subclass(Self))
            }
        }
    };
}
pub(super) use kind_of_queue;

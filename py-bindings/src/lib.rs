//! The Python module `ft_utils._native`: thin classes around the primitives of the other crates.

use pyo3::prelude::*;

mod atomic_flag;
mod atomic_int64;
mod atomic_reference;
mod blocking;
mod compound;
mod concurrent_dict;
mod concurrent_queue;
mod dict_iter;
mod error;
mod imports;
mod key;
mod nesting;
mod object;
mod value;

/// The classes of ft_utils, implemented in Rust.
#[pymodule(gil_used = false)]
mod _native {
    use super::*;

    #[pymodule_export]
    use atomic_flag::PyAtomicFlag;
    #[pymodule_export]
    use atomic_int64::PyAtomicInt64;
    #[pymodule_export]
    use atomic_reference::PyAtomicReference;
    #[pymodule_export]
    use compound::Missing;
    #[pymodule_export]
    use concurrent_dict::PyConcurrentDict;
    #[pymodule_export]
    use concurrent_queue::{PyConcurrentQueue, QueueIter};
    #[pymodule_export]
    use dict_iter::DictIter;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        module.add("MISSING", Bound::new(py, Missing)?)?;
        let imports = imports::Imports::load(py)?;
        module.add("Empty", &imports.empty)?;
        module.add("Full", &imports.full)?;
        module.add("ShutDown", &imports.shut_down)?;
        concurrent_dict::register(py)
    }
}

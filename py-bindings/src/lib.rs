//! The Python module `ft_utils._native`: thin classes around the primitives of the other crates.

use pyo3::prelude::*;

mod acquire;
mod atomic_flag;
mod atomic_int64;
mod atomic_reference;
mod awaiting;
mod batch_executor;
mod blocking;
mod compound;
mod concurrent_deque;
mod concurrent_dict;
mod concurrent_queue;
mod counting;
mod deque_iter;
mod dict_iter;
mod error;
mod failure;
mod fast;
mod gathering_iter;
mod imports;
mod interpreter;
mod interval_lock;
mod key;
mod local_wrapper;
mod made;
mod nesting;
mod object;
mod once;
mod order;
mod reentry;
mod refcount;
mod rwlock;
mod semaphore;
mod std_channel;
mod std_ordered;
mod std_queue;
mod truth;
mod value;
mod weave;

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
    use batch_executor::{BatchIter, PyBatchExecutor};
    #[pymodule_export]
    use compound::Missing;
    #[pymodule_export]
    use concurrent_deque::PyConcurrentDeque;
    #[pymodule_export]
    use concurrent_dict::PyConcurrentDict;
    #[pymodule_export]
    use concurrent_queue::{PyConcurrentQueue, QueueIter};
    #[pymodule_export]
    use deque_iter::DequeIter;
    #[pymodule_export]
    use dict_iter::DictIter;
    #[pymodule_export]
    use gathering_iter::{GatheringReader, PyGatheringIter};
    #[pymodule_export]
    use interval_lock::PyIntervalLock;
    #[pymodule_export]
    use rwlock::{PyRwLock, PyRwReadContext, PyRwWriteContext};
    #[pymodule_export]
    use semaphore::PyProcessSemaphore;
    #[pymodule_export]
    use std_ordered::{OrderedIter, PyOrderedQueue, PyStdLifoQueue, PyStdPriorityQueue};
    #[pymodule_export]
    use std_queue::PyStdQueue;
    #[pymodule_export]
    use weave::{
        register_native_destructor, registered_native_destructors, run_native_destructors,
        unregister_native_destructor,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        interpreter::claim(py)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("MISSING", Bound::new(py, Missing)?)?;
        let imports = imports::Imports::load(py)?;
        ft_compat::prepare(py)?;
        module.add("Empty", &imports.empty)?;
        module.add("Full", &imports.full)?;
        module.add("ShutDown", &imports.shut_down)?;
        module.add("QueueFailed", &imports.queue_failed)?;
        module.add("EmptyDequeError", &imports.empty_deque)?;
        module.add("WEAVE_C_API", weave::c_api(py)?)?;
        concurrent_deque::register(py)?;
        concurrent_dict::register(py)?;
        speed_up(py)?;
        // Last: it looks for classes that have handles.
        local_wrapper::register(module)
    }
}

/// Puts the faster entries before methods.
fn speed_up(py: Python<'_>) -> PyResult<()> {
    atomic_flag::speed_up(py)?;
    atomic_int64::speed_up(py)?;
    atomic_reference::speed_up(py)?;
    batch_executor::speed_up(py)?;
    concurrent_deque::speed_up(py)?;
    concurrent_dict::speed_up(py)?;
    concurrent_queue::queue::speed_up(py)?;
    concurrent_queue::iter::speed_up(py)?;
    gathering_iter::source::speed_up(py)?;
    gathering_iter::reader::speed_up(py)?;
    interval_lock::speed_up(py)?;
    rwlock::lock::speed_up(py)?;
    rwlock::read_context::speed_up(py)?;
    rwlock::write_context::speed_up(py)?;
    std_queue::speed_up(py)
}

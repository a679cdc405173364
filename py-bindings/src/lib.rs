//! The Python module `ft_utils._native`: thin classes around the primitives of the other crates.
//!
//! Each room (folder) is a family of classes. A family may use `runtime`, but no other family. The
//! exception is `local_wrapper`: several families use it to return an object in a `LocalWrapper`.

use pyo3::prelude::*;

mod atomics;
mod deque;
mod dict;
mod flow;
mod local_wrapper;
mod locks;
mod queues;
mod runtime;
mod weave;

/// The classes of ft_utils, implemented in Rust.
#[pymodule(gil_used = false)]
mod _native {
    use super::*;

    #[pymodule_export]
    use atomics::{flag::PyAtomicFlag, int64::class::PyAtomicInt64, reference::PyAtomicReference};
    #[pymodule_export]
    use deque::{class::PyConcurrentDeque, iter::DequeIter};
    #[pymodule_export]
    use dict::{class::PyConcurrentDict, iter::DictIter, missing::Missing};
    #[pymodule_export]
    use flow::{
        batch_executor::{BatchIter, PyBatchExecutor},
        gathering_iter::{class::PyGatheringIter, reader::GatheringReader},
    };
    #[pymodule_export]
    use locks::{
        interval_lock::PyIntervalLock,
        rwlock::{
            class::PyRwLock,
            context::{PyRwReadContext, PyRwWriteContext},
        },
        semaphore::PyProcessSemaphore,
    };
    #[pymodule_export]
    use queues::{
        fifo::{class::PyConcurrentQueue, iter::QueueIter, std::PyStdQueue},
        ordered::{
            class::PyOrderedQueue, iter::OrderedIter, lifo::PyStdLifoQueue,
            priority::PyStdPriorityQueue,
        },
    };
    #[pymodule_export]
    use runtime::deferral::share;
    #[pymodule_export]
    use weave::{
        register_native_destructor, registered_native_destructors, run_native_destructors,
        unregister_native_destructor,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        runtime::interpreter::claim(py)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("MISSING", Bound::new(py, Missing)?)?;
        let imports = runtime::imports::Imports::load(py)?;
        ft_compat::prepare(py)?;
        module.add("Empty", &imports.empty)?;
        module.add("Full", &imports.full)?;
        module.add("ShutDown", &imports.shut_down)?;
        module.add("QueueFailed", &imports.queue_failed)?;
        module.add("EmptyDequeError", &imports.empty_deque)?;
        module.add("WEAVE_C_API", weave::c_api(py)?)?;
        deque::class::register(py)?;
        dict::construct::register(py)?;
        atomics::defer(py);
        locks::defer(py);
        atomics::speed_up(py)?;
        deque::fast::speed_up(py)?;
        dict::fast::speed_up(py)?;
        dict::iter::speed_up(py)?;
        flow::speed_up(py)?;
        locks::speed_up(py)?;
        queues::fifo::fast::speed_up(py)?;
        // This comes last, because it looks for classes that have handles.
        local_wrapper::register(module)
    }
}

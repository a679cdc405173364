//! The Python module `ft_utils._native`: thin classes around the primitives of the other crates.
//!
//! Each room (folder) is a family of classes. A family may use `runtime`, but no other family. The
//! exception is `local_wrapper`: several families use it to return an object in a `LocalWrapper`.

use pyo3::prelude::*;

mod atomics;
mod cache;
mod coordination;
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
    use atomics::{
        flag::PyAtomicFlag, int64::class::PyAtomicInt64, reference::PyAtomicReference,
        striped::PyStripedCounter,
    };
    #[pymodule_export]
    use cache::{
        class::PyConcurrentCache, function::CachedFunction, iter::CacheIter, method::CachedMethod,
    };
    #[pymodule_export]
    use coordination::{
        barrier::PyBarrier,
        event::{PyEvent, is_stopped_by, stop_waits_on},
        latch::PyLatch,
        once::PyOnce,
        rate_limiter::{PyManualClock, PyRateLimiter},
    };
    #[pymodule_export]
    use deque::{class::PyConcurrentDeque, iter::DequeIter};
    #[pymodule_export]
    use dict::{
        class::PyConcurrentDict,
        iter::DictIter,
        missing::Missing,
        set::{class::PyConcurrentSet, iter::SetIter},
    };
    #[pymodule_export]
    use flow::{
        batch_executor::{BatchIter, PyBatchExecutor},
        executor::{class::PyExecutor, future::class::PyFuture},
        gathering_iter::{class::PyGatheringIter, reader::GatheringReader},
    };
    #[pymodule_export]
    use locks::{
        condition::PyCondition,
        interval_lock::class::PyIntervalLock,
        lock::PyLock,
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
    use runtime::choosing::{Case, select, select_async};
    #[pymodule_export]
    use runtime::deferral::{is_shared, share};
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
        module.add("Stopped", &imports.stopped)?;
        module.add("EmptyDequeError", &imports.empty_deque)?;
        module.add("WEAVE_C_API", weave::c_api(py)?)?;
        cache::class::register(py)?;
        deque::class::register(py)?;
        dict::construct::register(py)?;
        dict::set::class::register(py)?;
        atomics::defer(py);
        coordination::defer(py);
        locks::defer(py);
        atomics::reference::take_shared(py);
        dict::construct::take_shared(py);
        dict::set::class::take_shared(py);
        atomics::speed_up(py)?;
        cache::fast::speed_up(py)?;
        cache::packed::take_any_arguments(py)?;
        cache::fast::use_vectorcall(py)?;
        coordination::speed_up(py)?;
        deque::fast::speed_up(py)?;
        dict::fast::speed_up(py)?;
        dict::iter::speed_up(py)?;
        dict::set::fast::speed_up(py)?;
        dict::set::iter::speed_up(py)?;
        flow::speed_up(py)?;
        locks::speed_up(py)?;
        queues::fifo::fast::speed_up(py)?;
        // This comes last, because it looks for classes that have handles.
        local_wrapper::register(module)
    }
}

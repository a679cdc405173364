//! `WorkStealingExecutor`: its jobs, its workers, and the waits of a worker, which runs other jobs
//! meanwhile. What needs no speed is in `python/ft_utils/_flow/executor.py`.

pub(crate) mod call;
pub(crate) mod class;
pub(crate) mod future;
pub(crate) mod phase;
pub(crate) mod workers;

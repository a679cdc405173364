//! The targets: a file for each primitive, with the same name as its models.

mod atomic_flag;
mod atomic_int;
mod atomic_reference;
mod barrier;
mod batch_executor;
mod concurrent_cache;
mod concurrent_deque;
mod concurrent_dict;
mod concurrent_queue;
mod concurrent_stack;
#[cfg(not(ft_shuttle))]
mod event;
mod gathering_iter;
mod interval_lock;
mod latch;
mod once;
mod priority_queue;
mod rate_limiter;
mod rwlock;
mod select;
mod semaphore;
mod task_tracker;
#[cfg(not(ft_shuttle))]
mod weave;
mod work_stealing;

use crate::{Limits, Outcome, Target, run};

/// A target, whatever its type.
pub struct Entry {
    /// The name of the target.
    pub name: &'static str,
    /// Whether the target is broken, and has to be found out.
    pub broken: bool,
    /// Runs it.
    pub run: fn(Limits, &mut dyn FnMut(u64)) -> Outcome,
}

const fn entry<T: Target>() -> Entry {
    Entry {
        name: T::NAME,
        broken: T::BROKEN,
        run: |limits, begin| run::<T>(limits, begin),
    }
}

/// All targets, each followed by its broken relatives. Some of these can be found out only with several threads, and
/// some only with one.
#[rustfmt::skip]
pub const ALL: &[Entry] = &[
    entry::<atomic_flag::Flag>(),
    #[cfg(ft_shuttle)] entry::<atomic_flag::Flag<1>>(),
    entry::<atomic_flag::Flag<2>>(),
    entry::<atomic_int::Int>(),
    entry::<atomic_int::Int<1>>(),
    #[cfg(ft_shuttle)] entry::<atomic_int::Int<2>>(),
    entry::<atomic_reference::Reference>(),
    entry::<atomic_reference::Reference<1>>(),
    entry::<atomic_reference::Reference<2>>(),
    entry::<barrier::Gate>(),
    entry::<barrier::Gate<1>>(),
    entry::<barrier::Gate<2>>(),
    entry::<batch_executor::Batches>(),
    entry::<batch_executor::Batches<1>>(),
    entry::<batch_executor::Batches<2>>(),
    entry::<concurrent_cache::Cache>(),
    #[cfg(not(ft_shuttle))] entry::<concurrent_cache::Cache<1>>(),
    #[cfg(not(ft_shuttle))] entry::<concurrent_cache::Cache<3>>(),
    #[cfg(ft_shuttle)] entry::<concurrent_cache::Cache<2>>(),
    entry::<concurrent_deque::Deque>(),
    #[cfg(not(ft_shuttle))] entry::<concurrent_deque::Deque<1>>(),
    #[cfg(ft_shuttle)] entry::<concurrent_deque::Deque<2>>(),
    entry::<concurrent_dict::Dict>(),
    entry::<concurrent_dict::Dict<1>>(),
    #[cfg(ft_shuttle)] entry::<concurrent_dict::Dict<2>>(),
    entry::<concurrent_queue::Queue>(),
    #[cfg(not(ft_shuttle))] entry::<concurrent_queue::Queue<1>>(),
    entry::<concurrent_queue::Queue<2>>(),
    #[cfg(ft_shuttle)] entry::<concurrent_queue::Queue<3>>(),
    entry::<concurrent_stack::Stack>(),
    entry::<concurrent_stack::Stack<1>>(),
    #[cfg(ft_shuttle)] entry::<concurrent_stack::Stack<2>>(),
    #[cfg(not(ft_shuttle))] entry::<event::Events>(),
    #[cfg(not(ft_shuttle))] entry::<event::Events<1>>(),
    entry::<gathering_iter::Gathering>(),
    #[cfg(not(ft_shuttle))] entry::<gathering_iter::Gathering<1>>(),
    entry::<gathering_iter::Gathering<2>>(),
    entry::<interval_lock::Lock>(),
    #[cfg(ft_shuttle)] entry::<interval_lock::Lock<1>>(),
    entry::<interval_lock::Lock<2>>(),
    entry::<latch::Gate>(),
    entry::<latch::Gate<1>>(),
    #[cfg(not(ft_shuttle))] entry::<latch::Gate<2>>(),
    entry::<once::Value>(),
    entry::<once::Value<1>>(),
    entry::<once::Value<2>>(),
    entry::<priority_queue::Queue>(),
    entry::<priority_queue::Queue<1>>(),
    entry::<priority_queue::Queue<2>>(),
    entry::<rate_limiter::Limiter>(),
    entry::<rate_limiter::Limiter<1>>(),
    #[cfg(ft_shuttle)] entry::<rate_limiter::Limiter<2>>(),
    entry::<rwlock::Lock>(),
    #[cfg(ft_shuttle)] entry::<rwlock::Lock<1>>(),
    #[cfg(ft_shuttle)] entry::<rwlock::Lock<2>>(),
    entry::<select::Pair>(),
    entry::<select::Pair<1>>(),
    #[cfg(not(ft_shuttle))] entry::<select::Pair<2>>(),
    entry::<semaphore::Permits>(),
    entry::<semaphore::Permits<1>>(),
    #[cfg(ft_shuttle)] entry::<semaphore::Permits<2>>(),
    entry::<task_tracker::Tasks>(),
    #[cfg(ft_shuttle)] entry::<task_tracker::Tasks<1>>(),
    #[cfg(not(ft_shuttle))] entry::<weave::Weave>(),
    #[cfg(not(ft_shuttle))] entry::<weave::Weave<1>>(),
    entry::<work_stealing::Workers>(),
    entry::<work_stealing::Workers<1>>(),
    #[cfg(not(ft_shuttle))] entry::<work_stealing::Workers<2>>(),
    entry::<work_stealing::Workers<3>>(),
];

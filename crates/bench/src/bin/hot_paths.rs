//! The hot paths of the core crates, one after the other, for `cargo xtask instructions`, which
//! runs this under callgrind and reads from its profile what each function has cost.
//!
//! `hot_paths` prints how often each function does its operation. All is on one thread and nothing
//! is contended, so that the counts are the same each time.

use ft_atomic_int::{AtomicFlag, AtomicInt64, Overflow};
use ft_atomic_reference::AtomicReference;
use ft_batch_executor::BatchExecutor;
use ft_concurrent_deque::ConcurrentDeque;
use ft_concurrent_dict::ConcurrentDict;
use ft_concurrent_queue::{ConcurrentQueue, ConcurrentStack, Natural, PriorityQueue};
use ft_gathering_iter::GatheringIter;
use ft_interval_lock::RawIntervalLock;
use ft_rwlock::{OwnedRwLock, RwLock};
use ft_semaphore::Semaphore;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::VecDeque,
    convert::Infallible,
    hash::{BuildHasherDefault, DefaultHasher},
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicPtr, Ordering::Relaxed},
    },
    time::Duration,
};

/// How often each function does its operation: as often as there are slots in some segments of a queue, so
/// that the segments' share is the same in each operation.
const COUNT: usize = 640;
/// How often it does so before that, uncounted: for what happens only the first time, and until as much
/// memory is freed as is allocated.
const WARM_UP: usize = 20 * COUNT;

/// The cost of an allocation depends on the C library and its version. So blocks of a size that a queue frees
/// and allocates again are kept here, at a fixed cost.
struct Kept;

#[global_allocator]
static ALLOCATOR: Kept = Kept;

/// Heads of lists of free blocks, by the power of two that they are rounded up to.
static FREE: [AtomicPtr<u8>; 32] = [const { AtomicPtr::new(std::ptr::null_mut()) }; 32];

/// The list for this layout, and the layout of all blocks in the list. `None` if the layout is too large.
fn class(layout: Layout) -> Option<(&'static AtomicPtr<u8>, Layout)> {
    let size = layout
        .size()
        .max(layout.align())
        .max(16)
        .next_power_of_two();
    let list = FREE.get(size.trailing_zeros() as usize)?;
    // A block that is aligned to its size suits every layout that is rounded up to it.
    Some((list, Layout::from_size_align(size, size.min(4096)).ok()?))
}

// SAFETY: a block comes from `System` with the size and alignment of its class, which are at least
// those of the layout, and is in one list or with one caller. This program has one thread, so the
// lists need no more care than that.
unsafe impl GlobalAlloc for Kept {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((list, layout)) = class(layout) else {
            // SAFETY: the caller promises it.
            return unsafe { System.alloc(layout) };
        };
        // Relaxed, here and below: there is one thread.
        let first = list.load(Relaxed);
        if first.is_null() {
            // SAFETY: the size is not 0.
            return unsafe { System.alloc(layout) };
        }
        // SAFETY: a block in the list begins with the address of the next.
        list.store(unsafe { first.cast::<*mut u8>().read() }, Relaxed);
        first
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((list, _)) = class(layout) else {
            // SAFETY: the caller promises it, and the block came from there.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: the block is ours now, and large enough for an address.
        unsafe { block.cast::<*mut u8>().write(list.load(Relaxed)) };
        list.store(block, Relaxed);
    }
}

/// Makes the function of each path from what the path works on, and one operation.
macro_rules! paths {
    ($($name:ident: $subject:ident = $make:expr => $operation:expr;)+) => {
        /// Each path is compiled as one function, by whose name its cost is found.
        mod path {
            use super::*;
            $(
                #[inline(never)]
                pub(crate) fn $name(mut operation: impl FnMut()) {
                    // Without this, paths with the same code would become one function.
                    black_box(stringify!($name));
                    for _ in 0..COUNT {
                        operation();
                    }
                }
            )+
        }

        fn main() {
            $(
                {
                    let $subject = $make;
                    let $subject = black_box(&$subject);
                    #[allow(unused_mut, reason = "not all of them change what they capture")]
                    let mut operation = || {
                        let _ = black_box($operation);
                    };
                    for _ in 0..WARM_UP {
                        operation();
                    }
                    path::$name(operation);
                    println!("{} {COUNT}", stringify!($name));
                }
            )+
        }
    };
}

/// The standard hasher has a random key, and its cost depends on the key.
type Hasher = BuildHasherDefault<DefaultHasher>;
type Dict = ConcurrentDict<usize, usize, Hasher>;

/// A few items, because their size does not matter.
fn dict() -> Dict {
    let dict = Dict::with_shards_and_hasher(16, Hasher::default());
    for key in 0..8 {
        dict.insert(key, key);
    }
    dict
}

fn int(overflow: Overflow) -> AtomicInt64 {
    AtomicInt64::new(0, overflow)
}

paths! {
    int_load: int = int(Overflow::Wrap) => int.load();
    int_add_wrapping: int = int(Overflow::Wrap) => int.fetch_add(1);
    int_add_checked: int = int(Overflow::Error) => int.fetch_add(1);
    int_compare_exchange: int = int(Overflow::Error) => int.compare_exchange(0, 0);
    flag_load: flag = AtomicFlag::new(false) => flag.load();
    flag_set_and_clear: flag = AtomicFlag::new(false) => {
        flag.test_and_set();
        flag.clear();
    };
    reference_look: reference = AtomicReference::new(Arc::new(1)) => reference.with(|one| **one);
    reference_load: reference = AtomicReference::new(Arc::new(1)) => reference.load();
    reference_store: reference = AtomicReference::new(Arc::new(1)) => {
        reference.store(reference.load());
    };
    queue_push_and_pop: queue = ConcurrentQueue::unbounded() => {
        let _ = queue.try_push(1_usize);
        queue.try_pop()
    };
    queue_push_and_pop_bounded: queue = ConcurrentQueue::bounded(1024) => {
        let _ = queue.try_push(1_usize);
        queue.try_pop()
    };
    queue_pop_nothing: queue = ConcurrentQueue::<usize>::unbounded() => queue.try_pop();
    queue_batch_of_64: queue = ConcurrentQueue::unbounded() => {
        let mut items: VecDeque<usize> = (0..64).collect();
        let mut out = Vec::with_capacity(64);
        let _ = queue.try_push_many(&mut items);
        let _ = queue.try_pop_many(64, &mut out);
        out
    };
    stack_push_and_pop: stack = ConcurrentStack::unbounded() => {
        let _ = stack.try_push(1_usize);
        stack.try_pop()
    };
    priority_push_and_pop: queue = PriorityQueue::unbounded() => {
        let _ = queue.try_push(1_usize, &Natural);
        queue.try_pop(&Natural)
    };
    deque_push_and_pop: deque = ConcurrentDeque::new() => {
        deque.push_back(1_usize);
        deque.pop_front()
    };
    dict_get: dict = dict() => dict.get(black_box(&7));
    dict_get_missing: dict = dict() => dict.get(black_box(&99));
    dict_overwrite: dict = dict() => dict.insert(black_box(7), 7);
    dict_remove_and_insert: dict = dict() => {
        dict.remove(black_box(&7));
        dict.insert(black_box(7), 7)
    };
    gathering_insert_and_read: all = {
        let all: GatheringIter<u64> = GatheringIter::new();
        let reader = all.drain(u64::MAX);
        (all, reader, AtomicInt64::new(0, Overflow::Wrap))
    } => {
        let (all, reader, next) = all;
        let key = next.fetch_add(1).unwrap_or_default() as u64;
        let _ = all.insert(key, key);
        reader.try_next()
    };
    batch_load: batch = {
        let mut last = 0_usize;
        BatchExecutor::new(64, move || {
            last += 1;
            Ok::<_, Infallible>(last)
        })
    } => batch.load();
    rwlock_read: lock = RwLock::new(1) => *lock.read();
    rwlock_write: lock = RwLock::new(1) => *lock.write() += 1;
    owned_rwlock_read: lock = OwnedRwLock::new() => {
        let _ = lock.read();
        lock.unlock_read()
    };
    owned_rwlock_write: lock = OwnedRwLock::new() => {
        let _ = lock.write();
        lock.unlock_write()
    };
    interval_lock_poll: lock = {
        let lock = RawIntervalLock::new(Duration::from_millis(5));
        let _ = lock.lock();
        lock
    } => lock.poll();
    semaphore_acquire_and_release: semaphore = Semaphore::new(2) => drop(semaphore.acquire());
}

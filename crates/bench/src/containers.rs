//! The deque, the gathering iterator and the batch executor, beside what one writes with a lock.

use crate::cell::{Cell, Library, Run, THREADS, libraries, on_threads};
use ft_batch_executor::BatchExecutor;
use ft_concurrent_deque::ConcurrentDeque;
use ft_gathering_iter::GatheringIter;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    convert::Infallible,
    hint::black_box,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

trait Deque: Sync {
    fn push_back(&self, item: usize);
    fn pop_front(&self) -> Option<usize>;
}

impl Deque for ConcurrentDeque<usize> {
    fn push_back(&self, item: usize) {
        self.push_back(item);
    }

    fn pop_front(&self) -> Option<usize> {
        self.pop_front()
    }
}

impl Deque for Mutex<VecDeque<usize>> {
    fn push_back(&self, item: usize) {
        locked(self).push_back(item);
    }

    fn pop_front(&self) -> Option<usize> {
        locked(self).pop_front()
    }
}

impl Deque for parking_lot::Mutex<VecDeque<usize>> {
    fn push_back(&self, item: usize) {
        self.lock().push_back(item);
    }

    fn pop_front(&self) -> Option<usize> {
        self.lock().pop_front()
    }
}

fn push_and_pop<D: Deque>(deque: &D, threads: usize, operations: usize) -> Run {
    on_threads(threads, |_| {
        for item in 0..operations {
            deque.push_back(item);
            black_box(deque.pop_front());
        }
    })
}

fn deque_cells() -> impl Iterator<Item = Cell> {
    THREADS.into_iter().map(|threads| Cell {
        primitive: "deque",
        work: "push at the back, pop at the front",
        threads,
        libraries: libraries! {
            move |deque: &_, operations| push_and_pop(deque, threads, operations);
            "ours" => ConcurrentDeque::new,
            "std Mutex" => || Mutex::new(VecDeque::new()),
            "parking_lot Mutex" => || parking_lot::Mutex::new(VecDeque::new()),
        },
    })
}

/// Takes numbered values in any order, and returns them in the order of their numbers.
trait Gather: Sync {
    /// Makes one that will gather that many values.
    fn new(count: u64) -> Self;
    fn insert(&self, key: u64, value: u64);
    /// Reads all values as they come, on one thread only, and returns their sum.
    fn drain(&self, count: u64) -> u64;
}

impl Gather for GatheringIter<u64> {
    fn new(_: u64) -> Self {
        Self::new()
    }

    fn insert(&self, key: u64, value: u64) {
        self.insert(key, value).expect("open");
    }

    fn drain(&self, count: u64) -> u64 {
        let values = self.drain(count);
        values.map(|value| value.expect("cannot fail")).sum()
    }
}

/// A collection behind a lock. Each value that is inserted wakes the reader, if it waits.
#[derive(Default)]
struct Ordered<C> {
    state: Mutex<C>,
    inserted: Condvar,
}

impl Gather for Ordered<BTreeMap<u64, u64>> {
    fn new(_: u64) -> Self {
        Self::default()
    }

    fn insert(&self, key: u64, value: u64) {
        locked(&self.state).insert(key, value);
        self.inserted.notify_one();
    }

    fn drain(&self, count: u64) -> u64 {
        let mut sum = 0;
        for key in 0..count {
            let missing = |values: &mut BTreeMap<_, _>| !values.contains_key(&key);
            let values = self.inserted.wait_while(locked(&self.state), missing);
            sum += (values.unwrap_or_else(PoisonError::into_inner))
                .remove(&key)
                .expect("waited for");
        }
        sum
    }
}

impl Gather for Ordered<BinaryHeap<Reverse<(u64, u64)>>> {
    fn new(_: u64) -> Self {
        Self::default()
    }

    fn insert(&self, key: u64, value: u64) {
        locked(&self.state).push(Reverse((key, value)));
        self.inserted.notify_one();
    }

    fn drain(&self, count: u64) -> u64 {
        let mut sum = 0;
        for key in 0..count {
            let missing = |values: &mut BinaryHeap<Reverse<(u64, _)>>| {
                values
                    .peek()
                    .is_none_or(|Reverse((first, _))| *first != key)
            };
            let values = self.inserted.wait_while(locked(&self.state), missing);
            let mut values = values.unwrap_or_else(PoisonError::into_inner);
            let Reverse((_, value)) = values.pop().expect("waited for");
            sum += value;
        }
        sum
    }
}

/// One thread inserts all values and then reads them, or one thread reads while the others insert.
fn gather<G: Gather>(threads: usize, operations: usize) -> Run {
    let count = (operations * threads) as u64;
    let gatherer = G::new(count);
    let insert = |from: usize, step: usize| {
        for key in (from as u64..count).step_by(step) {
            gatherer.insert(key, key);
        }
    };
    on_threads(threads, |index| {
        if threads == 1 {
            insert(0, 1);
        } else if index > 0 {
            return insert(index - 1, threads - 1);
        }
        black_box(gatherer.drain(count));
    })
}

fn gathering_cells() -> impl Iterator<Item = Cell> {
    THREADS.into_iter().map(|threads| {
        macro_rules! library {
            ($name:literal, $gather:ty) => {
                Library::new(
                    $name,
                    || (),
                    move |(), operations| gather::<$gather>(threads, operations),
                )
            };
        }
        Cell {
            primitive: "gathering iterator",
            work: "insert and read",
            threads,
            libraries: vec![
                library!("ours", GatheringIter<u64>),
                library!("Mutex of a BTreeMap", Ordered<BTreeMap<u64, u64>>),
                library!(
                    "Mutex of a BinaryHeap",
                    Ordered<BinaryHeap<Reverse<(u64, u64)>>>
                ),
            ],
        }
    })
}

/// Hands out values from one source, a batch at a time.
const BATCH: usize = 64;

/// The same, written by hand with a lock.
#[derive(Default)]
struct Refilled {
    values: VecDeque<usize>,
    last: usize,
}

impl Refilled {
    fn load(&mut self) -> usize {
        if self.values.is_empty() {
            self.values.extend(self.last..self.last + BATCH);
            self.last += BATCH;
        }
        self.values.pop_front().expect("filled")
    }
}

fn batch_cells() -> impl Iterator<Item = Cell> {
    type Source = Box<dyn FnMut() -> Result<usize, Infallible> + Send>;

    fn make() -> BatchExecutor<usize, Source> {
        let mut last = 0;
        let source = move || {
            last += 1;
            Ok(last)
        };
        BatchExecutor::new(BATCH, Box::new(source))
    }
    fn each(threads: usize, operations: usize, load: impl Fn() -> usize + Sync) -> Run {
        on_threads(threads, |_| {
            for _ in 0..operations {
                black_box(load());
            }
        })
    }
    THREADS.into_iter().map(|threads| Cell {
        primitive: "batch executor",
        work: "load",
        threads,
        libraries: vec![
            Library::new("ours", make, move |batch, operations| {
                each(threads, operations, || batch.load().expect("cannot fail"))
            }),
            Library::new(
                "std Mutex",
                Mutex::<Refilled>::default,
                move |batch, operations| each(threads, operations, || locked(batch).load()),
            ),
            Library::new(
                "parking_lot Mutex",
                parking_lot::Mutex::<Refilled>::default,
                move |batch, operations| each(threads, operations, || batch.lock().load()),
            ),
        ],
    })
}

pub(crate) fn cells() -> Vec<Cell> {
    deque_cells()
        .chain(gathering_cells())
        .chain(batch_cells())
        .collect()
}

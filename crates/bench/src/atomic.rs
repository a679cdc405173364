//! The atomics, beside `arc-swap` and the machine's own.

use crate::cell::{Cell, Library, Numbers, Run, THREADS, libraries, on_threads};
use arc_swap::ArcSwap;
use ft_atomic_int::{AtomicFlag, AtomicInt64, Overflow};
use ft_atomic_reference::AtomicReference;
use std::{
    hint::black_box,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
    },
};

/// Lets each thread call `work` on what they share.
fn each<S: Sync>(shared: &S, threads: usize, operations: usize, work: impl Fn(&S) + Sync) -> Run {
    on_threads(threads, |_| (0..operations).for_each(|_| work(shared)))
}

macro_rules! cells {
    ($cells:ident, $primitive:literal, $($name:literal => {
        $($library:literal => $make:expr, $work:expr;)+
    })+) => {
        $(for threads in THREADS {
            $cells.push(Cell {
                primitive: $primitive,
                work: $name,
                threads,
                libraries: vec![$(Library::new($library, || $make, move |shared, operations| {
                    each(shared, threads, operations, $work)
                })),+],
            });
        })+
    };
}

fn wrapping() -> AtomicInt64 {
    AtomicInt64::new(0, Overflow::Wrap)
}

fn checked() -> AtomicInt64 {
    AtomicInt64::new(0, Overflow::Error)
}

trait Reference: Sync {
    /// Looks at the object in its place.
    fn look(&self) -> u64;
    /// Makes a reference to it.
    fn load(&self) -> Arc<u64>;
    fn store(&self, value: Arc<u64>);
}

impl Reference for AtomicReference<Arc<u64>> {
    fn look(&self) -> u64 {
        self.with(|value| **value)
    }

    fn load(&self) -> Arc<u64> {
        self.load()
    }

    fn store(&self, value: Arc<u64>) {
        self.store(value);
    }
}

impl Reference for ArcSwap<u64> {
    fn look(&self) -> u64 {
        **self.load()
    }

    fn load(&self) -> Arc<u64> {
        self.load_full()
    }

    fn store(&self, value: Arc<u64>) {
        self.store(value);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reference for Mutex<Arc<u64>> {
    fn look(&self) -> u64 {
        **locked(self)
    }

    fn load(&self) -> Arc<u64> {
        Arc::clone(&locked(self))
    }

    fn store(&self, value: Arc<u64>) {
        let before = std::mem::replace(&mut *locked(self), value);
        drop(before);
    }
}

type Step<R> = fn(&R, &mut Numbers, &Arc<u64>);

fn reference_cells(cells: &mut Vec<Cell>) {
    fn look<R: Reference>(reference: &R, _: &mut Numbers, _: &Arc<u64>) {
        black_box(reference.look());
    }
    fn load<R: Reference>(reference: &R, _: &mut Numbers, _: &Arc<u64>) {
        black_box(reference.load());
    }
    fn store<R: Reference>(reference: &R, _: &mut Numbers, other: &Arc<u64>) {
        reference.store(Arc::clone(other));
    }
    fn mixed<R: Reference>(reference: &R, numbers: &mut Numbers, other: &Arc<u64>) {
        if numbers.once_in(10) {
            store(reference, numbers, other);
        } else {
            look(reference, numbers, other);
        }
    }
    fn run<R: Reference>(reference: &R, threads: usize, operations: usize, step: Step<R>) -> Run {
        on_threads(threads, |index| {
            let mut numbers = Numbers::new(index);
            let own = Arc::new(index as u64);
            for _ in 0..operations {
                step(reference, &mut numbers, &own);
            }
        })
    }
    macro_rules! push {
        ($($name:literal => $step:ident,)+) => {
            $(for threads in THREADS {
                cells.push(Cell {
                    primitive: "reference",
                    work: $name,
                    threads,
                    libraries: libraries! {
                        move |reference: &_, operations| run(reference, threads, operations, $step);
                        "ours" => || AtomicReference::new(Arc::new(0_u64)),
                        "arc-swap" => || ArcSwap::new(Arc::new(0_u64)),
                        "std Mutex" => || Mutex::new(Arc::new(0_u64)),
                    },
                });
            })+
        };
    }
    push! {
        "look" => look,
        "load" => load,
        "store" => store,
        "one store in ten" => mixed,
    }
}

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    cells! { cells, "int",
        "load" => {
            "ours" => wrapping(), |int: &AtomicInt64| { black_box(int.load()); };
            "raw atomic" => AtomicI64::new(0), |int: &AtomicI64| { black_box(int.load(SeqCst)); };
        }
        "add, wrapping" => {
            "ours" => wrapping(), |int: &AtomicInt64| { let _ = black_box(int.fetch_add(1)); };
            "raw atomic" => AtomicI64::new(0), |int: &AtomicI64| {
                black_box(int.fetch_add(1, SeqCst));
            };
        }
        "add, checked" => {
            "ours" => checked(), |int: &AtomicInt64| { let _ = black_box(int.fetch_add(1)); };
            "raw atomic" => AtomicI64::new(0), |int: &AtomicI64| {
                let add = |value: i64| value.checked_add(1);
                let _ = black_box(int.fetch_update(SeqCst, SeqCst, add));
            };
        }
    }
    cells! { cells, "flag",
        "load" => {
            "ours" => AtomicFlag::new(true), |flag: &AtomicFlag| { black_box(flag.load()); };
            "raw atomic" => AtomicBool::new(true), |flag: &AtomicBool| {
                black_box(flag.load(SeqCst));
            };
        }
        "set and clear" => {
            "ours" => AtomicFlag::new(false), |flag: &AtomicFlag| {
                black_box(flag.test_and_set());
                flag.clear();
            };
            "raw atomic" => AtomicBool::new(false), |flag: &AtomicBool| {
                black_box(flag.swap(true, SeqCst));
                flag.store(false, SeqCst);
            };
        }
    }
    reference_cells(&mut cells);
    cells
}

//! The locks, beside those of `parking_lot` and the standard library.

use crate::cell::{Cell, Numbers, Run, THREADS, libraries, on_threads};
use ft_interval_lock::IntervalLock;
use ft_semaphore::Semaphore;
use std::{
    hint::black_box,
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

trait ReadWrite: Sync {
    fn read(&self) -> u64;
    fn write(&self);
}

macro_rules! read_write {
    ($lock:ty, $guard:ident => $value:expr) => {
        impl ReadWrite for $lock {
            fn read(&self) -> u64 {
                let $guard = self.read();
                *$value
            }

            fn write(&self) {
                let $guard = self.write();
                let mut guard = $value;
                *guard += 1;
            }
        }
    };
}

read_write!(ft_rwlock::RwLock<u64>, guard => guard);
read_write!(parking_lot::RwLock<u64>, guard => guard);
read_write!(std::sync::RwLock<u64>, guard => guard.unwrap_or_else(PoisonError::into_inner));

/// Writes once in `every` operations, and reads in the others. With 0 it never writes.
fn read_or_write<L: ReadWrite>(lock: &L, threads: usize, every: u64, operations: usize) -> Run {
    on_threads(threads, |index| {
        let mut numbers = Numbers::new(index);
        for _ in 0..operations {
            if every > 0 && (every == 1 || numbers.once_in(every)) {
                lock.write();
            } else {
                black_box(lock.read());
            }
        }
    })
}

fn rwlock_cells() -> impl Iterator<Item = Cell> {
    let mixes = [
        ("read", 0),
        ("write", 1),
        ("one write in a hundred", 100),
        ("one write in ten", 10),
        ("one write in two", 2),
    ];
    mixes.into_iter().flat_map(|(work, every)| {
        THREADS.map(|threads| Cell {
            primitive: "rwlock",
            work,
            threads,
            libraries: libraries! {
                move |lock: &_, operations| read_or_write(lock, threads, every, operations);
                "ours" => || ft_rwlock::RwLock::new(0_u64),
                "parking_lot" => || parking_lot::RwLock::new(0_u64),
                "std" => || std::sync::RwLock::new(0_u64),
            },
        })
    })
}

trait Exclusive: Sync {
    fn hold(&self);
}

impl Exclusive for IntervalLock<u64> {
    fn hold(&self) {
        *self.lock() += 1;
    }
}

impl Exclusive for parking_lot::Mutex<u64> {
    fn hold(&self) {
        *self.lock() += 1;
    }
}

impl Exclusive for parking_lot::FairMutex<u64> {
    fn hold(&self) {
        *self.lock() += 1;
    }
}

impl Exclusive for Semaphore {
    fn hold(&self) {
        drop(black_box(self.acquire()));
    }
}

/// A semaphore written by hand, for libraries that have none.
struct Counted {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Exclusive for Counted {
    fn hold(&self) {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.freed.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}

fn counted(permits: usize) -> Counted {
    Counted {
        free: Mutex::new(permits),
        freed: Condvar::new(),
    }
}

fn hold<L: Exclusive>(lock: &L, threads: usize, operations: usize) -> Run {
    on_threads(threads, |_| (0..operations).for_each(|_| lock.hold()))
}

const INTERVAL: Duration = Duration::from_millis(5);

fn exclusive_cells() -> impl Iterator<Item = Cell> {
    let interval = THREADS.map(|threads| Cell {
        primitive: "interval lock",
        work: "lock and unlock",
        threads,
        libraries: libraries! {
            move |lock: &_, operations| hold(lock, threads, operations);
            "ours" => || IntervalLock::new(INTERVAL, 0_u64),
            "parking_lot FairMutex" => || parking_lot::FairMutex::new(0_u64),
            "parking_lot Mutex" => || parking_lot::Mutex::new(0_u64),
        },
    });
    let semaphore = [(1, "1 permit"), (8, "8 permits")].map(|(permits, work)| {
        THREADS.map(|threads| Cell {
            primitive: "semaphore",
            work,
            threads,
            libraries: libraries! {
                move |lock: &_, operations| hold(lock, threads, operations);
                "ours" => move || Semaphore::new(permits),
                "std Mutex and Condvar" => move || counted(permits),
                "parking_lot Mutex" => || parking_lot::Mutex::new(0_u64),
            },
        })
    });
    interval
        .into_iter()
        .chain(semaphore.into_iter().flatten())
        .chain(poll_cells())
}

/// Holds the lock for long, and lets other threads in now and then.
fn poll_cells() -> impl Iterator<Item = Cell> {
    fn ours(lock: &IntervalLock<u64>, threads: usize, operations: usize) -> Run {
        on_threads(threads, |_| {
            let mut guard = lock.lock();
            for _ in 0..operations {
                *guard += 1;
                guard.poll();
            }
        })
    }
    fn bump(lock: &parking_lot::Mutex<u64>, threads: usize, operations: usize) -> Run {
        on_threads(threads, |_| {
            let mut guard = lock.lock();
            for _ in 0..operations {
                *guard += 1;
                parking_lot::MutexGuard::bump(&mut guard);
            }
        })
    }
    [1, 2].into_iter().map(|threads| Cell {
        primitive: "interval lock",
        work: "poll (theirs: bump)",
        threads,
        libraries: vec![
            crate::Library::new(
                "ours",
                || IntervalLock::new(INTERVAL, 0),
                move |lock, operations| ours(lock, threads, operations),
            ),
            crate::Library::new(
                "parking_lot Mutex",
                || parking_lot::Mutex::new(0),
                move |lock, operations| bump(lock, threads, operations),
            ),
        ],
    })
}

pub(crate) fn cells() -> Vec<Cell> {
    rwlock_cells().chain(exclusive_cells()).collect()
}

//! The work-stealing pool, beside rayon's. One thread uses it from outside.

use crate::cell::{Cell, Run, libraries, on_threads};
use ft_work_stealing::Pool;
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

trait Jobs: Sync {
    fn join(&self, n: u32) -> u64;
    fn spawn(&self, job: impl FnOnce() + Send + 'static);
}

impl Jobs for Pool {
    fn join(&self, n: u32) -> u64 {
        if n < 2 {
            return n.into();
        }
        let (a, b) = Pool::join(self, || Jobs::join(self, n - 1), || Jobs::join(self, n - 2));
        a + b
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        Pool::spawn(self, job).expect("the pool is open");
    }
}

impl Jobs for rayon::ThreadPool {
    fn join(&self, n: u32) -> u64 {
        if n < 2 {
            return n.into();
        }
        let (a, b) =
            rayon::ThreadPool::join(self, || Jobs::join(self, n - 1), || Jobs::join(self, n - 2));
        a + b
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        rayon::ThreadPool::spawn(self, job);
    }
}

/// An operation is a Fibonacci number by joins: 986 of them for 15, 10,945 for 20. The first is done before
/// a thread that sleeps has woken up, so that it is about handing over as well.
fn fibonacci<const N: u32, J: Jobs>(pool: &J, operations: usize) -> Run {
    on_threads(1, |_| {
        for _ in 0..operations {
            black_box(pool.join(black_box(N)));
        }
    })
}

/// An operation is an empty job.
fn empty(pool: &impl Jobs, operations: usize) -> Run {
    on_threads(1, |_| {
        let left = Arc::new(AtomicUsize::new(operations));
        for _ in 0..operations {
            let left = Arc::clone(&left);
            pool.spawn(move || {
                left.fetch_sub(1, SeqCst);
            });
        }
        while left.load(SeqCst) > 0 {
            thread::yield_now();
        }
    })
}

fn rayon(workers: usize) -> rayon::ThreadPool {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(workers);
    builder.build().expect("threads can be started")
}

pub(crate) fn cells() -> Vec<Cell> {
    let joins = [
        (1, "fibonacci(15) by joins"),
        (2, "fibonacci(15) by joins, two workers"),
    ];
    let joins = joins.map(|(workers, work)| Cell {
        primitive: "work-stealing",
        work,
        threads: 1,
        libraries: libraries! {
            fibonacci::<15, _>;
            "ours" => move || Pool::new(workers),
            "rayon" => move || rayon(workers),
        },
    });
    let longer = [
        (1, "fibonacci(20) by joins"),
        (2, "fibonacci(20) by joins, two workers"),
    ];
    let longer = longer.map(|(workers, work)| Cell {
        primitive: "work-stealing",
        work,
        threads: 1,
        libraries: libraries! {
            fibonacci::<20, _>;
            "ours" => move || Pool::new(workers),
            "rayon" => move || rayon(workers),
        },
    });
    let spawns = [(1, "an empty job"), (2, "an empty job, two workers")];
    let spawns = spawns.map(|(workers, work)| Cell {
        primitive: "work-stealing",
        work,
        threads: 1,
        libraries: libraries! {
            empty;
            "ours" => move || Pool::new(workers),
            "rayon" => move || rayon(workers),
        },
    });
    joins.into_iter().chain(longer).chain(spawns).collect()
}

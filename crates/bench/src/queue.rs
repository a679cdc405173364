//! The queue, beside crossbeam's queues and channels, flume and kanal.

use crate::cell::{Cell, Library, Run, libraries, on_threads};
use crossbeam_queue::{ArrayQueue, SegQueue};
use crossbeam_utils::Backoff;
use ft_concurrent_queue::ConcurrentQueue;
use std::{collections::VecDeque, hint::black_box};

/// The bound of bounded queues.
const BOUND: usize = 1024;
/// The size of batches, and of bursts: how many items go in before the first comes out.
const BATCH: usize = 64;

trait Queue: Sync {
    fn try_push(&self, item: usize) -> bool;
    fn try_pop(&self) -> Option<usize>;
}

/// A queue whose threads can sleep.
trait Waits: Queue {
    fn push(&self, item: usize);
    fn pop(&self) -> usize;
}

impl Queue for ConcurrentQueue<usize> {
    fn try_push(&self, item: usize) -> bool {
        self.try_push(item).is_ok()
    }

    fn try_pop(&self) -> Option<usize> {
        self.try_pop().ok()
    }
}

impl Waits for ConcurrentQueue<usize> {
    fn push(&self, item: usize) {
        self.push(item).expect("open");
    }

    fn pop(&self) -> usize {
        self.pop().expect("open")
    }
}

impl Queue for SegQueue<usize> {
    fn try_push(&self, item: usize) -> bool {
        self.push(item);
        true
    }

    fn try_pop(&self) -> Option<usize> {
        self.pop()
    }
}

impl Queue for ArrayQueue<usize> {
    fn try_push(&self, item: usize) -> bool {
        self.push(item).is_ok()
    }

    fn try_pop(&self) -> Option<usize> {
        self.pop()
    }
}

/// Implements it for channels, which all have the same methods.
macro_rules! channel {
    ($name:ident, $($channel:ident)::+, $try_send:expr, $try_recv:expr) => {
        struct $name($($channel)::+::Sender<usize>, $($channel)::+::Receiver<usize>);

        impl $name {
            fn unbounded() -> Self {
                let (sender, receiver) = $($channel)::+::unbounded();
                Self(sender, receiver)
            }

            fn bounded() -> Self {
                let (sender, receiver) = $($channel)::+::bounded(BOUND);
                Self(sender, receiver)
            }
        }

        impl Queue for $name {
            fn try_push(&self, item: usize) -> bool {
                $try_send(&self.0, item)
            }

            fn try_pop(&self) -> Option<usize> {
                $try_recv(&self.1)
            }
        }

        impl Waits for $name {
            fn push(&self, item: usize) {
                self.0.send(item).expect("open");
            }

            fn pop(&self) -> usize {
                self.1.recv().expect("open")
            }
        }
    };
}

channel!(
    Crossbeam,
    crossbeam_channel,
    |to: &crossbeam_channel::Sender<_>, item| to.try_send(item).is_ok(),
    |from: &crossbeam_channel::Receiver<_>| from.try_recv().ok()
);
channel!(
    Flume,
    flume,
    |to: &flume::Sender<_>, item| to.try_send(item).is_ok(),
    |from: &flume::Receiver<_>| from.try_recv().ok()
);
channel!(
    Kanal,
    kanal,
    |to: &kanal::Sender<_>, item| to.try_send(item).expect("open"),
    |from: &kanal::Receiver<_>| from.try_recv().expect("open")
);

/// Pushes one item, and pops one.
fn pairs(queue: &impl Queue, operations: usize) -> Run {
    on_threads(1, |_| {
        for item in 0..operations {
            queue.try_push(black_box(item));
            black_box(queue.try_pop());
        }
    })
}

/// Pushes many items, and pops as many.
fn bursts(queue: &impl Queue, operations: usize) -> Run {
    on_threads(1, |_| {
        for _ in 0..operations.div_ceil(BATCH) {
            for item in 0..BATCH {
                queue.try_push(black_box(item));
            }
            for _ in 0..BATCH {
                black_box(queue.try_pop());
            }
        }
    })
}

/// The same with our batches, which the other libraries do not have.
fn batches(queue: &ConcurrentQueue<usize>, operations: usize) -> Run {
    on_threads(1, |_| {
        let (mut items, mut out) = (VecDeque::with_capacity(BATCH), Vec::with_capacity(BATCH));
        for _ in 0..operations.div_ceil(BATCH) {
            items.extend(0..BATCH);
            let _ = queue.try_push_many(&mut items);
            let _ = queue.try_pop_many(BATCH, &mut out);
            black_box(out.drain(..).sum::<usize>());
        }
    })
}

/// What one of several threads does so that each item passes one that pushes and one that pops: of
/// two threads with `operations` each, one pushes twice as many, and the other pops them.
fn passed(
    threads: usize,
    operations: usize,
    push: impl Fn(usize) + Sync,
    pop: impl Fn(usize) + Sync,
) -> Run {
    on_threads(threads, |index| match index % 2 {
        0 => push(2 * operations),
        _ => pop(2 * operations),
    })
}

/// Half of the threads push, and half pop. A thread that cannot go on tries again and again.
fn looking<const THREADS: usize, Q: Queue>(queue: &Q, operations: usize) -> Run {
    let push = |count| {
        let backoff = Backoff::new();
        for item in 0..count {
            while !queue.try_push(item) {
                backoff.snooze();
            }
            backoff.reset();
        }
    };
    let pop = |count| {
        let backoff = Backoff::new();
        for _ in 0..count {
            while queue.try_pop().is_none() {
                backoff.snooze();
            }
            backoff.reset();
        }
    };
    passed(THREADS, operations, push, pop)
}

/// Half of the threads push, and half pop. A thread that cannot go on sleeps.
fn waiting<const THREADS: usize, Q: Waits>(queue: &Q, operations: usize) -> Run {
    let push = |count| (0..count).for_each(|item| queue.push(item));
    let pop = |count| {
        for _ in 0..count {
            black_box(queue.pop());
        }
    };
    passed(THREADS, operations, push, pop)
}

/// As `looking`, with our batches.
fn looking_batches<const THREADS: usize>(queue: &ConcurrentQueue<usize>, operations: usize) -> Run {
    let operations = operations.next_multiple_of(BATCH);
    let push = |count: usize| {
        let backoff = Backoff::new();
        let mut items = VecDeque::with_capacity(BATCH);
        for _ in 0..count / BATCH {
            items.extend(0..BATCH);
            while queue.try_push_many(&mut items).is_err() {
                backoff.snooze();
            }
            backoff.reset();
        }
    };
    let pop = |count| {
        let backoff = Backoff::new();
        let (mut out, mut left) = (Vec::with_capacity(BATCH), count);
        while left > 0 {
            match queue.try_pop_many(BATCH.min(left), &mut out) {
                Ok(popped) => {
                    left -= popped;
                    black_box(out.drain(..).sum::<usize>());
                    backoff.reset();
                }
                Err(_) => backoff.snooze(),
            }
        }
    };
    passed(THREADS, operations, push, pop)
}

/// All unbounded queues, ours first.
macro_rules! unbounded {
    ($work:expr) => {
        libraries! { $work;
            "ours" => ConcurrentQueue::unbounded,
            "SegQueue" => SegQueue::new,
            "crossbeam-channel" => Crossbeam::unbounded,
            "flume" => Flume::unbounded,
            "kanal" => Kanal::unbounded,
        }
    };
}

/// All bounded queues, ours first.
macro_rules! bounded {
    ($work:expr) => {
        libraries! { $work;
            "ours" => || ConcurrentQueue::bounded(BOUND),
            "ArrayQueue" => || ArrayQueue::new(BOUND),
            "crossbeam-channel" => Crossbeam::bounded,
            "flume" => Flume::bounded,
            "kanal" => Kanal::bounded,
        }
    };
}

/// The unbounded queues whose threads can sleep.
macro_rules! waiting_unbounded {
    ($work:expr) => {
        libraries! { $work;
            "ours" => ConcurrentQueue::unbounded,
            "crossbeam-channel" => Crossbeam::unbounded,
            "flume" => Flume::unbounded,
            "kanal" => Kanal::unbounded,
        }
    };
}

/// The bounded queues whose threads can sleep.
macro_rules! waiting_bounded {
    ($work:expr) => {
        libraries! { $work;
            "ours" => || ConcurrentQueue::bounded(BOUND),
            "crossbeam-channel" => Crossbeam::bounded,
            "flume" => Flume::bounded,
            "kanal" => Kanal::bounded,
        }
    };
}

/// Ours, and the floor under it: a push and a pop protect the segments that they read, each with a pin.
fn pinned() -> Vec<Library> {
    let two_pins = |_: &(), operations| {
        on_threads(1, |_| {
            for _ in 0..operations {
                drop(black_box(crossbeam_epoch::pin()));
                drop(black_box(crossbeam_epoch::pin()));
            }
        })
    };
    vec![
        Library::new("ours", ConcurrentQueue::unbounded, pairs),
        Library::new("two pins", || (), two_pins),
    ]
}

/// Replaces our work on single items by our work on batches.
fn with_batches(
    mut libraries: Vec<Library>,
    make: fn() -> ConcurrentQueue<usize>,
    work: fn(&ConcurrentQueue<usize>, usize) -> Run,
) -> Vec<Library> {
    libraries[0] = Library::new("ours", make, work);
    libraries
}

pub(crate) fn cells() -> Vec<Cell> {
    let cell = |work, threads, libraries| Cell {
        primitive: "queue",
        work,
        threads,
        libraries,
    };
    let open = || ConcurrentQueue::unbounded();
    let tight = || ConcurrentQueue::bounded(BOUND);
    vec![
        cell("unbounded, push and pop", 1, unbounded!(pairs)),
        cell(
            "unbounded, push and pop, and what their pins cost",
            1,
            pinned(),
        ),
        cell("unbounded, 64 pushes, 64 pops", 1, unbounded!(bursts)),
        cell(
            "unbounded, batch of 64 (theirs: singly)",
            1,
            with_batches(unbounded!(bursts), open, batches),
        ),
        cell(
            "unbounded, half push, half pop",
            2,
            unbounded!(looking::<2, _>),
        ),
        cell(
            "unbounded, half push, half pop",
            4,
            unbounded!(looking::<4, _>),
        ),
        cell(
            "unbounded, half push, half pop",
            8,
            unbounded!(looking::<8, _>),
        ),
        cell(
            "unbounded, half push, half pop, batches of 64 (theirs: singly)",
            2,
            with_batches(unbounded!(looking::<2, _>), open, looking_batches::<2>),
        ),
        cell(
            "unbounded, half push, half pop, sleeping",
            2,
            waiting_unbounded!(waiting::<2, _>),
        ),
        cell(
            "unbounded, half push, half pop, sleeping",
            4,
            waiting_unbounded!(waiting::<4, _>),
        ),
        cell("bounded, push and pop", 1, bounded!(pairs)),
        cell("bounded, 64 pushes, 64 pops", 1, bounded!(bursts)),
        cell("bounded, half push, half pop", 2, bounded!(looking::<2, _>)),
        cell("bounded, half push, half pop", 4, bounded!(looking::<4, _>)),
        cell("bounded, half push, half pop", 8, bounded!(looking::<8, _>)),
        cell(
            "bounded, half push, half pop, batches of 64 (theirs: singly)",
            2,
            with_batches(bounded!(looking::<2, _>), tight, looking_batches::<2>),
        ),
        cell(
            "bounded, half push, half pop, sleeping",
            2,
            waiting_bounded!(waiting::<2, _>),
        ),
        cell(
            "bounded, half push, half pop, sleeping",
            4,
            waiting_bounded!(waiting::<4, _>),
        ),
    ]
}

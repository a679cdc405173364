//! A pool of threads that steal jobs from each other, and help while they wait.
//!
//! ```
//! use ft_work_stealing::Pool;
//!
//! fn fibonacci(pool: &Pool, n: u32) -> u64 {
//!     if n < 2 {
//!         return n.into();
//!     }
//!     let (a, b) = pool.join(|| fibonacci(pool, n - 1), || fibonacci(pool, n - 2));
//!     a + b
//! }
//!
//! assert_eq!(fibonacci(&Pool::new(2), 12), 144);
//! ```
//!
//! [`Pool::spawn`] adds a job that nobody waits for, [`Pool::join`] runs two functions, and
//! [`Pool::scope`] any number of jobs that borrow. A worker that waits, for its jobs or for anything
//! else ([`Pool::help_until`]), runs jobs meanwhile. [`Hooks`] start the threads, and surround the
//! moments when they sleep.
//!
//! # Costs and progress
//!
//! A job that its own worker takes back costs no shared write but those to the worker's deque: `join`
//! allocates nothing and takes no lock, and passes two fences, one after the push and one in the pop.
//! A job of `spawn` or of a scope costs one allocation more. A steal costs one exchange on the
//! victim's deque, and a look at each worker in the worst case, so that a search among *n* workers
//! takes *O(n)*.
//!
//! The workers' deques are lock-free: a thread that is stopped while it pushes, pops or steals hinders
//! no other one from running the jobs that are queued. The injector, through which jobs come from
//! outside, is not: a thief waits for a push that has taken its place there and not written it yet,
//! and at the end of each block until the next one is in place. Starting a worker, waking one and
//! falling asleep take locks. Jobs of one worker run in the reverse order of their pushes, so there is
//! no fairness among them; every 61st time it looks elsewhere first, so that none from outside
//! starves.
//!
//! # Deadlocks
//!
//! A job may wait for any other job of the same pool with [`Pool::join`], [`Pool::scope`],
//! [`Pool::install`] or [`Pool::help_until`], at any depth and with one worker: it runs the queued jobs
//! meanwhile, on its own stack. Two kinds of waits remain dangerous:
//!
//! - A wait that does not help, such as one for a channel or a lock, keeps a worker from its jobs. If all
//!   workers wait so for a queued job, it never runs.
//! - A helping worker runs any job of the pool, above the frame that waits. If that job waits for what
//!   the frame below would do next, or for a lock that it holds, neither ends. So hold no lock around a
//!   call that helps.
//!
//! Nested helping uses the stack: jobs that each wait for another one pile up.
//!
//! # Why not rayon
//!
//! A worker that belongs to an interpreter has to leave it before it sleeps, so that a collector that
//! stops all threads need not wait for it. `rayon-core`'s thread pool has handlers for the start and
//! end of a worker and for its spawning, and none around its sleep; and nothing public runs jobs until
//! an arbitrary condition holds (`yield_now` runs one). So this is a pool with such hooks. The jobs on
//! the stack, the latch that the waking thread must not touch after it is set, and `join`, are as
//! there.
//!
//! # How it works
//!
//! Each worker has a deque: that of Chase and Lev (*Dynamic circular work-stealing deque*, 2005), with
//! the orderings of Lê, Pop, Cohen and Zappa Nardelli (*Correct and efficient work-stealing for weak
//! memory models*, 2013), as `crossbeam-deque` implements it. Its owner pushes and pops at one end,
//! and thieves take from the other, so that they take the oldest job, often the largest. Jobs from
//! other threads go into one injector. Thieves go round all workers from a random one.
//!
//! **Who is woken.** As in Tokio's scheduler, a push wakes a worker only if none is searching, and the
//! last one that ends its search wakes another if it sees more work. So a burst of jobs wakes the
//! workers one after the other, and not all of them at each push. One word counts the workers that
//! search, that sleep, and that are about to start, and all of them. If nobody is asleep or about to
//! start, and there are fewer workers than there may be, a push starts one. `rayon-core`'s sleep module counts job events, too, and sleeps in
//! two steps, so that fewer pushes have to wake. Before a worker sleeps it looks for jobs for 50 µs,
//! about as long as `rayon-core`'s: less, and a program that adds a short job whenever the last one has
//! ended would wake a worker for each.
//!
//! **No wake-up is lost.** A push is followed by a `SeqCst` fence and then a look at the counts; a
//! worker that is about to sleep changes the counts, passes a fence as it begins to listen, and looks
//! for jobs a last time. Whichever fence comes first, one of the two sees the other. The same holds
//! for a worker that ends its search. Sleeping workers wait on one [`Event`](ft_sync::Event); a
//! worker that waits for a job of its own listens to that and to an event of its own.
//!
//! **The list of workers** grows while thieves read it: at each steal, and without writing to
//! anything that they share. It is an `Atomic` of `crossbeam-epoch`, replaced as a whole.
//!
//! Under loom the deques and the list are stand-ins: `crossbeam-deque` knows no loom, and a model
//! with epochs in every steal does not end.

mod abort;
mod deque;
mod error;
mod hooks;
mod job;
mod join;
mod latch;
mod pauses;
mod pool;
mod roster;
mod runner;
mod scope;
mod shared;
mod worker;

pub use error::{SpawnError, StartError};
pub use hooks::{Hooks, NoHooks, WorkerThread};
pub use pool::{Pool, Queued};
pub use scope::Scope;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

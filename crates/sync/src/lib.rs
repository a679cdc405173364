//! The foundation of the `ft-` primitives: the switch between std, [loom] and [shuttle], and the
//! [`Event`] on which every primitive waits.
//!
//! A primitive imports its atomics, cells and threads from this crate and never names `std::sync`
//! or `loom` itself. So the code in the models is the code that ships. Loom explores every schedule
//! of small programs, including the effects of weak orderings. Shuttle runs larger programs under
//! randomly chosen schedules and treats every ordering as the strongest one.
//!
//! To get the modeled versions, build with `RUSTFLAGS="--cfg ft_loom"` and the feature `loom` of
//! this crate (add `--cfg crossbeam_loom` if the program uses crossbeam), or with `--cfg
//! ft_shuttle` and the feature `shuttle`. The modeled versions work only inside a model. The plain
//! `--cfg loom`, which other crates use to model their own code, does not change the primitives.
//!
//! ```
//! use ft_sync::{Event, atomic::{AtomicBool, Ordering::SeqCst}, thread};
//! use std::sync::Arc;
//!
//! let shared = Arc::new((AtomicBool::new(false), Event::new()));
//! let theirs = Arc::clone(&shared);
//! let setter = thread::spawn(move || {
//!     theirs.0.store(true, SeqCst);
//!     theirs.1.notify_all();
//! });
//! let (ready, changed) = &*shared;
//! let seen = changed.wait_until(None, || ready.load(SeqCst).then_some("ready"));
//! assert_eq!(seen, Some("ready"));
//! setter.join().unwrap();
//! ```
//!
//! # What is in it
//!
//! | for | use |
//! |---|---|
//! | waiting for a change of some state, by threads and tasks | [`Event`], [`Listener`] |
//! | the first of several | [`Select`], [`Case`] |
//! | a queue of waiters that are served in order | [`Line`], and a [`Signal`] for each of them |
//! | ending the waits of a thread from outside | [`interruptible`], [`Interrupt`] |
//! | knowing who holds something | [`ThreadToken`], [`TaskToken`] |
//! | readers that write nothing shared | [`readers`] |
//! | a short wait for another thread | [`spin`], [`poll`], [`Pauses`] |
//! | state that the child of a fork must not inherit | [`PerProcess`] |
//! | code that loom and shuttle can model | [`atomic`], [`thread`], [`UnsafeCell`], [`Mutex`], [`before_looking`] |
//!
//! # What is promised
//!
//! This is a public crate like the primitives that are built on it, with the same promise: before
//! 1.0, a change that breaks programs raises the second number of the version, and later the first
//! one. Its types are part of their interfaces (an [`Event`] to wait on in one's own way, a
//! [`Case`] for a [`Select`], the [`TaskToken`] of a holder), so such a change here is one of
//! theirs. What it re-exports of std is std's. What is there only with `--cfg ft_loom` or `--cfg
//! ft_shuttle` is for models, follows the versions of loom and shuttle, and is not part of the
//! promise. `event-listener`, which is inside of [`Event`], does not appear in the interface.
//!
//! # Costs and progress
//!
//! [`Event`]: to notify is a fence and a load while nobody listens; otherwise it takes a lock, and
//! time in proportion to the listeners that it wakes. To listen, to leave and to wait take constant
//! time besides the wait itself. [`Signal`] and [`Line`]: constant time for each waiter; a line
//! itself has no lock, and is kept under one of the primitive's. [`Select`]: time in proportion to
//! its cases. [`readers`]: announcing takes constant time, and looking for announcements goes
//! through the slots of all threads. Tokens and [`PerProcess`]: a load, once they were made.
//!
//! [loom]: https://docs.rs/loom
//! [shuttle]: https://docs.rs/shuttle

#[cfg(all(ft_loom, not(feature = "loom")))]
compile_error!("`--cfg ft_loom` needs the feature `loom` of ft-sync");
#[cfg(all(ft_shuttle, not(feature = "shuttle")))]
compile_error!("`--cfg ft_shuttle` needs the feature `shuttle` of ft-sync");

mod cell;
mod event;
mod interrupt;
mod line;
mod order;
mod patience;
mod per_process;
pub mod readers;
mod select;
mod signal;
mod spin;
mod token;

pub use cell::UnsafeCell;
#[cfg(ft_loom)]
pub use cell::{ConstPtr, MutPtr};
pub use event::{Event, Listener, deadline_after};
pub use interrupt::{Interrupt, interruptible, is_interrupted, uninterruptible};
pub use line::{Line, Standing};
pub use order::before_looking;
pub use patience::Pauses;
pub use per_process::{PerProcess, process_id};
pub use select::{Case, Select, shuffle};
pub use signal::Signal;
pub use spin::{poll, polled, spin};
pub use token::{TaskToken, ThreadToken};

#[cfg(ft_loom)]
pub use loom::{
    hint, lazy_static,
    sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread,
};
#[cfg(ft_shuttle)]
pub use shuttle::{
    hint, lazy_static,
    sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread, thread_local,
};
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use std::thread_local;
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use std::{
    hint,
    sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, atomic},
    thread,
};

/// Like std's macro, for constants. Loom's own macro does not accept the `const` block.
#[cfg(ft_loom)]
#[macro_export]
macro_rules! thread_local {
    ($($(#[$attr:meta])* $vis:vis static $name:ident: $kind:ty = const { $value:expr };)*) => {
        $crate::__loom::thread_local! { $($(#[$attr])* $vis static $name: $kind = $value;)* }
    };
}

#[cfg(ft_loom)]
#[doc(hidden)]
pub use loom as __loom;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

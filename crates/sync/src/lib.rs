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
//! [loom]: https://docs.rs/loom
//! [shuttle]: https://docs.rs/shuttle

#[cfg(all(ft_loom, not(feature = "loom")))]
compile_error!("`--cfg ft_loom` needs the feature `loom` of ft-sync");
#[cfg(all(ft_shuttle, not(feature = "shuttle")))]
compile_error!("`--cfg ft_shuttle` needs the feature `shuttle` of ft-sync");

mod cell;
mod event;
mod order;
mod per_process;
mod signal;
mod spin;
mod token;

pub use cell::UnsafeCell;
#[cfg(ft_loom)]
pub use cell::{ConstPtr, MutPtr};
pub use event::{Event, Listener, deadline_after};
pub use order::before_looking;
pub use per_process::PerProcess;
pub use signal::Signal;
pub use spin::{poll, polled, spin};
pub use token::ThreadToken;

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

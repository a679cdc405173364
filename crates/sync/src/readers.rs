//! Readers that announce themselves: each thread has a slot, in which it announces the lock that it
//! reads under.
//!
//! So a reader writes only where no other thread writes, and a writer looks at all slots. The
//! threads of a process share one set of slots for all locks. The design follows BRAVO (Dice and
//! Kogan, "Biased Locking for Reader-Writer Locks", 2019); there, however, two threads may collide
//! in a slot.
//!
//! This module does not know what a lock is. It identifies each lock by a number that is not 0.
//!
//! There are two kinds of announcements. They do not see each other, even if their numbers are equal:
//!
//! - [`Announced`] is for readings of a moment, of which a thread announces one at a time. A writer
//!   waits for their end by looking again and again.
//! - [Holds](hold) may last for as long as they like. A thread can have a few at once. A writer marks
//!   those that it sees, and each holder then learns, when it releases its hold, that another thread
//!   wants to know. Any thread can release any hold.
//!
//! ```
//! use ft_sync::readers::{Announced, is_read};
//!
//! let lock = 7;
//! let announced = Announced::announce(lock).expect("this thread reads under no lock");
//! assert!(is_read(lock));
//! drop(announced);
//! assert!(!is_read(lock));
//! ```

mod announced;
mod holds;
mod slots;

pub use announced::{Announced, is_read, wait_for_readers};
pub use holds::{
    Released, count_holds, forget_holds, hold, lock_number, release, remove_hold, see_holds,
    withdraw,
};

//! Programs that a sanitizer must report, and programs that it must not: `sanitizers NAME`.
//!
//! A sanitizer that is off, or that takes no notice, finds nothing anywhere. So `cargo xtask tsan` and
//! `cargo xtask asan` run these first: the broken ones must be reported, by the sanitizer whose
//! business they are, and the sound ones must be quiet. The sound ones use what the standard library
//! has compiled already, which is where false reports would come from.

use std::cell::UnsafeCell;
use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

const PROGRAMS: &[(&str, fn())] = &[
    ("race", race),
    ("use-after-free", use_after_free),
    ("leak", leak),
    ("locked", locked),
    ("waited", waited),
    ("dropped-last", dropped_last),
    ("once", once),
    ("scoped", scoped),
    ("sent", sent),
];

fn main() -> ExitCode {
    let name = env::args().nth(1).unwrap_or_default();
    match PROGRAMS.iter().find(|(known, _)| *known == name) {
        Some((_, run)) => {
            run();
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("no program `{name}`");
            // Neither success nor what a sanitizer ends with.
            ExitCode::from(2)
        }
    }
}

/// What two threads write without a word to each other.
struct Unguarded(UnsafeCell<u64>);

// SAFETY: there is no reason why this should be sound, and where it is used in `race`, it is not.
unsafe impl Sync for Unguarded {}

impl Unguarded {
    fn add(&self, by: u64) {
        // SAFETY: none in `race`; elsewhere, the callers take turns.
        unsafe { *self.0.get() += by };
    }
}

/// Broken: a data race, whichever thread comes first.
fn race() {
    static NUMBER: Unguarded = Unguarded(UnsafeCell::new(0));
    let threads = [1, 2].map(|by| thread::spawn(move || NUMBER.add(by)));
    for thread in threads {
        thread.join().expect("a thread panicked");
    }
}

/// Broken: a look at what was freed.
fn use_after_free() {
    let gone = Box::into_raw(Box::new(7_u64));
    // SAFETY: it came from `into_raw`, and nobody else has it.
    drop(unsafe { Box::from_raw(black_box(gone)) });
    // SAFETY: none.
    println!("{}", unsafe { gone.read_volatile() });
}

/// Broken: nothing leads to these any more.
fn leak() {
    for _ in 0..100 {
        black_box(Box::leak(Box::new([7_u64; 64])));
    }
}

/// Sound: a mutex that is fought for.
fn locked() {
    // Not a leaked box: whether the only pointer to one is still on the stack at the end is chance, and
    // so would be what the leak checker says.
    static TOTAL: Mutex<u64> = Mutex::new(0);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..20_000 {
                    *TOTAL.lock().expect("poisoned") += 1;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("a thread panicked");
    }
    assert_eq!(*TOTAL.lock().expect("poisoned"), 80_000);
}

/// Sound: threads take turns by a condition variable.
fn waited() {
    static TURN: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());
    static NUMBER: Unguarded = Unguarded(UnsafeCell::new(0));
    let threads = [0, 1, 2].map(|me| {
        thread::spawn(move || {
            for round in 0..500 {
                let (turn, changed) = &TURN;
                let mut now = turn.lock().expect("poisoned");
                while *now % 3 != me {
                    now = if round % 2 == 0 {
                        changed.wait(now).expect("poisoned")
                    } else {
                        let limit = Duration::from_secs(60);
                        changed.wait_timeout(now, limit).expect("poisoned").0
                    };
                }
                NUMBER.add(round);
                *now += 1;
                changed.notify_all();
            }
        })
    });
    for thread in threads {
        thread.join().expect("a thread panicked");
    }
}

/// Sound: the thread that drops the last reference frees the object that the other threads have read.
fn dropped_last() {
    for _ in 0..200 {
        let shared = Arc::new(vec![1_u64, 2, 3]);
        let threads: Vec<_> = (0..3)
            .map(|_| Arc::clone(&shared))
            .map(|shared| thread::spawn(move || shared.iter().sum::<u64>()))
            .collect();
        drop(shared);
        for thread in threads {
            assert_eq!(thread.join().expect("a thread panicked"), 6);
        }
    }
}

/// Sound: one thread makes what all of them read.
fn once() {
    for _ in 0..200 {
        let made = Arc::new((OnceLock::new(), Barrier::new(3)));
        let threads: Vec<_> = (0..3)
            .map(|_| Arc::clone(&made))
            .map(|made| {
                thread::spawn(move || {
                    made.1.wait();
                    made.0.get_or_init(|| vec![1_u64, 2, 3]).len()
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().expect("a thread panicked"), 3);
        }
    }
}

/// Sound: the end of a scope comes after that of its threads.
fn scoped() {
    for _ in 0..200 {
        let mut numbers = [0_u64; 4];
        thread::scope(|scope| {
            for number in &mut numbers {
                scope.spawn(move || *number += 1);
            }
        });
        assert_eq!(numbers, [1; 4]);
    }
}

/// Sound: what is sent is whole when it is received.
fn sent() {
    let (sender, receiver) = mpsc::channel::<Box<u64>>();
    let producer = thread::spawn(move || {
        for n in 0..20_000 {
            sender.send(Box::new(n)).expect("nobody receives");
        }
    });
    assert_eq!(receiver.iter().map(|n| *n).sum::<u64>(), 199_990_000);
    producer.join().expect("a thread panicked");
}

//! Wakers of tasks.

use ft_semaphore::Semaphore;
use ft_test_support::LONG;
use std::{
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{RawWaker, RawWakerVTable, Wake, Waker},
    thread,
};

use crate::{look, poll, waker};

/// Wakers may use the semaphore, because they are called and dropped outside of its lock.
#[test]
fn wakers_use_the_semaphore() {
    struct Nosy(Arc<Semaphore>);

    impl Nosy {
        fn look_around(&self) {
            self.0.waiting();
            drop(self.0.try_acquire());
            let _ = look(&mut self.0.acquire_async());
        }
    }

    impl Wake for Nosy {
        fn wake(self: Arc<Self>) {
            self.look_around();
        }
    }

    impl Drop for Nosy {
        fn drop(&mut self) {
            self.look_around();
        }
    }

    let semaphore = Arc::new(Semaphore::new(1));
    let nosy = || Waker::from(Arc::new(Nosy(Arc::clone(&semaphore))));
    let held = semaphore.acquire();
    let mut quitter = semaphore.acquire_async();
    assert!(poll(&mut quitter, &nosy()).is_none());
    // The first waker is dropped here, the second with the quitter.
    assert!(poll(&mut quitter, &nosy()).is_none());
    let mut served = semaphore.acquire_async();
    assert!(poll(&mut served, &nosy()).is_none());
    drop(quitter);
    drop(held);
    assert!(poll(&mut served, &nosy()).is_some());
}

#[test]
fn the_last_waker_counts() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let (old, new) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut acquire = semaphore.acquire_async();
    for count in [&old, &new] {
        let count = Arc::clone(count);
        let waker = waker(move || {
            count.fetch_add(1, SeqCst);
        });
        assert!(poll(&mut acquire, &waker).is_none());
    }
    drop(held);
    assert_eq!((old.load(SeqCst), new.load(SeqCst)), (0, 1));
}

/// If a waker panics when it is dropped, the permit of its task goes back.
#[test]
fn wakers_that_panic() {
    static USES: RawWakerVTable = RawWakerVTable::new(copy, wake, wake, discard);

    fn copy(_: *const ()) -> RawWaker {
        RawWaker::new(ptr::null(), &USES)
    }

    fn wake(_: *const ()) {}

    fn discard(_: *const ()) {
        panic!("a waker cannot be dropped");
    }

    let semaphore = Semaphore::new(1);
    // SAFETY: the functions of the waker do nothing with its pointer.
    let waker = ManuallyDrop::new(unsafe { Waker::new(ptr::null(), &USES) });
    let mut acquire = semaphore.acquire_async();
    let free = || poll(&mut acquire, &waker).is_some();
    assert!(catch_unwind(AssertUnwindSafe(free)).is_err());
    assert_eq!(semaphore.available(), 1);

    let held = semaphore.acquire();
    assert!(look(&mut acquire).is_none());
    drop(held);
    let served = || poll(&mut acquire, &waker).is_some();
    assert!(catch_unwind(AssertUnwindSafe(served)).is_err());
    assert_eq!(semaphore.available(), 1);
}

/// The wakers of tasks reach their thread through a channel, as an event loop's do.
#[test]
fn tasks_in_two_loops() {
    let semaphore = Arc::new(Semaphore::new(1));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (ready, next) = mpsc::channel();
                let mut tasks: Vec<_> = (0..50).map(|_| semaphore.acquire_async()).collect();
                (0..50).for_each(|n| ready.send(n).unwrap());
                let mut done = 0;
                while done < 50 {
                    let n: usize = next.recv_timeout(LONG).expect("a lost wake-up");
                    let ready = ready.clone();
                    let waker = waker(move || ready.send(n).unwrap());
                    done += usize::from(poll(&mut tasks[n], &waker).is_some());
                }
            });
        }
    });
    assert_eq!(semaphore.available(), 1);
}

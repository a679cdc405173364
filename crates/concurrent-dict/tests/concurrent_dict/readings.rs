//! Functions that read while others write.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use std::thread;

use ft_concurrent_dict::ConcurrentDict;
use ft_test_support::until;

/// After a closure has panicked while it read, no writer waits for it.
#[test]
fn panic_ends_a_reading() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let Ok(()) = dict.try_read("a", |_| panic!("no reading today"));
    }));
    assert!(failed.is_err());
    assert_eq!(dict.insert("a", 2), Some(1));
    assert_eq!(dict.get("a"), Some(2));
}

/// A function that reads in one dictionary may read in another.
#[test]
fn readings_inside_of_each_other() {
    let outer: ConcurrentDict<&str, &str> = [("a", "b")].into_iter().collect();
    let inner: ConcurrentDict<&str, i32> = [("b", 3)].into_iter().collect();
    let Ok(found) = outer.try_read("a", |key| inner.get(*key?));
    assert_eq!(found, Some(3));
    inner.insert("b", 4);
    outer.insert("a", "c");
}

/// A key that is being read is read again, to any depth, while a writer waits for the reading to end.
#[test]
fn readings_of_the_same_key_inside_of_each_other() {
    fn depth(dict: &ConcurrentDict<&str, u32>, left: u32) -> u32 {
        let read = |value: Option<&u32>| match left {
            0 => *value.unwrap(),
            _ => depth(dict, left - 1),
        };
        let Ok(value) = dict.try_read("a", read);
        value
    }

    let dicts: [ConcurrentDict<&str, u32>; 2] = [(); 2].map(|()| [("a", 1)].into_iter().collect());
    let [one, other] = &dicts;
    assert_eq!(depth(one, 9), 1);
    let inner = thread::scope(|scope| {
        let Ok(inner) = one.try_read("a", |_| {
            let writers = dicts
                .each_ref()
                .map(|dict| scope.spawn(|| dict.insert("a", 2)));
            // The first writer waits until this reading is over.
            until(|| writers[1].is_finished());
            (depth(one, 9), depth(other, 9))
        });
        inner
    });
    assert_eq!(inner, (1, 2));
    assert_eq!(one.get("a"), Some(2));
}

/// A function that changes the dictionary it reads in panics. It does not wait for itself.
#[test]
#[should_panic = "a function that reads in a dictionary must not change it"]
fn changing_inside_of_a_reading() {
    let dict: ConcurrentDict<&str, u32> = [("a", 1)].into_iter().collect();
    let Ok(_) = dict.try_read("a", |_| dict.insert("a", 2));
}

/// After that panic the dictionary is as it was before.
#[test]
fn changing_inside_of_a_reading_leaves_nothing_behind() {
    let dict: ConcurrentDict<&str, u32> = [("a", 1)].into_iter().collect();
    let reading = catch_unwind(|| dict.try_read("a", |_| dict.insert("a", 2)));
    assert!(reading.is_err());
    assert_eq!(dict.insert("a", 3), Some(1));
    assert_eq!(dict.get("a"), Some(3));
}

/// A thread that reads in one dictionary does not keep others from writing in another.
#[test]
fn reading_does_not_hold_up_other_dictionaries() {
    let read: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    let written = ConcurrentDict::<&str, i32>::new();
    let Ok(()) = read.try_read("a", |_| {
        thread::scope(|scope| {
            scope.spawn(|| written.insert("a", 2));
        });
    });
    assert_eq!(written.get("a"), Some(2));
}

/// A thread reads in destructors of its thread-local variables, before and after its slot is given back.
#[test]
fn reading_at_the_end_of_a_thread() {
    struct Last(Arc<ConcurrentDict<u8, u8>>);
    impl Drop for Last {
        fn drop(&mut self) {
            assert_eq!(self.0.get(&1), Some(2));
            self.0.insert(2, 3);
        }
    }
    thread_local! {
        static EARLY: RefCell<Option<Last>> = const { RefCell::new(None) };
        static LATE: RefCell<Option<Last>> = const { RefCell::new(None) };
    }
    let dict: Arc<ConcurrentDict<u8, u8>> = Arc::new([(1, 2)].into_iter().collect());
    let theirs = Arc::clone(&dict);
    let thread = thread::spawn(move || {
        // The order of destructors is not known: the slot's runs after one of these and before the other.
        EARLY.set(Some(Last(Arc::clone(&theirs))));
        assert_eq!(theirs.get(&1), Some(2));
        LATE.set(Some(Last(theirs)));
    });
    thread.join().unwrap();
    assert_eq!(dict.remove(&2), Some(3));
}

/// More threads read at once than there are slots in a block, and a writer waits for each of them.
#[test]
fn writer_waits_for_many_readers() {
    const READERS: usize = 40;
    let dict: ConcurrentDict<&str, usize> = [("a", 0)].into_iter().collect();
    let (barrier, read) = (Barrier::new(READERS + 1), AtomicUsize::new(0));
    let mut read_before_written = Vec::new();
    thread::scope(|scope| {
        for reader in 0..READERS {
            let (dict, barrier, read) = (&dict, &barrier, &read);
            scope.spawn(move || {
                for last in 0..READERS {
                    let Ok(()) = dict.try_read("a", |_| {
                        barrier.wait();
                        // This reader ends long after all others.
                        let yields = if reader == last { 100 } else { 0 };
                        (0..yields).for_each(|_| thread::yield_now());
                        read.fetch_add(1, SeqCst);
                    });
                    barrier.wait();
                }
            });
        }
        for _ in 0..READERS {
            barrier.wait();
            dict.insert("a", 1);
            read_before_written.push(read.load(SeqCst));
            barrier.wait();
        }
    });
    assert!(
        (1..=READERS)
            .map(|round| round * READERS)
            .eq(read_before_written)
    );
}

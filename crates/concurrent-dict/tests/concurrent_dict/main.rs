//! Behavior of `ConcurrentDict` seen from outside.

use ft_concurrent_dict::{Claim, ConcurrentDict, Deadlock, Entry, Note, Party, Query, Waiting};
use proptest::prelude::*;
use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Instant,
};

type Dict<V> = ConcurrentDict<Arc<String>, V>;

/// A probe that can tell nothing under the lock, hashes everything alike, and runs `during` at
/// each comparison.
struct Slow<'a> {
    name: &'a str,
    during: &'a dyn Fn(&str) -> Result<(), String>,
}

impl Query<Arc<String>> for Slow<'_> {
    type Error = String;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        7
    }
    fn peek(&self, _: &Arc<String>) -> Option<bool> {
        None
    }
    fn compare(&self, stored: &Arc<String>) -> Result<bool, String> {
        (self.during)(stored)?;
        Ok(self.name == stored.as_str())
    }
    fn is_same(one: &Arc<String>, other: &Arc<String>) -> bool {
        Arc::ptr_eq(one, other)
    }
}

fn slow(name: &str) -> Slow<'_> {
    Slow {
        name,
        during: &|_| Ok(()),
    }
}

fn put<V>(dict: &Dict<V>, probe: &Slow<'_>, value: V) -> Result<Option<V>, String> {
    dict.try_entry(probe, |entry| match entry {
        Entry::Occupied(mut entry) => Some(entry.replace(value)),
        Entry::Vacant(entry) => {
            entry.insert(Arc::new(probe.name.to_owned()), value);
            None
        }
    })
}

fn find<V: Copy>(dict: &Dict<V>, probe: &Slow<'_>) -> Result<Option<V>, String> {
    dict.try_read(probe, |value| value.copied())
}

#[test]
fn colliding_keys_are_told_apart() {
    let dict = Dict::new();
    for (value, name) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(put(&dict, &slow(name), value), Ok(None));
    }
    assert_eq!(put(&dict, &slow("b"), 9), Ok(Some(1)));
    assert_eq!(find(&dict, &slow("c")), Ok(Some(2)));
    assert_eq!(find(&dict, &slow("d")), Ok(None));
    assert_eq!(dict.len(), 3);
}

thread_local! {
    static LOOK_UPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A probe that counts how often the verdicts are looked through.
struct Counting(usize);

impl Query<usize> for Counting {
    type Error = std::convert::Infallible;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        7
    }
    fn peek(&self, _: &usize) -> Option<bool> {
        None
    }
    fn compare(&self, stored: &usize) -> Result<bool, Self::Error> {
        Ok(self.0 == *stored)
    }
    fn is_same(one: &usize, other: &usize) -> bool {
        LOOK_UPS.set(LOOK_UPS.get() + 1);
        one == other
    }
}

/// The verdicts on keys with one hash are found where they are expected: the cost of one search is
/// not the square of their number, or its cube.
#[test]
fn search_among_colliding_keys_is_linear() {
    const KEYS: usize = 512;
    let dict = ConcurrentDict::<usize, ()>::new();
    for key in 0..KEYS {
        let Ok(()) = dict.try_entry(&Counting(key), |entry| {
            if let Entry::Vacant(entry) = entry {
                entry.insert(key, ());
            }
        });
    }
    LOOK_UPS.set(0);
    let Ok(found) = dict.try_read(&Counting(KEYS), |value| value.is_some());
    assert!(!found);
    assert!(LOOK_UPS.get() < 4 * KEYS, "{} look-ups", LOOK_UPS.get());
}

#[test]
fn failing_comparison_changes_nothing() {
    let dict = Dict::new();
    put(&dict, &slow("a"), 1).unwrap();
    let failing = Slow {
        name: "b",
        during: &|stored| Err(format!("cannot tell from {stored}")),
    };
    let error = Err("cannot tell from a".to_owned());
    assert_eq!(put(&dict, &failing, 2), error);
    assert_eq!(find(&dict, &failing), error);
    assert_eq!(dict.len(), 1);
}

/// A comparison may do anything to the very dictionary; each key is compared once.
#[test]
fn comparison_may_change_the_dictionary() {
    let dict = Dict::new();
    put(&dict, &slow("a"), 1).unwrap();
    let compared = AtomicUsize::new(0);
    let meddling = Slow {
        name: "a",
        during: &|_| {
            if compared.fetch_add(1, SeqCst) == 0 {
                dict.clear();
                put(&dict, &slow("z"), 3)?;
            }
            Ok(())
        },
    };
    // The key that was found equal is gone by then, and so is its value.
    assert_eq!(put(&dict, &meddling, 2), Ok(None));
    assert_eq!(compared.load(SeqCst), 2);
    assert_eq!(find(&dict, &slow("a")), Ok(Some(2)));
    assert_eq!(find(&dict, &slow("z")), Ok(Some(3)));
}

#[test]
fn entry_removes_and_inserts() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1), ("b", 2)].into_iter().collect();
    let removed = dict.entry("a", |entry| match entry {
        Entry::Occupied(entry) => Some(entry.remove()),
        Entry::Vacant(_) => None,
    });
    assert_eq!(removed, Some(("a", 1)));
    assert_eq!(dict.remove("a"), None);
    assert!(!dict.is_empty());
    assert_eq!(dict.remove("b"), Some(2));
    assert!(dict.is_empty());
}

#[test]
fn entry_shows_what_is_there() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    assert_eq!(dict.entry("a", |entry| entry.get().copied()), Some(1));
    assert_eq!(dict.entry("b", |entry| entry.get().copied()), None);
    let key = dict.entry("a", |entry| match entry {
        Entry::Occupied(entry) => Some(*entry.key()),
        Entry::Vacant(_) => None,
    });
    assert_eq!(key, Some("a"));
}

#[test]
fn pop_any_takes_each_key_once() {
    let dict: ConcurrentDict<u32, u32> = (0..100).map(|n| (n, n + 1)).collect();
    let mut popped: Vec<_> = std::iter::from_fn(|| dict.pop_any()).collect();
    popped.sort_unstable();
    assert!(popped.into_iter().eq((0..100).map(|n| (n, n + 1))));
    assert!(dict.is_empty());
}

/// Threads would meet in one shard otherwise.
#[test]
fn keys_spread_over_the_shards() {
    let dict = ConcurrentDict::with_shards(4);
    for key in 0..1000 {
        dict.insert(key, ());
    }
    for shard in 0..4 {
        assert!(dict.copy_shard(shard).len() > 100);
    }
}

/// What a query of plain keys answers, for those who make their own of it.
#[test]
fn plain_keys_answer_everything() {
    let ada = &"Ada".to_owned();
    let peek = |text: &str| Query::<String>::peek(text, ada);
    assert_eq!((peek("Ada"), peek("Eva")), (Some(true), Some(false)));
    let compare = |text: &str| Query::<String>::compare(text, ada);
    assert_eq!((compare("Ada"), compare("Eva")), (Ok(true), Ok(false)));
    let is_same = |other: &str| <str as Query<String>>::is_same(ada, &other.to_owned());
    assert_eq!((is_same("Ada"), is_same("Eva")), (true, false));
}

#[test]
fn shards_follow_the_request() {
    let shards = |n| ConcurrentDict::<u8, u8>::with_shards(n).shards();
    assert_eq!([0, 1, 3, 17, usize::MAX].map(shards), [2, 2, 4, 32, 1024]);
}

/// A destructor may use the dictionary: no value dies under a lock.
#[test]
fn values_die_outside_of_the_lock() {
    struct Visitor(std::sync::Weak<ConcurrentDict<u8, Arc<Visitor>>>);
    impl Drop for Visitor {
        fn drop(&mut self) {
            if let Some(dict) = self.0.upgrade() {
                dict.get(&1);
                dict.insert(2, Arc::new(Visitor(std::sync::Weak::new())));
            }
        }
    }
    let dict = Arc::new(ConcurrentDict::with_shards(2));
    let visitor = || Arc::new(Visitor(Arc::downgrade(&dict)));
    dict.insert(1, visitor());
    dict.insert(1, visitor());
    dict.remove(&1);
    dict.insert(1, visitor());
    dict.clear();
    assert!(!dict.contains_key(&1));
}

#[test]
fn failed_leader_is_replaced() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        dict.get_or_insert_with("a", || panic!("no value today"))
    }));
    assert!(failed.is_err());
    assert_eq!(dict.get_or_insert_with("a", || 4), 4);
    assert_eq!(dict.get_or_insert_with("a", || 5), 4);
}

#[test]
#[should_panic(expected = "asked for the same key")]
fn leader_may_not_follow_itself() {
    let dict = ConcurrentDict::<&str, i32>::new();
    dict.get_or_insert_with("a", || dict.get_or_insert_with("a", || 1));
}

/// Of functions that ask for each other's keys the last one panics, in one dictionary or in several, and
/// the others get on.
#[test]
fn leaders_may_not_follow_each_other() {
    const KEYS: [&str; 3] = ["a", "b", "c"];
    let one = ConcurrentDict::<&str, usize>::new();
    let other = ConcurrentDict::<&str, usize>::new();
    for (keys, dicts) in [
        (2, [&one, &one, &one]),
        (3, [&one, &one, &one]),
        (2, [&one, &other, &one]),
    ] {
        let all_lead = Barrier::new(keys);
        let ask = |index: usize| {
            let next = (index + 1) % keys;
            dicts[index].get_or_insert_with(KEYS[index], || {
                all_lead.wait();
                dicts[next].get_or_insert_with(KEYS[next], || 1) + 1
            })
        };
        let refused = thread::scope(|scope| {
            let ask = &ask;
            let threads: Vec<_> = (0..keys)
                .map(|index| scope.spawn(move || ask(index)))
                .collect();
            (threads.into_iter())
                .filter_map(|thread| thread.join().err())
                .map(|panic| *panic.downcast::<String>().unwrap())
                .collect::<Vec<_>>()
        });
        let expected = format!("the functions that compute {keys} keys ask for each other's");
        assert_eq!(refused, [expected]);
        assert_eq!(one.len() + other.len(), keys);
        one.clear();
        other.clear();
    }
}

/// A task that waits holds up what it computes itself; its thread, and other tasks, go on. A thread that
/// waits holds up all its tasks.
#[test]
fn tasks_wait_apart() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let (one, other) = (Party::task(1), Party::task(2));
    let lead = |party, key| match dict.try_claim_for(|| party, key, || key) {
        Ok(Claim::Leader(leader)) => leader.suspend(),
        _ => panic!("nobody else claims {key}"),
    };
    let follow = |party, key: &'static str| match dict.try_claim(key, || key) {
        Ok(Claim::Follower(flight)) => {
            assert!(flight.is_led_by_me());
            assert!(flight.leader().is_task());
            Waiting::begin(&flight, party, Note::new(key))
        }
        _ => panic!("somebody computes {key}"),
    };
    let notes = |wait: Result<Waiting, Deadlock>| {
        let note = |note: &Note| *note.downcast_ref::<&str>().unwrap();
        wait.unwrap_err()
            .notes()
            .iter()
            .map(note)
            .collect::<Vec<_>>()
    };
    let duties = [lead(one, "a"), lead(other, "b")];
    assert_eq!(notes(follow(one, "a")), ["a"]);
    assert_eq!(notes(follow(Party::thread(), "a")), ["a"]);
    let waiting = follow(one, "b").unwrap();
    assert_eq!(notes(follow(other, "a")), ["a", "b"]);
    let third = follow(Party::task(3), "a").unwrap();
    drop(waiting);
    let waiting = follow(other, "a").unwrap();
    assert_eq!(notes(follow(one, "b")), ["b", "a"]);
    let [a, b] = duties;
    assert_eq!(dict.resume(a).publish("a", || "a", 1), Ok(1));
    drop((waiting, third, dict.resume(b)));
    assert_eq!(dict.get_or_insert_with("b", || 2), 2);
}

/// A value stored without a claim wins over the one that was being computed.
#[test]
fn insertion_beats_the_leader() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let got = dict.get_or_insert_with("a", || {
        assert!(matches!(
            dict.try_claim("a", || "a"),
            Ok(Claim::Follower(_))
        ));
        dict.insert("a", 1);
        2
    });
    assert_eq!((got, dict.get("a")), (1, Some(1)));
}

/// A leader that is done ends its own computation, not that of another key with the same hash.
#[test]
fn leaders_of_colliding_keys() {
    let dict = Dict::<i32>::new();
    let claim = |name| {
        let Ok(claim) = dict.try_claim(&slow(name), || Arc::new(String::from(name))) else {
            panic!("comparisons do not fail");
        };
        claim
    };
    for done in ["a", "b"] {
        let mut leaders = HashMap::from(["a", "b"].map(|name| (name, claim(name))));
        assert!(matches!(leaders.remove(done), Some(Claim::Leader(_))));
        for name in ["a", "b"] {
            assert_eq!(matches!(claim(name), Claim::Leader(_)), name == done);
        }
    }
}

#[test]
fn flight_lands_with_its_leader() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let (Ok(Claim::Leader(leader)), Ok(Claim::Follower(flight))) =
        (dict.try_claim("a", || "a"), dict.try_claim("a", || "a"))
    else {
        panic!("the first to claim leads");
    };
    let changed = flight.changed().listen();
    assert!(!flight.has_landed());
    assert_eq!(leader.publish("a", || "a", 1), Ok(1));
    assert!(flight.has_landed());
    assert!(changed.wait_deadline(Some(Instant::now())));
}

#[test]
fn quiescent_walk_sees_keys_under_computation() {
    let dict: ConcurrentDict<i32, i32> = (0..100).map(|n| (n, -n)).collect();
    let Ok(Claim::Leader(leader)) = dict.try_claim(&100, || 100) else {
        panic!("nobody else claims");
    };
    let mut seen = HashMap::new();
    // SAFETY: no other thread knows the dictionary.
    let all = unsafe {
        dict.for_each_quiescent(|&key, value| {
            seen.insert(key, value.copied());
            Ok::<_, ()>(())
        })
    };
    assert_eq!(all, Ok(()));
    assert_eq!(seen.len(), 101);
    assert_eq!((seen[&7], seen[&100]), (Some(-7), None));
    drop(leader);
    // SAFETY: as above.
    let first = unsafe { dict.for_each_quiescent(|key, _| Err(*key)) };
    assert!(first.is_err());
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u32),
    Remove(u8),
    Get(u8),
    Update(u8),
    Clear,
    Iterate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        4 => any::<u8>().prop_map(Step::Remove),
        4 => any::<u8>().prop_map(Step::Get),
        4 => any::<u8>().prop_map(Step::Update),
        1 => Just(Step::Clear),
        1 => Just(Step::Iterate),
    ]
}

proptest! {
    /// One thread sees a `HashMap`.
    #[test]
    fn behaves_like_a_hash_map(steps in proptest::collection::vec(step(), 1..400)) {
        let (dict, mut model) = (ConcurrentDict::<u8, u32>::with_shards(4), HashMap::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    prop_assert_eq!(dict.insert(key, value), model.insert(key, value));
                }
                Step::Remove(key) => prop_assert_eq!(dict.remove(&key), model.remove(&key)),
                Step::Get(key) => {
                    prop_assert_eq!(dict.get(&key), model.get(&key).copied());
                    prop_assert_eq!(dict.contains_key(&key), model.contains_key(&key));
                }
                Step::Update(key) => {
                    let ours = dict.entry(&key, |entry| {
                        let value = entry.or_insert(key, 0);
                        *value = value.wrapping_add(1);
                        *value
                    });
                    let value = model.entry(key).or_insert(0);
                    *value = value.wrapping_add(1);
                    prop_assert_eq!(ours, *value);
                }
                Step::Clear => {
                    dict.clear();
                    model.clear();
                }
                Step::Iterate => {
                    let copied: Vec<_> = dict.iter().collect();
                    prop_assert_eq!(copied.len(), model.len());
                    prop_assert_eq!(copied.into_iter().collect::<HashMap<_, _>>(), model.clone());
                }
            }
            prop_assert_eq!(dict.len(), model.len());
        }
    }
}

/// Counters lose nothing, readers see no torn state, and iterators no key twice, while shards
/// grow and shrink.
#[test]
fn threads_lose_nothing() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 20_000;
    const KEYS: usize = 64;
    let dict = ConcurrentDict::<usize, usize>::with_shards(4);
    let barrier = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (dict, barrier) = (&dict, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for round in 0..ROUNDS {
                    let key = round % KEYS;
                    dict.entry(&key, |entry| *entry.or_insert(key, 0) += 1);
                    // Keys of its own make the tables grow and shrink.
                    let own = KEYS + thread + THREADS * (round / 2);
                    if round % 2 == 0 {
                        assert_eq!(dict.insert(own, round), None);
                    } else {
                        assert_eq!(dict.remove(&own), Some(round - 1));
                    }
                }
            });
        }
        barrier.wait();
        for _ in 0..50 {
            let mut seen = HashSet::new();
            assert!(dict.iter().all(|(key, _)| seen.insert(key)));
        }
    });
    assert_eq!(dict.len(), KEYS);
    assert_eq!(
        dict.iter().map(|(_, count)| count).sum::<usize>(),
        THREADS * ROUNDS
    );
}

/// However many ask at once, the function of one of them runs.
#[test]
fn computed_once_per_key() {
    const THREADS: usize = 8;
    const KEYS: usize = 200;
    let dict = ConcurrentDict::<usize, usize>::new();
    let (calls, barrier) = (AtomicUsize::new(0), Barrier::new(THREADS));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for key in 0..KEYS {
                    barrier.wait();
                    let value = dict.get_or_insert_with(key, || {
                        thread::yield_now();
                        calls.fetch_add(1, SeqCst)
                    });
                    assert_eq!(dict.get(&key), Some(value));
                }
            });
        }
    });
    assert_eq!(calls.into_inner(), KEYS);
}

/// A closure that panics while it reads leaves nothing behind that a writer waits for.
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

/// One dictionary is read while another one is.
#[test]
fn readings_inside_of_each_other() {
    let outer: ConcurrentDict<&str, &str> = [("a", "b")].into_iter().collect();
    let inner: ConcurrentDict<&str, i32> = [("b", 3)].into_iter().collect();
    let Ok(found) = outer.try_read("a", |key| inner.get(*key?));
    assert_eq!(found, Some(3));
    inner.insert("b", 4);
    outer.insert("a", "c");
}

/// One that is read already is read again, to any depth, while a writer waits for that to end.
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
            // The first of them waits until this reading is over.
            while !writers[1].is_finished() {
                thread::yield_now();
            }
            (depth(one, 9), depth(other, 9))
        });
        inner
    });
    assert_eq!(inner, (1, 2));
    assert_eq!(one.get("a"), Some(2));
}

/// A function that reads, and changes what it reads, is told so. It does not wait for itself.
#[test]
#[should_panic = "a function that reads in a dictionary must not change it"]
fn changing_inside_of_a_reading() {
    let dict: ConcurrentDict<&str, u32> = [("a", 1)].into_iter().collect();
    let Ok(_) = dict.try_read("a", |_| dict.insert("a", 2));
}

/// ... and the dictionary is as it was.
#[test]
fn changing_inside_of_a_reading_leaves_nothing_behind() {
    let dict: ConcurrentDict<&str, u32> = [("a", 1)].into_iter().collect();
    let reading = catch_unwind(|| dict.try_read("a", |_| dict.insert("a", 2)));
    assert!(reading.is_err());
    assert_eq!(dict.insert("a", 3), Some(1));
    assert_eq!(dict.get("a"), Some(3));
}

/// Who reads keeps nobody from writing elsewhere.
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

/// A thread reads in the destructor of its own variables, when its slot is gone, perhaps.
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
        static EARLY: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) };
        static LATE: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) };
    }
    let dict: Arc<ConcurrentDict<u8, u8>> = Arc::new([(1, 2)].into_iter().collect());
    let theirs = Arc::clone(&dict);
    let thread = thread::spawn(move || {
        // The order of destructors is not known: one of these is before that of the slot, one after.
        EARLY.set(Some(Last(Arc::clone(&theirs))));
        assert_eq!(theirs.get(&1), Some(2));
        LATE.set(Some(Last(theirs)));
    });
    thread.join().unwrap();
    assert_eq!(dict.remove(&2), Some(3));
}

/// The child of a fork does not wait for readers that stayed behind.
#[cfg(unix)]
#[test]
fn readers_stay_behind_at_a_fork() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let Ok(()) = dict.try_read("a", |_| {
                barrier.wait();
                barrier.wait();
            });
        });
        // A slot of our own, which the child keeps.
        assert_eq!(dict.get("a"), Some(1));
        barrier.wait();
        let fine = in_child(|| dict.insert("a", 2) == Some(1) && dict.get("a") == Some(2));
        barrier.wait();
        assert!(fine, "the child waits for a reader");
    });
}

/// The leader stays behind at a fork: the child computes the value itself.
#[cfg(unix)]
#[test]
fn leaders_stay_behind_at_a_fork() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let Ok(Claim::Leader(leader)) = dict.try_claim("a", || "a") else {
        panic!("nobody else claims");
    };
    assert!(in_child(|| dict.get_or_insert_with("a", || 1) == 1));
    assert_eq!(leader.publish("a", || "a", 2), Ok(2));
}

/// More threads read at once than slots are made at a time; a writer waits for each of them.
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
                        // All others are long gone when this one goes.
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

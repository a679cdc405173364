//! Models of `StableReference`. Its objects lie in a pool, which gives the memory of a dead object to the
//! next one.

use ft_atomic_reference::StableReference;
use ft_sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed, thread};
use ft_test_pool::{Pool, Pooled};
use loom_tests::{check, data::Counted, data::Data};

/// A number that loom watches: using it after its death, or before its birth, is a race.
struct Mortal {
    number: Data,
    _counted: Counted,
}

/// A slot, and the pool of its objects.
struct Shared {
    slot: StableReference<Pooled<Mortal>>,
    pool: Pool<Mortal>,
    deaths: Arc<AtomicUsize>,
}

impl Shared {
    /// Several owners of a slot.
    fn owners<const OWNERS: usize>(number: usize) -> [Arc<Self>; OWNERS] {
        let (pool, deaths) = (Pool::default(), Arc::new(AtomicUsize::new(0)));
        let slot = StableReference::new(mortal(&pool, &deaths, number));
        let shared = Arc::new(Self { slot, pool, deaths });
        std::array::from_fn(|_| Arc::clone(&shared))
    }

    fn mortal(&self, number: usize) -> Pooled<Mortal> {
        mortal(&self.pool, &self.deaths, number)
    }

    fn load(&self) -> usize {
        self.slot.load().number.read()
    }

    fn deaths(&self) -> usize {
        self.deaths.load(Relaxed)
    }
}

fn mortal(pool: &Pool<Mortal>, deaths: &Arc<AtomicUsize>, number: usize) -> Pooled<Mortal> {
    pool.make(Mortal {
        number: Data::new(number),
        _counted: Counted(Arc::clone(deaths)),
    })
}

/// A reader beside two stores, of which the second may put its object where the first one's was, sees the
/// objects in their order, and each is dropped once.
#[test]
fn load_beside_stores() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let reader = thread::spawn(move || {
            let (first, second) = (theirs.load(), theirs.load());
            assert!(first <= second && second <= 2);
        });
        ours.slot.store(ours.mortal(1));
        ours.slot.store(ours.mortal(2));
        reader.join().unwrap();
        assert_eq!((ours.load(), ours.deaths()), (2, 2));
        assert_eq!(ours.slot.load().count(), 2);
    });
}

/// Two readers count their references beside each other and beside a store.
#[test]
fn two_loads_beside_a_store() {
    check(|| {
        let [one, other, ours] = Shared::owners(0);
        let read = |shared: Arc<Shared>| thread::spawn(move || assert!(shared.load() <= 1));
        let readers = [read(one), read(other)];
        ours.slot.store(ours.mortal(1));
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!((ours.load(), ours.deaths()), (1, 1));
    });
}

/// A reader does not return an object that has come to life where the one that it has found died, but was never
/// in the slot.
#[test]
fn heir_of_the_place_is_not_returned() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let reader = thread::spawn(move || assert!(theirs.load() <= 1));
        ours.slot.store(ours.mortal(1));
        let heir = ours.mortal(99);
        reader.join().unwrap();
        assert_eq!((heir.count(), heir.number.read()), (1, 99));
    });
}

/// The same beside an exchange that fails: it returns the object that was in the slot, and not the expected one.
#[test]
fn failed_exchange_returns_what_is_there() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let other = thread::spawn(move || {
            let expected = theirs.mortal(50);
            let failed = theirs.slot.compare_exchange(&expected, theirs.mortal(51));
            let Err(current) = failed else {
                panic!("it is not there");
            };
            assert!(current.number.read() <= 1);
        });
        ours.slot.store(ours.mortal(1));
        let heir = ours.mortal(99);
        other.join().unwrap();
        assert_eq!(heir.count(), 1);
        drop(heir);
        assert_eq!((ours.load(), ours.deaths()), (1, 4));
    });
}

/// An object that is taken out and put back has as many references as before, whatever a reader does meanwhile.
#[test]
fn same_object_again() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let reader = thread::spawn(move || assert!(theirs.load() <= 1));
        let first = ours.slot.exchange(ours.mortal(1));
        ours.slot.store(first);
        reader.join().unwrap();
        let now = ours.slot.load();
        assert_eq!((now.number.read(), now.count(), ours.deaths()), (0, 2, 1));
    });
}

/// A load beside an exchange that expects the object and one that does not.
#[test]
fn load_beside_exchanges() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let reader = thread::spawn(move || {
            let first = theirs.slot.load();
            let replaced = theirs.slot.try_replace(&first, theirs.mortal(1));
            if let Ok(before) = &replaced {
                assert!(before.is(&first));
            }
            replaced.is_ok()
        });
        let expected = ours.slot.load();
        let done = ours.slot.compare_exchange(&expected, ours.mortal(2));
        let (us, they) = (done.is_ok(), reader.join().unwrap());
        assert!(us || they);
        let before = done.unwrap_or_else(|current| current);
        assert_eq!(before.is(&expected), us);
        assert!(before.number.read() <= 1);
        drop((before, expected));
        assert_eq!(ours.slot.load().count(), 2);
        // Of the three objects, one is left.
        assert_eq!(ours.deaths(), 2);
    });
}

/// Each object exchanged out was exchanged in by exactly one other.
#[test]
fn exchange_passes_each_object_on() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let exchange = |shared: &Shared, number| {
            let before = shared.slot.exchange(shared.mortal(number));
            before.number.read()
        };
        let other = thread::spawn(move || exchange(&theirs, 1));
        let before = exchange(&ours, 2);
        let mut seen = [before, other.join().unwrap(), ours.load()];
        seen.sort_unstable();
        assert_eq!((seen, ours.deaths()), ([0, 1, 2], 2));
    });
}

/// Two updates both count.
#[test]
fn no_lost_update() {
    check(|| {
        let [theirs, ours] = Shared::owners(0);
        let add = |shared: &Shared| {
            let next = |now: &Pooled<Mortal>| shared.mortal(now.number.read() + 1);
            shared.slot.update(next).before.number.read()
        };
        let other = thread::spawn(move || add(&theirs));
        let before = add(&ours);
        assert_eq!(before + other.join().unwrap(), 1);
        assert_eq!(ours.load(), 2);
    });
}

/// What a thread wrote before it replaced the object is visible to a thread that loads, or takes out, the new one.
#[test]
fn every_change_publishes() {
    type Change = fn(&Shared, &Pooled<Mortal>);
    let changes: [Change; 3] = [
        |shared, _| shared.slot.store(shared.mortal(1)),
        |shared, first| drop(shared.slot.try_replace(first, shared.mortal(1))),
        |shared, first| drop(shared.slot.compare_exchange(first, shared.mortal(1))),
    ];
    let looks: [fn(&Shared) -> usize; 3] = [
        Shared::load,
        |shared| shared.slot.exchange(shared.mortal(5)).number.read(),
        |shared| {
            let expected = shared.mortal(6);
            let failed = shared.slot.compare_exchange(&expected, shared.mortal(7));
            failed.map_or_else(|current| current.number.read(), |_| 0)
        },
    ];
    for change in changes {
        for look in looks {
            check(move || {
                let [theirs, ours] = Shared::owners(0);
                let written = Arc::new(AtomicUsize::new(0));
                let their_written = Arc::clone(&written);
                let first = theirs.slot.load();
                let writer = thread::spawn(move || {
                    // Relaxed: the slot publishes it.
                    their_written.store(7, Relaxed);
                    change(&theirs, &first);
                });
                if look(&ours) == 1 {
                    // Relaxed: the slot has published it.
                    assert_eq!(written.load(Relaxed), 7);
                }
                writer.join().unwrap();
            });
        }
    }
}

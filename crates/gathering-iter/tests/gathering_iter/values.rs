//! What becomes of values: they are replaced, cleared, visited, shared and dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use ft_gathering_iter::NextError;
use ft_test_support::{Counted, Drops};

use crate::{Gathering, available, filled, windowed};

#[test]
fn later_value_replaces() {
    let gathering = Gathering::new();
    assert_eq!(gathering.insert(0, 'a'), Ok(None));
    assert_eq!(gathering.insert(0, 'b'), Ok(Some('a')));
    assert_eq!(available(&gathering.drain(1)).0, ['b']);
}

#[test]
fn clear_returns_all() {
    let gathering = filled(0..50);
    let reader = gathering.drain(50);
    assert_eq!(reader.try_next(), Ok(0));
    let mut values = gathering.clear();
    values.sort();
    assert_eq!(values, (1..50).map(|n| n * 10).collect::<Vec<_>>());
    assert!(gathering.is_empty());
    assert_eq!(reader.try_next(), Err(NextError::Missing));
}

#[test]
fn visit_sees_all() {
    let gathering = filled(0..50);
    gathering.fail("broken");
    let seen = AtomicUsize::new(0);
    let value = |_: &u64| {
        seen.fetch_add(1, SeqCst);
        Ok(())
    };
    assert_eq!(gathering.visit(value, |&reason| Err(reason)), Err("broken"));
    assert_eq!(seen.load(SeqCst), 50);
    assert_eq!(gathering.visit(|_| Err("first"), |_| Ok(())), Err("first"));
}

#[test]
fn clones_are_for_the_same_values() {
    let gathering = windowed(1);
    let clone = gathering.clone();
    assert_eq!(clone.insert(0, 7), Ok(None));
    assert_eq!(available(&gathering.drain(1)).0, [7]);
    assert!(gathering.close());
    assert!(clone.is_closed());
}

#[test]
fn values_are_dropped_once() {
    let drops = Drops::default();
    let gathering: Gathering<Counted> = Gathering::new();
    for key in 0..10 {
        assert!(gathering.insert(key, drops.value()).is_ok());
    }
    assert!(
        gathering
            .insert(3, drops.value())
            .is_ok_and(|old| old.is_some())
    );
    assert_eq!(drops.count(), 1);
    let reader = gathering.drain(10);
    drop(reader.try_next());
    assert_eq!(drops.count(), 2);
    drop(gathering);
    // The reader keeps the values, too.
    assert_eq!(drops.count(), 2);
    drop(reader);
    assert_eq!(drops.count(), 11);
}

/// A panic while a value is visited hides nothing from later visits. Found by fuzzing.
#[test]
fn visits_after_a_panic() {
    let gathering = filled([0]);
    let panicking =
        AssertUnwindSafe(|| gathering.visit(|_| panic!("the visitor panics"), |_| Ok::<_, ()>(())));
    catch_unwind(panicking).unwrap_err();
    assert_eq!(gathering.visit(|&n| Err(n), |_| Ok(())), Err(0));
}

//! Gatherings that are closed or fail, and readers that are closed.

use ft_gathering_iter::{NextError, Refusal};
use ft_test_support::{LONG, SHORT};
use std::thread;

use crate::{Gathering, available, filled, refused, windowed};

#[test]
fn closing_keeps_what_is_there() {
    let gathering = filled([0, 1, 3]);
    assert!(!gathering.is_closed());
    assert!(gathering.close());
    assert!(!gathering.close());
    assert!(!gathering.fail("late"));
    assert!(gathering.is_closed());
    assert_eq!(gathering.failure(), None);
    assert_eq!(gathering.insert(2, 5), refused(5, Refusal::Closed));
    assert_eq!(
        available(&gathering.iter(9)),
        (vec![0, 10], NextError::Ended)
    );
    assert_eq!(
        available(&gathering.drain(9)),
        (vec![0, 10], NextError::Ended)
    );
    assert_eq!(gathering.len(), 1);
}

#[test]
fn failing_comes_after_what_is_there() {
    let gathering = filled([0, 1, 3]);
    assert!(gathering.fail("broken"));
    assert!(!gathering.fail("again"));
    assert!(!gathering.close());
    assert_eq!(gathering.failure(), Some("broken"));
    let reader = gathering.drain(9);
    assert_eq!(reader.failed_at(), None);
    assert_eq!(
        available(&reader),
        (vec![0, 10], NextError::Failed("broken"))
    );
    assert_eq!(reader.try_next(), Err(NextError::Ended));
    assert_eq!((reader.failed_at(), reader.position()), (Some(2), None));
    // A reader whose values are all there does not notice the failure.
    gathering.insert(0, 1).unwrap();
    assert_eq!(available(&gathering.drain(1)), (vec![1], NextError::Ended));
}

#[test]
fn failure_is_an_item() {
    let gathering = filled(0..2);
    gathering.fail("broken");
    let items: Vec<_> = gathering.drain(9).collect();
    assert_eq!(items, [Ok(0), Ok(10), Err("broken")]);
}

#[test]
fn failure_is_taken_back() {
    let gathering = filled([]);
    assert_eq!(gathering.clear_failure(), None);
    gathering.fail("broken");
    assert_eq!(gathering.clear_failure(), Some("broken"));
    assert_eq!(available(&gathering.drain(1)), (vec![], NextError::Missing));
    assert!(gathering.fail("again"));
    assert_eq!(gathering.clear_failure(), Some("again"));
    gathering.close();
    assert_eq!(gathering.clear_failure(), None);
    assert!(gathering.is_closed());
}

#[test]
fn closed_reader_ends() {
    let gathering = filled(0..3);
    let reader = gathering.iter(3);
    assert_eq!(reader.try_next(), Ok(0));
    reader.close();
    assert_eq!(reader.try_next(), Err(NextError::Ended));
    reader.close();
    assert_eq!(available(&gathering.iter(3)).0.len(), 3);
}

#[test]
fn ends_wake() {
    let ends: [(fn(&Gathering), _); 2] = [
        (|gathering| assert!(gathering.close()), NextError::Ended),
        (
            |gathering| assert!(gathering.fail("x")),
            NextError::Failed("x"),
        ),
    ];
    for (end, outcome) in ends {
        let gathering = windowed(1);
        thread::scope(|scope| {
            let readers = [gathering.drain(1), gathering.iter(1)]
                .map(|reader| scope.spawn(move || reader.next_timeout(LONG)));
            let late = scope.spawn(|| gathering.insert_timeout(1, 1, LONG));
            thread::sleep(SHORT);
            end(&gathering);
            for reader in readers {
                assert_eq!(reader.join().unwrap(), Err(outcome));
            }
            assert_ne!(late.join().unwrap(), refused(1, Refusal::Full));
        });
    }
}

//! Behavior seen from outside. What depends on schedules is in `loom-tests`.

use std::{
    cell::Cell,
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use ft_concurrent_deque::{ConcurrentDeque, Full, OutOfRange, Query};
use proptest::prelude::*;

/// Items per producer in the stress test.
const ITEMS: usize = if cfg!(miri) { 100 } else { 20_000 };

const SHORT: Duration = Duration::from_millis(20);

/// Long enough that a test that waits for it has failed.
const LONG: Duration = Duration::from_secs(20);

fn deque<T>(items: impl IntoIterator<Item = T>) -> ConcurrentDeque<T> {
    items.into_iter().collect()
}

/// An item that is itself and no other.
type Unique = Arc<usize>;

fn unique(numbers: impl IntoIterator<Item = usize>) -> Vec<Unique> {
    numbers.into_iter().map(Arc::new).collect()
}

/// A query that counts its comparisons, and calls a function at each.
struct Find<F> {
    number: usize,
    compared: Cell<usize>,
    meanwhile: F,
}

fn find<F: Fn(usize)>(number: usize, meanwhile: F) -> Find<F> {
    let compared = Cell::new(0);
    Find {
        number,
        compared,
        meanwhile,
    }
}

impl<F: Fn(usize)> Query<Unique> for Find<F> {
    type Error = Infallible;

    fn matches(&self, item: &Unique) -> Result<bool, Infallible> {
        self.compared.set(self.compared.get() + 1);
        (self.meanwhile)(**item);
        Ok(**item == self.number)
    }

    fn is_same(one: &Unique, other: &Unique) -> bool {
        Arc::ptr_eq(one, other)
    }
}

/// Fails at the item 13.
struct Superstitious(usize);

impl Query<Unique> for Superstitious {
    type Error = &'static str;

    fn matches(&self, item: &Unique) -> Result<bool, &'static str> {
        match **item {
            13 => Err("bad luck"),
            number => Ok(number == self.0),
        }
    }

    fn is_same(one: &Unique, other: &Unique) -> bool {
        Arc::ptr_eq(one, other)
    }
}

#[test]
fn both_ends() {
    let deque = ConcurrentDeque::new();
    assert_eq!(deque.pop_back(), None::<i32>);
    assert_eq!(deque.pop_front(), None);
    for n in 0..500 {
        assert_eq!(deque.push_back(n), None);
        assert_eq!(deque.push_front(-n - 1), None);
    }
    assert!(!deque.is_empty());
    assert!(deque.to_vec().into_iter().eq(-500..500));
    for n in 0..500 {
        assert_eq!(deque.pop_back(), Some(499 - n));
        assert_eq!(deque.pop_front(), Some(n - 500));
    }
    assert!(deque.is_empty());
}

#[test]
fn maximum_length() {
    let none = ConcurrentDeque::with_maxlen(0);
    assert_eq!(none.push_back(1), Some(1));
    assert_eq!(none.push_front(1), Some(1));
    assert_eq!(none.extend_back(vec![1, 2]), [1, 2]);
    assert_eq!(none.extend_front(vec![1, 2]), [1, 2]);
    assert_eq!(none.insert(0, 1), Err(Full(1)));
    assert_eq!(none.repeat(5), Ok(VecDeque::new()));
    assert_eq!((none.len(), none.maxlen()), (0, Some(0)));

    let three = ConcurrentDeque::with_maxlen(3);
    assert_eq!(three.extend_front(vec![1, 2, 3, 4, 5]), [1, 2]);
    assert_eq!(three.to_vec(), [5, 4, 3]);
    assert_eq!(three.extend_front(vec![6]), [3]);
    assert_eq!(three.push_back(7), Some(6));
    assert_eq!(three.to_vec(), [5, 4, 7]);
    assert_eq!(three.repeat(3), Ok([5, 4, 7].into()));
    assert_eq!(three.to_vec(), [5, 4, 7]);
    assert_eq!(three.pop_back(), Some(7));
    assert_eq!(three.repeat(isize::MAX), Ok([5, 4, 5].into()));
    assert_eq!(three.to_vec(), [4, 5, 4]);
    assert_eq!(ConcurrentDeque::<u8>::new().maxlen(), None);
}

#[test]
fn indices_from_either_end() {
    let deque = deque(0..5);
    for index in 0..5 {
        assert_eq!(deque.get(index), Some(index));
        assert_eq!(deque.get(index - 5), Some(index));
    }
    for index in [5, -6, isize::MAX, isize::MIN] {
        assert_eq!(deque.get(index), None);
        assert_eq!(deque.set(index, 9), Err(OutOfRange(9)));
        assert_eq!(deque.remove_at(index), None);
    }
    assert_eq!(deque.set(-1, 9), Ok(4));
    assert_eq!(deque.remove_at(-5), Some(0));
    deque.insert(isize::MIN, 7).unwrap();
    deque.insert(isize::MAX, 8).unwrap();
    assert_eq!(deque.to_vec(), [7, 1, 2, 3, 9, 8]);
}

#[test]
fn rotation_is_reduced() {
    let empty = ConcurrentDeque::<u8>::new();
    empty.rotate(isize::MIN);
    let deque = deque(0..3);
    for steps in [isize::MAX, isize::MIN, 1_000_000_000_000] {
        let mut model = VecDeque::from([0, 1, 2]);
        model.rotate_right(steps.rem_euclid(3) as usize);
        deque.rotate(steps);
        assert!(deque.to_vec().into_iter().eq(model));
        deque.rotate(-(steps % 3));
        assert_eq!(deque.to_vec(), [0, 1, 2]);
    }
}

#[test]
fn repeat_that_no_memory_holds() {
    let deque = deque(0..5);
    assert!(deque.repeat(isize::MAX).is_err());
    assert!(deque.repeat(isize::MAX / 40).is_err());
    assert_eq!(deque.len(), 5);
    assert_eq!(deque.repeat(1), Ok(VecDeque::new()));
    assert_eq!(deque.repeat(-1).unwrap().len(), 5);
    assert_eq!(deque.repeat(isize::MAX), Ok(VecDeque::new()));
}

#[test]
fn waits_with_deadlines() {
    let deque = ConcurrentDeque::new();
    let start = Instant::now();
    assert_eq!(deque.pop_back_timeout(SHORT), None);
    assert_eq!(deque.pop_front_timeout(SHORT), None);
    assert!(start.elapsed() >= 2 * SHORT && start.elapsed() < LONG);
    assert_eq!(deque.pop_back_deadline(Some(start)), None);
    deque.push_back(1);
    assert_eq!(deque.pop_back_deadline(Some(start)), Some(1));
    thread::scope(|scope| {
        let first = scope.spawn(|| deque.pop_front_deadline(None));
        let second = scope.spawn(|| deque.pop_back_timeout(Duration::MAX));
        deque.extend_back(vec![2, 3]);
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        assert_eq!(first.min(second), Some(2));
        assert_eq!(first.max(second), Some(3));
    });
}

/// What puts items in wakes as many waiters, and what puts in none wakes nobody.
#[test]
fn each_item_wakes_one() {
    type Way = fn(&ConcurrentDeque<u8>);
    let ways: [(usize, Way); 12] = [
        (1, |deque| _ = deque.push_back(1)),
        (1, |deque| _ = deque.push_front(1)),
        (3, |deque| _ = deque.extend_back(vec![1, 2, 3])),
        (3, |deque| _ = deque.extend_front(vec![1, 2, 3])),
        (1, |deque| deque.insert(0, 1).unwrap()),
        (2, |deque| _ = deque.repeat(3)),
        (0, |deque| _ = deque.extend_back(vec![])),
        (0, |deque| _ = deque.repeat(0)),
        (0, |deque| _ = deque.set(0, 1)),
        (0, |deque| _ = deque.pop_back()),
        (0, |deque| deque.rotate(1)),
        (0, |deque| deque.reverse()),
    ];
    for (index, (expected, way)) in ways.into_iter().enumerate() {
        let deque = deque([7]);
        let listeners: Vec<_> = (0..5).map(|_| deque.not_empty().listen()).collect();
        way(&deque);
        let past = Some(Instant::now());
        let woken = listeners
            .into_iter()
            .map(|listener| listener.wait_deadline(past))
            .filter(|&woken| woken);
        assert_eq!(woken.count(), expected, "{index}");
    }
}

#[test]
fn search_compares_each_item_once() {
    let deque: ConcurrentDeque<_> = unique(0..1000).into();
    for number in [0, 1, 31, 32, 500, 999] {
        let query = find(number, |_| ());
        assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(number)));
        assert_eq!(query.compared.get(), number + 1);
    }
    let query = find(1000, |_| ());
    assert!(deque.try_remove(&query).unwrap().is_none());
    assert_eq!(query.compared.get(), 1000);
    assert_eq!(deque.try_count(&find(7, |_| ())), Ok(1));
}

#[test]
fn search_within_bounds() {
    let numbers: Vec<usize> = (0..6).chain(0..6).collect();
    let deque: ConcurrentDeque<_> = unique(numbers.iter().copied()).into();
    for start in -14..14 {
        for stop in -14..14 {
            let from = if start < 0 {
                (start + 12).max(0)
            } else {
                start
            };
            let to = if stop < 0 { (stop + 12).max(0) } else { stop };
            let within = (from..to.min(12)).map(|index| index as usize);
            let expected = within.clone().find(|&index| numbers[index] == 4);
            assert_eq!(
                deque.try_position(&find(4, |_| ()), start, stop),
                Ok(expected)
            );
        }
    }
}

/// Items that come and go at the ends during a search cost it no second comparison, and the result
/// is that of its last moment.
#[test]
fn search_follows_its_item() {
    let deque: ConcurrentDeque<_> = unique(0..200).into();
    let query = find(150, |number| match number {
        10 => drop(deque.pop_front()),
        20 => drop(deque.pop_back()),
        30 => assert!(deque.push_front(Arc::new(1000)).is_none()),
        40 => assert!(deque.push_back(Arc::new(150)).is_none()),
        // From the back to the front: it is new there.
        100 => deque.rotate(1),
        _ => (),
    });
    // When ours was found, the other 150 was in front of it, so that one went.
    let removed = deque.try_remove(&query).unwrap();
    assert_eq!(removed.as_deref(), Some(&150));
    let left: Vec<_> = deque.to_vec().iter().map(|item| **item).collect();
    assert!(left.into_iter().eq([1000].into_iter().chain(1..199)));
    // 0 to 150, 1000 and the other 150.
    assert_eq!(query.compared.get(), 153);
}

/// A rotation moves the items from one end or those from the other, whichever are fewer.
#[test]
fn search_through_a_rotation() {
    for (steps, moved) in [(1, 1), (-1, 1), (70, 70), (-70, 70), (130, 70), (-330, 70)] {
        let deque: ConcurrentDeque<_> = unique(0..200).into();
        let rotated = Cell::new(false);
        let query = find(1000, |number| {
            if number == 199 && !rotated.replace(true) {
                deque.rotate(steps);
            }
        });
        assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(None));
        assert_eq!(query.compared.get(), 200 + moved, "{steps}");
    }
}

/// What was found and went before it could be removed is not removed, nor anything else.
#[test]
fn search_whose_item_goes() {
    let deque: ConcurrentDeque<_> = unique(0..10).into();
    let query = find(5, |number| {
        if number == 5 {
            deque.take();
            deque.extend_back(unique(20..40));
        }
    });
    assert!(deque.try_remove(&query).unwrap().is_none());
    assert_eq!(deque.len(), 20);

    let query = find(25, |number| {
        if number == 25 && deque.len() == 20 {
            // Its place is taken by one that is equal, but has not been compared.
            deque.set(5, Arc::new(25)).unwrap();
            deque.insert(0, Arc::new(7)).unwrap();
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(6)));
    // And when others shift it, too.
    let query = find(25, |number| {
        if number == 25 && deque.len() == 21 {
            deque.reverse();
            deque.insert(3, Arc::new(8)).unwrap();
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(15)));
}

/// What comes in front of a match and is none itself does not hide it, and what takes its place is
/// not taken for it.
#[test]
fn search_whose_item_is_passed_or_replaced() {
    let deque: ConcurrentDeque<_> = unique(0..10).into();
    let query = find(5, |number| {
        if number == 5 {
            deque.push_front(Arc::new(7));
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(6)));
    let query = find(5, |number| {
        if number == 5 {
            deque.set(6, Arc::new(7)).unwrap();
        }
    });
    assert!(deque.try_remove(&query).unwrap().is_none());
    assert_eq!(deque.len(), 11);
}

/// A match that comes in front of another and goes again does not hide that one.
#[test]
fn search_comes_back_to_an_earlier_match() {
    let deque: ConcurrentDeque<_> = unique(0..10).into();
    let matches = Cell::new(0);
    let query = find(5, |number| {
        if number == 5 {
            matches.set(matches.get() + 1);
            match matches.get() {
                1 => drop(deque.push_front(Arc::new(5))),
                2 => drop(deque.pop_front()),
                _ => (),
            }
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(5)));
}

#[test]
fn failing_search_changes_nothing() {
    let deque: ConcurrentDeque<_> = unique([1, 13, 2]).into();
    let lost = "bad luck";
    assert_eq!(deque.try_remove(&Superstitious(2)), Err(lost));
    assert_eq!(deque.try_position(&Superstitious(2), 0, 3), Err(lost));
    assert_eq!(deque.try_position(&Superstitious(2), 2, 3), Ok(Some(2)));
    assert_eq!(deque.try_count(&Superstitious(1)), Err(lost));
    assert_eq!(deque.try_position(&Superstitious(1), 0, 3), Ok(Some(0)));
    assert_eq!(deque.len(), 3);
}

#[test]
fn messages() {
    assert_eq!(Full(1).to_string(), "deque already at its maximum size");
    assert_eq!(OutOfRange(1).to_string(), "deque index out of range");
}

#[test]
fn plain_search() {
    let deque = deque([1, 2, 1]);
    assert_eq!(deque.position(&1), Some(0));
    assert_eq!(deque.count(&1), 2);
    assert!(deque.contains(&2) && !deque.contains(&3));
    assert!(deque.remove(&1) && !deque.remove(&3));
    assert_eq!(deque.to_vec(), [2, 1]);
}

#[test]
fn memory_is_given_back() {
    let deque = ConcurrentDeque::new();
    for round in 0..3 {
        deque.extend_back((0..100_000).collect());
        for n in 0..100_000 {
            let taken = match round {
                0 => deque.pop_front(),
                1 => deque.pop_back(),
                _ => deque.remove_at(deque.len() as isize / 2),
            };
            assert!(taken.is_some(), "{round} {n}");
        }
        // Its debug output does not tell; taking everything hands out the buffer.
        assert!(deque.take().capacity() <= 1000);
    }
}

/// Not before seven eighths of it are unused, and half of what is left is.
#[test]
fn memory_is_kept_for_use() {
    let filled = |len| {
        let deque = ConcurrentDeque::new();
        deque.extend_back((0..8000).collect());
        while deque.len() > len {
            deque.pop_back();
        }
        deque.take().capacity()
    };
    let full = filled(8000);
    assert_eq!(filled(full / 8), full);
    let less = filled(full / 8 - 1);
    assert!((full / 5..=full / 3).contains(&less), "{less} of {full}");
}

/// An item that uses its deque when it dies.
struct Reentrant(Arc<ConcurrentDeque<Reentrant>>);

impl Clone for Reentrant {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        // Would never return if the deque were locked.
        self.0.rotate(1);
    }
}

#[test]
fn items_die_outside_the_lock() {
    let deque = Arc::new(ConcurrentDeque::with_maxlen(4));
    let item = || Reentrant(Arc::clone(&deque));
    let items = || (0..3).map(|_| item()).collect::<Vec<_>>();
    for _ in 0..6 {
        drop(deque.push_back(item()));
        drop(deque.push_front(item()));
    }
    drop(deque.extend_back(items()));
    drop(deque.extend_front(items()));
    drop(deque.repeat(3));
    drop(deque.set(0, item()));
    drop(deque.set(9, item()));
    drop(deque.insert(0, item()));
    drop(deque.remove_at(1));
    drop(deque.to_vec());
    drop(deque.get(0));
    assert_eq!(deque.len(), 3);
    drop(deque.take());
}

#[derive(Clone, Debug)]
enum Step {
    PushBack,
    PushFront,
    PopBack,
    PopFront,
    ExtendBack(u8),
    ExtendFront(u8),
    Insert(isize),
    RemoveAt(isize),
    Set(isize),
    Get(isize),
    Rotate(isize),
    Reverse,
    Repeat(i8),
    Take,
    Remove(usize),
    Position(usize, isize, isize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = || -12..12_isize;
    let number = || 0..40_usize;
    let step = prop_oneof![
        4 => Just(Step::PushBack),
        4 => Just(Step::PushFront),
        2 => Just(Step::PopBack),
        2 => Just(Step::PopFront),
        2 => (0..9_u8).prop_map(Step::ExtendBack),
        2 => (0..9_u8).prop_map(Step::ExtendFront),
        2 => index().prop_map(Step::Insert),
        2 => index().prop_map(Step::RemoveAt),
        2 => index().prop_map(Step::Set),
        2 => index().prop_map(Step::Get),
        2 => index().prop_map(Step::Rotate),
        1 => Just(Step::Reverse),
        1 => (-1..4_i8).prop_map(Step::Repeat),
        1 => Just(Step::Take),
        2 => number().prop_map(Step::Remove),
        2 => (number(), index(), index()).prop_map(|(n, from, to)| Step::Position(n, from, to)),
    ];
    prop::collection::vec(step, 0..60)
}

/// What the deque does, on a plain one.
struct Model {
    items: VecDeque<usize>,
    maxlen: usize,
}

impl Model {
    fn push_back(&mut self, item: usize) -> Option<usize> {
        self.items.push_back(item);
        (self.items.len() > self.maxlen).then(|| self.items.pop_front().unwrap())
    }

    fn push_front(&mut self, item: usize) -> Option<usize> {
        self.items.push_front(item);
        (self.items.len() > self.maxlen).then(|| self.items.pop_back().unwrap())
    }

    fn index(&self, index: isize) -> Option<usize> {
        let len = self.items.len() as isize;
        let index = if index < 0 { index + len } else { index };
        (0..len).contains(&index).then_some(index as usize)
    }

    fn clamp(&self, index: isize) -> usize {
        let len = self.items.len() as isize;
        let index = if index < 0 { index + len } else { index };
        index.clamp(0, len) as usize
    }
}

proptest! {
    /// Alone, the deque does what a plain one does.
    #[test]
    fn behaves_like_a_plain_deque(maxlen in prop::option::of(0..12_usize), steps in steps()) {
        let deque = ConcurrentDeque::with_maxlen(maxlen);
        let mut model = Model { items: VecDeque::new(), maxlen: maxlen.unwrap_or(usize::MAX) };
        let mut next = 0;
        let mut new = || {
            next += 1;
            next % 40
        };
        let number = |item: Option<Unique>| item.map(|item| *item);
        for step in steps {
            match step {
                Step::PushBack => {
                    let item = new();
                    prop_assert_eq!(number(deque.push_back(Arc::new(item))), model.push_back(item));
                }
                Step::PushFront => {
                    let item = new();
                    prop_assert_eq!(number(deque.push_front(Arc::new(item))), model.push_front(item));
                }
                Step::PopBack => prop_assert_eq!(number(deque.pop_back()), model.items.pop_back()),
                Step::PopFront => prop_assert_eq!(number(deque.pop_front()), model.items.pop_front()),
                Step::ExtendBack(count) => {
                    let items: Vec<_> = (0..count).map(|_| new()).collect();
                    let out = deque.extend_back(unique(items.iter().copied()));
                    let mut expected: Vec<_> =
                        items.into_iter().filter_map(|item| model.push_back(item)).collect();
                    let mut out: Vec<_> = out.into_iter().map(|item| *item).collect();
                    out.sort_unstable();
                    expected.sort_unstable();
                    prop_assert_eq!(out, expected);
                }
                Step::ExtendFront(count) => {
                    let items: Vec<_> = (0..count).map(|_| new()).collect();
                    let out = deque.extend_front(unique(items.iter().copied()));
                    let mut expected: Vec<_> =
                        items.into_iter().filter_map(|item| model.push_front(item)).collect();
                    let mut out: Vec<_> = out.into_iter().map(|item| *item).collect();
                    out.sort_unstable();
                    expected.sort_unstable();
                    prop_assert_eq!(out, expected);
                }
                Step::Insert(index) => {
                    let item = new();
                    let full = model.items.len() >= model.maxlen;
                    prop_assert_eq!(deque.insert(index, Arc::new(item)).is_err(), full);
                    if !full {
                        model.items.insert(model.clamp(index), item);
                    }
                }
                Step::RemoveAt(index) => {
                    let expected = model.index(index).and_then(|index| model.items.remove(index));
                    prop_assert_eq!(number(deque.remove_at(index)), expected);
                }
                Step::Set(index) => {
                    let item = new();
                    let old = model.index(index).map(|index| {
                        std::mem::replace(&mut model.items[index], item)
                    });
                    prop_assert_eq!(number(deque.set(index, Arc::new(item)).ok()), old);
                }
                Step::Get(index) => {
                    let expected = model.index(index).map(|index| model.items[index]);
                    prop_assert_eq!(number(deque.get(index)), expected);
                }
                Step::Rotate(steps) => {
                    deque.rotate(steps);
                    if !model.items.is_empty() {
                        let len = model.items.len() as isize;
                        model.items.rotate_right(steps.rem_euclid(len) as usize);
                    }
                }
                Step::Reverse => {
                    deque.reverse();
                    model.items.make_contiguous().reverse();
                }
                Step::Repeat(times) => {
                    if model.items.len() < 100 {
                        drop(deque.repeat(times.into()).unwrap());
                        let items = Vec::from(std::mem::take(&mut model.items));
                        for item in items.repeat(times.max(0) as usize) {
                            model.push_back(item);
                        }
                    }
                }
                Step::Take => {
                    prop_assert_eq!(deque.take().len(), model.items.len());
                    model.items.clear();
                }
                Step::Remove(item) => {
                    let index = model.items.iter().position(|&other| other == item);
                    let removed = deque.try_remove(&find(item, |_| ())).unwrap();
                    prop_assert_eq!(removed.is_some(), index.is_some());
                    if let Some(index) = index {
                        model.items.remove(index);
                    }
                }
                Step::Position(item, start, stop) => {
                    let (from, to) = (model.clamp(start), model.clamp(stop));
                    let mut within = from..to;
                    let expected = within.find(|&index| model.items[index] == item);
                    let found = deque.try_position(&find(item, |_| ()), start, stop).unwrap();
                    prop_assert_eq!(found, expected);
                }
            }
            let items: Vec<_> = deque.to_vec().iter().map(|item| **item).collect();
            prop_assert_eq!(items, model.items.iter().copied().collect::<Vec<_>>());
            prop_assert!(deque.len() <= model.maxlen);
        }
    }
}

/// Four threads put in, at both ends and in blocks, four take out, two rotate, search and look:
/// nothing is lost or comes out twice, blocks stay together, and nothing is missed.
#[test]
fn stress() {
    const PUTTERS: usize = 4;
    let deque: ConcurrentDeque<Unique> = ConcurrentDeque::new();
    let barrier = Barrier::new(2 * PUTTERS + 2);
    let taken = AtomicUsize::new(0);
    let sum = AtomicUsize::new(0);
    let total = PUTTERS * ITEMS;
    // Never taken out for good.
    let token = usize::MAX;
    deque.push_back(Arc::new(token));
    thread::scope(|scope| {
        let (deque, barrier, taken, sum) = (&deque, &barrier, &taken, &sum);
        for putter in 0..PUTTERS {
            scope.spawn(move || {
                barrier.wait();
                for n in (putter * ITEMS..(putter + 1) * ITEMS).step_by(4) {
                    deque.push_back(Arc::new(n));
                    deque.push_front(Arc::new(n + 1));
                    deque.extend_back(unique([n + 2, n + 3]));
                }
            });
            scope.spawn(move || {
                barrier.wait();
                while taken.load(SeqCst) < total {
                    let popped = match putter % 2 {
                        0 => deque.pop_front_timeout(SHORT),
                        _ => deque.pop_back_timeout(SHORT),
                    };
                    match popped {
                        Some(item) if *item == token => drop(deque.push_back(item)),
                        Some(item) => {
                            sum.fetch_add(*item, SeqCst);
                            taken.fetch_add(1, SeqCst);
                        }
                        None => (),
                    }
                }
            });
        }
        scope.spawn(move || {
            barrier.wait();
            while taken.load(SeqCst) < total {
                deque.rotate(3);
                deque.rotate(-3);
                let items = deque.to_vec();
                assert!(items.len() <= total + 1);
            }
        });
        scope.spawn(move || {
            barrier.wait();
            for wanted in (0..total).step_by(97) {
                if deque.try_remove(&find(wanted, |_| ())).unwrap().is_some() {
                    sum.fetch_add(wanted, SeqCst);
                    taken.fetch_add(1, SeqCst);
                }
            }
        });
    });
    assert_eq!(sum.load(SeqCst), total * (total - 1) / 2);
    assert_eq!(deque.to_vec(), [Arc::new(token)]);
}

/// An item whose clones panic, the third and all after it.
#[derive(Debug)]
struct Brittle<'a>(u32, &'a Cell<u32>);

impl Clone for Brittle<'_> {
    fn clone(&self) -> Self {
        self.1.set(self.1.get() + 1);
        assert!(self.1.get() < 3, "the clone panics");
        Self(self.0, self.1)
    }
}

/// Found by fuzzing.
#[test]
fn panic_in_a_clone_repeats_nothing() {
    let clones = Cell::new(0);
    let deque = deque([1, 2].map(|n| Brittle(n, &clones)));
    let repeat = std::panic::AssertUnwindSafe(|| deque.repeat(4).map(|out| out.len()));
    std::panic::catch_unwind(repeat).unwrap_err();
    assert_eq!(deque.len(), 2);
}

/// Found by fuzzing.
#[test]
fn visits_after_a_panic_in_a_clone() {
    let clones = Cell::new(2);
    let deque = deque([Brittle(1, &clones)]);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| deque.get(0))).unwrap_err();
    let mut seen = vec![];
    let visit = |item: &Brittle<'_>| {
        seen.push(item.0);
        Ok::<_, ()>(())
    };
    deque.for_each_quiescent(visit).unwrap();
    assert_eq!(seen, [1]);
}

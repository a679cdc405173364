//! Histories of `ConcurrentDeque`. Every operation is one step, even one on all items.

use ft_concurrent_deque::{ConcurrentDeque, Query};
use histories::linear::{Dice, Model, Subject, check};
use std::{collections::VecDeque, convert::Infallible, time::Duration};

/// Items are told apart by their number, and are searched by their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Item(u32);

impl Item {
    fn kind(self) -> u32 {
        self.0 % 3
    }
}

/// Finds items of a kind, comparing outside of the lock.
struct OfKind(u32);

impl Query<Item> for OfKind {
    type Error = Infallible;

    fn matches(&self, item: &Item) -> Result<bool, Infallible> {
        ft_sync::thread::yield_now();
        Ok(item.kind() == self.0)
    }

    fn is_same(one: &Item, other: &Item) -> bool {
        one == other
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec {
    items: VecDeque<Item>,
    maxlen: usize,
}

#[derive(Clone, Debug)]
enum Step {
    /// The item that was pushed out comes last.
    PushedBack(Item, Option<Item>),
    PushedFront(Item, Option<Item>),
    PoppedBack(Option<Item>),
    PoppedFront(Option<Item>),
    ExtendedBack(Vec<Item>, Vec<Item>),
    ExtendedFront(Vec<Item>, Vec<Item>),
    Inserted(isize, Item, bool),
    RemovedAt(isize, Option<Item>),
    Set(isize, Item, Option<Item>),
    Got(isize, Option<Item>),
    Rotated(isize),
    Reversed,
    All(Vec<Item>),
    Taken(VecDeque<Item>),
    Len(usize),
    Found(u32, Option<usize>),
    Removed(u32, Option<Item>),
    Count(u32, usize),
    Repeated(isize, VecDeque<Item>),
}

impl Spec {
    fn push_back(&mut self, item: Item) -> Option<Item> {
        self.items.push_back(item);
        let full = self.items.len() > self.maxlen;
        full.then(|| self.items.pop_front()).flatten()
    }

    fn push_front(&mut self, item: Item) -> Option<Item> {
        self.items.push_front(item);
        let full = self.items.len() > self.maxlen;
        full.then(|| self.items.pop_back()).flatten()
    }

    /// The place that an index from either end means.
    fn place(&self, index: isize) -> Option<usize> {
        let len = self.items.len() as isize;
        let place = if index < 0 { index + len } else { index };
        (0..len).contains(&place).then_some(place as usize)
    }

    fn position(&self, kind: u32) -> Option<usize> {
        self.items.iter().position(|item| item.kind() == kind)
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        match step {
            Step::PushedBack(item, out) => self.push_back(*item) == *out,
            Step::PushedFront(item, out) => self.push_front(*item) == *out,
            Step::PoppedBack(item) => self.items.pop_back() == *item,
            Step::PoppedFront(item) => self.items.pop_front() == *item,
            Step::ExtendedBack(items, out) => {
                let pushed_out = items.iter().filter_map(|&item| self.push_back(item));
                same_items(pushed_out.collect(), out)
            }
            Step::ExtendedFront(items, out) => {
                let pushed_out = items.iter().filter_map(|&item| self.push_front(item));
                same_items(pushed_out.collect(), out)
            }
            Step::Inserted(index, item, done) => {
                let room = self.items.len() < self.maxlen;
                if room {
                    let len = self.items.len() as isize;
                    let place = if *index < 0 { index + len } else { *index };
                    self.items.insert(place.clamp(0, len) as usize, *item);
                }
                room == *done
            }
            Step::RemovedAt(index, item) => {
                let place = self.place(*index);
                place.and_then(|place| self.items.remove(place)) == *item
            }
            Step::Set(index, item, before) => {
                let place = self.place(*index);
                let old = place.map(|place| std::mem::replace(&mut self.items[place], *item));
                old == *before
            }
            Step::Got(index, item) => self.place(*index).map(|place| self.items[place]) == *item,
            Step::Rotated(steps) => {
                let len = self.items.len() as isize;
                if len > 0 {
                    self.items.rotate_right(steps.rem_euclid(len) as usize);
                }
                true
            }
            Step::Reversed => {
                self.items.make_contiguous().reverse();
                true
            }
            Step::All(items) => self.items == *items,
            Step::Taken(items) => std::mem::take(&mut self.items) == *items,
            Step::Len(len) => self.items.len() == *len,
            Step::Found(kind, place) => self.position(*kind) == *place,
            Step::Removed(kind, item) => {
                let place = self.position(*kind);
                place.and_then(|place| self.items.remove(place)) == *item
            }
            Step::Count(kind, count) => {
                let found = self.items.iter().filter(|item| item.kind() == *kind);
                found.count() == *count
            }
            Step::Repeated(times, out) => {
                let before: Vec<_> = self.items.iter().copied().collect();
                if *times <= 0 {
                    return std::mem::take(&mut self.items) == *out;
                }
                // Only items that were there before are returned, because copies that would not stay are not made.
                for _ in 1..*times {
                    self.items.extend(&before);
                }
                let excess = self.items.len().saturating_sub(self.maxlen);
                self.items.drain(..excess);
                true
            }
        }
    }
}

fn same_items(mut one: Vec<Item>, other: &[Item]) -> bool {
    let mut other = other.to_vec();
    one.sort_by_key(|item| item.0);
    other.sort_by_key(|item| item.0);
    one == other
}

#[derive(Debug)]
enum Call {
    PushBack(Item),
    PushFront(Item),
    PopBack,
    PopFront,
    PopBackTimeout,
    PopFrontWaiting,
    ExtendBack(Vec<Item>),
    ExtendFront(Vec<Item>),
    Insert(isize, Item),
    RemoveAt(isize),
    Set(isize, Item),
    Get(isize),
    Rotate(isize),
    Reverse,
    ToVec,
    Take,
    Len,
    Find(u32),
    Remove(u32),
    Count(u32),
    Repeat(isize),
}

/// The type under test, and its broken relatives.
trait Deque: Send + Sync + 'static {
    fn new(maxlen: Option<usize>) -> Self;
    fn real(&self) -> &ConcurrentDeque<Item>;
    fn rotate(&self, steps: isize) {
        self.real().rotate(steps);
    }
    fn remove(&self, kind: u32) -> Option<Item> {
        let Ok(removed) = self.real().try_remove(&OfKind(kind));
        removed
    }
}

impl Deque for ConcurrentDeque<Item> {
    fn new(maxlen: Option<usize>) -> Self {
        ConcurrentDeque::with_maxlen(maxlen)
    }
    fn real(&self) -> &ConcurrentDeque<Item> {
        self
    }
}

struct Recorded<D> {
    deque: D,
    /// Whether the second thread waits for an item that the first one brings.
    waits: bool,
}

impl<D: Deque> Subject for Recorded<D> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let maxlen = dice.pick(&[None, None, Some(2), Some(3)]);
        let deque = D::new(maxlen);
        let items: VecDeque<_> = (0..dice.below(3) as u32).map(Item).collect();
        for &item in &items {
            deque.real().push_back(item);
        }
        let maxlen = maxlen.unwrap_or(usize::MAX);
        let waits = dice.one_in(2);
        (Self { deque, waits }, Spec { items, maxlen })
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut number = 100 * (thread as u32 + 1);
        let mut item = || {
            number += 1;
            Item(number)
        };
        let mut calls = dice.times(4, |dice| match dice.below(30) {
            0 | 1 => Call::PushBack(item()),
            2 | 3 => Call::PushFront(item()),
            4 | 5 => Call::PopBack,
            6 | 7 => Call::PopFront,
            8 => Call::PopBackTimeout,
            9 => Call::ExtendBack((0..2).map(|_| item()).collect()),
            10 => Call::ExtendFront((0..2).map(|_| item()).collect()),
            11 => Call::Insert(dice.pick(&[-1, 0, 1]), item()),
            12 => Call::RemoveAt(dice.pick(&[-1, 0, 1])),
            13 => Call::Set(dice.pick(&[-1, 0, 1]), item()),
            14 => Call::Get(dice.pick(&[-1, 0, 1])),
            15 => Call::Rotate(dice.pick(&[-1, 1, 2])),
            16 => Call::Reverse,
            17 | 18 => Call::ToVec,
            19 => Call::Take,
            20 => Call::Len,
            21 | 22 => Call::Find(dice.below(3) as u32),
            23..=25 => Call::Remove(dice.below(3) as u32),
            26 => Call::Count(dice.below(3) as u32),
            27 => Call::Repeat(dice.pick(&[0, 2])),
            _ => Call::Len,
        });
        match thread {
            0 => calls.push(Call::PushBack(item())),
            1 if self.waits => calls.insert(0, Call::PopFrontWaiting),
            // The first thread does not take the item that the second one waits for.
            2 if self.waits => calls = vec![Call::ToVec, Call::Reverse, Call::Rotate(1), Call::Len],
            _ => {}
        }
        calls
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let deque = self.deque.real();
        vec![match *call {
            Call::PushBack(item) => Step::PushedBack(item, deque.push_back(item)),
            Call::PushFront(item) => Step::PushedFront(item, deque.push_front(item)),
            Call::PopBack => Step::PoppedBack(deque.pop_back()),
            Call::PopFront => Step::PoppedFront(deque.pop_front()),
            Call::PopBackTimeout => {
                Step::PoppedBack(deque.pop_back_timeout(Duration::from_micros(20)))
            }
            Call::PopFrontWaiting => Step::PoppedFront(deque.pop_front_deadline(None)),
            Call::ExtendBack(ref items) => {
                Step::ExtendedBack(items.clone(), deque.extend_back(items.clone()))
            }
            Call::ExtendFront(ref items) => {
                Step::ExtendedFront(items.clone(), deque.extend_front(items.clone()))
            }
            Call::Insert(index, item) => {
                Step::Inserted(index, item, deque.insert(index, item).is_ok())
            }
            Call::RemoveAt(index) => Step::RemovedAt(index, deque.remove_at(index)),
            Call::Set(index, item) => Step::Set(index, item, deque.set(index, item).ok()),
            Call::Get(index) => Step::Got(index, deque.get(index)),
            Call::Rotate(steps) => {
                self.deque.rotate(steps);
                Step::Rotated(steps)
            }
            Call::Reverse => {
                deque.reverse();
                Step::Reversed
            }
            Call::ToVec => Step::All(deque.to_vec()),
            Call::Take => Step::Taken(deque.take()),
            Call::Len => Step::Len(deque.len()),
            Call::Find(kind) => {
                let Ok(place) = deque.try_position(&OfKind(kind), 0, isize::MAX);
                Step::Found(kind, place)
            }
            Call::Remove(kind) => Step::Removed(kind, self.deque.remove(kind)),
            Call::Count(kind) => {
                let Ok(count) = deque.try_count(&OfKind(kind));
                Step::Count(kind, count)
            }
            Call::Repeat(times) => Step::Repeated(times, deque.repeat(times).unwrap()),
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::All(self.deque.real().to_vec())]
    }
}

#[test]
fn everything() {
    check::<Recorded<ConcurrentDeque<Item>>>();
}

/// Broken deques, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Rotates by popping and pushing, so that an item is missing for a moment.
    struct PopThenPush(ConcurrentDeque<Item>);

    impl Deque for PopThenPush {
        fn new(maxlen: Option<usize>) -> Self {
            Self(Deque::new(maxlen))
        }
        fn real(&self) -> &ConcurrentDeque<Item> {
            &self.0
        }
        fn rotate(&self, steps: isize) {
            for _ in 0..steps {
                if let Some(item) = self.0.pop_back() {
                    self.0.push_front(item);
                }
            }
        }
    }

    #[test]
    fn pop_then_push() {
        rejects::<Recorded<PopThenPush>>();
    }

    /// Finds the place of an item, and then removes the item that is there by then.
    struct FindThenRemove(ConcurrentDeque<Item>);

    impl Deque for FindThenRemove {
        fn new(maxlen: Option<usize>) -> Self {
            Self(Deque::new(maxlen))
        }
        fn real(&self) -> &ConcurrentDeque<Item> {
            &self.0
        }
        fn remove(&self, kind: u32) -> Option<Item> {
            let Ok(place) = self.0.try_position(&OfKind(kind), 0, isize::MAX);
            self.0.remove_at(place? as isize)
        }
    }

    #[test]
    fn find_then_remove() {
        rejects::<Recorded<FindThenRemove>>();
    }
}

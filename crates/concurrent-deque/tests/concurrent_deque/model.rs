//! Any steps of one thread, compared with what they do to a plain deque.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use ft_concurrent_deque::ConcurrentDeque;
use proptest::prelude::*;

use crate::{Unique, find, unique};

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

/// What the deque does, done with a plain one.
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

fn sorted(items: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut items: Vec<_> = items.collect();
    items.sort_unstable();
    items
}

proptest! {
    /// With one thread, the deque does what a plain one does.
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
                    let expected = items.into_iter().filter_map(|item| model.push_back(item));
                    prop_assert_eq!(sorted(out.into_iter().map(|item| *item)), sorted(expected));
                }
                Step::ExtendFront(count) => {
                    let items: Vec<_> = (0..count).map(|_| new()).collect();
                    let out = deque.extend_front(unique(items.iter().copied()));
                    let expected = items.into_iter().filter_map(|item| model.push_front(item));
                    prop_assert_eq!(sorted(out.into_iter().map(|item| *item)), sorted(expected));
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
                        mem::replace(&mut model.items[index], item)
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
                        let items = Vec::from(mem::take(&mut model.items));
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

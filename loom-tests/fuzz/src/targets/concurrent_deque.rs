//! `ConcurrentDeque`, beside a `VecDeque`.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_concurrent_deque::{ConcurrentDeque, Query};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::{collections::VecDeque, sync::Arc, time::Instant};

/// Ways in which a relative is broken.
const ROTATES_ONE_TOO_FAR: u8 = 1;
const REMOVES_ANOTHER: u8 = 2;

pub struct Deque<const BROKEN: u8 = 0>(ConcurrentDeque<Item>);

/// An item. It is the same as its copies, and as no other.
#[derive(Debug)]
pub struct Item(Arc<Token>);

impl Item {
    fn new(value: u32) -> Self {
        Self(Arc::new(Token::new(value)))
    }
}

impl Clone for Item {
    fn clone(&self) -> Self {
        fuse::burn_or_panic();
        Self(Arc::clone(&self.0))
    }
}

/// A query that matches every fifth item.
struct Fifth(u32);

fn is_fifth(value: u32, which: u32) -> bool {
    (value + value / 1_000) % 5 == which
}

impl Query<Item> for Fifth {
    type Error = Blown;

    fn matches(&self, item: &Item) -> Result<bool, Blown> {
        fuse::burn()?;
        Ok(is_fifth(item.0.value(), self.0))
    }

    fn is_same(one: &Item, other: &Item) -> bool {
        Arc::ptr_eq(&one.0, &other.0)
    }
}

#[derive(Clone, Debug)]
pub enum Call {
    Push {
        back: bool,
    },
    Pop {
        back: bool,
    },
    /// The call has a deadline that has passed.
    PopDeadline {
        back: bool,
    },
    Extend {
        back: bool,
        count: usize,
    },
    Insert(isize),
    RemoveAt(isize),
    Set(isize),
    Take,
    Rotate(isize),
    Reverse,
    Get(isize),
    ToVec,
    /// Does nothing if that would make very many items.
    Repeat(isize),
    Position(u32, isize, isize),
    Remove(u32),
    Count(u32),
    Len,
    Visit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Item(Option<u32>),
    Items(Vec<u32>),
    Number(Option<usize>),
    Refused,
    Done,
}

/// A deque, and its maximum length. A copy of an item has the same token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model(VecDeque<u32>, usize);

/// The call does not repeat more items than this.
const MANY: usize = 400;

impl Model {
    fn push(&mut self, back: bool, item: u32) -> Option<u32> {
        let Self(items, maxlen) = self;
        match back {
            true => items.push_back(item),
            false => items.push_front(item),
        }
        let is_over = items.len() > *maxlen;
        is_over.then(|| Self::pop(items, !back)).flatten()
    }

    fn pop(items: &mut VecDeque<u32>, back: bool) -> Option<u32> {
        match back {
            true => items.pop_back(),
            false => items.pop_front(),
        }
    }

    fn index(&self, index: isize) -> Option<usize> {
        let len = self.0.len() as isize;
        let index = if index < 0 { index + len } else { index };
        (0..len).contains(&index).then_some(index as usize)
    }

    fn clamped(&self, index: isize) -> usize {
        let len = self.0.len() as isize;
        let index = if index < 0 { index + len } else { index };
        index.clamp(0, len) as usize
    }

    fn find(&self, which: u32) -> Option<usize> {
        self.0.iter().position(|&item| is_fifth(item, which))
    }
}

fn sorted(mut items: Vec<u32>) -> Answer {
    items.sort_unstable();
    Answer::Items(items)
}

fn item(item: Option<Item>) -> Answer {
    Answer::Item(item.map(|item| item.0.value()))
}

fn values<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<u32> {
    items.into_iter().map(|item| item.0.value()).collect()
}

impl<const BROKEN: u8> Target for Deque<BROKEN> {
    const NAME: &'static str = match BROKEN {
        ROTATES_ONE_TOO_FAR => "concurrent_deque that rotates too far",
        REMOVES_ANOTHER => "concurrent_deque that removes by place",
        _ => "concurrent_deque",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = Option<usize>;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

    fn setups() -> BoxedStrategy<Option<usize>> {
        select(vec![None, None, Some(0), Some(1), Some(3), Some(11)]).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        // A buffer for more than 256 items gives memory back.
        let counts = match alone {
            true => vec![0, 1, 2, 5, 13, 290],
            false => vec![1, 2, 3],
        };
        let back = any::<bool>;
        let index = || prop_oneof![4 => -4..4_isize, 1 => -300..300_isize];
        vec![
            of(6, back().prop_map(|back| Call::Push { back })),
            of(6, back().prop_map(|back| Call::Pop { back })),
            of(1, back().prop_map(|back| Call::PopDeadline { back })),
            of(
                2,
                (back(), select(counts)).prop_map(|(back, count)| Call::Extend { back, count }),
            ),
            of(2, index().prop_map(Call::Insert)),
            of(2, index().prop_map(Call::RemoveAt)),
            of(2, index().prop_map(Call::Set)),
            one(1, Call::Take),
            of(2, index().prop_map(Call::Rotate)),
            one(1, Call::Reverse),
            of(2, index().prop_map(Call::Get)),
            one(1, Call::ToVec),
            of(1, (-1..4_isize).prop_map(Call::Repeat)),
            of(
                2,
                (0..5_u32, index(), index())
                    .prop_map(|(n, start, stop)| Call::Position(n, start, stop)),
            ),
            of(2, (0..5_u32).prop_map(Call::Remove)),
            of(1, (0..5_u32).prop_map(Call::Count)),
            one(1, Call::Len),
            // The call does nothing while another thread has the lock.
            one(u32::from(alone), Call::Visit),
        ]
    }

    fn new(maxlen: &Option<usize>) -> Self {
        Self(ConcurrentDeque::with_maxlen(*maxlen))
    }

    fn model(maxlen: &Option<usize>) -> Model {
        Model(VecDeque::new(), maxlen.unwrap_or(usize::MAX))
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let deque = &self.0;
        let new = || Item::new(place.value());
        let now = Some(Instant::now());
        Ok(vec![match *call {
            Call::Push { back: true } => item(deque.push_back(new())),
            Call::Push { back: false } => item(deque.push_front(new())),
            Call::Pop { back: true } => item(deque.pop_back()),
            Call::Pop { back: false } => item(deque.pop_front()),
            Call::PopDeadline { back: true } => item(deque.pop_back_deadline(now)),
            Call::PopDeadline { back: false } => item(deque.pop_front_deadline(now)),
            Call::Extend { back, count } => {
                let items = (0..count as u32).map(|n| Item::new(place.value() + n));
                let out = match back {
                    true => deque.extend_back(items.collect()),
                    false => deque.extend_front(items.collect()),
                };
                sorted(values(&out))
            }
            Call::Insert(index) => match deque.insert(index, new()) {
                Ok(()) => Answer::Done,
                Err(_) => Answer::Refused,
            },
            Call::RemoveAt(index) => item(deque.remove_at(index)),
            Call::Set(index) => match deque.set(index, new()) {
                Ok(old) => item(Some(old)),
                Err(_) => Answer::Refused,
            },
            Call::Take => Answer::Items(values(&deque.take())),
            Call::Rotate(steps) => {
                deque.rotate(steps + isize::from(BROKEN == ROTATES_ONE_TOO_FAR && steps > 200));
                Answer::Done
            }
            Call::Reverse => {
                deque.reverse();
                Answer::Done
            }
            Call::Get(index) => item(deque.get(index)),
            Call::ToVec => Answer::Items(values(&deque.to_vec())),
            Call::Repeat(_) if deque.len() > MANY => Answer::Refused,
            Call::Repeat(times) => {
                let out = deque.repeat(times).expect("there is room for that");
                sorted(values(&out))
            }
            Call::Position(which, start, stop) => {
                Answer::Number(deque.try_position(&Fifth(which), start, stop)?)
            }
            Call::Remove(which) if BROKEN == REMOVES_ANOTHER => {
                match deque.try_position(&Fifth(which), 0, isize::MAX)? {
                    Some(place) => item(deque.remove_at(place as isize)),
                    None => Answer::Item(None),
                }
            }
            Call::Remove(which) => item(deque.try_remove(&Fifth(which))?),
            Call::Count(which) => Answer::Number(Some(deque.try_count(&Fifth(which))?)),
            Call::Len => Answer::Number(Some(deque.len())),
            Call::Visit => {
                let mut seen = Vec::new();
                deque.for_each_quiescent(|item| {
                    seen.push(item.0.value());
                    fuse::burn()
                })?;
                Answer::Items(seen)
            }
        }])
    }

    fn step(model: &mut Model, place: Place, call: &Call, answer: &Answer) -> bool {
        let new = place.value();
        let expected = match *call {
            Call::Push { back } => Answer::Item(model.push(back, new)),
            Call::Pop { back } | Call::PopDeadline { back } => {
                Answer::Item(Model::pop(&mut model.0, back))
            }
            Call::Extend { back, count } => {
                let items = (0..count as u32).map(|n| new + n);
                sorted(items.filter_map(|item| model.push(back, item)).collect())
            }
            Call::Insert(_) if model.0.len() >= model.1 => Answer::Refused,
            Call::Insert(index) => {
                model.0.insert(model.clamped(index), new);
                Answer::Done
            }
            Call::RemoveAt(index) => {
                let index = model.index(index);
                Answer::Item(index.and_then(|index| model.0.remove(index)))
            }
            Call::Set(index) => match model.index(index) {
                Some(index) => Answer::Item(Some(std::mem::replace(&mut model.0[index], new))),
                None => Answer::Refused,
            },
            Call::Take => Answer::Items(std::mem::take(&mut model.0).into()),
            Call::Rotate(steps) => {
                for _ in 0..steps.unsigned_abs() {
                    match steps > 0 {
                        true => model.0.rotate_right(model.0.len().min(1)),
                        false => model.0.rotate_left(model.0.len().min(1)),
                    }
                }
                Answer::Done
            }
            Call::Reverse => {
                model.0.make_contiguous().reverse();
                Answer::Done
            }
            Call::Get(index) => Answer::Item(model.index(index).map(|index| model.0[index])),
            Call::ToVec | Call::Visit => Answer::Items(model.0.iter().copied().collect()),
            Call::Repeat(_) if model.0.len() > MANY => Answer::Refused,
            Call::Repeat(times) => {
                let items: Vec<_> = model.0.iter().copied().collect();
                let mut out = Vec::new();
                if times <= 0 {
                    out.extend(std::mem::take(&mut model.0));
                }
                for _ in 1..times {
                    out.extend(items.iter().filter_map(|&item| model.push(true, item)));
                }
                // The call does not make copies that would not stay.
                return matches!(answer, Answer::Items(items) if items.len() <= out.len());
            }
            Call::Position(which, start, stop) => {
                let (start, stop) = (model.clamped(start), model.clamped(stop));
                let mut places = start..stop.max(start);
                Answer::Number(places.find(|&place| is_fifth(model.0[place], which)))
            }
            Call::Remove(which) => {
                let place = model.find(which);
                Answer::Item(place.and_then(|place| model.0.remove(place)))
            }
            Call::Count(which) => {
                let items = model.0.iter();
                Answer::Number(Some(items.filter(|&&item| is_fifth(item, which)).count()))
            }
            Call::Len => Answer::Number(Some(model.0.len())),
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Len, Call::ToVec, Call::Take]
    }

    fn tokens(model: &Model) -> Option<usize> {
        let mut items: Vec<_> = model.0.iter().collect();
        items.sort_unstable();
        items.dedup();
        Some(items.len())
    }
}

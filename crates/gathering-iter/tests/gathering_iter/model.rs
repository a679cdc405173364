//! Any steps of one thread, compared with a model.

use std::collections::BTreeMap;

use ft_gathering_iter::{NextError, Refusal};
use proptest::prelude::*;

use crate::Gathering;

#[derive(Clone, Debug)]
enum Step {
    Insert(u64, u32),
    /// Read by one of the two draining readers.
    Drain(usize),
    Copy,
    /// Replace this reader by a new one: 0 and 1 drain, 2 copies.
    Restart(usize),
    Fail,
    ClearFailure,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..6u64, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        6 => (0..2usize).prop_map(Step::Drain),
        3 => Just(Step::Copy),
        1 => (0..3usize).prop_map(Step::Restart),
        1 => Just(Step::Fail),
        1 => Just(Step::ClearFailure),
        1 => prop_oneof![9 => Just(Step::ClearFailure), 1 => Just(Step::Close)],
    ]
}

/// What the documentation says, done in the plainest way.
#[derive(Default)]
struct Model {
    values: BTreeMap<u64, u32>,
    window: Option<u64>,
    taken: u64,
    failed: bool,
    closed: bool,
    readers: [ModelReader; 3],
}

#[derive(Default)]
struct ModelReader {
    position: u64,
    in_progress: bool,
}

impl Model {
    const END: u64 = 5;

    fn insert(&mut self, key: u64, value: u32) -> Result<Option<u32>, Refusal<&'static str>> {
        let has_room = self.window.is_none_or(|n| key < self.taken + n);
        match (has_room, self.closed, self.failed) {
            (_, true, _) => Err(Refusal::Closed),
            (true, ..) => Ok(self.values.insert(key, value)),
            (false, _, true) => Err(Refusal::Failed("x")),
            (false, ..) => Err(Refusal::Full),
        }
    }

    fn next(&mut self, reader: usize) -> Result<u32, NextError<&'static str>> {
        let drains = reader < 2;
        loop {
            let key = self.readers[reader].position;
            if key == Self::END {
                return Err(NextError::Ended);
            }
            self.readers[reader].in_progress = drains;
            let value = match drains {
                true => self.values.remove(&key),
                false => self.values.get(&key).copied(),
            };
            if value.is_some() || drains && key < self.taken {
                self.readers[reader].position += 1;
                if drains && value.is_some() {
                    self.taken = self.taken.max(key + 1);
                }
                if key + 1 == Self::END {
                    self.end(reader);
                }
                match value {
                    Some(value) => return Ok(value),
                    None => continue,
                }
            }
            let why = match (self.failed, self.closed) {
                (true, _) => NextError::Failed("x"),
                (_, true) => NextError::Ended,
                _ => return Err(NextError::Missing),
            };
            self.readers[reader].position = Self::END;
            self.end(reader);
            return Err(why);
        }
    }

    fn end(&mut self, reader: usize) {
        self.readers[reader].in_progress = false;
        if !self.readers.iter().any(|reader| reader.in_progress) {
            self.taken = 0;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 5 } else { 500 }))]

    #[test]
    fn like_the_model(
        window in proptest::option::of(1..4u64),
        slots in 1..5usize,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let gathering = Gathering::with_segments(slots, window.map(|n| n.try_into().unwrap()));
        let make = |reader| match reader {
            2 => gathering.iter(Model::END),
            _ => gathering.drain(Model::END),
        };
        let mut readers = [0, 1, 2].map(make);
        let mut model = Model { window, ..Model::default() };
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    let done = gathering.try_insert(key, value);
                    prop_assert_eq!(done.map_err(|err| err.reason), model.insert(key, value));
                }
                Step::Drain(reader) => {
                    prop_assert_eq!(readers[reader].try_next(), model.next(reader));
                }
                Step::Copy => prop_assert_eq!(readers[2].try_next(), model.next(2)),
                Step::Restart(reader) => {
                    // This drops the old one.
                    readers[reader] = make(reader);
                    model.end(reader);
                    model.readers[reader].position = 0;
                }
                Step::Fail => {
                    prop_assert_eq!(gathering.fail("x"), !model.failed && !model.closed);
                    model.failed |= !model.closed;
                }
                Step::ClearFailure => {
                    let failure = gathering.clear_failure();
                    prop_assert_eq!(failure.is_some(), std::mem::take(&mut model.failed));
                }
                Step::Close => {
                    prop_assert_eq!(gathering.close(), !model.failed && !model.closed);
                    model.closed |= !model.failed;
                }
            }
            prop_assert_eq!(gathering.len(), model.values.len());
        }
    }
}

//! Any steps of one thread, compared with what they do to a `VecDeque`.

use std::collections::VecDeque;
use std::mem;

use ft_concurrent_queue::{ConcurrentQueue, TryPopError, TryPushError, TryPushManyError};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Push,
    PushMany(usize),
    Pop,
    PopMany(usize),
    Peek,
    Close,
    Drain,
    Visit,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Push),
        4 => (0..150_usize).prop_map(Op::PushMany),
        8 => Just(Op::Pop),
        4 => (0..150_usize).prop_map(Op::PopMany),
        2 => Just(Op::Peek),
        1 => Just(Op::Close),
        1 => Just(Op::Drain),
        2 => Just(Op::Visit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// One thread cannot tell the queue from a `VecDeque` with a bound.
    #[test]
    fn same_as_model(capacity in prop::option::of(1..200_usize), ops in prop::collection::vec(op(), 0..100)) {
        let queue = capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
        let mut model = VecDeque::new();
        let mut closed = false;
        let mut next = 0;
        let limit = capacity.unwrap_or(usize::MAX);
        for op in ops {
            let nothing = if closed { TryPopError::Closed } else { TryPopError::Empty };
            match op {
                Op::Push => {
                    let expected = if closed {
                        Err(TryPushError::Closed(next))
                    } else if model.len() == limit {
                        Err(TryPushError::Full(next))
                    } else {
                        model.push_back(next);
                        Ok(())
                    };
                    prop_assert_eq!(queue.try_push(next), expected);
                    next += 1;
                }
                Op::PushMany(count) => {
                    let mut items: VecDeque<_> = (next..next + count).collect();
                    let mut left = items.clone();
                    let pushed = if closed { 0 } else { count.min(limit - model.len()) };
                    model.extend(left.drain(..pushed));
                    let expected = if left.is_empty() {
                        Ok(pushed)
                    } else if closed {
                        Err(TryPushManyError::Closed { pushed })
                    } else {
                        Err(TryPushManyError::Full { pushed })
                    };
                    prop_assert_eq!(queue.try_push_many(&mut items), expected);
                    prop_assert_eq!(items, left);
                    next += count;
                }
                Op::Pop => prop_assert_eq!(queue.try_pop(), model.pop_front().ok_or(nothing)),
                Op::PopMany(max) => {
                    let mut items = vec![];
                    let expected: Vec<_> = model.drain(..max.min(model.len())).collect();
                    let result = queue.try_pop_many(max, &mut items);
                    if expected.is_empty() && max > 0 {
                        prop_assert_eq!(result, Err(nothing));
                    } else {
                        prop_assert_eq!(result, Ok(expected.len()));
                    }
                    prop_assert_eq!(items, expected);
                }
                Op::Peek => prop_assert_eq!(queue.peek(), model.front().copied()),
                Op::Close => {
                    prop_assert_eq!(queue.close(), !closed);
                    closed = true;
                }
                Op::Drain => {
                    // This empties the queue without closing it, so that later steps do something.
                    prop_assert_eq!(queue.try_iter().collect::<VecDeque<_>>(), mem::take(&mut model));
                }
                Op::Visit => {
                    let mut seen = VecDeque::new();
                    let mut visit = |&n: &usize| {
                        seen.push_back(n);
                        Ok::<_, ()>(())
                    };
                    // SAFETY: this thread alone has the queue.
                    unsafe { queue.for_each_quiescent(&mut visit) }.unwrap();
                    prop_assert_eq!(&seen, &model);
                }
            }
            prop_assert_eq!(queue.len(), model.len());
            prop_assert_eq!(queue.is_empty(), model.is_empty());
            prop_assert_eq!(queue.is_full(), model.len() == limit);
            prop_assert_eq!(queue.is_closed(), closed);
        }
        prop_assert_eq!(model, queue.close_and_drain());
        prop_assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    }
}

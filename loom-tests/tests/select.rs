//! Models of the wait for the first of several things.
#![cfg(ft_loom)]

use ft_concurrent_deque::ConcurrentDeque;
use ft_concurrent_queue::ConcurrentQueue;
use ft_sync::{
    Arc, Case, Event, Select,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use loom_tests::{
    check,
    data::Data,
    threads::{both, spawn},
};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Two places for items: relaxed numbers, so that only the events order anything.
struct Places([(AtomicUsize, Event); 2]);

impl Places {
    fn shared() -> Arc<Self> {
        Arc::new(Self([0, 0].map(|n| (AtomicUsize::new(n), Event::new()))))
    }

    fn put(&self, place: usize) {
        let (items, put) = &self.0[place];
        // Relaxed: the fence in `notify` comes after.
        items.fetch_add(1, Relaxed);
        put.notify(1);
    }

    fn take(&self, place: usize) -> Option<usize> {
        let items = &self.0[place].0;
        // Relaxed: the fence in `listen` comes before.
        let taken = items.fetch_update(Relaxed, Relaxed, |items| items.checked_sub(1));
        taken.ok().map(|_| place)
    }

    /// A choice that tries the places in this order.
    fn select(&self, order: [usize; 2]) -> Select<'_, usize> {
        order.into_iter().fold(Select::new(), |select, place| {
            select.case(Case::new(&self.0[place].1, move || self.take(place)))
        })
    }

    fn wait(&self, place: usize) -> usize {
        let took = self.0[place].1.wait_until(None, || self.take(place));
        took.unwrap()
    }

    fn left(&self) -> [usize; 2] {
        self.0.each_ref().map(|(items, _)| items.load(Relaxed))
    }
}

/// Whatever place the item comes to, a thread that waits for both is woken.
#[test]
fn woken_by_each() {
    for place in [0, 1] {
        check(move || {
            let places = Places::shared();
            let putting = move |places: &Places| places.put(place);
            let ((), took) = both(&places, putting, |places| places.select([0, 1]).wait());
            assert_eq!((took, places.left()), (place, [0, 0]));
        });
    }
}

/// Of two threads that wait for the same two places, each gets an item, though both may be woken for the same one.
#[test]
fn two_selects() {
    for order in [[0, 1], [1, 0]] {
        check(move || {
            let places = Places::shared();
            let other = spawn(&places, move |places| places.select(order).wait());
            let putter = spawn(&places, |places| [0, 1].map(|place| places.put(place)));
            let ours = places.select([0, 1]).wait();
            assert_eq!(ours + other.join().unwrap(), 1);
            putter.join().unwrap();
            assert_eq!(places.left(), [0, 0]);
        });
    }
}

/// A notification for one place, of a thread that takes from the other, goes on to the thread that waits for the
/// first place alone.
#[test]
fn select_beside_a_wait() {
    check(|| {
        let places = Places::shared();
        // It is in line before the other one.
        let waiter = spawn(&places, |places| places.wait(0));
        let putter = spawn(&places, |places| places.put(0));
        places.put(1);
        let took = places.select([1, 0]).wait();
        if took == 0 {
            places.put(0);
        }
        assert_eq!(waiter.join().unwrap(), 0);
        putter.join().unwrap();
        assert_eq!(places.left().iter().sum::<usize>(), usize::from(took == 0));
    });
}

/// The same, if the choice is surely in line first, and both notifications may reach it.
#[test]
fn select_in_line_before_a_wait() {
    for order in [[0, 1], [1, 0]] {
        check(move || {
            let places = Places::shared();
            let mut cx = Context::from_waker(Waker::noop());
            let mut select = places.select(order);
            let mut first = pin!(select.wait_async());
            assert!(first.as_mut().poll(&mut cx).is_pending());
            let waiter = spawn(&places, |places| places.wait(0));
            places.put(0);
            places.put(1);
            let Poll::Ready(took) = first.as_mut().poll(&mut cx) else {
                // The other thread looked before it listened, and has the item of place 0. That of
                // place 1 cannot be missed.
                panic!("an item was missed");
            };
            if took == 0 {
                places.put(0);
            }
            assert_eq!(waiter.join().unwrap(), 0);
        });
    }
}

/// A call that gives up at the moment of a notification takes no wake-up from others.
#[test]
fn giving_up() {
    check(|| {
        let places = Places::shared();
        let waiter = spawn(&places, |places| places.wait(0));
        let quitter = spawn(&places, |places| {
            let mut cx = Context::from_waker(Waker::noop());
            let mut select = places.select([0, 1]);
            let polled = pin!(select.wait_async()).as_mut().poll(&mut cx);
            if polled.is_ready() {
                places.put(0);
            }
        });
        places.put(0);
        assert_eq!(waiter.join().unwrap(), 0);
        quitter.join().unwrap();
        assert_eq!(places.left(), [0, 0]);
    });
}

/// What was done before the item was pushed is visible after it was taken, from real queues.
#[test]
fn queues_publish() {
    check(|| {
        let queues = [(); 2].map(|()| ConcurrentQueue::bounded(1));
        let shared = Arc::new((queues, Data::new(0)));
        let pusher = spawn(&shared, |([_, b], data)| {
            data.write(7);
            b.push(1).unwrap();
        });
        let ([a, b], data) = &*shared;
        let got = Select::new().case(a.popping()).case(b.popping()).wait();
        assert_eq!((got, data.read()), (Ok(1), 7));
        pusher.join().unwrap();
    });
}

/// A choice between pushes uses the room that a pop makes, in one of the queues.
#[test]
fn pushes_wait_for_room() {
    check(|| {
        let queues = [(); 2].map(|()| ConcurrentQueue::bounded(1));
        queues.iter().for_each(|queue| queue.push(1).unwrap());
        let shared = Arc::new(queues);
        let popper = spawn(&shared, |[_, b]| b.pop().unwrap());
        let [a, b] = &*shared;
        let (mut one, mut two) = (Some(2), Some(2));
        let pushed = Select::new()
            .case(a.pushing(&mut one))
            .case(b.pushing(&mut two))
            .wait();
        assert_eq!((pushed, one, two), (Ok(()), Some(2), None));
        assert_eq!(popper.join().unwrap(), 1);
    });
}

/// What was done before an item was put into a deque is visible after a choice has taken it.
#[test]
fn deques_publish() {
    check(|| {
        let shared = Arc::new(([(); 2].map(|()| ConcurrentDeque::new()), Data::new(0)));
        let putter = spawn(&shared, |([_, b], data)| {
            data.write(7);
            b.push_front(1);
        });
        let ([a, b], data) = &*shared;
        let got = Select::new()
            .case(a.popping_front())
            .case(b.popping_back())
            .wait();
        assert_eq!((got, data.read()), (1, 7));
        putter.join().unwrap();
    });
}

/// A block of two items wakes two choices, at whatever end they take.
#[test]
fn a_block_wakes_two_choices() {
    check(|| {
        let deque = Arc::new(ConcurrentDeque::new());
        let other = spawn(&deque, |deque: &ConcurrentDeque<u32>| {
            Select::new().case(deque.popping_back()).wait()
        });
        let putter = spawn(&deque, |deque| deque.extend_back(vec![1, 2]));
        let ours = Select::new().case(deque.popping_front()).wait();
        assert_eq!(ours + other.join().unwrap(), 3);
        assert!(putter.join().unwrap().is_empty());
        assert!(deque.is_empty());
    });
}

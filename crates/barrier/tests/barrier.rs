//! Behavior seen from outside.

use ft_barrier::{Barrier, BrokenBarrier, Enter, Entry};
use ft_test_support::{LONG, SHORT, passed, start_together, until};
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    pin::Pin,
    ptr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker},
    thread,
    time::Duration,
};

type Entered<'a> = Option<Result<Entry<&'a Barrier>, BrokenBarrier>>;

fn poll<'a>(enter: &mut Enter<&'a Barrier>, waker: &Waker) -> Entered<'a> {
    match Pin::new(enter).poll(&mut Context::from_waker(waker)) {
        Poll::Ready(entered) => Some(entered),
        Poll::Pending => None,
    }
}

fn look<'a>(enter: &mut Enter<&'a Barrier>) -> Entered<'a> {
    poll(enter, Waker::noop())
}

/// A party that waits.
fn came(barrier: &Barrier) -> Enter<&Barrier> {
    let mut enter = barrier.enter();
    assert!(look(&mut enter).is_none());
    enter
}

/// The party that leads.
fn leads<'a>(enter: &mut Enter<&'a Barrier>) -> Entry<&'a Barrier> {
    let entry = look(enter).expect("all have come").expect("it is whole");
    assert!(matches!(entry, Entry::Lead(_)));
    entry
}

fn through(enter: &mut Enter<&Barrier>) -> usize {
    match look(enter) {
        Some(Ok(Entry::Through(index))) => index,
        other => panic!("it is not let through: {other:?}"),
    }
}

fn broken(enter: &mut Enter<&Barrier>) -> bool {
    matches!(look(enter), Some(Err(BrokenBarrier)))
}

#[test]
fn rounds() {
    let barrier = Barrier::new(3);
    for _ in 0..3 {
        let mut others = [came(&barrier), came(&barrier)];
        assert_eq!((barrier.waiting(), barrier.parties()), (2, 3));
        let entry = leads(&mut barrier.enter());
        assert_eq!(barrier.waiting(), 0);
        assert!(look(&mut others[0]).is_none());
        assert_eq!(entry.open(), Ok(2));
        assert_eq!(others.each_mut().map(through), [0, 1]);
    }
    assert!(!barrier.is_broken());
}

#[test]
fn one_party() {
    let barrier = Barrier::new(1);
    assert_eq!(barrier.wait(), Ok(0));
    assert_eq!(barrier.wait_timeout(Duration::ZERO), Ok(0));
    assert!(format!("{barrier:?}").contains("parties: 1"));
    assert!(BrokenBarrier.to_string().contains("broken"));
}

#[test]
#[should_panic(expected = "a barrier needs a party")]
fn no_party() {
    Barrier::new(0);
}

#[test]
fn deadlines_break_it() {
    let barrier = Barrier::new(3);
    let mut other = came(&barrier);
    assert_eq!(barrier.wait_timeout(SHORT), Err(BrokenBarrier));
    assert!(barrier.is_broken() && broken(&mut other));
    assert_eq!(barrier.wait(), Err(BrokenBarrier));
    barrier.reset();
    assert!(!barrier.is_broken());
    let mut patient = barrier.enter();
    assert!(patient.wait_deadline(passed()).is_none());
    assert!(!barrier.is_broken());
    assert_eq!(patient.give_up().err(), Some(BrokenBarrier));
    assert!(barrier.is_broken());
}

/// A party that gives up when the barrier is open already goes through.
#[test]
fn giving_up_too_late() {
    let barrier = Barrier::new(2);
    let mut late = came(&barrier);
    leads(&mut barrier.enter()).open().unwrap();
    assert!(matches!(late.give_up(), Ok(Entry::Through(0))));
    assert!(!barrier.is_broken());
}

#[test]
fn abort_and_reset_end_waits() {
    let barrier = Barrier::new(2);
    for end in [Barrier::abort, Barrier::reset] {
        let mut waits = came(&barrier);
        end(&barrier);
        assert!(broken(&mut waits));
        barrier.reset();
        // While the leader leads.
        let mut waits = came(&barrier);
        let entry = leads(&mut barrier.enter());
        end(&barrier);
        assert!(broken(&mut waits));
        assert_eq!(entry.open(), Err(BrokenBarrier));
        barrier.reset();
    }
}

/// A leader from before a reset does not open the barrier for later parties.
#[test]
fn leaders_of_old_rounds() {
    let barrier = Barrier::new(2);
    let mut first = came(&barrier);
    let old = leads(&mut barrier.enter());
    barrier.reset();
    assert!(broken(&mut first));
    let mut second = came(&barrier);
    let new = leads(&mut barrier.enter());
    assert_eq!(old.open(), Err(BrokenBarrier));
    assert!(look(&mut second).is_none());
    assert!(new.open().is_ok());
    assert_eq!(through(&mut second), 0);
}

#[test]
fn dropping_the_lead_breaks_it() {
    let barrier = Barrier::new(2);
    let mut waits = came(&barrier);
    drop(leads(&mut barrier.enter()));
    assert!(broken(&mut waits) && barrier.is_broken());
}

#[test]
fn leaving_leaves_no_trace() {
    let barrier = Barrier::new(3);
    let mut stays = came(&barrier);
    drop(came(&barrier));
    assert_eq!(barrier.waiting(), 1);
    let mut third = came(&barrier);
    let entry = leads(&mut barrier.enter());
    // All have come, so the others do not wait for one that leaves now.
    drop(third.give_up());
    assert!(barrier.is_broken());
    assert_eq!(entry.open(), Err(BrokenBarrier));
    barrier.reset();
    assert!(broken(&mut stays));

    let (mut stays, third) = (came(&barrier), came(&barrier));
    let entry = leads(&mut barrier.enter());
    drop(third);
    assert_eq!(entry.open(), Ok(2));
    assert_eq!(through(&mut stays), 0);
}

/// More parties come than fit into a round, while its leader leads.
#[test]
fn the_next_rounds_wait() {
    let barrier = Barrier::new(2);
    let mut first = came(&barrier);
    let entry = leads(&mut barrier.enter());
    let mut more: Vec<_> = (0..5).map(|_| came(&barrier)).collect();
    assert_eq!(barrier.waiting(), 5);
    assert_eq!(entry.open(), Ok(1));
    assert_eq!(through(&mut first), 0);
    for pair in more.chunks_mut(2) {
        if let [one, other] = pair {
            assert!(look(other).is_none());
            assert_eq!(leads(one).open(), Ok(1));
            assert_eq!(through(other), 0);
        }
    }
    assert_eq!(barrier.waiting(), 1);
    assert!(look(&mut more[4]).is_none());
}

/// If the party that was appointed to lead leaves, another one leads.
#[test]
fn the_lead_goes_on() {
    let barrier = Barrier::new(3);
    let firsts = [came(&barrier), came(&barrier)];
    let entry = leads(&mut barrier.enter());
    let mut next: Vec<_> = (0..3).map(|_| came(&barrier)).collect();
    entry.open().unwrap();
    drop(firsts);
    drop(next.remove(0));
    assert_eq!(leads(&mut next[0]).open(), Ok(0));
    assert_eq!(through(&mut next[1]), 1);

    // All of them leave.
    let lead = || {
        let waits = [came(&barrier), came(&barrier)];
        let entry = leads(&mut barrier.enter());
        (waits, entry)
    };
    let (waits, entry) = lead();
    let next: Vec<_> = (0..3).map(|_| came(&barrier)).collect();
    entry.open().unwrap();
    drop((waits, next));
    assert_eq!(barrier.waiting(), 0);
    let (_waits, entry) = lead();
    assert_eq!(entry.open(), Ok(2));
}

/// Breaking it reaches the party that was appointed to lead.
#[test]
fn abort_reaches_the_appointed() {
    let barrier = Barrier::new(1);
    let entry = leads(&mut barrier.enter());
    let mut appointed = came(&barrier);
    entry.open().unwrap();
    barrier.abort();
    assert!(broken(&mut appointed));
    barrier.reset();
    assert_eq!(barrier.wait(), Ok(0));
}

/// Each round is complete before anyone begins the next one, and all indices are there.
#[test]
fn threads_in_lockstep() {
    const ROUNDS: usize = if cfg!(miri) { 5 } else { 500 };
    const PARTIES: usize = 4;
    let (barrier, count) = (Barrier::new(PARTIES), AtomicUsize::new(0));
    let indices = Mutex::new(vec![BTreeSet::new(); ROUNDS]);
    start_together(PARTIES, |_| {
        for round in 0..ROUNDS {
            count.fetch_add(1, SeqCst);
            let index = barrier.wait().unwrap();
            let seen = count.load(SeqCst);
            assert!((PARTIES * (round + 1)..PARTIES * (round + 2)).contains(&seen));
            assert!(indices.lock().unwrap()[round].insert(index));
        }
    });
    let all: BTreeSet<_> = (0..PARTIES).collect();
    assert!(indices.into_inner().unwrap().iter().all(|it| *it == all));
}

/// More threads than parties, some of which leave.
#[test]
fn threads_that_leave() {
    let barrier = Barrier::new(2);
    let passed = AtomicUsize::new(0);
    start_together(5, |n| {
        for round in 0..200 {
            if (n + round) % 5 == 0 {
                let _ = look(&mut barrier.enter()).map(|it| it.and_then(Entry::open));
            } else {
                let mut enter = barrier.enter();
                if let Some(entered) = enter.wait_deadline(passed_soon()) {
                    entered.and_then(Entry::open).unwrap();
                    passed.fetch_add(1, SeqCst);
                }
            }
        }
    });
    assert!(!barrier.is_broken());
    assert_eq!(barrier.waiting(), 0);
    assert!(passed.load(SeqCst) > 0);
}

fn passed_soon() -> Option<std::time::Instant> {
    Some(std::time::Instant::now() + Duration::from_micros(200))
}

/// Wakers may use the barrier, because they are called and dropped outside of its lock.
#[test]
fn wakers_use_the_barrier() {
    struct Nosy(Arc<Barrier>);

    impl Wake for Nosy {
        fn wake(self: Arc<Self>) {
            self.0.waiting();
        }
    }

    impl Drop for Nosy {
        fn drop(&mut self) {
            self.0.waiting();
        }
    }

    let barrier = Arc::new(Barrier::new(2));
    let nosy = || Waker::from(Arc::new(Nosy(Arc::clone(&barrier))));
    let mut enter = barrier.enter();
    assert!(poll(&mut enter, &nosy()).is_none());
    assert!(poll(&mut enter, &nosy()).is_none());
    drop(enter);
    let mut enter = barrier.enter();
    assert!(poll(&mut enter, &nosy()).is_none());
    let entry = leads(&mut barrier.enter());
    assert!(poll(&mut enter, &nosy()).is_none());
    entry.open().unwrap();
    assert_eq!(through(&mut enter), 0);
    let mut enter = barrier.enter();
    assert!(poll(&mut enter, &nosy()).is_none());
    barrier.abort();
    assert!(broken(&mut enter));
    assert!(matches!(
        poll(&mut barrier.enter(), &nosy()),
        Some(Err(BrokenBarrier))
    ));
}

/// The same for a waker that is not an `Arc`, and may do anything when one of its copies is dropped.
#[test]
fn copies_of_wakers_use_the_barrier() {
    static BARRIER: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    static USES: RawWakerVTable = RawWakerVTable::new(copy, look_there, look_there, look_there);

    fn copy(_: *const ()) -> RawWaker {
        look_there(ptr::null());
        RawWaker::new(ptr::null(), &USES)
    }

    fn look_there(_: *const ()) {
        if thread::panicking() {
            return;
        }
        let (looked, has_looked) = mpsc::channel();
        // If the lock is held, this thread waits.
        thread::spawn(move || {
            BARRIER.waiting();
            looked.send(())
        });
        assert!(has_looked.recv_timeout(LONG).is_ok(), "the lock is held");
    }

    // SAFETY: the functions of the waker do nothing with its pointer.
    let nosy = unsafe { Waker::new(ptr::null(), &USES) };
    let (mut first, mut second) = (BARRIER.enter(), BARRIER.enter());
    assert!(poll(&mut first, &nosy).is_none());
    assert!(poll(&mut first, &nosy).is_none());
    let Some(Ok(entry)) = poll(&mut second, &nosy) else {
        panic!("all have come");
    };
    assert!(poll(&mut first, &nosy).is_none());
    assert_eq!(entry.open(), Ok(1));
    let through = poll(&mut first, &nosy);
    assert!(matches!(through, Some(Ok(Entry::Through(0)))));
    assert!(poll(&mut first, &nosy).is_none());
    BARRIER.abort();
    assert!(matches!(poll(&mut first, &nosy), Some(Err(BrokenBarrier))));
    assert!(matches!(poll(&mut first, &nosy), Some(Err(BrokenBarrier))));
}

#[test]
fn a_thread_and_a_task() {
    let barrier = Arc::new(Barrier::new(2));
    thread::scope(|scope| {
        let waits = scope.spawn(|| barrier.wait_timeout(LONG));
        until(|| barrier.waiting() == 1);
        let mut enter = Enter::new(Arc::clone(&barrier));
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(entry)) = Pin::new(&mut enter).poll(&mut cx) else {
            panic!("all have come");
        };
        assert_eq!(entry.open(), Ok(1));
        assert_eq!(waits.join().unwrap(), Ok(0));
    });
}

#[cfg(unix)]
#[test]
fn parties_stay_behind_at_a_fork() {
    let barrier = Barrier::new(2);
    let mut stranger = came(&barrier);
    assert!(ft_test_support::in_child(|| {
        let mut ours = came(&barrier);
        barrier.waiting() == 1
            && leads(&mut barrier.enter()).open() == Ok(1)
            && through(&mut ours) == 0
            // It comes anew.
            && look(&mut stranger).is_none()
            && barrier.waiting() == 1
    }));
    assert_eq!(barrier.waiting(), 1);
    let entry = leads(&mut barrier.enter());
    assert!(ft_test_support::in_child(|| {
        broken(&mut stranger) && entry.open() == Err(BrokenBarrier) && {
            let mut ours = came(&barrier);
            leads(&mut barrier.enter()).open() == Ok(1) && through(&mut ours) == 0
        }
    }));
}

#[derive(Clone, Debug)]
enum Step {
    Come,
    Look(usize),
    Leave(usize),
    GiveUp(usize),
    Open,
    DropLead,
    Abort,
    Reset,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, parties are let through in whole rounds, in the order in which they came.
    #[test]
    fn order_and_numbers(
        parties in 1_usize..4,
        steps in prop::collection::vec(prop_oneof![
            8 => Just(Step::Come),
            4 => any::<usize>().prop_map(Step::Look),
            2 => any::<usize>().prop_map(Step::Leave),
            1 => any::<usize>().prop_map(Step::GiveUp),
            4 => Just(Step::Open),
            1 => Just(Step::DropLead),
            1 => Just(Step::Abort),
            2 => Just(Step::Reset),
        ], 0..100),
    ) {
        let barrier = Barrier::new(parties);
        let mut waits: Vec<Enter<&Barrier>> = Vec::new();
        let mut leader = None;
        for step in steps {
            let see = |entered: Entered<'_>| -> bool {
                match entered {
                    None => false,
                    Some(Ok(Entry::Lead(_))) => unreachable!("seen by the caller"),
                    Some(Ok(Entry::Through(index))) => {
                        assert!(index < parties);
                        true
                    }
                    Some(Err(BrokenBarrier)) => true,
                }
            };
            match step {
                Step::Come => {
                    let mut enter = barrier.enter();
                    match look(&mut enter) {
                        Some(Ok(lead @ Entry::Lead(_))) => {
                            // There is one leader at a time, unless the round of the other one has ended.
                            leader = Some(lead);
                        }
                        None => waits.push(enter),
                        other => { see(other); }
                    }
                }
                Step::Look(n) | Step::GiveUp(n) if !waits.is_empty() => {
                    let n = n % waits.len();
                    let entered = match step {
                        Step::Look(_) => look(&mut waits[n]),
                        _ => Some(waits[n].give_up()),
                    };
                    match entered {
                        Some(Ok(lead @ Entry::Lead(_))) => {
                            waits.remove(n);
                            leader = Some(lead);
                        }
                        other => if see(other) { waits.remove(n); }
                    }
                }
                Step::Leave(n) if !waits.is_empty() => drop(waits.remove(n % waits.len())),
                Step::Open => if let Some(lead) = leader.take() { let _ = lead.open(); },
                Step::DropLead => leader = None,
                Step::Abort => {
                    barrier.abort();
                    prop_assert_eq!(barrier.wait(), Err(BrokenBarrier));
                }
                Step::Reset => barrier.reset(),
                Step::Look(_) | Step::Leave(_) | Step::GiveUp(_) => {}
            }
            prop_assert!(barrier.waiting() <= waits.len());
        }
        // In the end it works as a new one does.
        drop((waits, leader));
        barrier.reset();
        let mut others: Vec<_> = (1..parties).map(|_| came(&barrier)).collect();
        prop_assert_eq!(leads(&mut barrier.enter()).open(), Ok(parties - 1));
        let indices: Vec<_> = others.iter_mut().map(through).collect();
        prop_assert_eq!(indices, (0..parties - 1).collect::<Vec<_>>());
    }
}

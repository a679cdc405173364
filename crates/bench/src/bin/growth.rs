//! Simulates how the work-stealing pool grows with its workers, beside a pool with one queue that all
//! share, and prints the speed-up: `growth`.
//!
//! The simulation follows the cache lines. A worker that touches a line which its core does not have
//! waits for it, and each line goes to one core at a time. Which steps touch which lines was read from
//! the code of `crates/work-stealing` and `crossbeam-deque`. docs/work-stealing.md says what is left out.
//! It draws no random numbers but those of the thieves, whose generator always begins the same, so that it
//! prints the same each time.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

/// What a step costs, in nanoseconds. The first three are those of docs/performance.md, the times of
/// waiting those of `pauses.rs`.
mod cost {
    /// A line comes from another core.
    pub const TRANSFER: u64 = 75;
    /// A fence, or an atomic operation on a line that the core has.
    pub const ATOMIC: u64 = 8;
    /// A load or a store of such a line.
    pub const PLAIN: u64 = 1;
    /// A job is made, or called.
    pub const JOB: u64 = 15;
    /// A worker that has found nothing looks again after this time,
    pub const PAUSE: u64 = 700;
    /// and sleeps after this one.
    pub const LONGEST: u64 = 50_000;
    /// The call that wakes a thread, and how long it takes until that runs.
    pub const NOTIFY: u64 = 2_000;
    pub const WAKE: u64 = 20_000;
}

/// A look pins the epoch, and one in so many looks at the epochs of all threads.
const COLLECT: u64 = 128;
/// How many jobs share a cache line in a deque, and how many lines there are until one is used again.
const JOBS_OF_LINE: usize = 4;
const LINES_OF_DEQUE: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    /// A deque for each worker, and an injector for jobs from outside.
    Stealing,
    /// One stack under one lock, which is fair and never puts a thread to sleep.
    Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// One job that divides itself in two, and so on, as with `join`.
    Tree,
    /// One thread outside the pool adds all jobs.
    Outside,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    /// So often it is still divided.
    depth: u32,
    /// The thread that has made it.
    maker: usize,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// The counts of workers that search and sleep.
    Idle,
    /// The gate through which jobs come from outside.
    Gate,
    /// The event on which workers sleep.
    Work,
    /// The two ends of the injector, and its slots.
    Head,
    Tail,
    Slot(usize),
    /// The lock of the shared queue, which has the queue's length beside it.
    Lock,
    /// The epoch of all threads, and that of one.
    GlobalEpoch,
    Epoch(usize),
    /// The two ends of a deque, and its slots.
    Deque(usize),
    Item(usize, usize),
    /// The event that is notified when a stolen job of this worker has run.
    Entry(usize),
}

impl Line {
    const OF_ALL: usize = 7 + LINES_OF_DEQUE;
    const OF_WORKER: usize = 3 + LINES_OF_DEQUE;

    fn number(self) -> usize {
        let own = |worker: usize| Self::OF_ALL + worker * Self::OF_WORKER;
        match self {
            Self::Idle => 0,
            Self::Gate => 1,
            Self::Work => 2,
            Self::Head => 3,
            Self::Tail => 4,
            Self::Lock => 5,
            Self::GlobalEpoch => 6,
            Self::Slot(place) => 7 + place / JOBS_OF_LINE % LINES_OF_DEQUE,
            Self::Epoch(worker) => own(worker),
            Self::Deque(worker) => own(worker) + 1,
            Self::Entry(worker) => own(worker) + 2,
            Self::Item(worker, place) => own(worker) + 3 + place / JOBS_OF_LINE % LINES_OF_DEQUE,
        }
    }
}

/// A step of a thread. Other threads come between two steps.
#[derive(Clone, Copy, Debug)]
enum Step {
    Spend(u64),
    Read(Line),
    Write(Line),
    /// A read-modify-write.
    Change(Line),
    /// Waits for the lock of the shared queue, and uses the queue.
    Locked(Then),
    Do(Then),
}

/// What a thread does, and then goes on with.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Looks for a job in its own place.
    Next,
    Pop,
    /// Looks everywhere else, beginning with a random victim.
    Look,
    TakeInjected(usize),
    ClaimInjected(usize),
    Victim(usize, usize),
    Rob(usize, usize),
    TakeShared,
    FoundNothing,
    Found(Job),
    SearchBegins,
    SearchEnded(Job),
    SleepBegins,
    Sleep,
    SleepEnded,
    Run(Job),
    Divide(Job),
    Ended(Job),
    Push(Job),
    Announce,
    WakeOne,
    /// The thread outside the pool adds the next job.
    Add,
    Inject(Job),
}

use Step::{Change, Do, Locked, Read, Spend, Write};

#[derive(Clone, Copy, Default)]
struct LineState {
    /// The cores that have the line, a bit each. A core that may write is alone.
    holders: u128,
    /// When it may go to the next core.
    free_at: u64,
}

/// How far a worker is with its search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    No,
    Since(u64),
    /// It looks a last time before it sleeps.
    LastLook,
    Asleep,
}

struct Thread {
    steps: VecDeque<Step>,
    search: Search,
    random: u32,
    looks: u64,
    jobs: VecDeque<Job>,
    /// How many jobs were ever taken from the old end, to know in which line the next one is.
    taken: usize,
}

struct Simulation {
    pool: Pool,
    workers: usize,
    /// How long a job works.
    work: u64,
    /// How many jobs have to work.
    left: usize,
    now: u64,
    lines: Vec<LineState>,
    lock_free_at: u64,
    threads: Vec<Thread>,
    injected: VecDeque<Job>,
    added: usize,
    claimed: usize,
    shared: Vec<Job>,
    /// How many jobs the thread outside has yet to add.
    to_add: usize,
    searching: usize,
    /// The workers that sleep or look a last time, in the order in which they are woken.
    sleepers: VecDeque<usize>,
    ready: BinaryHeap<Reverse<(u64, usize)>>,
    transfers: u64,
}

struct Outcome {
    nanoseconds: u64,
    transfers: u64,
}

/// Simulates the pool until `jobs` jobs, a power of two, have worked for `work` nanoseconds each.
fn simulate(pool: Pool, load: Load, workers: usize, jobs: usize, work: u64) -> Outcome {
    let thread = |number: usize| Thread {
        steps: VecDeque::new(),
        search: Search::Asleep,
        random: (number as u32).wrapping_mul(0x9E37_79B9) | 1,
        looks: 0,
        jobs: VecDeque::new(),
        taken: 0,
    };
    let mut simulation = Simulation {
        pool,
        workers,
        work,
        left: jobs,
        now: 0,
        lines: vec![LineState::default(); Line::OF_ALL + (workers + 1) * Line::OF_WORKER],
        lock_free_at: 0,
        // The last one is outside.
        threads: (0..=workers).map(thread).collect(),
        injected: VecDeque::new(),
        added: 0,
        claimed: 0,
        shared: Vec::new(),
        to_add: jobs,
        searching: 0,
        sleepers: (0..workers).collect(),
        ready: BinaryHeap::from([Reverse((0, workers))]),
        transfers: 0,
    };
    let first = match load {
        Load::Tree => {
            simulation.to_add = 0;
            let depth = jobs.ilog2();
            Then::Inject(Job {
                depth,
                maker: workers,
            })
        }
        Load::Outside => Then::Add,
    };
    simulation.threads[workers].steps.push_back(Do(first));
    simulation.run();
    Outcome {
        nanoseconds: simulation.now,
        transfers: simulation.transfers,
    }
}

impl Simulation {
    fn run(&mut self) {
        while self.left > 0 {
            let Reverse((now, me)) = self.ready.pop().expect("some thread has something to do");
            self.now = now;
            let step = self.threads[me].steps.pop_front();
            let after = match step.expect("a thread that is ready has a step") {
                Spend(time) => now + time,
                Read(line) => self.touch(me, line, false),
                Write(line) => self.touch(me, line, true),
                Change(line) => self.touch(me, line, true) + cost::ATOMIC,
                Locked(then) => {
                    let after = self.locked(me);
                    self.act(me, then);
                    after
                }
                Do(then) => {
                    self.act(me, then);
                    now
                }
            };
            // Without a step it sleeps, or is the thread outside and has added all jobs.
            if !self.threads[me].steps.is_empty() {
                self.ready.push(Reverse((after, me)));
            }
        }
    }

    /// Returns when the thread has touched the line.
    fn touch(&mut self, me: usize, line: Line, writes: bool) -> u64 {
        let line = &mut self.lines[line.number()];
        let mine = 1_u128 << me;
        let has = match writes {
            true => line.holders == mine,
            false => line.holders & mine != 0,
        };
        if has {
            return self.now + cost::PLAIN;
        }
        line.holders = if writes { mine } else { line.holders | mine };
        self.transfers += 1;
        line.free_at = line.free_at.max(self.now) + cost::TRANSFER;
        line.free_at
    }

    /// Returns when the thread has used the shared queue: it changes the lock, the queue, and the lock.
    fn locked(&mut self, me: usize) -> u64 {
        let holders = &mut self.lines[Line::Lock.number()].holders;
        let mine = 1_u128 << me;
        // The line of the lock, and that of the jobs.
        let lines = if *holders == mine { 0 } else { 2 };
        *holders = mine;
        self.transfers += lines;
        let takes = lines * cost::TRANSFER + 2 * cost::ATOMIC + cost::PLAIN;
        self.lock_free_at = self.lock_free_at.max(self.now) + takes;
        self.lock_free_at
    }

    fn then(&mut self, me: usize, steps: &[Step]) {
        self.threads[me].steps.extend(steps);
    }

    /// Does something that takes no time, and says what comes next.
    fn act(&mut self, me: usize, then: Then) {
        match then {
            Then::Next | Then::Pop | Then::Look | Then::TakeShared => self.look(me, then),
            Then::TakeInjected(_)
            | Then::ClaimInjected(_)
            | Then::Victim(..)
            | Then::Rob(..)
            | Then::Found(_)
            | Then::FoundNothing => self.steal(me, then),
            Then::SearchBegins
            | Then::SearchEnded(_)
            | Then::SleepBegins
            | Then::Sleep
            | Then::SleepEnded => self.search(me, then),
            Then::Run(_) | Then::Divide(_) | Then::Ended(_) => self.work(me, then),
            Then::Push(_) | Then::Announce | Then::WakeOne | Then::Add | Then::Inject(_) => {
                self.push(me, then);
            }
        }
    }

    fn look(&mut self, me: usize, then: Then) {
        match then {
            Then::Next if self.pool == Pool::Shared => self.act(me, Then::Look),
            // An empty deque is seen without a write.
            Then::Next if self.threads[me].jobs.is_empty() => self.act(me, Then::Look),
            Then::Next => self.then(
                me,
                &[Write(Line::Deque(me)), Spend(cost::ATOMIC), Do(Then::Pop)],
            ),
            Then::Pop => match self.threads[me].jobs.pop_back() {
                Some(job) => self.act(me, Then::Found(job)),
                None => self.act(me, Then::Look),
            },
            Then::Look if self.pool == Pool::Shared => {
                // It takes the lock only if the queue is not empty.
                let take = match self.shared.is_empty() {
                    true => Do(Then::FoundNothing),
                    false => Locked(Then::TakeShared),
                };
                self.then(me, &[Read(Line::Lock), take]);
            }
            Then::TakeShared => match self.shared.pop() {
                Some(job) => self.act(me, Then::Found(job)),
                None => self.act(me, Then::FoundNothing),
            },
            _ => {
                let thread = &mut self.threads[me];
                thread.random ^= thread.random << 13;
                thread.random ^= thread.random >> 17;
                thread.random ^= thread.random << 5;
                let first = thread.random as usize % self.workers;
                thread.looks += 1;
                let collects = thread.looks.is_multiple_of(COLLECT);
                self.then(me, &[Read(Line::GlobalEpoch), Change(Line::Epoch(me))]);
                if collects {
                    for worker in 0..self.workers {
                        self.then(me, &[Read(Line::Epoch(worker))]);
                    }
                    self.then(me, &[Write(Line::GlobalEpoch)]);
                }
                let take = Do(Then::TakeInjected(first));
                self.then(
                    me,
                    &[
                        Read(Line::Head),
                        Spend(cost::ATOMIC),
                        Read(Line::Tail),
                        take,
                    ],
                );
            }
        }
    }

    fn steal(&mut self, me: usize, then: Then) {
        match then {
            Then::TakeInjected(first) if self.injected.is_empty() => {
                self.act(me, Then::Victim(first, 0));
            }
            Then::TakeInjected(first) => {
                self.then(me, &[Change(Line::Head), Do(Then::ClaimInjected(first))])
            }
            Then::ClaimInjected(first) => match self.injected.pop_front() {
                Some(job) => {
                    let slot = Line::Slot(self.claimed);
                    self.claimed += 1;
                    self.then(me, &[Change(slot), Do(Then::Found(job))]);
                }
                // Another thief was faster.
                None => self.act(me, Then::Victim(first, 0)),
            },
            Then::Victim(_, looked) if looked == self.workers => {
                self.act(me, Then::FoundNothing);
            }
            Then::Victim(first, looked) => {
                let victim = (first + looked) % self.workers;
                self.then(me, &[Read(Line::Deque(victim)), Spend(cost::ATOMIC)]);
                if self.threads[victim].jobs.is_empty() {
                    self.then(me, &[Do(Then::Victim(first, looked + 1))]);
                } else {
                    let item = Line::Item(victim, self.threads[victim].taken);
                    let rob = Do(Then::Rob(first, looked));
                    self.then(me, &[Read(item), Change(Line::Deque(victim)), rob]);
                }
            }
            Then::Rob(first, looked) => {
                let victim = (first + looked) % self.workers;
                match self.threads[victim].jobs.pop_front() {
                    Some(job) => {
                        self.threads[victim].taken += 1;
                        self.act(me, Then::Found(job));
                    }
                    None => self.act(me, Then::Victim(first, looked + 1)),
                }
            }
            Then::Found(job) => match self.threads[me].search {
                Search::No => self.act(me, Then::Run(job)),
                Search::LastLook => {
                    self.sleepers.retain(|&sleeper| sleeper != me);
                    self.searching += 1;
                    self.then(
                        me,
                        &[
                            Change(Line::Work),
                            Change(Line::Idle),
                            Change(Line::Idle),
                            Do(Then::SearchEnded(job)),
                        ],
                    );
                }
                _ => self.then(me, &[Change(Line::Idle), Do(Then::SearchEnded(job))]),
            },
            _ => {
                let again = [Spend(cost::PAUSE), Do(Then::Next)];
                match self.threads[me].search {
                    Search::No => self.then(me, &[Change(Line::Idle), Do(Then::SearchBegins)]),
                    Search::Since(begun) if self.now - begun < cost::LONGEST => {
                        self.then(me, &again);
                    }
                    Search::Since(_) => self.then(
                        me,
                        &[
                            Change(Line::Idle),
                            Change(Line::Work),
                            Spend(cost::ATOMIC),
                            Do(Then::SleepBegins),
                        ],
                    ),
                    _ => self.act(me, Then::Sleep),
                }
            }
        }
    }

    fn search(&mut self, me: usize, then: Then) {
        match then {
            Then::SearchBegins => {
                self.searching += 1;
                self.threads[me].search = Search::Since(self.now);
                self.then(me, &[Spend(cost::PAUSE), Do(Then::Next)]);
            }
            Then::SearchEnded(job) => {
                self.searching -= 1;
                self.threads[me].search = Search::No;
                let has_work = !self.injected.is_empty()
                    || !self.shared.is_empty()
                    || self.threads.iter().any(|thread| !thread.jobs.is_empty());
                if self.searching == 0 && has_work {
                    // The last one looks whether there is more, and then wakes another.
                    self.then(me, &[Spend(cost::ATOMIC), Read(Line::Tail)]);
                    for worker in 0..self.workers {
                        self.then(me, &[Read(Line::Deque(worker))]);
                        if !self.threads[worker].jobs.is_empty() {
                            break;
                        }
                    }
                    self.then(me, &[Do(Then::Announce)]);
                }
                self.then(me, &[Do(Then::Run(job))]);
            }
            Then::SleepBegins => {
                self.searching -= 1;
                self.sleepers.push_back(me);
                self.threads[me].search = Search::LastLook;
                self.act(me, Then::Next);
            }
            Then::Sleep => {
                if self.sleepers.contains(&me) {
                    self.threads[me].search = Search::Asleep;
                } else {
                    // It was woken meanwhile.
                    self.then(me, &[Change(Line::Idle), Do(Then::SleepEnded)]);
                }
            }
            _ => {
                self.searching += 1;
                self.threads[me].search = Search::Since(self.now);
                self.act(me, Then::Next);
            }
        }
    }

    fn work(&mut self, me: usize, then: Then) {
        match then {
            Then::Run(job) => {
                if job.maker != me {
                    // What it needs was written by another core.
                    self.transfers += 1;
                    self.then(me, &[Spend(cost::TRANSFER)]);
                }
                self.then(me, &[Spend(cost::JOB), Do(Then::Divide(job))]);
            }
            Then::Divide(Job { depth: 0, maker }) => {
                let ended = Then::Ended(Job { depth: 0, maker });
                self.then(me, &[Spend(self.work), Do(ended)]);
            }
            Then::Divide(Job { depth, maker }) => {
                let depth = depth - 1;
                let half = Job { depth, maker: me };
                self.then(me, &[Spend(cost::JOB)]);
                self.push_steps(me, half);
                self.then(me, &[Do(Then::Divide(Job { depth, maker }))]);
            }
            Then::Ended(job) => {
                self.left -= 1;
                if job.maker < self.workers && job.maker != me {
                    // The flag for which the other worker waits, and its event.
                    self.transfers += 1;
                    let event = Read(Line::Entry(job.maker));
                    self.then(me, &[Spend(cost::TRANSFER), Spend(cost::ATOMIC), event]);
                }
                self.then(me, &[Do(Then::Next)]);
            }
            _ => unreachable!("{then:?}"),
        }
    }

    /// What a worker does to add a job.
    fn push_steps(&mut self, me: usize, job: Job) {
        match self.pool {
            Pool::Stealing => {
                let thread = &self.threads[me];
                let item = Line::Item(me, thread.taken + thread.jobs.len());
                self.then(
                    me,
                    &[Write(item), Write(Line::Deque(me)), Do(Then::Push(job))],
                );
            }
            Pool::Shared => self.then(me, &[Locked(Then::Push(job))]),
        }
        self.then(
            me,
            &[Spend(cost::ATOMIC), Read(Line::Idle), Do(Then::Announce)],
        );
    }

    fn push(&mut self, me: usize, then: Then) {
        match then {
            Then::Push(job) if self.pool == Pool::Shared => self.shared.push(job),
            Then::Push(job) if me == self.workers => self.injected.push_back(job),
            Then::Push(job) => self.threads[me].jobs.push_back(job),
            Then::Announce if self.searching == 0 && !self.sleepers.is_empty() => {
                // These come before what the thread does next.
                let thread = &mut self.threads[me];
                thread.steps.push_front(Do(Then::WakeOne));
                thread.steps.push_front(Change(Line::Work));
            }
            Then::Announce => {}
            Then::WakeOne => {
                let Some(sleeper) = self.sleepers.pop_front() else {
                    return;
                };
                self.threads[me].steps.push_front(Spend(cost::NOTIFY));
                if self.threads[sleeper].search == Search::Asleep {
                    self.then(sleeper, &[Change(Line::Idle), Do(Then::SleepEnded)]);
                    let awake = self.now + cost::NOTIFY + cost::WAKE;
                    self.ready.push(Reverse((awake, sleeper)));
                }
            }
            Then::Add if self.to_add == 0 => {}
            Then::Add => {
                self.to_add -= 1;
                let job = Job {
                    depth: 0,
                    maker: me,
                };
                self.then(me, &[Spend(cost::JOB)]);
                match self.pool {
                    Pool::Stealing => self.act(me, Then::Inject(job)),
                    Pool::Shared => self.push_steps(me, job),
                }
                self.then(me, &[Do(Then::Add)]);
            }
            Then::Inject(job) => {
                let slot = Line::Slot(self.added);
                self.added += 1;
                match self.pool {
                    Pool::Stealing => self.then(
                        me,
                        &[
                            Change(Line::Gate),
                            Read(Line::Idle),
                            Change(Line::Tail),
                            Change(slot),
                            Do(Then::Push(job)),
                            Spend(cost::ATOMIC),
                            Read(Line::Idle),
                            Do(Then::Announce),
                            Change(Line::Gate),
                        ],
                    ),
                    Pool::Shared => self.push_steps(me, job),
                }
            }
            _ => unreachable!("{then:?}"),
        }
    }
}

/// So many workers a pool has, one after the other.
const WORKERS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

fn main() {
    let loads = [
        (Load::Tree, "One job that divides itself, as with `join`"),
        (
            Load::Outside,
            "All jobs from one thread outside of the pool",
        ),
    ];
    let columns = WORKERS.map(|workers| format!(" {workers} |")).concat();
    for (load, title) in loads {
        println!("{title}:\n");
        println!("| a job works | pool |{columns} lines a job |");
        println!("|--:|---|{} --:|", "--:|".repeat(WORKERS.len()));
        for (work, jobs) in [
            (100, 1 << 17),
            (1_000, 1 << 16),
            (10_000, 1 << 14),
            (100_000, 1 << 13),
        ] {
            for (pool, name) in [(Pool::Stealing, "stealing"), (Pool::Shared, "one queue")] {
                let outcomes = WORKERS.map(|workers| simulate(pool, load, workers, jobs, work));
                let faster = outcomes.each_ref().map(|outcome| {
                    let faster = jobs as f64 * work as f64 / outcome.nanoseconds as f64;
                    format!(" {faster:.1} |")
                });
                let lines = outcomes.last().expect("not empty").transfers as f64 / jobs as f64;
                let us = work as f64 / 1_000.0;
                println!("| {us} µs | {name} |{} {lines:.1} |", faster.concat());
            }
        }
        println!();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: usize = 1 << 10;

    fn speed_up(pool: Pool, load: Load, workers: usize, work: u64) -> f64 {
        let outcome = simulate(pool, load, workers, JOBS, work);
        JOBS as f64 * work as f64 / outcome.nanoseconds as f64
    }

    #[test]
    fn it_is_the_same_each_time() {
        let [one, other] = [(); 2].map(|()| simulate(Pool::Stealing, Load::Tree, 7, JOBS, 1_000));
        assert_eq!(
            (one.nanoseconds, one.transfers),
            (other.nanoseconds, other.transfers)
        );
    }

    #[test]
    fn no_pool_is_faster_than_its_workers() {
        for pool in [Pool::Stealing, Pool::Shared] {
            for load in [Load::Tree, Load::Outside] {
                for workers in WORKERS {
                    for work in [100, 10_000] {
                        let faster = speed_up(pool, load, workers, work);
                        assert!(faster > 0.0 && faster <= workers as f64);
                    }
                }
            }
        }
    }

    #[test]
    fn one_worker_shares_nothing() {
        let outcome = simulate(Pool::Stealing, Load::Tree, 1, JOBS, 100);
        assert!(outcome.transfers < 100, "{}", outcome.transfers);
    }

    #[test]
    fn long_jobs_use_all_workers() {
        for pool in [Pool::Stealing, Pool::Shared] {
            assert!(speed_up(pool, Load::Outside, 4, 1_000_000) > 3.9);
        }
    }
}

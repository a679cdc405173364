//! Hundreds of histories, from real threads or from shuttle's.

use super::{
    Subject, linearize,
    record::{HistoryOf, Round},
};
use std::time::{Duration, Instant};

/// How many histories come from one seed.
const BATCH: u64 = 100;

/// Batches in which an object that is broken must be found out.
const BATCHES_FOR_BROKEN: u64 = 100;

/// Records histories for `FT_LINEAR_SECONDS` (default 0.5), and prints how many there were.
///
/// The seeds are `FT_LINEAR_SEED` (default 1) and the numbers after it. They decide what threads do,
/// and under shuttle also when they do it.
///
/// # Panics
///
/// If a history is not linearizable. The message has the seed, the history, and how far it can be explained.
pub fn check<S: Subject>() {
    let limit = Duration::from_secs_f64(setting("FT_LINEAR_SECONDS").unwrap_or(0.5));
    let first: u64 = setting("FT_LINEAR_SEED").unwrap_or(1);
    let start = Instant::now();
    let (mut histories, mut operations) = (0, 0);
    for seed in first.. {
        let told = Told(seed);
        let batch = batch::<S>(seed);
        drop(told);
        for (number, (model, history)) in batch.into_iter().enumerate() {
            histories += 1;
            // The last operation is our own look.
            operations += history.len() - 1;
            if let Err(rejected) = linearize(model, &history) {
                let _told = Told(seed);
                panic!("not linearizable: history {number} of seed {seed}\n{rejected}");
            }
        }
        if start.elapsed() >= limit {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("checked {histories} histories, {operations} operations in {seconds:.1} s");
}

/// Makes sure that an object that is broken is found out, by a history that is not linearizable.
///
/// # Panics
///
/// If some thousand histories do not show it.
pub fn rejects<S: Subject>() {
    let start = Instant::now();
    let (mut histories, mut operations) = (0, 0);
    let found = |histories, operations, what: &str| {
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "checked {histories} histories, {operations} operations in {seconds:.1} s (found)"
        );
        println!("{what}");
    };
    for seed in 1..=BATCHES_FOR_BROKEN {
        for (model, history) in batch::<S>(seed) {
            histories += 1;
            operations += history.len() - 1;
            if let Err(rejected) = linearize(model, &history) {
                return found(histories, operations, &rejected.to_string());
            }
        }
    }
    panic!("nothing was found wrong in {histories} histories of an object that is broken");
}

/// Makes sure that an object that leaves a thread waiting for ever is found out.
///
/// # Panics
///
/// If some thousand histories do not show it.
#[cfg(ft_shuttle)]
pub fn hangs<S: Subject>() {
    let start = Instant::now();
    for seed in 1..=BATCHES_FOR_BROKEN {
        let result = std::panic::catch_unwind(|| batch::<S>(seed));
        let Err(panic) = result else { continue };
        let told = panic.downcast_ref::<String>().map_or("", String::as_str);
        assert!(told.starts_with("deadlock!"), "another panic: {told}");
        let (histories, seconds) = (seed * BATCH, start.elapsed().as_secs_f64());
        println!("checked up to {histories} histories, ? operations in {seconds:.1} s (found)");
        return;
    }
    panic!("no thread was left waiting by an object that is broken");
}

/// Prints how to repeat the batch, if the test fails meanwhile.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to do this again: FT_LINEAR_SEED={}", self.0);
        }
    }
}

pub(super) fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    let number = value.parse().ok();
    assert!(number.is_some(), "{name} is not a number: {value}");
    number
}

/// Histories, each with the model that it started from.
type Batch<S> = Vec<(<S as Subject>::Model, HistoryOf<S>)>;

fn round<S: Subject>(seed: u64, number: u64) -> Round<S> {
    Round::new(seed.wrapping_mul(BATCH).wrapping_add(number))
}

/// Real threads go from one object to the next, and begin with each at the same time.
#[cfg(not(ft_shuttle))]
fn batch<S: Subject>(seed: u64) -> Batch<S> {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        thread,
    };

    let rounds: Vec<_> = (0..BATCH)
        .map(|number| (round::<S>(seed, number), AtomicUsize::new(0)))
        .collect();
    let play = |thread: usize| -> Vec<HistoryOf<S>> {
        let play = |(round, here): &(Round<S>, AtomicUsize)| {
            here.fetch_add(1, SeqCst);
            let mut looks = 0_u32;
            while here.load(SeqCst) < S::THREADS {
                looks += 1;
                match looks % 64 {
                    0 => thread::yield_now(),
                    _ => std::hint::spin_loop(),
                }
            }
            round.play(thread)
        };
        rounds.iter().map(play).collect()
    };
    let mut threads: Vec<_> = thread::scope(|scope| {
        let play = &play;
        let threads: Vec<_> = (0..S::THREADS)
            .map(|thread| scope.spawn(move || play(thread).into_iter()))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap();
        threads.into_iter().map(join).collect()
    });
    let finish = |(round, _): &(Round<S>, _)| {
        let history = round.finish(threads.iter_mut().flat_map(Iterator::next));
        (round.model.clone(), history)
    };
    rounds.iter().map(finish).collect()
}

/// Shuttle runs threads by turns, the first half of the batch at random, the other half by PCT.
#[cfg(ft_shuttle)]
fn batch<S: Subject>(seed: u64) -> Batch<S> {
    use ft_sync::thread;
    use shuttle::{
        Config, Runner,
        scheduler::{PctScheduler, RandomScheduler},
    };
    use std::sync::{Arc, Mutex};

    /// One more than the number of switches that PCT forces.
    const DEPTH: usize = 3;

    let batch = Arc::new(Mutex::new(Vec::new()));
    let results = Arc::clone(&batch);
    let run = move || {
        let number = results.lock().unwrap().len() as u64;
        let round = Arc::new(round::<S>(seed, number));
        let threads: Vec<_> = (0..S::THREADS)
            .map(|thread| {
                let round = Arc::clone(&round);
                thread::spawn(move || round.play(thread))
            })
            .collect();
        let threads: Vec<_> = threads.into_iter().map(|it| it.join().unwrap()).collect();
        let result = (round.model.clone(), round.finish(threads));
        results.lock().unwrap().push(result);
    };
    let mut config = Config::new();
    config.silence_warnings = true;
    // Unoptimized code needs more than the default size.
    config.stack_size = 1 << 18;
    let half = BATCH as usize / 2;
    let random = RandomScheduler::new_from_seed(seed, half);
    Runner::new(random, config.clone()).run(run.clone());
    Runner::new(PctScheduler::new_from_seed(seed, DEPTH, half), config).run(run);
    let mut batch = batch.lock().unwrap();
    std::mem::take(&mut *batch)
}

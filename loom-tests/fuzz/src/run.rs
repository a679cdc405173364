//! Running thousands of programs, and shrinking one that fails.

use crate::{
    program::{self, Program},
    target::Target,
};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::{
    cell::Cell,
    fmt,
    time::{Duration, Instant},
};

/// How much to try.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many programs to run, if there is no time limit.
    pub programs: u64,
    /// How long to run programs, if it is given.
    pub time: Option<Duration>,
    /// The seed of the first program. Each later program has the next seed.
    pub seed: u64,
}

/// What the programs have shown.
#[derive(Debug)]
pub struct Outcome {
    /// How many programs were run.
    pub programs: u64,
    /// Under how many schedules they were run. For programs of one thread it is their number.
    pub schedules: u64,
    /// How many calls all of them made.
    pub calls: u64,
    /// How long that took.
    pub time: Duration,
    /// The first program that failed, which was the last one run.
    pub failure: Option<Failure>,
}

/// A program that fails.
#[derive(Debug)]
pub struct Failure {
    /// The seed from which it is generated.
    pub seed: u64,
    /// The smallest part of it that still fails.
    pub program: String,
    /// How many calls that part makes.
    pub calls: usize,
    /// How.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the program of seed {}, shrunk:", self.seed)?;
        writeln!(f, "{}", self.program)?;
        write!(f, "fails at {}", self.what)
    }
}

/// Under how many schedules each program of several threads runs.
#[cfg(ft_shuttle)]
const SCHEDULES: usize = 20;

/// Generates programs and runs them, until one fails or the limit is reached.
///
/// `begin` is called with the seed of each program before it runs.
pub fn run<T: Target>(limits: Limits, mut begin: impl FnMut(u64)) -> Outcome {
    let start = Instant::now();
    let (mut programs, mut calls) = (0, 0);
    let mut failure = None;
    let is_over = |programs| match limits.time {
        Some(limit) => start.elapsed() >= limit,
        None => programs >= limits.programs,
    };
    while !is_over(programs) && failure.is_none() {
        let seed = limits.seed.wrapping_add(programs);
        begin(seed);
        programs += 1;
        match try_one::<T>(seed) {
            Ok(made) => calls += made,
            Err(found) => failure = Some(found),
        }
    }
    Outcome {
        programs,
        schedules: programs * SCHEDULES as u64,
        calls,
        time: start.elapsed(),
        failure,
    }
}

#[cfg(not(ft_shuttle))]
const SCHEDULES: usize = 1;

/// Runs the program of one seed.
fn try_one<T: Target>(seed: u64) -> Result<u64, Failure> {
    #[cfg(not(ft_shuttle))]
    let programs = program::alone::<T>(seed);
    #[cfg(ft_shuttle)]
    let programs = program::together::<T>(seed);
    let made = Cell::new(0);
    let test = |program: Program<T>| {
        #[cfg(not(ft_shuttle))]
        let result = crate::alone::run(&program);
        #[cfg(ft_shuttle)]
        let result = crate::together::run(&program, seed, SCHEDULES);
        made.set(made.get() + result.map_err(TestCaseError::fail)?);
        Ok(())
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: 1,
        max_shrink_iters: 20_000,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    match TestRunner::new_with_rng(config, rng).run(&programs, test) {
        Ok(()) => Ok(made.get()),
        Err(TestError::Fail(what, program)) => Err(Failure {
            seed,
            calls: program.len(),
            program: program.to_string(),
            what: what.to_string(),
        }),
        Err(TestError::Abort(why)) => unreachable!("no program is rejected: {why}"),
    }
}

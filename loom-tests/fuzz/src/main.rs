//! Runs the targets that are named, or all. `cargo xtask fuzz` builds this program, and calls it for each target.

use fuzz::{Limits, Outcome, targets};
use std::{
    env, fs,
    io::{Seek, Write},
    panic,
    process::ExitCode,
    time::Duration,
};

/// A broken target must be found out within this many programs.
const PROGRAMS_FOR_BROKEN: u64 = 20_000;

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let Some(name) = words.next() else {
        targets::ALL
            .iter()
            .for_each(|target| println!("{}", target.name));
        return ExitCode::SUCCESS;
    };
    let Some(target) = targets::ALL.iter().find(|target| target.name == name) else {
        eprintln!("error: no target `{name}`");
        return ExitCode::FAILURE;
    };
    let mut limits = Limits {
        programs: setting("FT_FUZZ_PROGRAMS").unwrap_or(1_000),
        time: setting("FT_FUZZ_SECONDS").map(Duration::from_secs_f64),
        seed: setting("FT_FUZZ_SEED").unwrap_or(1),
    };
    if target.broken {
        limits = Limits {
            programs: PROGRAMS_FOR_BROKEN,
            time: None,
            seed: 1,
        };
    }
    // This tells which seed it was, if the process dies.
    let mut last = env::var_os("FT_FUZZ_LAST").and_then(|path| fs::File::create(path).ok());
    let mut begin = |seed: u64| {
        if let Some(file) = &mut last {
            let text = format!("{seed:<20}");
            let _ = file.rewind().and_then(|()| file.write_all(text.as_bytes()));
        }
    };
    panic::set_hook(Box::new(|_| ()));
    let outcome = (target.run)(limits, &mut begin);
    report(&outcome, target.broken)
}

fn report(outcome: &Outcome, broken: bool) -> ExitCode {
    let (programs, calls) = (outcome.programs, outcome.calls);
    let seconds = outcome.time.as_secs_f64();
    let remark = match &outcome.failure {
        Some(failure) if broken => format!(" (found, in {} calls)", failure.calls),
        _ => String::new(),
    };
    println!("ran {programs} programs, {calls} calls in {seconds:.1} s{remark}");
    match &outcome.failure {
        Some(failure) => println!("{failure}"),
        None if broken => println!("nothing was found wrong with what is broken"),
        None => {}
    }
    match outcome.failure.is_some() == broken {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = env::var(name).ok()?;
    let number = value.parse().ok();
    assert!(number.is_some(), "{name} is not a number: {value}");
    number
}

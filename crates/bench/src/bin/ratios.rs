//! Measures all libraries of a cell in alternation, and prints a table of how fast each is:
//! `ratios [FILTER] [--rounds N] [--json]`.
//!
//! On a machine that runs other programs, too, measurements from different moments cannot be compared. So
//! each round measures every library for some milliseconds, beginning with another one each time, and
//! only measurements of the same round are compared.

use ft_bench::{Cell, Library};
use std::{env, io::Write, process::ExitCode, time::Duration};

/// About how long a library is measured in one round: short, to fit between the turns of other programs,
/// or long, when our threads take turns, too.
const SLICE: Duration = Duration::from_micros(500);
const LONG_SLICE: Duration = Duration::from_millis(20);
/// How many rounds there are, unless told.
const ROUNDS: usize = 21;
/// How often to try to measure without being disturbed, in each round.
const ATTEMPTS: usize = 12;

struct Options {
    filter: String,
    rounds: usize,
    json: bool,
}

/// What was measured of one library.
struct Measured {
    name: &'static str,
    /// Nanoseconds of processor time for one operation, one number per round.
    costs: Vec<f64>,
    /// In how many rounds another program had one of our processors meanwhile.
    disturbed: usize,
}

impl Measured {
    fn median(&self) -> f64 {
        quantile(&self.costs, 0.5)
    }

    /// Half of the distance between the quartiles, as a fraction of the median.
    fn spread(&self) -> f64 {
        spread(&self.costs)
    }
}

/// Ours beside the best of the others.
struct Verdict<'a> {
    best: &'a Measured,
    /// How many times as fast as the best of the others ours is.
    speed: f64,
    spread: f64,
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(options) => options,
        Err(err) => {
            eprintln!("error: {err}");
            return ExitCode::FAILURE;
        }
    };
    let cells = ft_bench::cells();
    let fits = |cell: &&Cell| cell.name().contains(&options.filter);
    let mut cells = cells.iter().filter(fits).peekable();
    if cells.peek().is_none() {
        eprintln!("error: no cell has `{}` in its name", options.filter);
        return ExitCode::FAILURE;
    }
    let mut out = std::io::stdout().lock();
    if !options.json {
        println_to(
            &mut out,
            "| cell | threads | ours, ns | best peer, ns | speed | other peers, ns | disturbed |",
        );
        println_to(&mut out, "|---|--:|--:|---|--:|---|--:|");
    }
    for cell in cells {
        let measured = measure(cell, options.rounds);
        let line = match options.json {
            true => json(cell, &measured),
            false => row(cell, &measured),
        };
        println_to(&mut out, &line);
    }
    ExitCode::SUCCESS
}

/// Prints a line at once, so that one can watch. It is no error if the reader has gone.
fn println_to(out: &mut impl Write, line: &str) {
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        filter: String::new(),
        rounds: ROUNDS,
        json: false,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => options.json = true,
            "--rounds" => {
                let count = words.next().and_then(|count| count.parse().ok());
                let count = count.filter(|count| *count > 0);
                options.rounds = count.ok_or("`--rounds` needs a positive number")?;
            }
            _ if word.starts_with('-') => return Err(format!("`{word}` is not understood")),
            _ => options.filter = word,
        }
    }
    Ok(options)
}

fn measure(cell: &Cell, rounds: usize) -> Vec<Measured> {
    let wanted = wanted(cell.threads);
    let mut libraries: Vec<(&Library, usize)> = (cell.libraries.iter())
        .map(|library| (library, calibrate(library, cell.threads)))
        .collect();
    let mut measured: Vec<Measured> = (libraries.iter())
        .map(|(library, _)| Measured {
            name: library.name,
            costs: Vec::with_capacity(rounds),
            disturbed: 0,
        })
        .collect();
    for round in 0..rounds {
        for step in 0..libraries.len() {
            let which = (round + step) % libraries.len();
            let (library, count) = libraries[which];
            let (cost, disturbed) = undisturbed(library, cell.threads, count);
            measured[which].disturbed += usize::from(disturbed);
            (measured[which].costs).push(cost.as_nanos() as f64 / count as f64);
            // A lock can become many times slower from one moment to the next, when threads begin to
            // make each other sleep.
            if cost > 4 * wanted || cost < wanted / 4 {
                libraries[which].1 = scaled(count, wanted, cost, cell.threads);
            }
        }
    }
    measured
}

/// Returns the first cost that was measured undisturbed, with false, or the least cost of all, with true.
fn undisturbed(library: &Library, threads: usize, count: usize) -> (Duration, bool) {
    let mut least = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let run = library.measure(threads, count);
        if !run.disturbed {
            return (run.cost, false);
        }
        least = least.min(run.cost);
    }
    (least, true)
}

/// How much processor time a measurement should take.
fn wanted(threads: usize) -> Duration {
    let cores = ft_bench::cores();
    let slice = if threads > cores { LONG_SLICE } else { SLICE };
    slice * threads.min(cores) as u32
}

/// Returns how many operations take about as long as is wanted.
fn calibrate(library: &Library, threads: usize) -> usize {
    let wanted = wanted(threads);
    let mut count = 64 * threads;
    loop {
        let (cost, _) = undisturbed(library, threads, count);
        if cost >= wanted / 4 {
            return scaled(count, wanted, cost, threads);
        }
        count *= 2;
    }
}

/// Returns how many operations cost as much as is wanted, given what a number of them cost.
fn scaled(count: usize, wanted: Duration, cost: Duration, threads: usize) -> usize {
    let scale = wanted.as_secs_f64() / cost.as_secs_f64();
    ((count as f64 * scale) as usize).max(64 * threads)
}

fn verdict(measured: &[Measured]) -> Verdict<'_> {
    let (ours, peers) = measured.split_first().expect("ours is there");
    let by_median = |one: &&Measured, other: &&Measured| one.median().total_cmp(&other.median());
    let best = peers.iter().min_by(by_median).expect("there is a peer");
    let pairs = best.costs.iter().zip(&ours.costs);
    let speeds: Vec<f64> = pairs.map(|(theirs, ours)| theirs / ours).collect();
    Verdict {
        best,
        speed: quantile(&speeds, 0.5),
        spread: spread(&speeds),
    }
}

fn row(cell: &Cell, measured: &[Measured]) -> String {
    let verdict = verdict(measured);
    let best = verdict.best;
    let others: Vec<String> = measured[1..]
        .iter()
        .filter(|peer| peer.name != best.name)
        .map(|peer| format!("{} {:.1}", peer.name, peer.median()))
        .collect();
    format!(
        "| {} | {} | {:.1} ±{:.0} % | {} {:.1} ±{:.0} % | {:.2} ±{:.0} % | {} | {:.0} % |",
        cell.name(),
        cell.threads,
        measured[0].median(),
        100.0 * measured[0].spread(),
        best.name,
        best.median(),
        100.0 * best.spread(),
        verdict.speed,
        100.0 * verdict.spread,
        others.join(", "),
        100.0 * disturbed(measured),
    )
}

/// The fraction of the measurements that were disturbed. If it is large, two threads may never have run at
/// the same time, and their row says nothing about contention.
fn disturbed(measured: &[Measured]) -> f64 {
    let all: usize = measured.iter().map(|one| one.costs.len()).sum();
    let disturbed: usize = measured.iter().map(|one| one.disturbed).sum();
    disturbed as f64 / all as f64
}

/// Prints one object per line. No name contains a character that JSON escapes.
fn json(cell: &Cell, measured: &[Measured]) -> String {
    let libraries: Vec<String> = (measured.iter())
        .map(|one| {
            let (name, median, spread) = (one.name, one.median(), one.spread());
            format!(r#"{{"name": "{name}", "ns": {median:.3}, "spread": {spread:.4}}}"#)
        })
        .collect();
    let verdict = verdict(measured);
    format!(
        r#"{{"cell": "{}", "threads": {}, "libraries": [{}], "best": "{}", "speed": {:.4}, "spread": {:.4}, "disturbed": {:.3}}}"#,
        cell.name(),
        cell.threads,
        libraries.join(", "),
        verdict.best.name,
        verdict.speed,
        verdict.spread,
        disturbed(measured),
    )
}

fn spread(values: &[f64]) -> f64 {
    (quantile(values, 0.75) - quantile(values, 0.25)) / 2.0 / quantile(values, 0.5)
}

/// The value that the given fraction of the values does not exceed.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

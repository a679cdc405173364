//! The core crates beside what a Rust program would use instead of them.

use std::thread;

use fs_err as fs;
use xshell::cmd;

use crate::common::error::Result;
use crate::common::project::Project;
use crate::common::run;

/// What to measure: options of the program `ratios` of `crates/bench`.
#[derive(clap::Args)]
pub struct Options {
    /// Only cells with this in their name, such as `queue:` or `one write in ten`
    filter: Option<String>,
    /// How often each library is measured [default: 21]
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Print a line of JSON for each cell
    #[arg(long)]
    json: bool,
}

/// Measures the libraries in alternation, and prints a row of Markdown or a line of JSON for each cell.
pub fn compare(project: &Project, options: &Options) -> Result<()> {
    let sh = &project.sh;
    let ratios = ["--release", "--package=ft-bench", "--bin=ratios"];
    project.logged("compile the peers", cmd!(sh, "cargo build {ratios...}"))?;
    if !options.json {
        println!("{}\n", machine(project)?);
    }
    let rounds = options.rounds.map(|rounds| rounds.to_string());
    let rounds = rounds.iter().flat_map(|rounds| ["--rounds", rounds]);
    let json = options.json.then_some("--json");
    let filter = &options.filter;
    // Cargo knows where it has put the program.
    let run = cmd!(
        sh,
        "cargo run --quiet {ratios...} -- {filter...} {rounds...} {json...}"
    );
    run::shown(run.into(), "the benchmark")
}

/// Prints a row of Markdown for each trace and capacity.
pub fn hit_rates(project: &Project) -> Result<()> {
    let sh = &project.sh;
    let program = ["--release", "--package=ft-bench", "--bin=hit_rates"];
    project.logged("compile the peers", cmd!(sh, "cargo build {program...}"))?;
    let run = cmd!(sh, "cargo run --quiet {program...}");
    run::shown(run.into(), "the count")
}

/// Prints how much faster the pool is with more workers, as simulated.
pub fn growth(project: &Project) -> Result<()> {
    let sh = &project.sh;
    let program = [
        "--release",
        "--package=ft-bench",
        "--no-default-features",
        "--bin=growth",
    ];
    project.logged(
        "compile the simulation",
        cmd!(sh, "cargo build {program...}"),
    )?;
    let run = cmd!(sh, "cargo run --quiet {program...}");
    run::shown(run.into(), "the simulation")
}

/// What the figures were measured on, and how.
fn machine(project: &Project) -> Result<String> {
    let sh = &project.sh;
    let compiler = cmd!(sh, "rustc --version").quiet().read()?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |model| {
        model.trim_start_matches([' ', '\t', ':'])
    });
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Ok(format!(
        "{model}, {cores} cores, {}; {compiler}.\n\n\
         Nanoseconds of processor time per operation: the time that passed on every processor that \
         could be at work, or, with more threads than processors, the time for which they ran. What \
         scales perfectly costs the same on any number of threads. Medians of rounds in which all \
         libraries are measured one after the other, and half the distance of the quartiles. *Speed* \
         compares ours with the best peer in each round: 2 is twice as fast. *Disturbed* tells in how \
         many measurements another program had a processor: with many of them on two threads, these \
         have hardly met.",
        std::env::consts::OS
    ))
}

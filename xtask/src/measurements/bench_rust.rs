//! The core crates beside what a Rust program would use instead of them.

use std::fs;
use std::process::Command;

use xshell::cmd;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::run;

/// Measures in alternation, and prints a table in Markdown, or with `--json` a line of JSON per cell;
/// the words go on to `ratios` of `crates/bench`.
pub fn compare(project: &Project, words: Vec<String>) -> Result<()> {
    let sh = &project.sh;
    let build = cmd!(sh, "cargo build --release --package ft-bench --bin ratios");
    run::logged(build, "compile the peers", &project.log("bench-rust")?)?;
    if !words.iter().any(|word| word == "--json") {
        println!("{}\n", machine(project)?);
    }
    // Where cargo puts what it builds is the user's choice.
    let status = Command::new("cargo")
        .current_dir(&project.root)
        .args(["run", "--quiet", "--release", "--package", "ft-bench"])
        .args(["--bin", "ratios", "--"])
        .args(words)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("the benchmark ended with {status}")))
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
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
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

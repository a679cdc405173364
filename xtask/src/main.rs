//! Everything that a person runs, as `cargo xtask COMMAND`.

mod checks;
mod cli;
mod common;
mod environments;
mod interpreters;
mod measurements;

use std::panic;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use checks::mutants;
use checks::sanitize::{self, Sanitizer};
use checks::{compat_api, fuzz, linear, lint, loom, publish, select, test};
use cli::{Cli, Command, Sanitize};
use common::error::{Error, Result, bail};
use common::project::Project;
use common::report::Report;
use common::run;
use environments::setup::{self, Aim};
use environments::wheel::{self, Audience};
use interpreters::choice::Choice;
use interpreters::interp::probe;
use interpreters::version::Version;
use interpreters::{find, pins, sanitized};
use measurements::{bench, bench_rust, instructions, memory};

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        // `cargo xtask python --list | head` ends the program while it prints: no bug.
        if !info.to_string().contains("Broken pipe") {
            eprintln!("error: a bug in xtask: {info}");
        }
    }));
    match call() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            if !err.is_told() {
                eprintln!("error: {err}");
            }
            ExitCode::FAILURE
        }
    }
}

fn call() -> Result<()> {
    // `cargo xtask demo -- --threads 4`: options of the example are ours too.
    let words = std::env::args_os().filter(|word| word != "--");
    let Some(command) = Cli::parse_from(words).command else {
        return Ok(Cli::command().print_help()?);
    };
    let project = &Project::find()?;
    let set_up = |choice: Choice, aim| setup::make(project, &choice.or_environment(), aim);
    match command {
        Command::Demo {
            threads,
            files,
            choice,
        } => {
            let option = |name: &str, value: Option<u32>| Some(format!("--{name}={}", value?));
            let words = [option("threads", threads), option("files", files)];
            run_script(project, choice, "examples/index_stdlib.py", &words)
        }
        Command::Soak { minutes, choice } => {
            let words = [Some(format!("--minutes={minutes}"))];
            run_script(project, choice, "tests/soak", &words)
        }
        Command::Test {
            name,
            quick,
            choice,
        } => {
            // A name that fits nothing is found out before the long work.
            let selection = select::select(project, name.get())?;
            let few = quick || name.get().is_some();
            let aim = if few { Aim::QuickTests } else { Aim::Tests };
            let ready = set_up(choice, aim)?;
            match name.get() {
                Some(_) => test::one(project, &ready, &selection, quick),
                None => test::all(project, &ready, &selection, quick),
            }
        }
        Command::Lint { choice } => {
            let ready = set_up(choice, Aim::Lint)?;
            let mut report = Report::default();
            lint(project, &ready, &mut report);
            report.finish()
        }
        Command::Loom { name, bounds } => {
            let selection = select::select(project, name.get())?;
            loom::explore(project, &selection.models, &bounds)
        }
        Command::Linear { name, limits } => {
            let selection = select::select(project, name.get())?;
            linear::check(project, &selection.histories, &limits)
        }
        Command::Fuzz { name, limits } => {
            let selection = select::select(project, name.get())?;
            fuzz::all(project, &selection.fuzzed, &limits)
        }
        Command::Tsan {
            python: true,
            plan,
            words,
        } => {
            let ready = setup::make(project, &Choice::default(), Aim::Build)?;
            let words: Vec<String> = plan.name.into_iter().chain(words).collect();
            sanitize::python::check(project, &ready.tools, &words)
        }
        Command::Tsan { plan, words, .. } => match words.first() {
            Some(word) => bail!("unexpected argument `{word}`; see: cargo xtask tsan --help"),
            None => sanitize(project, Sanitizer::Thread, plan),
        },
        Command::Asan { plan } => sanitize(project, Sanitizer::Address, plan),
        Command::Mutants { check: true, .. } => mutants::check(project),
        Command::Mutants {
            name,
            logic,
            preemptions,
            ..
        } => {
            let selection = select::select(project, name.get())?;
            if logic {
                return mutants::logic::run(project, &selection);
            }
            mutants::run(project, &selection, preemptions)
        }
        Command::Bench { options, choice } => {
            bench::compare(project, &set_up(choice, Aim::Main)?, &options)
        }
        Command::BenchRust { options } => bench_rust::compare(project, &options),
        Command::HitRates => bench_rust::hit_rates(project),
        Command::Growth => bench_rust::growth(project),
        Command::Memory { choice } => memory::measure(project, &set_up(choice, Aim::Main)?),
        Command::Instructions { record, choice } => {
            let ready = set_up(choice, Aim::Main)?;
            if record {
                return instructions::renew(project, ready.main());
            }
            instructions::check(project, ready.main())
        }
        Command::Python {
            version,
            list,
            tsan,
            choice,
        } => {
            let choice = choice.or_environment();
            if list {
                python_list(&choice, version);
                return Ok(());
            }
            let found = match version {
                _ if tsan => sanitized::make()?,
                Some(version) => setup::interpreter(project, &choice, version)?,
                None => setup::main(project, &choice)?,
            };
            println!("{}", found.path.display());
            Ok(())
        }
        Command::Setup { all, choice } => {
            let aim = if all { Aim::Tests } else { Aim::QuickTests };
            for venv in set_up(choice, aim)?.with_wheel() {
                println!("{}: {}", venv.name(), venv.python().display());
            }
            Ok(())
        }
        Command::CompatApi { check: true } => compat_api::check(project),
        Command::CompatApi { check: false } => compat_api::write(project),
        Command::Wheel { choice } => wheel(project, &choice.or_environment()),
        Command::Publish { dry_run: true } => publish::dry_run(project),
        Command::Publish { dry_run: false } => bail!(
            "this command publishes nothing. A release is published from its tag, with `cargo publish --workspace`; to \
             see what that would upload: cargo xtask publish --dry-run"
        ),
    }
}

/// On the main interpreter.
fn run_script(
    project: &Project,
    choice: Choice,
    script: &str,
    words: &[Option<String>],
) -> Result<()> {
    let ready = setup::make(project, &choice.or_environment(), Aim::Main)?;
    let mut cmd = ready.main().call();
    cmd.arg(project.bindings().join(script));
    cmd.args(words.iter().flatten());
    run::shown(cmd, script)
}

fn sanitize(project: &Project, sanitizer: Sanitizer, options: Sanitize) -> Result<()> {
    let selection = select::select(project, options.name.as_deref())?;
    let plan = sanitize::Plan {
        packages: select::runnable(&selection.packages),
        histories: selection.histories,
        seconds: options.seconds,
    };
    sanitize::check(project, sanitizer, &plan)
}

fn python_list(choice: &Choice, version: Option<Version>) {
    let every = pins::FREE_THREADED.into_iter().chain(pins::WITH_GIL);
    let versions = version.map_or_else(|| every.collect(), |version| vec![version]);
    find::list(choice, &versions);
}

fn wheel(project: &Project, choice: &Choice) -> Result<()> {
    let interp = match choice.python.first() {
        Some(path) => probe(path).map_err(|why| Error::new(format!("{} {why}", path.display())))?,
        None => setup::main(project, choice)?,
    };
    let ready = setup::make(project, choice, Aim::Build)?;
    let out = project.target().join("wheels");
    let wheel = wheel::build(project, &ready.tools, &interp, &out, Audience::Everyone)?;
    println!("{}", wheel.display());
    Ok(())
}

//! Everything that a person runs, as `cargo xtask COMMAND`.

mod apt;
mod args;
mod bench;
mod bench_rust;
mod cache;
mod clang;
mod compat_api;
mod debian;
mod error;
mod fingerprint;
mod fuzz;
mod instructions;
mod linear;
mod lint;
mod loom;
mod mirror;
mod mutants;
mod probe;
mod profile;
mod project;
mod python;
mod report;
mod run;
mod sanitize;
mod select;
mod setup;
mod test;
mod venv;
mod wheel;

use std::panic;
use std::process::ExitCode;

use args::{Args, Choice};
use error::{Error, Result};
use loom::Bounds;
use project::Project;
use python::{Version, pins};
use report::Report;
use sanitize::Sanitizer;
use setup::{Aim, Ready};
use wheel::Audience;

/// A sub-command.
struct Command {
    name: &'static str,
    summary: &'static str,
    /// What `--help` prints below the summary.
    details: &'static str,
    run: fn(Args) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        summary: "set up, then index the standard library on 1, 2, ... cores",
        details: "\
usage: cargo xtask demo [INTERPRETERS] [ARGUMENTS OF THE EXAMPLE]

Runs py-bindings/examples/index_stdlib.py with the free-threaded interpreter, or with the GIL build
where there is no other. What is not understood here goes on to the example: try `-- --help`.",
        run: demo,
    },
    Command {
        name: "test",
        summary: "set up, then check everything that must hold",
        details: "\
usage: cargo xtask test [--quick] [NAME] [INTERPRETERS]

With NAME (queue, dict, atomic, or a folder of crates/): that primitive's Rust tests, models and
Python tests, and no more; Python tests on 3.14t and on one Python with a GIL.

Everything runs on free-threaded 3.14 and 3.15 and on the oldest Python with a GIL that is here; on the
others a quick pass. What is missing is made.

  --quick              one preemption in the models, no documentation, no sanitizers, 3.14t and one Python
                       with a GIL, and no second pass of the Python tests on several threads",
        run: test,
    },
    Command {
        name: "lint",
        summary: "check formats, lints and types, and run nothing",
        details: "usage: cargo xtask lint [INTERPRETERS]",
        run: lint,
    },
    Command {
        name: "loom",
        summary: "explore the models, and print a line for each",
        details: "\
usage: cargo xtask loom [NAME] [--preemptions N] [--seconds N]

  --preemptions N      forced switches per execution, 2 unless told; what passes has been explored
                       up to that bound, which is less than proved
  --seconds N          time limit per model, 120 unless told",
        run: loom,
    },
    Command {
        name: "linear",
        summary: "check recorded histories for linearizability, and print a line for each",
        details: "\
usage: cargo xtask linear [NAME] [--seconds N] [--seed N]

The histories of loom-tests/tests/linear_*.rs: once with real threads, once with shuttle's.

  --seconds N          how long to record, for each test; 1.5 unless told
  --seed N             where to begin, 1 unless told: a failing test says which seed it was at; shuttle's
                       schedules are the same again, real threads do the same, in their own time",
        run: linear,
    },
    Command {
        name: "fuzz",
        summary: "run generated programs beside plain models, and print a line for each target",
        details: "\
usage: cargo xtask fuzz [NAME] [--seconds N] [--seed N]

The targets of loom-tests/fuzz/src/targets/: programs of one thread, and short ones of two or three threads under
schedules of shuttle's. What is broken on purpose has to be found out.

  --seconds N          for each target; unless told, a fixed number of programs: the same each time
  --seed N             that of the first program, 1 unless told; a failing target says which it was",
        run: fuzz,
    },
    Command {
        name: "tsan",
        summary: "look for data races with ThreadSanitizer",
        details: "\
usage: cargo xtask tsan [NAME] [--seconds N]
       cargo xtask tsan --python [ARGUMENTS OF PYTEST]

Runs the Rust tests and the histories of real threads, compiled with ThreadSanitizer. First a broken
program, which must be reported, and sound ones, which must not.

  --python             runs Python tests instead, with interpreter and extension compiled with the
                       sanitizer (see: cargo xtask python --tsan): the tests that start
                       threads, or what the arguments say, such as tests/locks/rwlock
  --seconds N          how long to record each history, 1 unless told",
        run: tsan,
    },
    Command {
        name: "asan",
        summary: "look for memory errors and leaks with AddressSanitizer, in Rust",
        details: "\
usage: cargo xtask asan [NAME] [--seconds N]

As tsan, with AddressSanitizer and LeakSanitizer.

  --seconds N          how long to record each history, 1 unless told",
        run: asan,
    },
    Command {
        name: "mutants",
        summary: "break the crates in small ways, and see whether a test notices",
        details: "\
usage: cargo xtask mutants [--check | --logic] [NAME] [--preemptions N]

Weakens every ordering in crates/*/src and removes every fence, one at a time, and writes into
loom-tests/orderings.txt which test noticed. A change that no test notices needs a test, or a reason
in that file, after `unseen: `. A further run keeps the reasons.

  --check              only compare that file with the sources, and run nothing
  --logic              change everything else, with cargo-mutants, against the crates' own tests:
                       hours for all; what is left out, and why, is in .cargo/mutants.toml
  --preemptions N      as for loom",
        run: mutants,
    },
    Command {
        name: "soak",
        summary: "set up, then use all classes at once for some minutes",
        details: "\
usage: cargo xtask soak [--minutes N] [INTERPRETERS]

Runs py-bindings/tests/soak/ with the free-threaded interpreter, or with the GIL build where there is
no other. It fails if anything was lost, not released, or if memory grows.

  --minutes N          how long, 10 unless told; may be a fraction",
        run: soak,
    },
    Command {
        name: "bench",
        summary: "install the other libraries, and compare what operations cost",
        details: "\
usage: cargo xtask bench [--cells PATTERN] [--threads N,...] [--rounds N] [--quick]
                         [--json FILE] [--markdown FILE] [--summary FILE] [--plot FOLDER]
                         [INTERPRETERS]

The release wheel beside ft_utils 0.2.0, cereggii, pysync-nogil, aiologic, culsans and the standard
library, on the free-threaded interpreter, or on the GIL build where there is no other. What cannot
be installed is left out.

  --cells PATTERN      those with this in their name, such as `queue` or `int: *`
  --threads N,...      1,2 unless told; with --plot 1,2,4,8
  --rounds N           7 unless told, each with new processes
  --quick              few rounds and runs
  --json FILE          all figures
  --markdown FILE      a page such as docs/benchmarks.md
  --summary FILE       a short page: the ratios alone, such as for one more interpreter
  --plot FOLDER        cost over the number of threads, as PNG and SVG",
        run: bench,
    },
    Command {
        name: "python",
        summary: "find or make an interpreter, and print its path",
        details: "\
usage: cargo xtask python [--version VERSION] [--list] [--tsan] [INTERPRETERS]

Looks, in this order, for: the one named with --python or FT_PYTHON; python3.14t on PATH, in pyenv, or
made by an earlier run; one that uv can install; one made from packages of PyPI and Debian, in some
seconds, in the user's cache directory (XDG_CACHE_HOME, else ~/.cache).

  --version VERSION    3.15t, 3.14, ...; unless told, 3.14t, or 3.15t where that is there already
  --list               show every place, what was found, and what is taken; makes nothing
  --tsan               3.13t with ThreadSanitizer, which is compiled from Debian's source with clang:
                       the clang on PATH, or Debian's, which is put into the cache directory too",
        run: python,
    },
    Command {
        name: "setup",
        summary: "make the virtual environments, and install the tools and the wheel in each",
        details: "\
usage: cargo xtask setup [--all] [INTERPRETERS]

The environments are in target/venv/. A second run does only what is needed.

  --all                for all interpreters that `test` uses, not only the main ones",
        run: setup,
    },
    Command {
        name: "bench-rust",
        summary: "measure the core crates beside their peers, and print a table",
        details: "\
usage: cargo xtask bench-rust [FILTER] [--rounds N] [--json]

Measures every library of a cell in alternation, and prints a row in Markdown for each. Criterion's
figures for the same cells come from: cargo bench --package ft-bench -- FILTER

  FILTER               only cells with this in their name, such as `queue:` or `one write in ten`
  --rounds N           how often each library is measured, 21 unless told
  --json               a line of JSON for each cell",
        run: bench_rust,
    },
    Command {
        name: "instructions",
        summary: "count the instructions of the hot paths, and compare with what is recorded",
        details: "\
usage: cargo xtask instructions [--record] [INTERPRETERS]

Of the crates, and of calls from Python on a free-threaded interpreter. Needs valgrind, on Linux on
x86-64. The records are crates/bench/instructions.txt and py-bindings/benchmarks/instructions.txt.

  --record             record what is counted now",
        run: instructions,
    },
    Command {
        name: "compat-api",
        summary: "make py_compat_api.h and its page from the table of removed C APIs",
        details: "\
usage: cargo xtask compat-api [--check]

Reads py-bindings/compat/, writes py-bindings/python/ft_utils/include/py_compat_api.h and
docs/pep743.md, and prints what it has changed.

  --check              change nothing, and fail if there is something to change",
        run: compat_api,
    },
    Command {
        name: "wheel",
        summary: "build a release wheel, and print its path",
        details: "\
usage: cargo xtask wheel [--python PATH] [--gil-python PATH]

For the interpreter named with --python, which may be any; without it, for 3.14t. The wheel is put in target/wheels/. It is built twice: the
compiler learns from benchmarks, which takes a minute and the component llvm-tools, got from rustup.",
        run: wheel,
    },
];

const INTERPRETERS: &str = "\
INTERPRETERS:
  --python PATH        the main free-threaded interpreter (or FT_PYTHON); given again, another to use for
                       its version (in FT_PYTHON: a list such as PATH is)
  --gil-python PATH    the main one with a GIL (or FT_GIL_PYTHON); otherwise the oldest on PATH
  --gil-only           do without a free-threaded one";

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        // `cargo xtask python --list | head` ends us in mid-print: that is no one's mistake.
        if !info.to_string().contains("Broken pipe") {
            eprintln!("error: xtask itself is wrong: {info}");
        }
    }));
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let name = if words.is_empty() {
        "help".to_owned()
    } else {
        words.remove(0)
    };
    match dispatch(&name, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            if !err.is_told() {
                eprintln!("error: {err}");
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(name: &str, words: Vec<String>) -> Result<()> {
    if matches!(name, "help" | "--help" | "-h") {
        print_help();
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Error::new(format!(
            "no command `{name}`; see: cargo xtask help"
        )));
    };
    let mut args = Args::new(words);
    if args.flag("--help") || args.flag("-h") {
        println!("{}\n\n{}", command.summary, command.details);
        if command.details.contains("INTERPRETERS") {
            println!("\n{INTERPRETERS}");
        }
        return Ok(());
    }
    (command.run)(args)
}

fn print_help() {
    println!("usage: cargo xtask COMMAND [--help]\n");
    for command in COMMANDS {
        println!("  {:12} {}", command.name, command.summary);
    }
}

fn demo(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    let ready = setup::make(&project, &choice, Aim::Main)?;
    run_script(&project, &ready, "examples/index_stdlib.py", args.rest())
}

fn soak(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    let ready = setup::make(&project, &choice, Aim::Main)?;
    run_script(&project, &ready, "tests/soak", args.rest())
}

fn run_script(project: &Project, ready: &Ready, script: &str, words: Vec<String>) -> Result<()> {
    let mut cmd = ready.main().call();
    cmd.arg(project.bindings().join(script)).args(words);
    let status = cmd.status()?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("{script} ended with {status}")))
}

fn test(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    let quick = args.flag("--quick");
    let name = args.word();
    args.finish("test")?;
    // A name that fits nothing is found out before the long work.
    let selection = select::select(&project, name.as_deref())?;
    let few = quick || name.is_some();
    let aim = if few { Aim::QuickTests } else { Aim::Tests };
    let ready = setup::make(&project, &choice, aim)?;
    match name {
        Some(_) => test::one(&project, &ready, &selection, quick),
        None => test::all(&project, &ready, &selection, quick),
    }
}

fn lint(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    args.finish("lint")?;
    let ready = setup::make(&project, &choice, Aim::Lint)?;
    let mut report = Report::default();
    lint::all(&project, &ready, &mut report);
    report.finish()
}

fn loom(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let mut bounds = Bounds::default();
    bounds.preemptions = args.number("--preemptions")?.unwrap_or(bounds.preemptions);
    bounds.seconds = args.number("--seconds")?.unwrap_or(bounds.seconds);
    let name = args.word();
    args.finish("loom")?;
    let selection = select::select(&project, name.as_deref())?;
    loom::explore(&project, &selection.models, &bounds)
}

fn linear(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let mut limits = linear::Limits::default();
    if let Some(seconds) = args.number("--seconds")? {
        limits.seconds = seconds as f64;
    }
    limits.seed = args.number("--seed")?.unwrap_or(limits.seed);
    let name = args.word();
    args.finish("linear")?;
    let selection = select::select(&project, name.as_deref())?;
    linear::check(&project, &selection.histories, &limits)
}

fn bench(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    let ready = setup::make(&project, &choice, Aim::Main)?;
    bench::compare(&project, &ready, &args.rest())
}

fn fuzz(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let mut limits = fuzz::Limits::default();
    limits.seconds = args.number("--seconds")?;
    limits.seed = args.number("--seed")?.unwrap_or(limits.seed);
    let name = args.word();
    args.finish("fuzz")?;
    fuzz::all(
        &project,
        &select::targets(&project, name.as_deref()),
        &limits,
    )
}

fn bench_rust(args: Args) -> Result<()> {
    bench_rust::compare(&Project::find()?, args.rest())
}

fn instructions(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let record = args.flag("--record");
    let choice = Choice::take(&mut args)?;
    args.finish("instructions")?;
    let ready = setup::make(&project, &choice, Aim::Main)?;
    if record {
        return instructions::renew(&project, ready.main());
    }
    instructions::check(&project, ready.main())
}

fn tsan(mut args: Args) -> Result<()> {
    if !args.flag("--python") {
        return sanitize(Sanitizer::Thread, args);
    }
    let project = Project::find()?;
    let ready = setup::make(&project, &Choice::default(), Aim::Build)?;
    sanitize::python::check(&project, &ready.tools, &args.rest())
}

fn asan(args: Args) -> Result<()> {
    sanitize(Sanitizer::Address, args)
}

fn sanitize(sanitizer: Sanitizer, mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let seconds = args.number("--seconds")?.unwrap_or(1);
    let name = args.word();
    args.finish(sanitizer.short())?;
    let selection = select::select(&project, name.as_deref())?;
    let plan = sanitize::Plan {
        packages: test::runnable(&selection.packages),
        histories: selection.histories,
        seconds: seconds as f64,
    };
    sanitize::check(&project, sanitizer, &plan)
}

fn mutants(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    if args.flag("--check") {
        args.finish("mutants")?;
        return mutants::check(&project);
    }
    let logic = args.flag("--logic");
    let preemptions = args.number("--preemptions")?;
    let name = args.word();
    args.finish("mutants")?;
    let selection = select::select(&project, name.as_deref())?;
    if logic {
        return mutants::logic::run(&project, &selection);
    }
    let preemptions = preemptions.unwrap_or(Bounds::default().preemptions);
    mutants::run(&project, &selection, preemptions)
}

fn python(mut args: Args) -> Result<()> {
    let choice = Choice::take(&mut args)?;
    let list = args.flag("--list");
    let tsan = args.flag("--tsan");
    let version = args.value("--version")?;
    args.finish("python")?;
    let version: Option<Version> = match version {
        Some(text) => Some(text.parse().map_err(Error::new)?),
        None => None,
    };
    if tsan {
        println!("{}", debian::build()?.path.display());
        return Ok(());
    }
    if list {
        let every = pins::FREE_THREADED.into_iter().chain(pins::WITH_GIL);
        let versions = version.map_or_else(|| every.collect(), |version| vec![version]);
        python::list(&choice, &versions);
        return Ok(());
    }
    let project = Project::find()?;
    let found = match version {
        Some(version) => setup::interpreter(&project, &choice, version)?,
        None => setup::main(&project, &choice)?,
    };
    println!("{}", found.path.display());
    Ok(())
}

fn setup(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    let everything = args.flag("--all");
    args.finish("setup")?;
    let aim = if everything {
        Aim::Tests
    } else {
        Aim::QuickTests
    };
    let ready = setup::make(&project, &choice, aim)?;
    for venv in ready.full.iter().chain(&ready.brief) {
        println!("{}: {}", venv.name(), venv.python().display());
    }
    Ok(())
}

fn compat_api(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let check = args.flag("--check");
    args.finish("compat-api")?;
    if check {
        return compat_api::check(&project);
    }
    compat_api::write(&project)
}

fn wheel(mut args: Args) -> Result<()> {
    let project = Project::find()?;
    let choice = Choice::take(&mut args)?;
    args.finish("wheel")?;
    let interp = match choice.python.first() {
        Some(path) => {
            probe::probe(path).map_err(|why| Error::new(format!("{} {why}", path.display())))?
        }
        None => setup::main(&project, &choice)?,
    };
    let ready = setup::make(&project, &choice, Aim::Build)?;
    let out = project.target().join("wheels");
    let wheel = wheel::build(&project, &ready.tools, &interp, &out, Audience::Everyone)?;
    println!("{}", wheel.display());
    Ok(())
}

//! The command line: every command with its options, and the help.

use clap::{Args, Parser, Subcommand};

use crate::checks::{fuzz, linear, loom};
use crate::interpreters::choice::Choice;
use crate::interpreters::version::Version;
use crate::measurements::{bench, bench_rust};

/// The commands of this project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_version_flag = true)]
#[command(max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A part of the checks.
#[derive(Args)]
pub struct Name {
    /// Only one primitive: queue, dict, atomic, ..., or a folder of crates/
    pub name: Option<String>,
}

impl Name {
    pub fn get(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Set up, then index the standard library on 1, 2, ... cores
    ///
    /// Runs py-bindings/examples/index_stdlib.py on the free-threaded interpreter, or on the build with
    /// the GIL where there is no other.
    Demo {
        /// Up to N threads [default: one for each core]
        #[arg(long, value_name = "N")]
        threads: Option<u32>,
        /// No more than N files [default: all]
        #[arg(long, value_name = "N")]
        files: Option<u32>,
        #[command(flatten)]
        choice: Choice,
    },

    /// Set up, then check everything that must hold
    ///
    /// Everything runs on free-threaded 3.14 and 3.15 and on the oldest Python with a GIL; a quick pass
    /// runs on the others. Interpreters that are missing are made.
    ///
    /// With NAME: only that primitive's Rust tests, models and Python tests, on 3.14t and on one Python
    /// with a GIL.
    Test {
        #[command(flatten)]
        name: Name,
        /// One preemption in the models, no documentation, no sanitizers, no second pass of the Python
        /// tests on several threads; 3.14t and one Python with a GIL
        #[arg(long)]
        quick: bool,
        #[command(flatten)]
        choice: Choice,
    },

    /// Check formats, lints and types, and run nothing
    Lint {
        #[command(flatten)]
        choice: Choice,
    },

    /// Explore the models, and print a line for each
    Loom {
        #[command(flatten)]
        name: Name,
        #[command(flatten)]
        bounds: loom::Bounds,
    },

    /// Check recorded histories for linearizability, and print a line for each
    ///
    /// The histories of loom-tests/histories/tests/ are recorded once with real threads, and once with
    /// shuttle's.
    Linear {
        #[command(flatten)]
        name: Name,
        #[command(flatten)]
        limits: linear::Limits,
    },

    /// Run generated programs beside plain models, and print a line for each target
    ///
    /// The targets are in loom-tests/fuzz/src/targets/. They run programs of one thread, and short ones
    /// of two or three threads in schedules of shuttle's. Those that are broken on purpose have to be
    /// found out.
    Fuzz {
        #[command(flatten)]
        name: Name,
        #[command(flatten)]
        limits: fuzz::Limits,
    },

    /// Look for data races with ThreadSanitizer
    ///
    /// Runs the Rust tests and the histories of real threads, compiled with ThreadSanitizer. Before that
    /// come a broken program, which must be reported, and sound ones, which must not.
    #[command(override_usage = "cargo xtask tsan [NAME] [--seconds N]\n       \
                                cargo xtask tsan --python [ARGUMENTS OF PYTEST]")]
    Tsan {
        /// Run Python tests instead, with interpreter and extension compiled with the sanitizer (see:
        /// cargo xtask python --tsan)
        #[arg(long)]
        python: bool,
        #[command(flatten)]
        plan: Sanitize,
        /// With --python: which tests, such as tests/locks/rwlock [default: those that start threads]
        #[arg(value_name = "ARGUMENTS", trailing_var_arg = true)]
        #[arg(allow_hyphen_values = true)]
        words: Vec<String>,
    },

    /// Look for memory errors and leaks with AddressSanitizer, in Rust
    ///
    /// As tsan, with AddressSanitizer and LeakSanitizer.
    Asan {
        #[command(flatten)]
        plan: Sanitize,
    },

    /// Break the crates in small ways, and see whether a test notices
    ///
    /// Weakens every ordering in crates/*/src and removes every fence, one at a time, and writes into
    /// loom-tests/orderings.txt which test noticed. A change that no test notices needs a test, or a
    /// reason in that file, after `unseen: `. A further run keeps the reasons.
    Mutants {
        #[command(flatten)]
        name: Name,
        /// Only compare that file with the sources, and run nothing
        #[arg(long, conflicts_with_all = ["logic", "name", "preemptions"])]
        check: bool,
        /// Change everything else, with cargo-mutants, against the crates' own tests: hours for all.
        /// .cargo/mutants.toml says what is left out, and why
        #[arg(long)]
        logic: bool,
        /// Forced switches per execution of a model
        #[arg(long, value_name = "N", default_value_t = loom::Bounds::default().preemptions)]
        preemptions: u64,
    },

    /// Set up, then use all classes at once for some minutes
    ///
    /// Runs py-bindings/tests/soak/ on the free-threaded interpreter, or on the build with the GIL
    /// where there is no other. It fails if anything is lost or not released, or if memory grows.
    Soak {
        /// How many minutes; may be a fraction
        #[arg(long, value_name = "N", default_value_t = 10.0)]
        minutes: f64,
        #[command(flatten)]
        choice: Choice,
    },

    /// Install the other libraries, and compare what operations cost
    ///
    /// Compares the release wheel with ft_utils 0.2.0, cereggii, pysync-nogil, aiologic, culsans, joblib,
    /// hypertile, pebble and the standard library, on the free-threaded interpreter, or on the build with
    /// the GIL where there is no other. A library that cannot be installed is left out.
    Bench {
        #[command(flatten)]
        options: bench::Options,
        #[command(flatten)]
        choice: Choice,
    },

    /// Find or make an interpreter, and print its path
    ///
    /// Looks, in this order, for: the one named with --python or FT_PYTHON; python3.14t on PATH, in
    /// pyenv, or made by an earlier run; one that uv can install; one made from packages of PyPI and
    /// Debian, in some seconds, in the user's cache directory (XDG_CACHE_HOME, else ~/.cache).
    Python {
        /// 3.15t, 3.14, ... [default: 3.14t, or 3.15t where only that is there already]
        #[arg(long)]
        version: Option<Version>,
        /// Show every place, what was found, and what is taken; make nothing
        #[arg(long)]
        list: bool,
        /// 3.13t with ThreadSanitizer, compiled from Debian's source with the clang on PATH, or with
        /// Debian's, which apt installs
        #[arg(long)]
        tsan: bool,
        #[command(flatten)]
        choice: Choice,
    },

    /// Make the virtual environments, and install the tools and the wheel in each
    ///
    /// The environments are in target/venv/. A second run does only what is needed.
    Setup {
        /// For all interpreters that `test` uses, not only the main ones
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        choice: Choice,
    },

    /// Measure the core crates beside their peers, and print a table
    ///
    /// Measures every library of a cell in alternation, and prints a row in Markdown for each. Criterion's
    /// figures for the same cells come from: cargo bench --package ft-bench -- FILTER
    BenchRust {
        #[command(flatten)]
        options: bench_rust::Options,
    },

    /// Count what part of generated traces the caches answer, and print a table
    ///
    /// The traces are those of crates/bench/src/traces.rs, the same each time. The peers are moka,
    /// quick_cache and LRU.
    HitRates,

    /// Simulate the work-stealing pool with up to 64 workers, and print two tables
    ///
    /// The simulation counts on every cache line that cores pass to each other, and compares with a pool
    /// whose workers share one queue. docs/work-stealing.md says what it leaves out.
    Growth,

    /// Measure the memory of an empty object of each class, beside other libraries
    ///
    /// Prints bytes per object for this library, ft_utils 0.2.0, cereggii and the standard library, on the
    /// free-threaded interpreter, or on the build with the GIL if there is no other. Needs Linux.
    Memory {
        #[command(flatten)]
        choice: Choice,
    },

    /// Count the instructions of the hot paths, and compare with what is recorded
    ///
    /// Counts those of the crates, and of calls from Python on a free-threaded interpreter. Needs
    /// valgrind, on Linux on x86-64. The records are crates/bench/instructions.txt and
    /// py-bindings/benchmarks/instructions.txt.
    Instructions {
        /// Record what is counted now
        #[arg(long)]
        record: bool,
        #[command(flatten)]
        choice: Choice,
    },

    /// Make py_compat_api.h and its page from the table of removed C APIs
    ///
    /// Reads py-bindings/compat/, writes py-bindings/python/ft_utils/include/py_compat_api.h and
    /// docs/pep743.md, and prints what it has changed.
    CompatApi {
        /// Change nothing, and fail if there is something to change
        #[arg(long)]
        check: bool,
    },

    /// Build a release wheel, and print its path
    ///
    /// For the interpreter named with --python, which may be any; without it, for 3.14t. The wheel is put
    /// in target/wheels/. It is built twice: the compiler learns from benchmarks, which takes a minute and
    /// the component llvm-tools, which rustup installs.
    Wheel {
        #[command(flatten)]
        choice: Choice,
    },

    /// Package all crates, build each from its package, and print a line for each
    ///
    /// Fails if a package lacks the licence, a README with an example that is tested, or what the registry
    /// shows of it, or if it has a file that does not belong there. Needs the registry of the dependencies
    /// and a Python on PATH, and uploads nothing.
    Publish {
        /// Without it the command does nothing: a release is published from its tag, with `cargo publish
        /// --workspace`
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Args)]
pub struct Sanitize {
    /// Only one primitive: queue, dict, atomic, ..., or a folder of crates/
    #[arg(allow_hyphen_values = true)]
    pub name: Option<String>,
    /// How long to record each history
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub seconds: f64,
}

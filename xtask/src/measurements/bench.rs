//! Our classes beside other libraries that do the same, on one interpreter.

use fs_err as fs;

use crate::common::error::{Error, Result};
use crate::common::lock::{self, Access};
use crate::common::project::Project;
use crate::common::run;
use crate::environments::packages::{install_ours, install_pinned};
use crate::environments::setup::Ready;

/// Packages, and the names that the benchmarks use for them. Two have the same import name, so each is
/// in a folder of its own.
const PEERS: [(&str, &str); 8] = [
    ("ft-utils", "reference"),
    ("cereggii", "cereggii"),
    ("pysync-nogil", "pysync"),
    ("aiologic", "aiologic"),
    ("culsans", "culsans"),
    ("joblib", "joblib"),
    ("hypertile", "hypertile"),
    ("pebble", "pebble"),
];

/// What to measure, and where to write it: options of the Python package `benchmarks`.
#[derive(clap::Args)]
pub struct Options {
    /// Only cells with this in their name, such as `queue` or `int: *`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    cells: Vec<String>,
    /// Numbers of threads [default: 1,2; with --plot 1,2,4,8]
    #[arg(long, value_name = "N,...")]
    threads: Option<String>,
    /// Rounds, each with new processes [default: 7]
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Few rounds and runs
    #[arg(long)]
    quick: bool,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
    /// Write a page such as docs/benchmarks.md
    #[arg(long, value_name = "FILE")]
    markdown: Option<String>,
    /// Write a short page with the ratios alone, such as for one more interpreter
    #[arg(long, value_name = "FILE")]
    summary: Option<String>,
    /// Draw cost over the number of threads, as PNG and SVG
    #[arg(long, value_name = "FOLDER")]
    plot: Option<String>,
}

impl Options {
    fn words(&self) -> Vec<String> {
        let rounds = self.rounds.map(|rounds| rounds.to_string());
        let cells = self.cells.iter().map(|cells| format!("--cells={cells}"));
        let values = [
            ("threads", &self.threads),
            ("rounds", &rounds),
            ("json", &self.json),
            ("markdown", &self.markdown),
            ("summary", &self.summary),
            ("plot", &self.plot),
        ];
        let given = values.iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("--{name}={value}"))
        });
        cells
            .chain(given)
            .chain(self.quick.then(|| "--quick".to_owned()))
            .collect()
    }
}

/// Installs the libraries to compare, and runs the benchmarks.
pub fn compare(project: &Project, ready: &Ready, options: &Options) -> Result<()> {
    let (tools, venv) = (&ready.tools, ready.main());
    let folder = project.target().join("bench");
    fs::create_dir_all(&folder)?;
    // Two runs at a time would measure each other.
    let _lock = lock::lock(&folder.join("lock"), Access::Alone)?;
    let mut sites = vec![("ours", install_ours(project, ready)?)];
    for (package, name) in PEERS {
        match install_pinned(project, tools, venv, package) {
            Ok(folder) => sites.push((name, folder)),
            // There is none for this interpreter, or no network; the others can still be compared.
            Err(err) => eprintln!("going on without {package}: {err}"),
        }
    }
    // The interpreter with the tools starts the others, and draws: matplotlib has a build for it.
    let mut paths = vec![project.bindings()];
    if options.plot.is_some() {
        paths.push(install_pinned(project, tools, tools, "matplotlib")?);
    }
    let paths = std::env::join_paths(paths).map_err(|err| Error::new(err.to_string()))?;
    let mut cmd = tools.call();
    cmd.args(["-m", "benchmarks", "--python"])
        .arg(venv.python())
        .env("PYTHONPATH", paths)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, folder) in &sites {
        let site = format!("{name}={}", folder.display());
        cmd.args(["--site", &site]);
    }
    cmd.args(options.words());
    run::shown(cmd, "the benchmarks")
}

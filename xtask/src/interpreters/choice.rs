//! Which interpreters the user wants.

use std::env;
use std::path::{Path, PathBuf};

/// The options of all commands that need interpreters.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Interpreters")]
pub struct Choice {
    /// Main free-threaded interpreter (or FT_PYTHON); if given again, one more to use for its own
    /// version (in FT_PYTHON: a list like PATH)
    #[arg(long, value_name = "PATH")]
    pub python: Vec<PathBuf>,
    /// Main interpreter with a GIL (or FT_GIL_PYTHON) [default: the oldest on PATH]
    #[arg(long, value_name = "PATH")]
    pub gil_python: Option<PathBuf>,
    /// Neither look for a free-threaded interpreter nor make one
    #[arg(long)]
    pub gil_only: bool,
}

impl Choice {
    /// The same, with the environment variables in the place of options that are not given.
    pub fn or_environment(mut self) -> Choice {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        if self.python.is_empty() {
            let listed = variable("FT_PYTHON").unwrap_or_default();
            let paths = env::split_paths(&listed).filter(|path| path != Path::new(""));
            self.python.extend(paths);
        }
        let gil_python = || variable("FT_GIL_PYTHON").map(PathBuf::from);
        self.gil_python = self.gil_python.or_else(gil_python);
        self
    }

    /// All that are named.
    pub fn named(&self) -> impl Iterator<Item = &PathBuf> {
        self.python.iter().chain(&self.gil_python)
    }
}

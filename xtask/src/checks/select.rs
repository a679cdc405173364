//! Which crates, models and Python tests belong to a name such as `queue`.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::common::error::{Result, bail};
use crate::common::project::Project;

/// The one package in `crates` that is about Python.
pub const KNOWS_PYTHON: &str = "ft-compat";

/// What there is to test, all of it or one primitive's part.
pub struct Selection {
    /// Package names of core crates.
    pub packages: Vec<String>,
    /// Files in `loom-tests/tests`, without `.rs`, for loom.
    pub models: Vec<String>,
    /// Those that record histories.
    pub histories: Vec<String>,
    /// Files in `loom-tests/fuzz/src/targets`, without `.rs`.
    pub fuzzed: Vec<String>,
    /// Files in `py-bindings/tests`.
    pub python: Vec<PathBuf>,
}

/// Everything, or what goes by `name`.
pub fn select(project: &Project, name: Option<&str>) -> Result<Selection> {
    let folder = project.root.join("crates");
    let mut crates = stems(&folder, "", "");
    crates.retain(|krate| folder.join(krate).join("Cargo.toml").is_file());
    // It is no primitive, and compiling the peers takes longer than many a test.
    crates.retain(|krate| krate != "bench");
    let mut chosen = crates.clone();
    chosen.retain(|folder| name.is_none_or(|name| fits(folder, name)));
    let belongs = |stem: &String| {
        name.is_none_or(|name| fits(stem, name) || chosen.iter().any(|folder| fits(stem, folder)))
    };
    let models = stems(&project.root.join("loom-tests/tests"), "", ".rs");
    let models = models.into_iter().filter(belongs);
    let (histories, models) = models.partition(|stem| stem.starts_with("linear_"));
    let fuzzed = stems(&project.root.join("loom-tests/fuzz/src/targets"), "", ".rs");
    let python_dir = project.bindings().join("tests");
    let python = stems(&python_dir, "test_", ".py").into_iter();
    let selection = Selection {
        packages: chosen.iter().map(|folder| package(folder)).collect(),
        models,
        histories,
        fuzzed: fuzzed.into_iter().filter(belongs).collect(),
        python: python
            .filter(belongs)
            .map(|stem| python_dir.join(format!("test_{stem}.py")))
            .collect(),
    };
    if let (Some(name), true) = (name, selection.is_empty()) {
        bail!(
            "nothing goes by the name `{name}`; there are: {}",
            crates.join(", ")
        );
    }
    Ok(selection)
}

impl Selection {
    fn is_empty(&self) -> bool {
        let files = [&self.packages, &self.models, &self.histories, &self.fuzzed];
        files.iter().all(|files| files.is_empty()) && self.python.is_empty()
    }
}

/// The packages whose tests need no Python to link to, which not every machine has. The tests of the
/// other one are an extension module; the Python tests build it.
pub fn runnable(packages: &[String]) -> Vec<String> {
    let mut packages = packages.to_vec();
    packages.retain(|package| package != KNOWS_PYTHON);
    packages
}

/// Whether one of two names is in the other: `queue` and `concurrent-queue`, `atomic_int64` and
/// `atomic-int`. People and files abbreviate differently.
fn fits(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let (one, other) = (plain(one), plain(other));
    one.contains(&other) || other.contains(&one)
}

/// The names in a folder that begin and end like this, without these parts.
fn stems(folder: &Path, prefix: &str, suffix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut stems: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned())
        })
        .collect();
    stems.sort();
    stems
}

/// `ft-rwlock` for `rwlock`; one folder is called `ft-compat`.
fn package(folder: &str) -> String {
    format!("ft-{}", folder.trim_start_matches("ft-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_names() {
        assert!(fits("concurrent-queue", "queue"));
        assert!(fits("atomic_int64", "atomic-int"));
        assert!(fits("rwlock", "RWLock"));
        assert!(!fits("concurrent-queue", "dict"));
    }

    #[test]
    fn packages_are_named_after_their_folders() {
        assert_eq!(package("rwlock"), "ft-rwlock");
        assert_eq!(package("ft-compat"), KNOWS_PYTHON);
    }
}

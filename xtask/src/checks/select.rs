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
    /// Test targets in `loom-tests/tests`, for loom.
    pub models: Vec<String>,
    /// Test targets in `loom-tests/histories/tests`.
    pub histories: Vec<String>,
    /// Files in `loom-tests/fuzz/src/targets`, without `.rs`.
    pub fuzzed: Vec<String>,
    /// Files in `py-bindings/tests` and its folders.
    pub python: Vec<PathBuf>,
}

/// The folders in `crates` that hold no primitive: benchmarks, and what the tests of the others share.
pub const TOOLS: [&str; 2] = ["bench", "test-support"];

/// Everything, or what goes by `name`.
pub fn select(project: &Project, name: Option<&str>) -> Result<Selection> {
    let folder = project.root.join("crates");
    let mut crates = stems(&folder, "", "");
    crates.retain(|krate| folder.join(krate).join("Cargo.toml").is_file());
    crates.retain(|krate| !TOOLS.contains(&krate.as_str()));
    let mut chosen = crates.clone();
    chosen.retain(|folder| name.is_none_or(|name| fits(folder, name)));
    let belongs = |stem: &String| {
        name.is_none_or(|name| fits(stem, name) || chosen.iter().any(|folder| fits(stem, folder)))
    };
    let models = test_targets(&project.root.join("loom-tests/tests"));
    let histories = test_targets(&project.root.join("loom-tests/histories/tests"));
    let fuzzed = stems(&project.root.join("loom-tests/fuzz/src/targets"), "", ".rs");
    let python_dir = project.bindings().join("tests");
    let mut python = Vec::new();
    python_tests(&python_dir, &mut python);
    let selection = Selection {
        packages: chosen.iter().map(|folder| package(folder)).collect(),
        models: models.into_iter().filter(belongs).collect(),
        histories: histories.into_iter().filter(belongs).collect(),
        fuzzed: fuzzed.into_iter().filter(belongs).collect(),
        python: python
            .into_iter()
            .filter(|path| words_below(&python_dir, path).iter().any(belongs))
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

/// The files of tests in this folder and those below it.
fn python_tests(folder: &Path, found: &mut Vec<PathBuf>) {
    let files = stems(folder, "test_", ".py").into_iter();
    found.extend(files.map(|stem| folder.join(format!("test_{stem}.py"))));
    for below in stems(folder, "", "").iter().map(|name| folder.join(name)) {
        if below.is_dir() {
            python_tests(&below, found);
        }
    }
}

/// The names of a file of tests and of its folders: `locks`, `rwlock` and `contexts`.
fn words_below(folder: &Path, path: &Path) -> Vec<String> {
    let below = path.strip_prefix(folder).unwrap_or(path).with_extension("");
    let words = below.iter().map(|word| word.to_string_lossy());
    words
        .map(|word| word.strip_prefix("test_").unwrap_or(&word).to_owned())
        .collect()
}

/// The names of cargo's test targets in a folder: a file `NAME.rs` or `NAME/main.rs` each.
fn test_targets(folder: &Path) -> Vec<String> {
    let mut targets = stems(folder, "", ".rs");
    let mut folders = stems(folder, "", "");
    folders.retain(|name| folder.join(name).join("main.rs").is_file());
    targets.extend(folders);
    targets.sort();
    targets
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
    fn words_of_a_file() {
        let path = Path::new("tests/locks/rwlock/test_contexts.py");
        let words = words_below(Path::new("tests"), path);
        assert_eq!(words, ["locks", "rwlock", "contexts"]);
    }

    /// Python does not see what all primitives wait on, and the memory that models of references use.
    #[test]
    fn primitives_without_python_tests() {
        let project = Project::find().unwrap();
        let all = select(&project, None).unwrap().packages;
        let name = |package: &String| package.trim_start_matches("ft-").to_owned();
        let mut without: Vec<String> = all.iter().map(name).collect();
        without.retain(|name| select(&project, Some(name)).unwrap().python.is_empty());
        assert_eq!(without, ["sync", "test-pool", "work-stealing"]);
        let rwlock = select(&project, Some("rwlock")).unwrap().python;
        let all = project.bindings().join("tests/locks/rwlock");
        assert!(rwlock.len() > 5 && rwlock.iter().all(|path| path.starts_with(&all)));
    }

    #[test]
    fn packages_are_named_after_their_folders() {
        assert_eq!(package("rwlock"), "ft-rwlock");
        assert_eq!(package("ft-compat"), KNOWS_PYTHON);
    }
}

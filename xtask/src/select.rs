//! Which crates, models and Python tests belong to a name such as `queue`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::project::Project;

/// What there is to test, all of it or one primitive's part.
pub struct Selection {
    /// Package names of core crates.
    pub packages: Vec<String>,
    /// Test targets in `loom-tests/tests`, for loom.
    pub models: Vec<String>,
    /// Those that record histories.
    pub histories: Vec<String>,
    /// Files in `loom-tests/fuzz/src/targets`.
    pub fuzzed: Vec<String>,
    /// Files in `py-bindings/tests` and its folders.
    pub python: Vec<PathBuf>,
}

/// The folders in `crates` that hold no primitive: benchmarks, and what the tests of the others share.
pub const TOOLS: [&str; 2] = ["bench", "test-support"];

/// Everything, or what goes by `name`.
pub fn select(project: &Project, name: Option<&str>) -> Result<Selection> {
    let mut crates = folders(&project.root.join("crates"));
    crates.retain(|folder| !TOOLS.contains(&folder.as_str()));
    let models = test_targets(&project.root.join("loom-tests/tests"));
    let (histories, models): (Vec<_>, Vec<_>) = models
        .into_iter()
        .partition(|stem| stem.starts_with("linear_"));
    let python_dir = project.bindings().join("tests");
    let mut python = Vec::new();
    python_tests(&python_dir, &mut python);

    let chosen: Vec<&String> = match name {
        Some(name) => crates.iter().filter(|folder| fits(folder, name)).collect(),
        None => crates.iter().collect(),
    };
    if let (Some(name), true) = (name, chosen.is_empty()) {
        return Err(Error::new(format!(
            "no primitive goes by `{name}`; there are: {}",
            crates.join(", ")
        )));
    }
    let belongs = |stem: &String| match name {
        Some(name) => fits(stem, name) || chosen.iter().any(|folder| fits(stem, folder)),
        None => true,
    };
    let mut packages = Vec::new();
    for folder in &chosen {
        packages.push(package(&project.root.join("crates").join(folder))?);
    }
    Ok(Selection {
        packages,
        models: models.into_iter().filter(belongs).collect(),
        histories: histories.into_iter().filter(belongs).collect(),
        fuzzed: fuzzed(project).into_iter().filter(belongs).collect(),
        python: python
            .into_iter()
            .filter(|path| words_below(&python_dir, path).iter().any(belongs))
            .collect(),
    })
}

/// What is fuzzed, all of it or what goes by `name`.
pub fn targets(project: &Project, name: Option<&str>) -> Vec<String> {
    let goes = |stem: &String| name.is_none_or(|name| fits(stem, name));
    fuzzed(project).into_iter().filter(goes).collect()
}

fn fuzzed(project: &Project) -> Vec<String> {
    stems(&project.root.join("loom-tests/fuzz/src/targets"), "", ".rs")
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
    let files = stems(folder, "test_", ".py");
    found.extend(
        files
            .iter()
            .map(|stem| folder.join(format!("test_{stem}.py"))),
    );
    for name in names(folder, Path::is_dir) {
        python_tests(&folder.join(name), found);
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

fn folders(parent: &Path) -> Vec<String> {
    names(parent, |path| path.join("Cargo.toml").is_file())
}

/// The names of cargo's test targets in a folder: a file `NAME.rs` or `NAME/main.rs` each.
fn test_targets(folder: &Path) -> Vec<String> {
    let mut targets = stems(folder, "", ".rs");
    targets.extend(names(folder, |path| path.join("main.rs").is_file()));
    targets.sort();
    targets
}

fn stems(folder: &Path, prefix: &str, suffix: &str) -> Vec<String> {
    names(folder, Path::is_file)
        .into_iter()
        .filter_map(|name| Some(name.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned()))
        .collect()
}

fn names(folder: &Path, keep: impl Fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| keep(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn package(folder: &Path) -> Result<String> {
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    package_name(&text)
        .map(str::to_owned)
        .ok_or_else(|| Error::new(format!("{} names no package", manifest.display())))
}

/// The first `name = "..."`, which is the package's in a manifest like ours.
fn package_name(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| {
        let value = line.strip_prefix("name")?.trim_start().strip_prefix('=')?;
        value.trim().strip_prefix('"')?.strip_suffix('"')
    })
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

    /// The ones without: what all of them wait on, which Python does not see.
    #[test]
    fn primitives_without_python_tests() {
        let project = Project::find().unwrap();
        let crates = folders(&project.root.join("crates"));
        let mut without = crates;
        without.retain(|name| {
            let found = select(&project, Some(name));
            found.is_ok_and(|selection| selection.python.is_empty())
        });
        assert_eq!(without, ["sync"]);
        let rwlock = select(&project, Some("rwlock")).unwrap().python;
        let all = project.bindings().join("tests/locks/rwlock");
        assert!(rwlock.len() > 5 && rwlock.iter().all(|path| path.starts_with(&all)));
    }

    #[test]
    fn package_names() {
        let manifest = "[package]\nname = \"ft-atomic-int\"\nversion.workspace = true\n";
        assert_eq!(package_name(manifest), Some("ft-atomic-int"));
        assert_eq!(package_name("[workspace]\n"), None);
    }
}

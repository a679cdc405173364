//! Which crates, models and Python tests belong to a name such as `queue`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::project::Project;

/// What there is to test, all of it or one primitive's part.
pub struct Selection {
    /// Package names of core crates.
    pub packages: Vec<String>,
    /// Files in `loom-tests/tests`, without `.rs`, for loom.
    pub models: Vec<String>,
    /// Those that record histories.
    pub histories: Vec<String>,
    /// Files in `loom-tests/fuzz/src/targets`.
    pub fuzzed: Vec<String>,
    /// Files in `py-bindings/tests`.
    pub python: Vec<PathBuf>,
}

/// Everything, or what goes by `name`.
pub fn select(project: &Project, name: Option<&str>) -> Result<Selection> {
    let mut crates = folders(&project.root.join("crates"));
    // It is no primitive, and to compile the peers takes longer than many a test.
    crates.retain(|folder| folder != "bench");
    let models = stems(&project.root.join("loom-tests/tests"), "", ".rs");
    let (histories, models): (Vec<_>, Vec<_>) = models
        .into_iter()
        .partition(|stem| stem.starts_with("linear_"));
    let python_dir = project.bindings().join("tests");
    let python = stems(&python_dir, "test_", ".py");

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
            .filter(belongs)
            .map(|stem| python_dir.join(format!("test_{stem}.py")))
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

fn folders(parent: &Path) -> Vec<String> {
    names(parent, |path| path.join("Cargo.toml").is_file())
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
    fn package_names() {
        let manifest = "[package]\nname = \"ft-atomic-int\"\nversion.workspace = true\n";
        assert_eq!(package_name(manifest), Some("ft-atomic-int"));
        assert_eq!(package_name("[workspace]\n"), None);
    }
}

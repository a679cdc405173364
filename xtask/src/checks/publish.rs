//! `cargo xtask publish --dry-run`: what a release would give to the registry. It uploads nothing.

use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;
use xshell::cmd;

use crate::common::error::{Error, Result};
use crate::common::project::Project;

/// Every package has the version of the workspace, as this program does.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a package says of itself on the registry's page.
const KEYS: [&str; 9] = [
    "description",
    "license",
    "repository",
    "documentation",
    "readme",
    "keywords",
    "categories",
    "rust-version",
    "edition",
];

/// No source file is nearly as large.
const LARGEST: u64 = 64 * 1024;

/// Packages all crates, builds each from its package and those of the others, and looks at what is in them.
pub fn dry_run(project: &Project) -> Result<()> {
    let crates = published(&project.root)?;
    let names: Vec<String> = crates
        .iter()
        .map(|folder| name(folder))
        .collect::<Result<_>>()?;
    let only = names.iter().flat_map(|name| ["--package", name]);
    // Cargo puts them in order, and those that were packaged into a registry of its own for the others.
    let cargo = cmd!(project.sh, "cargo package --allow-dirty {only...}");
    project.logged("package and build", cargo)?;
    let mut is_bad = false;
    for name in &names {
        let packages = project.target().join("package");
        let unpacked = packages.join(format!("{name}-{VERSION}"));
        let mut faults = faults(&project.root, &unpacked)?;
        faults.extend(foreign(&unpacked)?);
        is_bad |= !faults.is_empty();
        let size = fs::metadata(packages.join(format!("{name}-{VERSION}.crate")))?.len();
        println!(
            "{name} {VERSION}: {} kB{}",
            size.div_ceil(1024),
            told(&faults)
        );
    }
    match is_bad {
        true => Err(Error::new("not ready to publish")),
        false => Ok(()),
    }
}

fn told(faults: &[String]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// The folders of the crates that are published.
fn published(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        if !fs::read_to_string(folder.join("Cargo.toml"))?.contains("publish = false") {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}

fn name(folder: &Path) -> Result<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let name = manifest
        .lines()
        .find_map(|line| line.strip_prefix("name = \""));
    let name = name.and_then(|rest| rest.strip_suffix('"'));
    let missing = || Error::new(format!("no name in {}", folder.display()));
    Ok(name.ok_or_else(missing)?.to_owned())
}

/// What is wrong with the manifest, the licence and the README of a crate or an unpacked package.
fn faults(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap_or_default();
    let (manifest, readme) = (read("Cargo.toml"), read("README.md"));
    let mut faults = Vec::new();
    let mut check = |is_right: bool, fault: String| faults.extend((!is_right).then_some(fault));
    for key in KEYS {
        let begins = |line: &str| {
            let rest = line.strip_prefix(key);
            rest.is_some_and(|rest| rest.starts_with(" =") || rest == ".workspace = true")
        };
        check(
            manifest.lines().any(begins),
            format!("Cargo.toml: no {key}"),
        );
    }
    let licence = fs::read_to_string(root.join("LICENSE"))?;
    check(
        read("LICENSE") == licence,
        "LICENSE: not that of the workspace".to_owned(),
    );
    let name = name(folder)?;
    let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
    let rust = workspace
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let rust = format!(
        "Rust {} or later",
        rust.unwrap_or_default().trim_matches('"')
    );
    for part in [
        &format!("# {name}\n"),
        "## When to take another crate\n",
        &rust,
    ] {
        check(readme.contains(part), format!("README.md: no {part:?}"));
    }
    check(
        is_tested(folder, &readme),
        "README.md: no test runs its example".to_owned(),
    );
    Ok(faults)
}

/// Whether the example of the README is a documentation test, or one of the examples that tests build.
fn is_tested(folder: &Path, readme: &str) -> bool {
    let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap_or_default();
    let examples = fs::read_dir(folder.join("examples")).into_iter().flatten();
    let mut examples = examples.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    library.contains("include_str!(\"../README.md\")")
        || examples.any(|example| readme.contains(&format!("```rust\n{example}```")))
}

/// What does not belong into a package: data, tests, large files.
fn foreign(unpacked: &Path) -> Result<Vec<String>> {
    let mut foreign = Vec::new();
    for entry in WalkDir::new(unpacked).sort_by_file_name() {
        let entry = entry.map_err(|err| Error::new(err.to_string()))?;
        let path = entry.path().strip_prefix(unpacked).unwrap_or(entry.path());
        let is_known = match path.to_string_lossy().replace('\\', "/").as_str() {
            // Made by Cargo, or looked at above.
            "Cargo.lock" | "Cargo.toml" | "Cargo.toml.orig" | ".cargo_vcs_info.json" => continue,
            "LICENSE" | "README.md" | "build.rs" => true,
            path => {
                path.ends_with(".rs") && (path.starts_with("src/") || path.starts_with("examples/"))
            }
        };
        if entry.file_type().is_file()
            && !(is_known && fs::metadata(entry.path())?.len() <= LARGEST)
        {
            foreign.push(format!("{}: foreign or large", path.display()));
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_are_ready() {
        let root = Project::find().unwrap().root;
        let crates = published(&root).unwrap();
        assert!(crates.len() > 15);
        for folder in crates {
            let faults = faults(&root, &folder).unwrap();
            assert!(faults.is_empty(), "{}:{}", folder.display(), told(&faults));
        }
    }

    #[test]
    fn what_is_missing_and_what_is_foreign() {
        let root = Project::find().unwrap().root;
        let scratch = root.join("target/xtask/package-for-tests");
        let folder = |path: &str| scratch.join(path);
        let _ = fs::remove_dir_all(&scratch);
        for path in ["src", "tests"] {
            fs::create_dir_all(folder(path)).unwrap();
        }
        let keys: Vec<_> = KEYS.iter().map(|key| format!("{key} = \"\"\n")).collect();
        let manifest = format!("name = \"ft-x\"\n{}", keys.concat());
        let readme = "# ft-x\n\n## When to take another crate\n\nRust 1.85 or later.\n";
        fs::write(folder("Cargo.toml"), &manifest).unwrap();
        fs::write(folder("README.md"), readme).unwrap();
        fs::write(
            folder("src/lib.rs"),
            "#[doc = include_str!(\"../README.md\")]",
        )
        .unwrap();
        fs::copy(root.join("LICENSE"), folder("LICENSE")).unwrap();
        let none: [String; 0] = [];
        assert_eq!(faults(&root, &scratch).unwrap(), none);
        assert_eq!(foreign(&scratch).unwrap(), none);

        fs::write(folder("Cargo.toml"), manifest.replace("keywords", "key")).unwrap();
        fs::write(folder("README.md"), readme.replace("1.85", "1.84")).unwrap();
        fs::write(folder("src/lib.rs"), "").unwrap();
        // What git makes of a link on a system without links.
        fs::write(folder("LICENSE"), "../../LICENSE").unwrap();
        fs::write(folder("tests/data.json"), "{}").unwrap();
        fs::write(folder("src/table.rs"), vec![b' '; LARGEST as usize + 1]).unwrap();
        let found = [
            "Cargo.toml: no keywords",
            "LICENSE: not that of the workspace",
            "README.md: no \"Rust 1.85 or later\"",
            "README.md: no test runs its example",
        ];
        assert_eq!(faults(&root, &scratch).unwrap(), found);
        let found = foreign(&scratch).unwrap();
        assert_eq!(found.len(), 2);
        assert!(
            found[0].contains("table.rs") && found[1].contains("data.json"),
            "{found:?}"
        );
    }
}

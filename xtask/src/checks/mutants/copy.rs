//! The copy of the workspace in which a variable chooses the ordering to weaken.

use std::fs;
use std::path::{Path, PathBuf};

use xshell::Shell;

use crate::checks::select::TOOLS;
use crate::common::error::Result;
use crate::common::project::Project;
use crate::common::run;

use super::source;

/// The sources of all crates that have models, by path.
pub fn sources(project: &Project) -> Result<Vec<(PathBuf, String)>> {
    let crates = project.root.join("crates");
    let mut files = Vec::new();
    collect(&crates, &mut files)?;
    files.retain(|path| {
        path.components().any(|part| part.as_os_str() == "src")
            && !TOOLS.iter().any(|tool| path.starts_with(crates.join(tool)))
    });
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path)?;
        Ok((path, text))
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// A copy of what the models need, with the switch in it. Unchanged files keep their times.
pub fn write(project: &Project, sources: &[(PathBuf, String)]) -> Result<()> {
    let mut number = 0;
    let mut wanted = Vec::new();
    for (path, text) in sources {
        let ours = path.starts_with(project.root.join("crates/sync"));
        let krate = if ours { "crate" } else { "ft_sync" };
        let mut text = text.clone();
        let sites = source::sites(&text);
        let numbers = number..number + sites.len();
        number = numbers.end;
        // From the end, so that the places before stay true.
        for (site, number) in sites.iter().zip(numbers).rev() {
            let ordering = &text[site.at.clone()];
            match &site.fence {
                Some(fence) => {
                    let call = format!("{krate}::mutants::fence({number}, {ordering}");
                    text.replace_range(fence.start..site.at.end, &call);
                }
                None => {
                    let call = format!("{krate}::mutants::weak({number}, {ordering})");
                    text.replace_range(site.at.clone(), &call);
                }
            }
        }
        if path.ends_with("sync/src/lib.rs") {
            text.push_str("\n#[doc(hidden)]\npub mod mutants;\n");
        }
        wanted.push((path.clone(), text));
    }
    let switch = project.root.join("crates/sync/src/mutants.rs");
    wanted.push((switch, include_str!("switch.rs").to_owned()));

    let mut others = vec![project.root.join("Cargo.lock")];
    collect(&project.root.join("loom-tests"), &mut others)?;
    others.push(project.root.join("loom-tests/Cargo.toml"));
    others.push(project.root.join("loom-tests/histories/Cargo.toml"));
    for entry in fs::read_dir(project.root.join("crates"))? {
        others.push(entry?.path().join("Cargo.toml"));
    }
    others.push(project.root.join("crates/ft-compat/build.rs"));
    // The crates name it as a dependency of their tests.
    collect(&project.root.join("crates/test-support"), &mut others)?;
    for path in others {
        let text = fs::read_to_string(&path)?;
        wanted.push((path, text));
    }
    let manifest = project.root.join("Cargo.toml");
    wanted.push((
        manifest.clone(),
        without_python(&fs::read_to_string(manifest)?),
    ));

    let copy = |path: &Path| {
        let inside = path.strip_prefix(&project.root).unwrap_or(path);
        scratch(project).join(inside)
    };
    // A test that has moved must not be compiled from where it was, too.
    let mut tests = Vec::new();
    let folder = copy(&project.root.join("loom-tests"));
    if folder.exists() {
        collect(&folder, &mut tests)?;
    }
    tests.retain(|there| !wanted.iter().any(|(path, _)| copy(path) == *there));
    for stale in tests {
        fs::remove_file(stale)?;
    }
    for (path, text) in wanted {
        let to = copy(&path);
        if fs::read_to_string(&to).is_ok_and(|there| there == text) {
            continue;
        }
        let folder = to.parent().unwrap_or(&to);
        fs::create_dir_all(folder).map_err(|err| run::cannot_write(folder, &err))?;
        fs::write(&to, text).map_err(|err| run::cannot_write(&to, &err))?;
    }
    Ok(())
}

/// The workspace's manifest without the members that need Python, or this program.
fn without_python(manifest: &str) -> String {
    let lines = manifest.lines().map(|line| match line {
        line if line.starts_with("members =") => {
            "members = [\"crates/*\", \"loom-tests\", \"loom-tests/histories\"]\nexclude = [\"crates/bench\"]"
        }
        line => line,
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn scratch(project: &Project) -> PathBuf {
    project.target().join("mutants/orderings")
}

/// The same checkout, but for the orderings. What is compiled of it has a folder of its own: cargo
/// takes the same crate in two workspaces for the same.
pub fn project(project: &Project) -> Result<Project> {
    let sh = Shell::new()?;
    sh.change_dir(scratch(project));
    Ok(Project {
        root: scratch(project),
        sh,
    })
}

//! Weakens the orderings of the core crates, one at a time, and sees whether a model notices.
//!
//! All of them are in one program, in which a variable chooses the weakened one: see
//! `switch.rs`. It is compiled once, from a copy of the sources.

use std::time::Instant;

use super::list::{self, List};
use super::mutant::Mutant;
use super::{copy, source, trial};
use crate::checks::programs::Test;
use crate::checks::select::Selection;
use crate::common::error::{Error, Result};
use crate::common::project::Project;

/// Compares the list with the orderings in the sources, and runs nothing.
///
/// # Errors
///
/// If an ordering is new, gone, or unseen without a reason.
pub fn check(project: &Project) -> Result<()> {
    let mutants = find(project)?;
    let names: Vec<&str> = mutants.iter().map(|mutant| &*mutant.name).collect();
    let list = List::read(project)?;
    let mut wrong = list.differences(&names);
    wrong.extend(list.unexplained());
    if wrong.is_empty() {
        println!("{} weakened orderings, each seen or explained", names.len());
        return Ok(());
    }
    for line in &wrong {
        println!("  {line}");
    }
    Err(Error::new(format!(
        "{} orderings or reasons are wrong in {}: edit it, or run cargo xtask mutants CRATE",
        wrong.len(),
        list::FILE
    )))
}

/// Runs every mutant of these crates against the tests that use them, and renews the list.
///
/// # Errors
///
/// If one survives and the list does not say why.
pub fn run(project: &Project, selection: &Selection, preemptions: u64) -> Result<()> {
    let mut mutants = find(project)?;
    mutants.retain(|mutant| {
        let package = format!("ft-{}", mutant.folder);
        selection.packages.contains(&package)
    });
    if mutants.is_empty() {
        return Err(Error::new(
            "nothing there has an ordering that could be weaker",
        ));
    }
    let mut list = List::read(project)?;
    copy::write(project, &copy::sources(project)?)?;
    let (all, start) = (mutants.len(), Instant::now());
    println!("{all} weakened orderings, up to {preemptions} preemptions");
    let models = trial::models(project, &folders(&mutants), preemptions)?;
    let command = |test: &Test| trial::model(test, preemptions);
    let tried = trial::kill(mutants, &models, &list, &command)?;
    // What loom takes for the same, a processor may not.
    let (again, mut tried): (Vec<_>, Vec<_>) =
        (tried.into_iter()).partition(|(mutant, seen)| mutant.sequential && seen.is_none());
    let again: Vec<Mutant> = again.into_iter().map(|(mutant, _)| mutant).collect();
    let histories = trial::histories(project, &folders(&again))?;
    tried.extend(trial::kill(again, &histories, &list, &trial::history)?);

    let seen = tried.iter().filter(|(_, seen)| seen.is_some()).count();
    let tried = tried.into_iter().map(|(mutant, seen)| (mutant.name, seen));
    for dropped in list.renew(&selection.packages, tried.collect()) {
        println!("  seen now, so its reason is dropped: {dropped}");
    }
    list.write(project)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("orderings: {seen} of {all} seen in {seconds:.1} s");
    check(project)
}

/// Their crates.
fn folders(mutants: &[Mutant]) -> Vec<&str> {
    let mut folders: Vec<&str> = mutants.iter().map(|mutant| &*mutant.folder).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// All mutants, in the order in which the copy numbers their sites.
fn find(project: &Project) -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    let mut number = 0;
    for (path, text) in copy::sources(project)? {
        let inside = path.strip_prefix(project.root.join("crates"));
        let file = inside.unwrap_or(&path).display().to_string();
        let folder = file.split('/').next().unwrap_or_default();
        for site in source::sites(&text) {
            mutants.extend(site.weaker().iter().map(|&to| Mutant {
                site: number,
                folder: folder.to_owned(),
                name: format!("{file} {site}: {} -> {to}", site.ordering),
                to,
                sequential: site.ordering == "SeqCst",
            }));
            number += 1;
        }
    }
    Ok(mutants)
}

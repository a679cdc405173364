//! Weakens the orderings of the core crates, one at a time, and sees whether a model notices.
//!
//! All of them are in one program, in which a variable chooses the weakened one: see
//! `switch.rs`. It is compiled once, from a copy of the sources.

use std::time::Instant;

use super::list::{self, Fate};
use super::mutant::Mutant;
use super::{copy, source, trial};
use crate::checks::programs::Test;
use crate::checks::select::Selection;
use crate::common::error::{Error, Result};
use crate::common::project::Project;

/// Compares the list with the orderings and comments in the sources, and runs nothing.
///
/// # Errors
///
/// If an ordering is new, gone, or no longer explained.
pub fn check(project: &Project) -> Result<()> {
    let (mutants, stale) = find(project)?;
    let known = list::read(project)?;
    let mut wrong = stale;
    for mutant in &mutants {
        let line = known.iter().find(|known| known.name == mutant.name);
        match line.map(|known| &known.fate) {
            None => wrong.push(format!("not in the list: {}", mutant.name)),
            Some(Fate::Unseen) if !mutant.explained => {
                wrong.push(format!("unseen, and no comment says why: {}", mutant.name));
            }
            Some(Fate::Killed(_)) if mutant.explained => {
                wrong.push(format!("seen, though a comment denies it: {}", mutant.name));
            }
            Some(_) => {}
        }
    }
    for known in &known {
        if !mutants.iter().any(|mutant| mutant.name == known.name) {
            wrong.push(format!(
                "in the list, but not in the source: {}",
                known.name
            ));
        }
    }
    if wrong.is_empty() {
        println!(
            "{} weakened orderings, each seen or explained",
            mutants.len()
        );
        return Ok(());
    }
    for line in &wrong {
        println!("  {line}");
    }
    Err(Error::new(format!(
        "{} orderings differ from {}; run: cargo xtask mutants CRATE",
        wrong.len(),
        list::FILE
    )))
}

/// Runs every mutant of these crates against the tests that use them, and renews the list.
///
/// # Errors
///
/// If one survives and no comment says why, or if one does not that should.
pub fn run(project: &Project, selection: &Selection, preemptions: u64) -> Result<()> {
    let (mutants, stale) = find(project)?;
    if let Some(line) = stale.first() {
        return Err(Error::new(line.clone()));
    }
    copy::write(project, &copy::sources(project)?)?;
    let mutants: Vec<Mutant> = mutants
        .into_iter()
        .filter(|mutant| {
            selection
                .packages
                .contains(&format!("ft-{}", mutant.folder))
        })
        .collect();
    if mutants.is_empty() {
        return Err(Error::new(
            "nothing there has an ordering that could be weaker",
        ));
    }
    let known = list::read(project)?;
    let (all, start) = (mutants.len(), Instant::now());
    println!("{all} weakened orderings, up to {preemptions} preemptions");
    let models = trial::models(project, &folders(&mutants), preemptions)?;
    let command = |test: &Test| trial::model(test, preemptions);
    let first = trial::kill(mutants, &models, &known, &command)?;
    // What loom takes for the same, a processor may not.
    let (again, unseen): (Vec<_>, Vec<_>) = first.unseen.into_iter().partition(|it| it.sequential);
    let histories = trial::histories(project, &folders(&again))?;
    let second = trial::kill(again, &histories, &known, &trial::history)?;
    let mut fates = first.seen;
    fates.extend(second.seen);
    let unseen = unseen.into_iter().chain(second.unseen);
    fates.extend(unseen.map(|mutant| (mutant, Fate::Unseen)));

    let (mut killed, mut explained) = (0, 0);
    let mut wrong = 0;
    let mut renewed = Vec::new();
    for (mutant, fate) in fates {
        match (&fate, mutant.explained) {
            (Fate::Killed(_), false) => killed += 1,
            (Fate::Unseen, true) => explained += 1,
            (Fate::Killed(test), true) => {
                wrong += 1;
                println!(
                    "  seen by {test}, though a comment denies it: {}",
                    mutant.name
                );
            }
            (Fate::Unseen, false) => {
                wrong += 1;
                println!("  unseen, and no comment says why: {}", mutant.name);
            }
        }
        renewed.push((mutant.name, fate));
    }
    list::renew(project, &selection.packages, renewed)?;
    println!(
        "orderings: {killed} seen, {explained} explained, {wrong} wrong in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    if wrong > 0 {
        return Err(Error::new(format!(
            "{wrong} need a test, or a comment `No test sees FROM -> TO: REASON` (or none, if seen)"
        )));
    }
    Ok(())
}

/// Their crates.
fn folders(mutants: &[Mutant]) -> Vec<&str> {
    let mut folders: Vec<&str> = mutants.iter().map(|mutant| &*mutant.folder).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// All mutants, and the comments that explain none.
fn find(project: &Project) -> Result<(Vec<Mutant>, Vec<String>)> {
    let (mut mutants, mut stale) = (Vec::new(), Vec::new());
    let mut number = 0;
    for (path, text) in copy::sources(project)? {
        let inside = path.strip_prefix(project.root.join("crates"));
        let file = inside.unwrap_or(&path).display().to_string();
        let folder = file.split('/').next().unwrap_or_default().to_owned();
        let sites = source::sites(&text);
        let remarks = source::remarks(&text);
        for remark in &remarks {
            for to in remark.stale(&sites) {
                let change = format!("{} -> {to}", remark.from);
                stale.push(format!(
                    "{file}: what has the remark on {change} to explain?"
                ));
            }
        }
        for (at, site) in sites.iter().enumerate() {
            for &to in site.weaker() {
                mutants.push(Mutant {
                    site: number,
                    folder: folder.clone(),
                    name: format!("{file} {site}: {} -> {to}", site.ordering),
                    to,
                    sequential: site.ordering == "SeqCst",
                    explained: (remarks.iter()).any(|remark| remark.explains(&sites, at, to)),
                });
            }
            number += 1;
        }
    }
    Ok((mutants, stale))
}

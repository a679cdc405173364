//! The list of weakened orderings, each with the test that notices.

use std::fmt;
use std::fs;

use crate::common::error::{Error, Result};
use crate::common::project::Project;
use crate::common::run;

pub const FILE: &str = "loom-tests/orderings.txt";

const HEAD: &str = "\
# What happens if one ordering is made weaker: the test that fails first, or `unseen`, and then a
# comment in the source says why none does. Written by `cargo xtask mutants`.
";

/// How a mutant ends.
#[derive(Debug, PartialEq)]
pub enum Fate {
    /// By the test of that name.
    Killed(String),
    Unseen,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Killed(test) => f.write_str(test),
            Fate::Unseen => f.write_str("unseen"),
        }
    }
}

/// A line.
#[derive(Debug, PartialEq)]
pub struct Known {
    pub name: String,
    pub fate: Fate,
}

/// What the list says; nothing where there is none yet.
pub fn read(project: &Project) -> Result<Vec<Known>> {
    let path = project.root.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    parse(&fs::read_to_string(&path)?)
}

/// Puts these fates in the place of all that the list says of the packages.
pub fn renew(project: &Project, packages: &[String], fates: Vec<(String, Fate)>) -> Result<()> {
    let mut known = read(project)?;
    known.retain(|known| {
        let folder = known.name.split('/').next().unwrap_or_default();
        !packages.contains(&format!("ft-{folder}"))
    });
    known.extend(fates.into_iter().map(|(name, fate)| Known { name, fate }));
    known.sort_by(|one, other| one.name.cmp(&other.name));
    let lines = known.iter().map(|it| format!("{}: {}\n", it.name, it.fate));
    let text = HEAD.to_owned() + &lines.collect::<String>();
    let path = project.root.join(FILE);
    fs::write(&path, text).map_err(|err| run::cannot_write(&path, &err))
}

fn parse(text: &str) -> Result<Vec<Known>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            // A test's name has colons in it, but none with a space after.
            let (name, fate) = line
                .rsplit_once(": ")
                .ok_or_else(|| Error::new(format!("{FILE}: what is `{line}`?")))?;
            Ok(Known {
                name: name.to_owned(),
                fate: match fate {
                    "unseen" => Fate::Unseen,
                    test => Fate::Killed(test.to_owned()),
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "# Head\n\
                    sync/src/event.rs notify fence: SeqCst -> none: event::notify_and_wait\n\
                    a/src/lib.rs get a.load#2: Acquire -> Relaxed: unseen\n";
        let known = parse(text).unwrap();
        assert_eq!(
            known[0].name,
            "sync/src/event.rs notify fence: SeqCst -> none"
        );
        assert_eq!(
            known[0].fate,
            Fate::Killed("event::notify_and_wait".to_owned())
        );
        assert_eq!(known[1].fate, Fate::Unseen);
        assert!(parse("nonsense\n").is_err());
    }
}

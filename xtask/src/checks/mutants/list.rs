//! The list of weakened orderings: which test notices each one, or why none does.
//!
//! The command writes the tests, and people write the reasons. The head of the list explains the
//! format.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::mem;

use crate::common::error::{Error, Result};
use crate::common::project::Project;
use crate::common::run;

pub const FILE: &str = "loom-tests/orderings.txt";

/// What happens when an ordering is weakened.
#[derive(Debug, PartialEq)]
pub enum Fate {
    /// The test of this name fails.
    Seen(String),
    /// No test fails. The reason is empty until somebody has written it.
    Unseen(String),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Seen(test) => f.write_str(test),
            Fate::Unseen(reason) if reason.is_empty() => f.write_str("unseen"),
            Fate::Unseen(reason) => write!(f, "unseen: {reason}"),
        }
    }
}

pub struct List {
    /// Everything before the first file: comments, and the reasons that several entries share.
    head: String,
    /// The entries, by the names of their mutants: `FILE FUNCTION CALL: FROM -> TO`.
    pub fates: BTreeMap<String, Fate>,
}

impl List {
    pub fn read(project: &Project) -> Result<Self> {
        let text = fs::read_to_string(project.root.join(FILE))?;
        Self::parse(&text)
    }

    pub fn write(&self, project: &Project) -> Result<()> {
        let path = project.root.join(FILE);
        fs::write(&path, self.to_string()).map_err(|err| run::cannot_write(&path, &err))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut list = Self {
            head: String::new(),
            fates: BTreeMap::new(),
        };
        let (mut file, mut last) = ("", String::new());
        for line in text.lines() {
            let wrong = || Error::new(format!("{FILE}: what is `{line}`?"));
            if file.is_empty() && (line.is_empty() || line.starts_with(['#', '@', ' '])) {
                list.head += line;
                list.head.push('\n');
            } else if line.starts_with("    ") {
                // The reason continues on this line. Its line breaks stay as they are.
                let Some(Fate::Unseen(reason)) = list.fates.get_mut(&last) else {
                    return Err(wrong());
                };
                *reason += &format!("\n{line}");
            } else if let Some(entry) = line.strip_prefix("  ") {
                let parts: Vec<&str> = entry.splitn(3, ": ").collect();
                let [call, change, fate] = parts[..] else {
                    return Err(wrong());
                };
                last = format!("{file} {call}: {change}");
                let fate = match fate.strip_prefix("unseen") {
                    Some(reason) => Fate::Unseen(reason.trim_start_matches(": ").to_owned()),
                    None => Fate::Seen(fate.to_owned()),
                };
                if list.fates.insert(last.clone(), fate).is_some() {
                    return Err(wrong());
                }
            } else if line.ends_with(".rs") {
                file = line;
            } else if !line.is_empty() {
                return Err(wrong());
            }
        }
        Ok(list)
    }

    /// Returns a message for each entry without a mutant, and for each mutant without an entry.
    pub fn differences(&self, mutants: &[&str]) -> Vec<String> {
        let open = |mutant: &str| match self.fates.get(mutant) {
            Some(Fate::Unseen(reason)) => reason.is_empty(),
            Some(Fate::Seen(_)) => false,
            None => true,
        };
        let gone = (self.fates.keys()).filter(|entry| !mutants.contains(&entry.as_str()));
        let mut wrong: Vec<String> = gone
            .map(|entry| {
                let mut open = mutants.iter().filter(|mutant| open(mutant));
                match open.find(|mutant| is_renamed(entry, mutant)) {
                    Some(new) => {
                        format!("renamed in the source, but not in the list: {entry} is now {new}")
                    }
                    None => format!("in the list, but not in the source: {entry}"),
                }
            })
            .collect();
        let new = mutants
            .iter()
            .filter(|mutant| !self.fates.contains_key(**mutant));
        wrong.extend(new.map(|mutant| format!("not in the list: {mutant}")));
        wrong
    }

    /// Returns a message for each entry without a reason, for each name that is used but not
    /// defined, and for each that is defined but not used.
    pub fn unexplained(&self) -> Vec<String> {
        let named = self
            .head
            .lines()
            .filter_map(|line| line.strip_prefix('@')?.split(':').next());
        let mut unused: BTreeSet<&str> = named.clone().collect();
        let mut wrong = Vec::new();
        for (mutant, fate) in &self.fates {
            let Fate::Unseen(reason) = fate else {
                continue;
            };
            if reason.is_empty() {
                wrong.push(format!("unseen, and the list does not say why: {mutant}"));
            }
            for name in reason.split('@').skip(1) {
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '-');
                let name = &name[..end.unwrap_or(name.len())];
                unused.remove(name);
                if !named.clone().any(|named| named == name) {
                    wrong.push(format!("the list defines no reason @{name}: {mutant}"));
                }
            }
        }
        wrong.extend(
            unused
                .iter()
                .map(|name| format!("nothing refers to the reason @{name}")),
        );
        wrong
    }

    /// Replaces the entries of these packages by the mutants that were tried, each with the test
    /// that has noticed it.
    ///
    /// A mutant that is still unseen keeps its reason. If it is seen now, its reason is dropped and
    /// returned. An entry with a reason stays even if its mutant is gone, because the mutant may
    /// have been renamed.
    pub fn renew(
        &mut self,
        packages: &[String],
        tried: Vec<(String, Option<String>)>,
    ) -> Vec<String> {
        let mut old = mem::take(&mut self.fates);
        let mut dropped = Vec::new();
        for (mutant, seen) in tried {
            let reason = match old.remove(&mutant) {
                Some(Fate::Unseen(reason)) => reason,
                _ => String::new(),
            };
            if seen.is_some() && !reason.is_empty() {
                dropped.push(format!("{mutant}: {reason}"));
            }
            let fate = seen.map_or(Fate::Unseen(reason), Fate::Seen);
            self.fates.insert(mutant, fate);
        }
        old.retain(|mutant, fate| {
            let folder = mutant.split('/').next().unwrap_or_default();
            let has_reason = matches!(fate, Fate::Unseen(reason) if !reason.is_empty());
            has_reason || !packages.contains(&format!("ft-{folder}"))
        });
        self.fates.extend(old);
        dropped
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.head.trim_end())?;
        let mut before = "";
        for (mutant, fate) in &self.fates {
            let (file, place) = mutant.split_once(' ').unwrap_or_default();
            if file != before {
                writeln!(f, "\n{file}")?;
                before = file;
            }
            writeln!(f, "  {place}: {fate}")?;
        }
        Ok(())
    }
}

/// Returns whether two mutants differ only in one name: of the file, of the function, or of the
/// call.
fn is_renamed(one: &str, other: &str) -> bool {
    let parts = |mutant| str::rsplit_once(mutant, ": ").unwrap_or_default();
    let ((one, change), (other, other_change)) = (parts(one), parts(other));
    let pairs = one.splitn(3, ' ').zip(other.splitn(3, ' '));
    change == other_change && pairs.filter(|(one, other)| one != other).count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Head

@fence: It has
  a fence.

a/src/lib.rs
  get a.load#2: Acquire -> Relaxed: unseen: @fence, and
    two lines.
  set a.store: Release -> Relaxed: unseen

b/src/lib.rs
  notify fence: SeqCst -> none: event::notify_and_wait
";
    const GET: &str = "a/src/lib.rs get a.load#2: Acquire -> Relaxed";
    const SET: &str = "a/src/lib.rs set a.store: Release -> Relaxed";
    const NOTIFY: &str = "b/src/lib.rs notify fence: SeqCst -> none";

    fn list() -> List {
        List::parse(TEXT).unwrap()
    }

    #[test]
    fn written_as_read() {
        let list = list();
        let seen = Fate::Seen("event::notify_and_wait".to_owned());
        let names: Vec<&String> = list.fates.keys().collect();
        assert_eq!(names, [GET, SET, NOTIFY]);
        assert_eq!(list.fates[SET], Fate::Unseen(String::new()));
        assert_eq!(list.fates[NOTIFY], seen);
        assert_eq!(list.to_string(), TEXT);
    }

    #[test]
    fn not_understood() {
        for wrong in [
            "  f a.load: no fate\n",
            "neither a file nor an entry\n",
            "    goes on\n",
            "  notify fence: SeqCst -> none: x\n",
        ] {
            assert!(List::parse(&(TEXT.to_owned() + wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn differs_from_the_source() {
        let differences = |mutants: &[&str]| list().differences(mutants).join("; ");
        assert_eq!(differences(&[GET, SET, NOTIFY]), "");
        assert_eq!(
            differences(&[GET, SET]),
            format!("in the list, but not in the source: {NOTIFY}")
        );
        let new = "a/src/lib.rs get a.load#2: Acquire -> none";
        assert_eq!(
            differences(&[GET, SET, NOTIFY, new]),
            format!("not in the list: {new}")
        );
    }

    #[test]
    fn renamed() {
        for new in [
            "a/src/gate.rs get a.load#2: Acquire -> Relaxed",
            "a/src/lib.rs look a.load#2: Acquire -> Relaxed",
            "a/src/lib.rs get a.load: Acquire -> Relaxed",
        ] {
            let renamed = format!("renamed in the source, but not in the list: {GET} is now {new}");
            let mut list = list();
            assert!(list.differences(&[SET, NOTIFY, new]).contains(&renamed));
            // A run adds the new name, and keeps the reason under the old one.
            list.renew(&["ft-a".to_owned()], vec![(new.to_owned(), None)]);
            assert_eq!(list.differences(&[NOTIFY, new]), [renamed]);
        }
    }

    #[test]
    fn reasons() {
        let wrong = |from, to| List::parse(&TEXT.replace(from, to)).unwrap().unexplained();
        let no_reason = format!("unseen, and the list does not say why: {SET}");
        assert_eq!(list().unexplained(), [no_reason.as_str()]);
        assert_eq!(
            wrong("> Relaxed: unseen\n", "> Relaxed: unseen: x\n"),
            [""; 0]
        );
        assert_eq!(
            wrong("@fence,", "@lock,"),
            [
                &format!("the list defines no reason @lock: {GET}"),
                &no_reason,
                "nothing refers to the reason @fence",
            ]
        );
    }

    #[test]
    fn renewed() {
        let packages = ["ft-a".to_owned()];
        let seen = |test: &str| Some(test.to_owned());
        let mut list = list();
        let tried = vec![(GET.to_owned(), None), (SET.to_owned(), seen("gate::x"))];
        assert_eq!(list.renew(&packages, tried), [""; 0]);
        let expected = TEXT.replace("> Relaxed: unseen\n", "> Relaxed: gate::x\n");
        assert_eq!(list.to_string(), expected);

        let dropped = list.renew(&packages, vec![(GET.to_owned(), seen("gate::y"))]);
        assert_eq!(dropped, [format!("{GET}: @fence, and\n    two lines.")]);
        assert_eq!(list.fates[GET], Fate::Seen("gate::y".to_owned()));
        // It was gone, and had no reason that could be lost.
        assert!(!list.fates.contains_key(SET));
        assert!(list.fates.contains_key(NOTIFY));
    }
}

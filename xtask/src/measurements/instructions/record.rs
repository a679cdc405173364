//! The counts, and the file in which they are recorded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A path may take more by this part of what is recorded, or by this number of instructions.
pub const TOLERANCE: f64 = 0.05;
const FREE: f64 = 3.0;

/// Instructions per operation, by path.
pub type Counts = BTreeMap<String, f64>;

/// What was counted, and with which programs.
#[derive(Debug, PartialEq)]
pub struct Record {
    /// The compiler, and the interpreter if there is one.
    pub with: String,
    pub counts: Counts,
}

impl Record {
    pub fn parse(text: &str) -> Record {
        let mut record = Record {
            with: String::new(),
            counts: Counts::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(' ') {
                Some(("with", with)) => record.with = with.to_owned(),
                Some((count, name)) => {
                    if let Ok(count) = count.parse() {
                        record.counts.insert(name.to_owned(), count);
                    }
                }
                None => {}
            }
        }
        record
    }

    /// The file; `about` says what was counted.
    pub fn render(&self, about: &str) -> String {
        let mut text = format!(
            "# {about}\n# Made by: cargo xtask instructions --record\nwith {}\n",
            self.with
        );
        for (name, count) in &self.counts {
            let _ = writeln!(text, "{count:.1} {name}");
        }
        text
    }
}

/// A table, and how many lines of it are wrong.
pub fn compare(recorded: &Counts, counts: &Counts, tolerance: f64) -> (String, usize) {
    let mut names: Vec<&String> = recorded.keys().chain(counts.keys()).collect();
    names.sort();
    names.dedup();
    let mut table = String::new();
    let mut wrong = 0;
    for name in names {
        let (before, now) = (recorded.get(name), counts.get(name));
        let verdict = match (before, now) {
            (Some(before), Some(now)) => {
                let room = FREE.max(before * tolerance);
                if *now > before + room {
                    "MORE"
                } else if *now < before - room {
                    "less: worth recording"
                } else {
                    ""
                }
            }
            (None, _) => "NOT RECORDED",
            (_, None) => "GONE",
        };
        wrong += usize::from(["MORE", "NOT RECORDED", "GONE"].contains(&verdict));
        let show =
            |count: Option<&f64>| count.map_or("-".to_owned(), |count| format!("{count:.1}"));
        let (before, now) = (show(before), show(now));
        let line = format!("  {name:40} {before:>8} {now:>8}  {verdict}");
        let _ = writeln!(table, "{}", line.trim_end());
    }
    (table, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts<const N: usize>(counts: [(&str, f64); N]) -> Counts {
        counts.map(|(name, count)| (name.to_owned(), count)).into()
    }

    #[test]
    fn more_is_wrong() {
        let recorded = counts([("short", 10.0), ("long", 1000.0)]);
        let wrong = |short, long| {
            let now = counts([("short", short), ("long", long)]);
            compare(&recorded, &now, TOLERANCE).1
        };
        assert_eq!(wrong(13.0, 1050.0), 0);
        assert_eq!(wrong(13.1, 1050.1), 2);
        assert_eq!(wrong(1.0, 1.0), 0);
    }

    #[test]
    fn other_paths_are_wrong() {
        let (table, wrong) = compare(&counts([("old", 1.0)]), &counts([("new", 1.0)]), 0.0);
        assert_eq!(wrong, 2, "{table}");
    }

    #[test]
    fn reads_what_it_writes() {
        let record = Record {
            with: "rustc 1.95".to_owned(),
            counts: counts([("int: x.get()", 4.0), ("queue_push", 10.5)]),
        };
        assert_eq!(Record::parse(&record.render("Instructions")), record);
    }
}

//! The table `py-bindings/compat/removals.txt`; its own head describes the columns.

use std::collections::HashSet;

use clap::ValueEnum;

use crate::common::error::{Error, Result, bail};

/// A minor version of Python 3.
pub type Minor = u8;

/// A row: one API, or several for which all but the name is the same.
#[derive(Debug)]
pub struct Row {
    pub names: Vec<String>,
    pub kind: Kind,
    pub place: Place,
    /// `None`: it is not deprecated.
    pub deprecated: Option<Minor>,
    pub removed: Removed,
    /// Why the lint does not want it; `deprecated` says whether it is soft-deprecated.
    pub fault: Option<Fault>,
    /// What to use instead, or a remark.
    pub instead: String,
    is_remark: bool,
    pub sources: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Function,
    Macro,
    Variable,
    Type,
    Constant,
    Symbol,
    Member,
    Behaviour,
}

/// Which headers contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Everywhere,
    Since(Minor),
    Windows,
    Private,
}

/// In the order of the header and the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removed {
    In(Minor),
    Later,
    Lint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Borrowed,
    Silent,
}

impl Row {
    /// What the compiler says to someone who uses `name`.
    pub fn message(&self, name: &str) -> String {
        let state = match (self.removed, self.deprecated, self.fault) {
            (Removed::In(minor), ..) => format!("is removed in Python 3.{minor}"),
            (Removed::Later, Some(minor), _) => {
                format!("is deprecated since Python 3.{minor} and will be removed")
            }
            (Removed::Later, None, _) => "will be removed".to_owned(),
            (Removed::Lint, Some(minor), _) => format!("is soft-deprecated since Python 3.{minor}"),
            (Removed::Lint, None, Some(Fault::Borrowed)) => {
                "is unsafe without the GIL, as another thread can release its borrowed reference"
                    .to_owned()
            }
            (Removed::Lint, None, Some(Fault::Silent)) => {
                "is better avoided, as it loses exceptions".to_owned()
            }
            (Removed::Lint, None, None) => "is better avoided".to_owned(),
        };
        let verb = if self.is_remark { "" } else { "use " };
        format!("{name} {state}; {verb}{}", self.instead)
    }

    /// The kind, as the table spells it.
    pub fn kind_word(&self) -> String {
        let value = self.kind.to_possible_value();
        value.map_or(String::new(), |value| value.get_name().to_owned())
    }
}

/// Reads all rows, in the order of their removal.
///
/// # Errors
///
/// If a line makes no sense, or a name comes twice.
pub fn parse(text: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let row = row(line).map_err(|why| Error::new(format!("line {}: {why}", number + 1)))?;
        if let Some(name) = row.names.iter().find(|name| !seen.insert((*name).clone())) {
            bail!("line {}: `{name}` is there already", number + 1);
        }
        rows.push(row);
    }
    rows.sort_by_key(|row| row.removed);
    Ok(rows)
}

fn row(line: &str) -> Result<Row> {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let Ok(columns) = <[&str; 8]>::try_from(columns) else {
        bail!("8 columns are needed");
    };
    let [
        names,
        kind,
        place,
        deprecated,
        removed,
        instead,
        sources,
        example,
    ] = columns;
    let kind = Kind::from_str(kind, false).map_err(|_| unknown("kind", kind))?;
    if example.is_empty() && matches!(kind, Kind::Macro | Kind::Member) {
        bail!("a macro or a member needs an example");
    }
    let names: Vec<&str> = match kind {
        Kind::Behaviour => vec![names],
        _ => names.split_whitespace().collect(),
    };
    if let Some(name) = names.iter().find(|name| !fits(name, kind)) {
        return Err(unknown("name", name));
    }
    let minor = |version: &str| {
        let minor = version
            .strip_prefix("3.")
            .and_then(|minor| minor.parse().ok());
        minor.ok_or_else(|| unknown("version", version))
    };
    let (removed, fault) = match removed {
        "later" => (Removed::Later, None),
        "lint" => (Removed::Lint, None),
        "lint-borrowed" => (Removed::Lint, Some(Fault::Borrowed)),
        "lint-silent" => (Removed::Lint, Some(Fault::Silent)),
        version => (Removed::In(minor(version)?), None),
    };
    let remark = instead.strip_prefix("- ");
    if remark.is_none() && instead.len() < 2 {
        return Err(unknown("replacement", instead));
    }
    let all = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    let sources: Vec<&str> = sources.split_whitespace().collect();
    if sources.is_empty() {
        bail!("a source is needed");
    }
    Ok(Row {
        names: all(names),
        kind,
        place: match place {
            "" => Place::Everywhere,
            "windows" => Place::Windows,
            "private" => Place::Private,
            since => {
                let version = since.strip_suffix('+').and_then(|it| minor(it).ok());
                Place::Since(version.ok_or_else(|| unknown("where", since))?)
            }
        },
        deprecated: match deprecated {
            "-" => None,
            version => Some(minor(version)?),
        },
        removed,
        fault,
        instead: remark.unwrap_or(instead).to_owned(),
        is_remark: remark.is_some(),
        sources: all(sources),
    })
}

/// Whether C would take the name for one of this kind.
fn fits(name: &str, kind: Kind) -> bool {
    let is_identifier = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && name.bytes().all(plain)
    };
    let mut parts = name.split('.');
    match kind {
        Kind::Behaviour => !name.is_empty(),
        Kind::Member => name.contains('.') && parts.all(is_identifier),
        _ => is_identifier(name),
    }
}

fn unknown(what: &str, found: &str) -> Error {
    Error::new(format!("`{found}` is no {what} that this table knows"))
}

/// Rows that are removed at the same time, which stand together in a table that has been read.
pub fn groups(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(|one, next| one.removed == next.removed)
}

/// A table for tests.
#[cfg(test)]
pub const EXAMPLE: &str = "\
    PyA | function | | 3.13 | 3.16 | PyConfig_Get(\"a\") | gh-1 |\n\
    PyS.member | member | 3.12+ | 3.13 | 3.16 | - it is not needed | gh-1 | o\n\
    PY_C | constant | | 3.13 | later | PyD | gh-1 |\n\
    PY_S | symbol | | - | lint | PyD | gh-1 |\n\
    doing so | behaviour | | - | lint | that | pep-3 |\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_messages() {
        let text = "# head\n\n\
            PyB _PyC | function | 3.12+ | 3.12 | later | PyD | gh-1 pep-2 |\n\
            PyA | constant | | - | 3.16 | - it is not needed | pending-3.16 |\n\
            setting NULL | behaviour | | - | lint | PyDel | doc-object |\n\
            PyE | function | | - | lint-borrowed | PyF | doc-dict |\n\
            PyG | function | | - | lint-silent | PyH | doc-dict |\n";
        let rows = parse(text).unwrap();
        assert_eq!(
            rows[0].message("PyA"),
            "PyA is removed in Python 3.16; it is not needed"
        );
        assert_eq!(
            rows[1].message("_PyC"),
            "_PyC is deprecated since Python 3.12 and will be removed; use PyD"
        );
        assert_eq!(rows[1].names, ["PyB", "_PyC"]);
        assert_eq!(rows[1].place, Place::Since(12));
        assert_eq!(rows[1].sources, ["gh-1", "pep-2"]);
        assert_eq!(rows[2].names, ["setting NULL"]);
        assert_eq!(
            rows[3].message("PyE"),
            "PyE is unsafe without the GIL, as another thread can release its borrowed reference; \
             use PyF"
        );
        assert_eq!(
            rows[4].message("PyG"),
            "PyG is better avoided, as it loses exceptions; use PyH"
        );
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        for (line, word) in [
            ("PyA | function | | 3.1 | 3.2 | PyB | gh-1", "8 columns"),
            ("PyA | funktion | | 3.1 | 3.2 | PyB | gh-1 |", "funktion"),
            ("PyA | macro | | 3.1 | 3.2 | PyB | gh-1 |", "example"),
            ("Py-A | function | | 3.1 | 3.2 | PyB | gh-1 |", "Py-A"),
            ("cval | member | | 3.1 | 3.2 | PyB | gh-1 | o", "cval"),
            ("PyA | function | 4+ | 3.1 | 3.2 | PyB | gh-1 |", "4+"),
            ("PyA | function | | | 3.2 | PyB | gh-1 |", "version"),
            ("PyA | function | | - | soon | PyB | gh-1 |", "soon"),
            ("PyA | function | | - | 3.2 | - | gh-1 |", "replacement"),
            ("PyA | function | | - | 3.2 | PyB | |", "source"),
        ] {
            let err = parse(&format!("\n{line}\n")).unwrap_err().to_string();
            assert!(err.starts_with("line 2: "), "{err}");
            assert!(err.contains(word), "{err}");
        }
        let twice = "PyA | type | | - | 3.2 | PyB | gh-1 |\n".repeat(2);
        let err = parse(&twice).unwrap_err().to_string();
        assert_eq!(err, "line 2: `PyA` is there already");
    }
}

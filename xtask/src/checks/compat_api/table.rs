//! The table `py-bindings/compat/removals.txt`, whose own head says what its columns are.

use std::collections::HashSet;

use crate::common::error::{Error, Result, bail};

/// A minor version of Python 3.
pub type Minor = u8;

/// A row: one API, or several for which all but the name is the same.
#[derive(Debug)]
pub struct Row {
    pub names: Vec<String>,
    pub kind: Kind,
    pub place: Place,
    /// `None`: it never was.
    pub deprecated: Option<Minor>,
    pub removed: Removed,
    /// Why the lint does not want it; soft-deprecation is told by `deprecated`.
    pub fault: Option<Fault>,
    pub replacement: Replacement,
    pub sources: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// In which headers it is.
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

#[derive(Debug)]
pub enum Replacement {
    Use(String),
    Remark(String),
}

impl Kind {
    pub fn word(self) -> &'static str {
        let (word, _) = KINDS.iter().find(|(_, kind)| *kind == self).unwrap();
        word
    }
}

const KINDS: &[(&str, Kind)] = &[
    ("function", Kind::Function),
    ("macro", Kind::Macro),
    ("variable", Kind::Variable),
    ("type", Kind::Type),
    ("constant", Kind::Constant),
    ("symbol", Kind::Symbol),
    ("member", Kind::Member),
    ("behaviour", Kind::Behaviour),
];

impl Fault {
    /// In the page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Borrowed => "borrowed reference",
            Self::Silent => "loses exceptions",
        }
    }

    /// In the compiler's message.
    fn state(self) -> &'static str {
        match self {
            Self::Borrowed => {
                "is unsafe without the GIL, as another thread can release its borrowed reference"
            }
            Self::Silent => "is better avoided, as it loses exceptions",
        }
    }
}

impl Row {
    /// What the compiler says to someone who uses `name`.
    pub fn message(&self, name: &str) -> String {
        let state = match (self.removed, self.deprecated) {
            (Removed::In(minor), _) => format!("is removed in Python 3.{minor}"),
            (Removed::Later, Some(minor)) => {
                format!("is deprecated since Python 3.{minor} and will be removed")
            }
            (Removed::Later, None) => "will be removed".to_owned(),
            (Removed::Lint, Some(minor)) => {
                format!("is soft-deprecated since Python 3.{minor}")
            }
            (Removed::Lint, None) => {
                let state = self.fault.map_or("is better avoided", Fault::state);
                state.to_owned()
            }
        };
        match &self.replacement {
            Replacement::Use(what) => format!("{name} {state}; use {what}"),
            Replacement::Remark(text) => format!("{name} {state}; {text}"),
        }
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
    let [
        names,
        kind,
        place,
        deprecated,
        removed,
        replacement,
        sources,
        example,
    ] = columns[..]
    else {
        bail!("8 columns are needed, not {}", columns.len());
    };
    let kind = *KINDS
        .iter()
        .find_map(|(word, found)| (*word == kind).then_some(found))
        .ok_or_else(|| unknown("kind", kind))?;
    if example.is_empty() && matches!(kind, Kind::Macro | Kind::Member) {
        bail!("a macro or a member needs an example");
    }
    let names: Vec<String> = match kind {
        Kind::Behaviour => vec![names.to_owned()],
        _ => names.split_whitespace().map(str::to_owned).collect(),
    };
    if let Some(name) = names.iter().find(|name| !fits(name, kind)) {
        return Err(unknown("name", name));
    }
    let place = match place {
        "" => Place::Everywhere,
        "windows" => Place::Windows,
        "private" => Place::Private,
        since => Place::Since(
            since
                .strip_suffix('+')
                .and_then(minor)
                .ok_or_else(|| unknown("where", since))?,
        ),
    };
    let deprecated = match deprecated {
        "-" => None,
        version => Some(minor(version).ok_or_else(|| unknown("version", version))?),
    };
    let (removed, fault) = match removed {
        "later" => (Removed::Later, None),
        "lint" => (Removed::Lint, None),
        "lint-borrowed" => (Removed::Lint, Some(Fault::Borrowed)),
        "lint-silent" => (Removed::Lint, Some(Fault::Silent)),
        version => {
            let minor = minor(version).ok_or_else(|| unknown("version", version))?;
            (Removed::In(minor), None)
        }
    };
    let replacement = match replacement.strip_prefix("- ") {
        Some(remark) => Replacement::Remark(remark.to_owned()),
        None if replacement.len() > 1 => Replacement::Use(replacement.to_owned()),
        None => return Err(unknown("replacement", replacement)),
    };
    let sources: Vec<String> = sources.split_whitespace().map(str::to_owned).collect();
    if sources.is_empty() {
        bail!("a source is needed");
    }
    Ok(Row {
        names,
        kind,
        place,
        deprecated,
        removed,
        fault,
        replacement,
        sources,
    })
}

/// Whether C would take the name for one of this kind.
fn fits(name: &str, kind: Kind) -> bool {
    let is_identifier = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && name.bytes().all(plain)
    };
    match kind {
        Kind::Behaviour => !name.is_empty(),
        Kind::Member => name
            .split_once('.')
            .is_some_and(|(of, member)| is_identifier(of) && is_identifier(member)),
        _ => is_identifier(name),
    }
}

fn minor(version: &str) -> Option<Minor> {
    version.strip_prefix("3.")?.parse().ok()
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

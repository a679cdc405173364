//! Makes the header and the page about `Py_COMPAT_API_VERSION` from their table.

mod table;

use std::fs;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::run;
use table::{Kind, Place, Removed, Replacement, Row};

/// The line of a template that gives way to what is made.
const MARK: &str = "@TABLE@\n";

/// A file that is made.
struct Output {
    path: PathBuf,
    text: String,
}

/// Writes what has changed.
pub fn write(project: &Project) -> Result<()> {
    for output in outputs(project)? {
        if fs::read_to_string(&output.path).is_ok_and(|old| old == output.text) {
            continue;
        }
        fs::write(&output.path, &output.text)
            .map_err(|err| run::cannot_write(&output.path, &err))?;
        println!("{}", output.path.display());
    }
    Ok(())
}

/// Fails if [`write`] would change anything.
pub fn check(project: &Project) -> Result<()> {
    for output in outputs(project)? {
        if fs::read_to_string(&output.path).ok().as_ref() != Some(&output.text) {
            let path = output.path.display();
            return Err(Error::new(format!(
                "{path} is not what its table says; put right by: cargo xtask compat-api"
            )));
        }
    }
    Ok(())
}

fn outputs(project: &Project) -> Result<[Output; 2]> {
    let folder = project.bindings().join("compat");
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|err| Error::new(format!("{}: {err}", path.display())))
    };
    let rows = table::parse(&read("removals.txt")?)
        .map_err(|why| Error::new(format!("{}: {why}", folder.join("removals.txt").display())))?;
    let include = project.bindings().join("python/ft_utils/include");
    Ok([
        Output {
            path: include.join("py_compat_api.h"),
            text: fill(&read("py_compat_api.h.in")?, &header(&rows))?,
        },
        Output {
            path: project.root.join("docs/pep743.md"),
            text: fill(&read("pep743.md.in")?, &page(&rows))?,
        },
    ])
}

fn fill(template: &str, made: &str) -> Result<String> {
    match template.split_once(MARK) {
        Some((before, after)) => Ok(format!("{before}{made}{after}")),
        None => Err(Error::new(format!("no line {MARK:?} in the template"))),
    }
}

/// The part of the header that refuses names.
fn header(rows: &[Row]) -> String {
    let mut text = String::new();
    for group in groups(rows) {
        let (condition, title) = match group[0].removed {
            Removed::In(minor) => (
                format!("Py_COMPAT_API_CHECKED_ >= 0x03{minor:02X}0000"),
                format!("removed in Python 3.{minor}"),
            ),
            Removed::Later => (
                "Py_COMPAT_API_CHECKED_ >= Py_COMPAT_API_VERSION_MAX".to_owned(),
                "to be removed, no date".to_owned(),
            ),
            Removed::Lint => (
                "defined(Py_COMPAT_API_LINT) && !defined(Py_LIMITED_API)".to_owned(),
                "better avoided".to_owned(),
            ),
        };
        text += &format!("/* ---- {title} */\n#if {condition}\n");
        for row in group.iter().filter(|row| row.kind != Kind::Behaviour) {
            let refusals = row.names.iter().map(|name| refusal(row, name));
            let refusals: String = refusals.collect();
            text += &match row.place {
                Place::Since(minor) => {
                    format!("#if PY_VERSION_HEX >= 0x03{minor:02X}0000\n{refusals}#endif\n")
                }
                _ => refusals,
            };
        }
        text += "#endif\n\n";
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// The lines that refuse one name.
fn refusal(row: &Row, name: &str) -> String {
    let message = row.message(name);
    let literal = format!("\"{}\"", message.replace('"', "\\\""));
    // Only the member's own name stands where it is used.
    let word = name.split_once('.').map_or(name, |(_, member)| member);
    match row.kind {
        Kind::Symbol => format!("#undef {word}\n"),
        Kind::Constant => {
            format!("#undef {word}\nPy_COMPAT_API_NO_CONSTANT_({word}, {literal})\n")
        }
        _ => {
            let words = identifier(&message);
            format!(
                "#undef {word}\n#define {word} \\\n    Py_COMPAT_API_GONE_({word}, \\\n        \
                 {literal}, \\\n        {words})\n"
            )
        }
    }
}

/// A sentence as one word, for compilers that can only say a name.
fn identifier(sentence: &str) -> String {
    let mut word = String::new();
    for letter in sentence.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
        } else if !word.ends_with('_') {
            word.push('_');
        }
    }
    word.trim_end_matches('_').to_owned()
}

/// The tables of the page.
fn page(rows: &[Row]) -> String {
    let mut text = String::new();
    for group in groups(rows) {
        let title = match group[0].removed {
            Removed::In(minor) => format!("Python 3.{minor}: `0x03{minor:02X}0000`"),
            Removed::Later => "No date: `Py_COMPAT_API_VERSION_MAX`".to_owned(),
            Removed::Lint => "Stays, but is better avoided: `Py_COMPAT_API_LINT`".to_owned(),
        };
        text += &format!(
            "### {title}\n\n| API | kind | deprecated | instead | source |\n|---|---|---|---|---|\n"
        );
        for row in group {
            let names = match row.kind {
                Kind::Behaviour => row.names.concat(),
                _ => format!("`{}`", row.names.join("`, `")),
            };
            let mut kind = match row.place {
                Place::Everywhere => row.kind.word().to_owned(),
                Place::Private => format!("{}, private", row.kind.word()),
                Place::Windows => format!("{}, Windows", row.kind.word()),
                Place::Since(minor) => format!("{}, from 3.{minor} on", row.kind.word()),
            };
            if let Some(fault) = row.fault {
                kind += &format!(", {}", fault.words());
            }
            let deprecated = row.deprecated.map_or(String::new(), |m| format!("3.{m}"));
            let instead = match &row.replacement {
                Replacement::Use(text) | Replacement::Remark(text) => text,
            };
            let sources: Vec<String> = row.sources.iter().map(|source| link(source)).collect();
            text += &format!(
                "| {names} | {kind} | {deprecated} | {instead} | {} |\n",
                sources.join(", ")
            );
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A source of the table, to be followed.
fn link(source: &str) -> String {
    let url = match source.split_once('-') {
        Some(("gh", number)) => format!("https://github.com/python/cpython/issues/{number}"),
        Some(("pep", number)) => format!("https://peps.python.org/pep-{number:0>4}/"),
        Some(("whatsnew", version)) => {
            format!("https://docs.python.org/{version}/whatsnew/{version}.html")
        }
        // The list goes when its version comes, so these stand in the documentation before it.
        Some(("pending", "3.14")) => "https://docs.python.org/3.13/deprecations/".to_owned(),
        Some(("pending", "3.15")) => "https://docs.python.org/3.14/deprecations/".to_owned(),
        Some(("pending", _)) => "https://docs.python.org/3/deprecations/".to_owned(),
        Some(("doc", page)) => format!("https://docs.python.org/3/c-api/{page}.html"),
        Some(("howto", page)) => format!("https://docs.python.org/3/howto/{page}.html"),
        _ => return source.to_owned(),
    };
    format!("[{source}]({url})")
}

/// Rows that go together, which stand together in a table that has been read.
fn groups(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(|one, next| one.removed == next.removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
        PyA | function | | 3.13 | 3.16 | PyConfig_Get(\"a\") | gh-1 |\n\
        PyS.member | member | 3.12+ | 3.13 | 3.16 | - it is not needed | gh-1 | o\n\
        PY_C | constant | | 3.13 | later | PyD | gh-1 |\n\
        PY_S | symbol | | - | lint | PyD | gh-1 |\n\
        doing so | behaviour | | - | lint | that | pep-3 |\n";

    #[test]
    fn the_header_refuses_each_kind_in_its_way() {
        let text = header(&table::parse(TABLE).unwrap());
        let expected = r#"/* ---- removed in Python 3.16 */
#if Py_COMPAT_API_CHECKED_ >= 0x03100000
#undef PyA
#define PyA \
    Py_COMPAT_API_GONE_(PyA, \
        "PyA is removed in Python 3.16; use PyConfig_Get(\"a\")", \
        PyA_is_removed_in_Python_3_16_use_PyConfig_Get_a)
#if PY_VERSION_HEX >= 0x030C0000
#undef member
#define member \
    Py_COMPAT_API_GONE_(member, \
        "PyS.member is removed in Python 3.16; it is not needed", \
        PyS_member_is_removed_in_Python_3_16_it_is_not_needed)
#endif
#endif

/* ---- to be removed, no date */
#if Py_COMPAT_API_CHECKED_ >= Py_COMPAT_API_VERSION_MAX
#undef PY_C
Py_COMPAT_API_NO_CONSTANT_(PY_C, "PY_C is deprecated since Python 3.13 and will be removed; use PyD")
#endif

/* ---- better avoided */
#if defined(Py_COMPAT_API_LINT) && !defined(Py_LIMITED_API)
#undef PY_S
#endif
"#
        .replace("\\\\", "\\");
        assert_eq!(text, expected);
    }

    #[test]
    fn the_page_has_a_table_for_each_version() {
        let text = page(&table::parse(TABLE).unwrap());
        assert!(
            text.starts_with("### Python 3.16: `0x03100000`\n"),
            "{text}"
        );
        let row = "| `PyS.member` | member, from 3.12 on | 3.13 | it is not needed | \
                   [gh-1](https://github.com/python/cpython/issues/1) |\n";
        assert!(text.contains(row), "{text}");
        let row =
            "| doing so | behaviour |  | that | [pep-3](https://peps.python.org/pep-0003/) |\n";
        assert!(text.ends_with(row), "{text}");
    }

    #[test]
    fn a_template_needs_its_line() {
        assert_eq!(fill("a\n@TABLE@\nb\n", "c\n").unwrap(), "a\nc\nb\n");
        assert!(fill("a\n", "c\n").is_err());
    }
}

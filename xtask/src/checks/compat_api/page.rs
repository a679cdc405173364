//! The tables of the page.

use super::table::{Fault, Kind, Place, Removed, Row, groups};

/// A table for each version.
pub fn page(rows: &[Row]) -> String {
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
                Place::Everywhere => row.kind_word(),
                Place::Private => format!("{}, private", row.kind_word()),
                Place::Windows => format!("{}, Windows", row.kind_word()),
                Place::Since(minor) => format!("{}, from 3.{minor} on", row.kind_word()),
            };
            kind += match row.fault {
                None => "",
                Some(Fault::Borrowed) => ", borrowed reference",
                Some(Fault::Silent) => ", loses exceptions",
            };
            let deprecated = row.deprecated.map_or(String::new(), |m| format!("3.{m}"));
            let sources: Vec<String> = row.sources.iter().map(|source| link(source)).collect();
            text += &format!(
                "| {names} | {kind} | {deprecated} | {} | {} |\n",
                row.instead,
                sources.join(", ")
            );
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A link to a source that the table names.
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

#[cfg(test)]
mod tests {
    use super::super::table::{EXAMPLE, parse};
    use super::*;

    #[test]
    fn the_page_has_a_table_for_each_version() {
        let text = page(&parse(EXAMPLE).unwrap());
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
}

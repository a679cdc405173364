//! Makes the header and the page from their table and their templates.

use std::path::PathBuf;

use fs_err as fs;

use super::header::header;
use super::page::page;
use super::table;
use crate::common::error::{Error, Result, bail};
use crate::common::project::Project;

/// The line of a template that is replaced by what the table says.
const MARK: &str = "@TABLE@\n";

/// A generated file.
struct Output {
    path: PathBuf,
    text: String,
}

impl Output {
    fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }
}

/// Writes the files that change, and prints their paths.
pub fn write(project: &Project) -> Result<()> {
    for output in outputs(project)? {
        if !output.is_current() {
            fs::write(&output.path, &output.text)?;
            println!("{}", output.path.display());
        }
    }
    Ok(())
}

/// Fails if [`write()`] would change anything.
pub fn check(project: &Project) -> Result<()> {
    for output in outputs(project)? {
        if !output.is_current() {
            let path = output.path.display();
            bail!("{path} does not match its table; put right by: cargo xtask compat-api");
        }
    }
    Ok(())
}

fn outputs(project: &Project) -> Result<[Output; 2]> {
    let folder = project.bindings().join("compat");
    let read = |name: &str| fs::read_to_string(folder.join(name));
    let rows = table::parse(&read("removals.txt")?)
        .map_err(|why| Error::new(format!("removals.txt: {why}")))?;
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
        None => bail!("no line {MARK:?} in the template"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_needs_its_line() {
        assert_eq!(fill("a\n@TABLE@\nb\n", "c\n").unwrap(), "a\nc\nb\n");
        assert!(fill("a\n", "c\n").is_err());
    }
}

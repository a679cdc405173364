//! Looks for circles among the source files of a crate: files that use each other, directly or by way of
//! others.
//!
//! The compiler tells which item each name stands for: `-Zunpretty=hir-tree` prints the resolved
//! program, in which a definition is `DefId(0:12 ~ name_of_crate[1a2b]::module::item)`. Methods that are
//! called on a value are not resolved there, but their types are.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use xshell::cmd;

use super::select::select;
use crate::common::error::{Result, bail};
use crate::common::project::Project;
use crate::environments::setup::Ready;

/// Which file uses which others, each with an item of it that is used.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

/// Checks the crates, the bindings and the commands.
pub fn check(project: &Project, ready: &Ready) -> Result<()> {
    let mut packages = select(project, None)?.packages;
    packages.extend(["ft-test-support", "ft-py-bindings", "xtask"].map(str::to_owned));
    let mut found = String::new();
    for package in packages {
        let uses = uses(&resolved(project, ready, &package)?);
        for (file, other) in circles(&uses).into_iter().flatten() {
            found += &format!("\n  {file} uses {} of {other}", uses[file][other]);
        }
    }
    if !found.is_empty() {
        bail!("files use each other:{found}");
    }
    Ok(())
}

/// What the compiler makes of the names in a crate.
fn resolved(project: &Project, ready: &Ready, package: &str) -> Result<String> {
    let target = match package {
        "xtask" => "--bins",
        _ => "--lib",
    };
    let cargo = cmd!(
        project.sh,
        "cargo rustc --quiet --package {package} {target} --profile check -- -Zunpretty=hir-tree"
    )
    // Lets the stable compiler print this. The folder is for this alone: some crates look at the
    // variable when they are built, and would be built again and again.
    .env("RUSTC_BOOTSTRAP", "1")
    .env("CARGO_TARGET_DIR", project.target().join("circles"))
    .env("PYO3_PYTHON", ready.tools.python());
    Ok(cargo.quiet().read()?)
}

/// The uses in a program that the compiler has printed.
fn uses(resolved: &str) -> Uses {
    let owners: Vec<(&str, &str)> = owners(resolved).collect();
    let files = files(&owners);
    let mut uses = Uses::new();
    for (owner, text) in &owners {
        let file = file_of(owner, &files);
        for item in references(text) {
            let other = file_of(item, &files);
            if other != file {
                let used = uses.entry(file.to_owned()).or_default();
                used.entry(other.to_owned()).or_insert(item.to_owned());
            }
        }
    }
    uses
}

/// The items of a program: the path of each, and its text.
fn owners(resolved: &str) -> impl Iterator<Item = (&str, &str)> {
    let starts: Vec<usize> = resolved
        .match_indices(") => OwnerNodes {")
        .map(|(end, _)| resolved[..end].rfind('\n').map_or(0, |line| line + 1))
        .collect();
    let ends = starts.clone().into_iter().skip(1).chain([resolved.len()]);
    let texts: Vec<&str> = starts
        .into_iter()
        .zip(ends)
        .map(|(start, end)| &resolved[start..end])
        .collect();
    texts
        .into_iter()
        .filter_map(|text| Some((path(text)?, text)))
}

/// The path of the first definition in a text, without the crate's name; of another crate: `None`.
fn path(text: &str) -> Option<&str> {
    let (_, id) = text.split_once("DefId(")?;
    let (_, named) = id.strip_prefix("0:")?.split_once(" ~ ")?;
    let (path, _) = named.split_once(')')?;
    // The crate itself has nothing after its name.
    Some(path.split_once("]::").map_or("", |(_, path)| path))
}

/// The file that each module is in.
fn files<'a>(owners: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
    let mut files = BTreeMap::new();
    for (owner, text) in owners {
        let is_module = owner.is_empty() || text.contains("\n                kind: Mod(");
        let span = text.split_once("inner_span: ").filter(|_| is_module);
        if let Some((file, _)) = span.and_then(|(_, span)| span.split_once(':')) {
            files.insert(*owner, file);
        }
    }
    files
}

/// The file of an item: that of the innermost module it is in.
fn file_of<'a>(item: &str, files: &BTreeMap<&str, &'a str>) -> &'a str {
    let mut module = item;
    loop {
        if let Some(file) = files.get(module) {
            return file;
        }
        module = module.rsplit_once("::").map_or("", |(outer, _)| outer);
    }
}

/// The items of the crate that a text refers to, but for modules, which lead to them.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let definitions = text.split("Def(").skip(1);
    definitions.filter_map(|definition| {
        // `Fn,` or `Ctor(..),` and then the definition, on lines of their own.
        let (kind, _) = definition.split_once("DefId(")?;
        let is_module = kind.trim_start().starts_with("Mod,");
        (kind.len() < 200 && !is_module).then(|| path(definition))?
    })
}

/// Groups of files that use each other: for each group its uses.
fn circles(uses: &Uses) -> Vec<Vec<(&str, &str)>> {
    let all = || {
        uses.iter()
            .flat_map(|(file, used)| used.keys().map(|other| (file.as_str(), other.as_str())))
    };
    let graph = DiGraphMap::<&str, ()>::from_edges(all());
    let groups = tarjan_scc(&graph)
        .into_iter()
        .filter(|group| group.len() > 1);
    groups
        .map(|group| {
            let group: BTreeSet<&str> = group.into_iter().collect();
            all()
                .filter(|(one, other)| group.contains(one) && group.contains(other))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str, file: &str) -> String {
        let id = format!("DefId(0:1 ~ krate[1a]{path})");
        format!(
            "{id} => OwnerNodes {{\n            Item {{\n                owner_id: {id},\n                \
             kind: Mod(\n                    inner_span: {file}:1:1: 9:9 (#0),\n}}\n"
        )
    }

    fn item(path: &str, kind: &str, uses: &str) -> String {
        format!(
            "DefId(0:2 ~ krate[1a]::{path}) => OwnerNodes {{\n    res: Def(\n        {kind},\n        \
             DefId({uses}),\n    )\n}}\n"
        )
    }

    fn program(items: &[String]) -> String {
        let modules = [
            ("", "lib.rs"),
            ("::a", "a.rs"),
            ("::b", "b.rs"),
            ("::a::inline", "a.rs"),
        ];
        let modules = modules.map(|(path, file)| module(path, file));
        modules.iter().chain(items).map(String::as_str).collect()
    }

    #[test]
    fn files_that_use_each_other() {
        let there = item("a::f", "Fn", "0:3 ~ krate[1a]::b::T");
        let back = item(
            "b::T::{impl#0}::g",
            "Struct",
            "0:4 ~ krate[1a]::a::inline::S",
        );
        let one_way = uses(&program(std::slice::from_ref(&there)));
        assert!(circles(&one_way).is_empty());
        assert_eq!(one_way["a.rs"]["b.rs"], "b::T");
        let both = uses(&program(&[there, back]));
        assert_eq!(circles(&both), [[("a.rs", "b.rs"), ("b.rs", "a.rs")]]);
    }

    #[test]
    fn what_is_no_use_of_another_file() {
        let items = [
            item("a::f", "Fn", "0:3 ~ krate[1a]::a::inline::S"),
            item("a::inline::g", "Fn", "0:3 ~ krate[1a]::a::f"),
            item("b::T", "Struct", "2:3 ~ core[ff]::a::f"),
            // A module on the way to an item.
            item("b::h", "Mod", "0:3 ~ krate[1a]::a"),
        ];
        assert!(uses(&program(&items)).is_empty());
    }
}

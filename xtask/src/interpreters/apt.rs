//! Debian's apt: installing packages where we may, and downloading without root.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use crate::common::error::{Error, Result, bail};
use crate::common::run;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Makes sure that these packages of the system are installed: installs them where we may, and
/// otherwise says which command would. `logged` runs a program, as [`run::logged`] does.
pub fn ensure(packages: &[&str], logged: impl Fn(&str, Command) -> Result<()>) -> Result<()> {
    let mut missing = packages.to_vec();
    missing.retain(|package| !installed(package));
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let Some(prefix) = privilege() else {
        bail!("needs packages of the system; get them with: sudo apt-get install {list}");
    };
    let apt = |words: &[&str]| {
        let mut words = [prefix, &["apt-get"], words].concat();
        let mut cmd = Command::new(words.remove(0));
        cmd.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        cmd
    };
    // A fresh container has no lists, and an old machine's are out of date. Without new lists, the
    // install may still work.
    let _ = logged("package lists", apt(&["update"]));
    let install = [
        &["install", "--yes", "--no-install-recommends"],
        &missing[..],
    ]
    .concat();
    logged(&format!("apt-get install {list}"), apt(&install))
}

fn installed(package: &str) -> bool {
    let query = ["--show", "--showformat=${db:Status-Status}", package];
    run::ask(Command::new("dpkg-query"), &query).is_some_and(|answer| answer == "installed")
}

/// The words to put before a command that changes the system, if we may.
fn privilege() -> Option<&'static [&'static str]> {
    if run::ask(Command::new("id"), &["-u"])? == "0" {
        return Some(&[]);
    }
    // `--non-interactive`: we do not ask for passwords.
    let sudo = run::ask(Command::new("sudo"), &["--non-interactive", "true"]);
    sudo.map(|_| ["sudo", "--non-interactive"].as_slice())
}

/// The Debian archive that this system installs from, which this machine can surely reach.
pub fn mirror() -> Result<String> {
    if !Path::new(KEYRING).is_file() {
        bail!("only on Debian: there is no keyring of its archive");
    }
    let format = "$(REPO_URI) $(RELEASE) $(SIGNED_BY)";
    let query = ["indextargets", "--format", format, "Component: main"];
    let targets = run::ask(Command::new("apt-get"), &query).unwrap_or_default();
    pick(&targets)
        .map(str::to_owned)
        .ok_or_else(|| Error::new("only on Debian: apt's sources name no Debian mirror"))
}

/// A mirror of Debian itself, and of all its suites. Downloads are checked against Debian's keys, so
/// a wrong guess here costs a clear failure and no more.
fn pick(targets: &str) -> Option<&str> {
    targets.lines().find_map(|line| {
        let (uri, rest) = line.split_once(' ')?;
        let (suite, signed_by) = rest.split_once(' ')?;
        let uri = uri.trim_end_matches('/');
        let is_debian = uri.ends_with("/debian") || signed_by.contains("debian-archive");
        (is_debian && !suite.contains("security")).then_some(uri)
    })
}

/// An apt with a state of its own: the system's lists and sources stay as they are, and nobody has to
/// be root.
pub struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// In this folder, with these suites of Debian; `kind` is `deb`, or `deb-src` for sources.
    pub fn new(folder: PathBuf, kind: &str, suites: &[&str]) -> Result<Apt> {
        let mirror = mirror()?;
        for part in ["lists/partial", "cache/archives/partial", "downloads"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let line = |suite| format!("{kind} [signed-by={KEYRING}] {mirror} {suite} main\n");
        let lines: String = suites.iter().map(line).collect();
        fs::write(folder.join("sources.list"), lines)?;
        Ok(Apt { folder })
    }

    /// The files that were downloaded.
    pub fn downloads(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(self.folder.join("downloads"))?;
        Ok(entries.flatten().map(|entry| entry.path()).collect())
    }

    /// A call of `apt-get` or `apt-cache` that works in this folder.
    pub fn call(&self, program: &str, words: &[&str]) -> Command {
        let mut cmd = Command::new(program);
        cmd.current_dir(self.folder.join("downloads"));
        for (key, value) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State::Lists", "lists"),
            ("Dir::Cache", "cache"),
        ] {
            let place = self.folder.join(value);
            cmd.arg("-o").arg(format!("{key}={}", place.display()));
        }
        for setting in [
            "Dir::Etc::sourceparts=/dev/null",
            // The user `_apt` may not enter the cache directory.
            "APT::Sandbox::User=root",
            "APT::Update::Error-Mode=any",
            "APT::Get::AllowUnauthenticated=false",
            "Acquire::AllowInsecureRepositories=false",
            "Acquire::Retries=2",
            // Descriptions for people are half of the download.
            "Acquire::Languages=none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            // What is installed is only looked at.
            "Debug::NoLocking=true",
        ] {
            cmd.args(["-o", setting]);
        }
        cmd.args(words);
        cmd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors() {
        let others = "https://node.example/x/ nodistro /usr/share/keyrings/node.gpg\n\
                      http://m.example/debian-security/ bookworm-security debian-archive-keyring\n\
                      http://u.example/ubuntu/ noble $(SIGNED_BY)\n";
        assert_eq!(pick(others), None);
        let plain = "http://m.example/debian/ bookworm $(SIGNED_BY)\n";
        assert_eq!(
            pick(&format!("{others}{plain}")),
            Some("http://m.example/debian")
        );
        let snapshot = "http://m.example/2025 bookworm /x/debian-archive-keyring.gpg\n";
        assert_eq!(pick(snapshot), Some("http://m.example/2025"));
    }
}

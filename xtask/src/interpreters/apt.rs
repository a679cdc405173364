//! The system's package manager, used only where it may be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::cache;
use crate::error::{Error, Result};
use crate::python::on_path;
use crate::run;

/// Makes sure that the Debian packages are installed: installs them where we may, and otherwise
/// says which command would.
pub fn ensure(packages: &[&str], log: &Path) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| !installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let Some(prefix) = privilege() else {
        return Err(Error::new(format!(
            "needs packages of the system; get them with: sudo apt-get install {list}"
        )));
    };
    let apt = |words: &[&str]| {
        let mut words: Vec<&str> = prefix.iter().chain(words).copied().collect();
        let mut cmd = Command::new(words.remove(0));
        cmd.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        cmd
    };
    let mut install = vec!["apt-get", "install", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    // The lists of a fresh container are empty, those of an old machine name what is gone: fetch
    // them anew. If that fails, the install may still find all it needs.
    let _ = run::logged(apt(&["apt-get", "update"]), "package lists", log);
    run::logged(apt(&install), &format!("apt-get install {list}"), log)
}

/// A state of our own: the system's lists and sources stay as they are, and nobody has to be root.
pub struct State {
    folder: PathBuf,
}

impl State {
    /// In this folder, with these lines as its list of sources.
    pub fn new(folder: &Path, sources: &str) -> Result<State> {
        for part in ["lists/partial", "cache/archives/partial", "downloads"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(|err| cache::not_writable(&part, &err))?;
        }
        let state = State {
            folder: folder.to_owned(),
        };
        let list = state.sources();
        fs::write(&list, sources).map_err(|err| cache::not_writable(&list, &err))?;
        Ok(state)
    }

    fn sources(&self) -> PathBuf {
        self.folder.join("sources.list")
    }

    /// Where what is downloaded, and not to be installed, comes to lie.
    pub fn downloads(&self) -> PathBuf {
        self.folder.join("downloads")
    }

    /// Where packages come to lie.
    pub fn archives(&self) -> PathBuf {
        self.folder.join("cache/archives")
    }

    /// A call of apt-get that works in here.
    pub fn get(&self, words: &[&str]) -> Command {
        self.call("apt-get", words)
    }

    /// A call of apt-cache that works in here.
    pub fn cache(&self, words: &[&str]) -> Command {
        self.call("apt-cache", words)
    }

    fn call(&self, program: &str, words: &[&str]) -> Command {
        let mut cmd = Command::new(program);
        cmd.current_dir(self.downloads());
        for (key, value) in [
            ("Dir::Etc::sourcelist", self.sources()),
            ("Dir::Etc::sourceparts", PathBuf::from("/dev/null")),
            ("Dir::State::Lists", self.folder.join("lists")),
            ("Dir::Cache", self.folder.join("cache")),
        ] {
            cmd.arg("-o").arg(format!("{key}={}", value.display()));
        }
        for setting in [
            // The user `_apt` may not enter the cache directory.
            "APT::Sandbox::User=root",
            "APT::Update::Error-Mode=any",
            "APT::Get::AllowUnauthenticated=false",
            "Acquire::AllowInsecureRepositories=false",
            "Acquire::Retries=2",
            // Descriptions for people, half of what there is to download.
            "Acquire::Languages=none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            // We only look at what is installed.
            "Debug::NoLocking=true",
        ] {
            cmd.args(["-o", setting]);
        }
        cmd.args(words);
        cmd
    }
}

fn installed(package: &str) -> bool {
    let mut cmd = Command::new("dpkg-query");
    cmd.args(["--show", "--showformat=${db:Status-Status}", package]);
    ask(cmd).is_some_and(|answer| answer == "installed")
}

/// The words to put before a command that changes the system, if we may.
fn privilege() -> Option<&'static [&'static str]> {
    let mut id = Command::new("id");
    id.arg("-u");
    if ask(id)? == "0" {
        return Some(&[]);
    }
    on_path("sudo").first()?;
    let mut sudo = Command::new("sudo");
    // `--non-interactive`: a password is not ours to ask for.
    sudo.args(["--non-interactive", "true"]);
    ask(sudo).map(|_| ["sudo", "--non-interactive"].as_slice())
}

fn ask(cmd: Command) -> Option<String> {
    let output = run::limited(cmd, Duration::from_secs(20)).ok()??;
    let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(answer)
}

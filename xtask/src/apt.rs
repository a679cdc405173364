//! The system's package manager, used only where it may be.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

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

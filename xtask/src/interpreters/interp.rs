//! Asking an interpreter what it is, without trusting it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::version::Version;
use crate::common::run;

/// An interpreter that has answered, and can do what we need.
#[derive(Clone, Debug, PartialEq)]
pub struct Interp {
    /// The program itself, behind any shim or virtual environment that led to it.
    pub path: PathBuf,
    /// If it was built without the GIL, the GIL was off when we asked.
    pub version: Version,
    /// The last number of its version.
    pub patch: u32,
    /// Whether `python -m venv` can bring pip in.
    pub ensurepip: bool,
}

impl Interp {
    /// `3.11` or `3.14t`.
    pub fn name(&self) -> String {
        self.version.to_string()
    }

    /// The folder that an interpreter of ours is installed in.
    pub fn prefix(&self) -> PathBuf {
        let bin = self.path.parent().unwrap_or(&self.path);
        bin.parent().unwrap_or(bin).to_owned()
    }

    /// A virtual environment is made anew when this changes.
    pub fn identity(&self) -> String {
        format!("{} {}.{}", self.path.display(), self.version, self.patch)
    }
}

const SCRIPT: &str = "
import sys, sysconfig
from importlib.util import find_spec
missing = []
for name in ('ssl', 'zlib', 'ctypes', 'venv'):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
print('ft-probe', sys.implementation.name, *sys.version_info[:3],
      int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))),
      int(getattr(sys, '_is_gil_enabled', lambda: True)()),
      int(find_spec('ensurepip') is not None),
      # In a virtual environment, perhaps our own, the one that it was made from.
      ','.join(missing) or '-', sys._base_executable or sys.executable, sep='\\t')
";

/// Runs `path` to learn what it is; the error is the reason not to use it.
pub fn probe(path: &Path) -> Result<Interp, String> {
    // A sound interpreter answers in a tenth of a second, a cold shim in two.
    probe_within(path, Duration::from_secs(10))
}

/// As [`probe`], for an interpreter that is known to be slow.
pub fn probe_within(path: &Path, limit: Duration) -> Result<Interp, String> {
    let mut cmd = Command::new(path);
    // `-I`: no PYTHONPATH, no PYTHON_GIL, nothing of the user's that could change the answer.
    cmd.args(["-I", "-c", SCRIPT]);
    let output = match run::limited(cmd, limit) {
        Err(err) => return Err(format!("does not start: {err}")),
        Ok(None) => return Err(format!("gave no answer in {} s", limit.as_secs())),
        Ok(Some(output)) => output,
    };
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let line = run::tail(&stderr, 1);
        return Err(format!("is broken: {}: {line}", output.status));
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    parse(&answer).unwrap_or_else(|| Err("does not answer as a Python does".to_owned()))
}

/// `None`: it makes no sense.
fn parse(answer: &str) -> Option<Result<Interp, String>> {
    let line = answer.lines();
    let mut lines = line.filter_map(|line| line.strip_prefix("ft-probe\t"));
    let fields: Vec<&str> = lines.next()?.split('\t').collect();
    let [kind, major, minor, patch, flags @ .., missing, path] = &fields[..] else {
        return None;
    };
    let [disabled, enabled, ensurepip] = *flags else {
        return None;
    };
    let version = Version {
        minor: minor.parse().ok()?,
        free_threaded: disabled == "1",
    };
    Some(if *kind != "cpython" {
        Err(format!("is {kind}, not CPython"))
    } else if *major != "3" || version.minor < 11 {
        Err(format!(
            "is {major}.{minor}, and 3.11 is the oldest that works"
        ))
    } else if *missing != "-" {
        Err(format!("was built without {missing}"))
    } else if version.free_threaded && enabled == "1" {
        Err("is free-threaded, but runs with the GIL on".to_owned())
    } else {
        Ok(Interp {
            path: PathBuf::from(path),
            version,
            patch: patch.parse().ok()?,
            ensurepip: ensurepip == "1",
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(fields: &str) -> Option<Result<Interp, String>> {
        let fields: Vec<&str> = fields.split(' ').collect();
        parse(&format!(
            "some shim's chatter\nft-probe\t{}\n",
            fields.join("\t")
        ))
    }

    #[test]
    fn free_threaded_and_not() {
        let interp = |fields| answer(fields).unwrap().unwrap();
        let free = interp("cpython 3 14 9 1 0 1 - /x/python3.14t");
        assert_eq!((free.name().as_str(), free.patch), ("3.14t", 9));
        let gil = interp("cpython 3 11 2 0 1 0 - /usr/bin/python3");
        assert_eq!((gil.name().as_str(), gil.ensurepip), ("3.11", false));
    }

    #[test]
    fn reasons_to_refuse() {
        let reason = |fields| answer(fields).unwrap().unwrap_err();
        assert!(reason("pypy 3 11 2 0 1 1 - /p").contains("pypy"));
        assert!(reason("cpython 3 9 2 0 1 1 - /p").contains("3.11 is the oldest"));
        assert!(reason("cpython 3 14 0 1 0 1 ssl,ctypes /p").contains("without ssl,ctypes"));
        assert!(reason("cpython 3 14 0 1 1 1 - /p").contains("GIL on"));
        assert!(answer("cpython 3 fourteen 0 1 0 1 - /p").is_none());
        assert!(parse("Python was not found\n").is_none());
        let reason = probe(Path::new("/nowhere/python3")).unwrap_err();
        assert!(reason.starts_with("does not start"));
    }

    #[test]
    fn virtual_environment_leads_to_what_it_was_made_from() {
        let Ok(python) = probe(Path::new("python3")) else {
            return;
        };
        let sh = xshell::Shell::new().unwrap();
        let temp = sh.create_temp_dir().unwrap();
        let (base, venv) = (&python.path, temp.path());
        let make = xshell::cmd!(sh, "{base} -m venv --without-pip {venv}");
        make.quiet().run().unwrap();
        let inside = if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        };
        let found = probe(&venv.join(inside)).unwrap();
        let program = |interp: &Interp| interp.path.canonicalize().unwrap();
        assert_eq!(program(&found), program(&python));
    }
}

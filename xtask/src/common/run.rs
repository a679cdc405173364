//! Starting other programs: with a time limit, or with a log and a sign of life.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Runs a program and keeps its output; `None` if it had to be killed after `limit`.
pub fn limited(mut cmd: Command, limit: Duration) -> io::Result<Option<Output>> {
    let mut child = cmd
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = read_aside(child.stdout.take());
    let stderr = read_aside(child.stderr.take());
    let Some(status) = wait_until(&mut child, Instant::now() + limit)? else {
        return Ok(None);
    };
    // A grandchild may hold the pipe open for ever; the child's own output is there by now.
    let grace = Duration::from_secs(1);
    Ok(Some(Output {
        status,
        stdout: stdout.recv_timeout(grace).unwrap_or_default(),
        stderr: stderr.recv_timeout(grace).unwrap_or_default(),
    }))
}

fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth having.
            let _ = pipe.read_to_end(&mut all);
        }
        let _ = sender.send(all);
    });
    receiver
}

/// Waits for a program's end; `None` if it had to be killed at `due`.
pub fn wait_until(child: &mut Child, due: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= due {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a program to its end with its output appended to `log`, and a sign of life on stderr.
///
/// # Errors
///
/// One line that says what to do if the cause is a known one, after the end of the log.
pub fn logged(cmd: impl Into<Command>, what: &str, log: &Path) -> Result<()> {
    let mut cmd: Command = cmd.into();
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).map_err(|err| cannot_write(folder, &err))?;
    }
    let file = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|err| cannot_write(log, &err))?;
    let begin = file.metadata()?.len();
    let program = cmd.get_program().to_string_lossy().into_owned();
    let mut child = cmd
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .map_err(|err| Error::new(format!("{what}: `{program}` does not start: {err}")))?;

    let mut life = SignOfLife::new(what);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        life.tick();
        thread::sleep(Duration::from_millis(50));
    };
    life.end();
    if status.success() {
        return Ok(());
    }

    let text = fs::read(log)?;
    let text = String::from_utf8_lossy(text.get(begin as usize..).unwrap_or(&[]));
    eprintln!("{}", tail(&text, 40));
    let log = log.display();
    Err(Error::new(match known_cause(&text) {
        Some(cause) => format!("{what}: {cause} (whole output: {log})"),
        None => format!("{what} failed with {status} (whole output: {log})"),
    }))
}

/// Says that a file or folder cannot be written, and why.
pub fn cannot_write(path: &Path, err: &io::Error) -> Error {
    let what = path.display();
    match err.kind() {
        io::ErrorKind::StorageFull => Error::new(format!(
            "no room left on the disk of {what}; make some and try again"
        )),
        _ => Error::new(format!("cannot write {what}: {err}")),
    }
}

/// One line on a terminal, renewed every second; in a log, a line every half minute.
struct SignOfLife<'a> {
    what: &'a str,
    start: Instant,
    next: Duration,
    terminal: bool,
}

impl SignOfLife<'_> {
    fn new(what: &str) -> SignOfLife<'_> {
        let mut life = SignOfLife {
            what,
            start: Instant::now(),
            next: Duration::ZERO,
            terminal: io::stderr().is_terminal(),
        };
        if !life.terminal {
            life.next = Duration::from_secs(5);
        }
        life
    }

    fn tick(&mut self) {
        let passed = self.start.elapsed();
        if passed < self.next {
            return;
        }
        let seconds = passed.as_secs();
        if self.terminal {
            self.next += Duration::from_secs(1);
            eprint!("\r\x1b[K  {} ... {seconds} s", self.what);
            let _ = io::stderr().flush();
        } else {
            self.next += Duration::from_secs(30);
            eprintln!("  {} ... {seconds} s", self.what);
        }
    }

    fn end(&self) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        let seconds = self.start.elapsed().as_secs_f64();
        eprintln!("{clear}  {}: {seconds:.1} s", self.what);
    }
}

/// The last `lines` lines.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// What a failing program's output means, where we have met it before.
pub fn known_cause(text: &str) -> Option<&'static str> {
    // The first match wins: what is more certain comes first.
    let causes: [(&[&str], &str); 6] = [
        (
            &["No space left on device", "Disk quota exceeded"],
            "no room left on the disk; make some and try again",
        ),
        (
            &["linker `cc` not found", "linker `link.exe` not found"],
            "no C compiler; get it with: apt-get install build-essential (or your system's like)",
        ),
        (
            &[
                "NewConnectionError",
                "NameResolutionError",
                "ConnectTimeoutError",
                "ReadTimeoutError",
                "ProxyError",
                "Temporary failure",
                "Could not resolve",
                "Could not connect",
                "Unable to connect",
                "Failed to fetch",
                "failed to download from",
                "Could not fetch URL",
                "spurious network error",
            ],
            "the network or the package registry is not reachable; try again when it is",
        ),
        (
            &["DO NOT MATCH THE HASHES", "Hash Sum mismatch"],
            "a download is not what its hash says, and was not used; try again, and see whether a proxy changes it",
        ),
        (
            &["No matching distribution found"],
            "the package index does not have this version (any more)",
        ),
        (
            &["No module named pip", "ensurepip is not available"],
            "this Python has no pip; get it with: apt-get install python3-venv (or your system's like)",
        ),
    ];
    causes
        .iter()
        .find(|(signs, _)| signs.iter().any(|sign| text.contains(sign)))
        .map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_of_short_and_long() {
        assert_eq!(tail("a\nb\n", 3), "a\nb");
        assert_eq!(tail("a\nb\nc\nd\n", 2), "c\nd");
        assert_eq!(tail("", 2), "");
    }

    #[test]
    fn causes() {
        let pip = "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\n\
                   ERROR: No matching distribution found for pytest==9.2.0";
        assert!(known_cause(pip).unwrap().contains("network"));
        assert!(
            known_cause("write error: No space left on device\nCould not connect")
                .unwrap()
                .contains("room")
        );
        let gone = "ERROR: No matching distribution found for freeze-core==0.8.1";
        assert!(
            known_cause(gone)
                .unwrap()
                .contains("does not have this version")
        );
        assert_eq!(known_cause("error[E0308]: mismatched types"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_hung_program_is_killed() {
        let mut cmd = Command::new("sleep");
        cmd.arg("60");
        let start = Instant::now();
        assert!(limited(cmd, Duration::from_millis(50)).unwrap().is_none());
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[cfg(unix)]
    #[test]
    fn a_grandchild_with_the_pipe_does_not_hang_us() {
        let mut cmd = Command::new("sh");
        cmd.args(["-c", "sleep 30 & exit 3"]);
        let start = Instant::now();
        let output = limited(cmd, Duration::from_secs(20)).unwrap().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(start.elapsed() < Duration::from_secs(15));
    }
}

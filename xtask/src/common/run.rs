//! Starting other programs: with a time limit, with a log, or with their output on the screen.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use fs_err as fs;

use super::error::{Error, Result, bail};

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
    // A grandchild may keep the pipe open for ever; the child's own output is there by now.
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
            // What was read before an error is still useful.
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

/// What a program that ends soon prints; `None` if it fails, or takes 20 seconds.
pub fn ask(mut cmd: Command, words: &[&str]) -> Option<String> {
    cmd.args(words);
    let output = limited(cmd, Duration::from_secs(20)).ok()??;
    let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(answer)
}

/// Runs a program whose output the user sees.
///
/// # Errors
///
/// If it does not start, or fails; `what` is its name for people.
pub fn shown(mut cmd: Command, what: &str) -> Result<()> {
    let status = cmd
        .status()
        .map_err(|err| Error::new(format!("cannot start {what}: {err}")))?;
    if !status.success() {
        bail!("{what} ended with {status}");
    }
    Ok(())
}

/// Runs a program to its end, appends its output to `log`, and returns that output. Meanwhile,
/// prints to stderr now and then that it still runs.
///
/// # Errors
///
/// If it fails. The message says what to do if the cause is a known one.
pub fn logged(cmd: impl Into<Command>, what: &str, log: &Path) -> Result<String> {
    let mut cmd: Command = cmd.into();
    let file = File::options().create(true).append(true).open(log)?;
    let begin = file.metadata()?.len() as usize;
    let program = cmd.get_program().to_string_lossy().into_owned();
    let mut child = cmd
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .map_err(|err| Error::new(format!("{what}: `{program}` does not start: {err}")))?;
    let status = wait_with_signs(&mut child, what)?;
    let text = fs::read(log)?;
    let text = String::from_utf8_lossy(&text[begin..]).into_owned();
    if status.success() {
        return Ok(text);
    }
    eprintln!("{}", tail(&text, 40));
    let log = log.display();
    match known_cause(&text) {
        Some(cause) => bail!("{what}: {cause} (whole output: {log})"),
        None => bail!("{what} failed with {status} (whole output: {log})"),
    }
}

/// On a terminal, renews one line every second; in a log, prints a line every half minute.
fn wait_with_signs(child: &mut Child, what: &str) -> io::Result<ExitStatus> {
    let terminal = io::stderr().is_terminal();
    let (mut next, interval, clear) = if terminal {
        (0, 1, "\r\x1b[K")
    } else {
        (5, 30, "")
    };
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let seconds = start.elapsed().as_secs();
        if seconds >= next {
            next += interval;
            eprint!("{clear}  {what} ... {seconds} s");
            eprint!("{}", if terminal { "" } else { "\n" });
            io::stderr().flush()?;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{clear}  {what}: {seconds:.1} s");
    Ok(status)
}

/// The last `lines` lines.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Words in the output of failing programs, and what they mean. The first match wins: the more certain
/// ones come first.
const CAUSES: [(&str, &str); 6] = [
    (
        "No space left on device|Disk quota exceeded",
        "the disk is full; make room and try again",
    ),
    (
        "linker `cc` not found|linker `link.exe` not found",
        "no C compiler; get it with: apt-get install build-essential (or as your system does)",
    ),
    (
        "NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|\
         Temporary failure|Could not resolve|Could not connect|Unable to connect|Failed to fetch|\
         failed to download from|Could not fetch URL|spurious network error",
        "the network or the package registry cannot be reached; try again later",
    ),
    (
        "DO NOT MATCH THE HASHES|Hash Sum mismatch",
        "a download does not match its hash and was not used; try again, and see whether a proxy changes it",
    ),
    (
        "No matching distribution found",
        "the package index does not have this version (any more)",
    ),
    (
        "No module named pip|ensurepip is not available",
        "this Python has no pip; get it with: apt-get install python3-venv (or as your system does)",
    ),
];

fn known_cause(text: &str) -> Option<&'static str> {
    let is_known = |signs: &str| signs.split('|').any(|sign| text.contains(sign));
    let cause = CAUSES.iter().find(|(signs, _)| is_known(signs));
    cause.map(|(_, meaning)| *meaning)
}

/// Says that a file or folder cannot be written, and why.
pub fn cannot_write(path: &Path, err: &io::Error) -> Error {
    Error::new(format!("cannot write {}: {err}", path.display()))
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
    fn the_more_certain_cause_wins() {
        let cause = |text: &str| known_cause(text).unwrap_or_default();
        let gone = "ERROR: No matching distribution found for pytest==9.2.0";
        assert!(cause(gone).contains("does not have this version"));
        assert!(cause(&format!("'NewConnectionError(...)'\n{gone}")).contains("network"));
        assert!(cause("No space left on device\nCould not connect").contains("disk"));
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

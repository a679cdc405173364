//! Everything that a person runs, as `cargo xtask COMMAND`.

mod apt;
mod args;
mod debian;
mod error;
mod mirror;
mod probe;
mod python;
mod run;

use std::process::ExitCode;

use args::{Args, Choice};
use error::{Error, Result};

/// A sub-command.
struct Command {
    name: &'static str,
    summary: &'static str,
    /// What `--help` prints below the summary.
    details: &'static str,
    run: fn(Args) -> Result<()>,
}

const COMMANDS: &[Command] = &[Command {
    name: "python",
    summary: "find or make a free-threaded interpreter, and print its path",
    details: "\
usage: cargo xtask python [--list] [--python PATH] [--gil-python PATH]

Looks, in this order, for: the one named with --python or FT_PYTHON; python3.15t, 3.14t, 3.13t on
PATH or made by an earlier run; one that uv can install; Debian's source, which it builds into the
user's cache directory (XDG_CACHE_HOME, else ~/.cache).

  --list             show every place, what was found, and what is taken; makes nothing",
    run: python,
}];

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let name = if words.is_empty() {
        "help".to_owned()
    } else {
        words.remove(0)
    };
    match dispatch(&name, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(name: &str, words: Vec<String>) -> Result<()> {
    if matches!(name, "help" | "--help" | "-h") {
        print_help();
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Error::new(format!(
            "no command `{name}`; see: cargo xtask help"
        )));
    };
    let mut args = Args::new(words);
    if args.flag("--help") || args.flag("-h") {
        println!("{}\n\n{}", command.summary, command.details);
        return Ok(());
    }
    (command.run)(args)
}

fn print_help() {
    println!("usage: cargo xtask COMMAND [--help]\n");
    for command in COMMANDS {
        println!("  {:8} {}", command.name, command.summary);
    }
}

fn python(mut args: Args) -> Result<()> {
    let choice = Choice::take(&mut args)?;
    let list = args.flag("--list");
    args.finish("python")?;
    if list {
        python::list(&choice);
        return Ok(());
    }
    println!("{}", python::free_threaded(&choice)?.path.display());
    Ok(())
}

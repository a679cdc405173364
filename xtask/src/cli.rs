//! The command line, taken apart by hand: too little for a library.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The arguments of a sub-command that nobody has asked for yet.
pub struct Args {
    words: Vec<String>,
}

impl Args {
    pub fn new(words: Vec<String>) -> Args {
        Args { words }
    }

    /// Takes `--name` out, and tells whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes `--name VALUE` or `--name=VALUE` out.
    pub fn value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        let Some(at) = self
            .words
            .iter()
            .position(|word| word == name || word.starts_with(&prefix))
        else {
            return Ok(None);
        };
        let word = self.words.remove(at);
        if let Some(value) = word.strip_prefix(&prefix) {
            return Ok(Some(value.to_owned()));
        }
        if at == self.words.len() {
            return Err(Error::new(format!("`{name}` needs a value")));
        }
        Ok(Some(self.words.remove(at)))
    }

    /// As [`Args::value`], for a number.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>> {
        let Some(value) = self.value(name)? else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Error::new(format!(
                "`{name}` needs a whole number, not `{value}`"
            ))),
        }
    }

    /// Takes the first word that is no option.
    pub fn word(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        Some(self.words.remove(at))
    }

    /// All that is left, for a program that we start.
    pub fn rest(self) -> Vec<String> {
        let mut words = self.words;
        words.retain(|word| word != "--");
        words
    }

    /// Refuses what nobody asked for.
    pub fn finish(self, command: &str) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(Error::new(format!(
                "`{word}` is not understood; see: cargo xtask {command} --help"
            ))),
        }
    }
}

/// Which interpreters the user wants.
#[derive(Default)]
pub struct Choice {
    /// By name: the main one, which is free-threaded, and others to take for what they are.
    pub python: Vec<PathBuf>,
    /// The main one with a GIL, by name.
    pub gil_python: Option<PathBuf>,
    /// Neither look for a free-threaded one nor make one.
    pub gil_only: bool,
}

impl Choice {
    /// An option wins over its environment variable.
    pub fn take(args: &mut Args) -> Result<Choice> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut python = Vec::new();
        while let Some(path) = args.value("--python")? {
            python.push(PathBuf::from(path));
        }
        if python.is_empty() {
            let listed = variable("FT_PYTHON").unwrap_or_default();
            python.extend(std::env::split_paths(&listed).filter(|path| path != Path::new("")));
        }
        let gil_python = args.value("--gil-python")?.map(PathBuf::from);
        Ok(Choice {
            python,
            gil_python: gil_python.or_else(|| variable("FT_GIL_PYTHON").map(PathBuf::from)),
            gil_only: args.flag("--gil-only"),
        })
    }

    /// All that have a name.
    pub fn named(&self) -> impl Iterator<Item = &PathBuf> {
        self.python.iter().chain(&self.gil_python)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_in_any_order() {
        let mut args = args("--quick queue --preemptions=3 --python p");
        assert_eq!(args.number("--preemptions").unwrap(), Some(3));
        assert_eq!(args.value("--python").unwrap().as_deref(), Some("p"));
        assert!(args.flag("--quick"));
        assert_eq!(args.word().as_deref(), Some("queue"));
        args.finish("test").unwrap();
    }

    #[test]
    fn several_interpreters() {
        let mut args = args("--python a --gil-python c --python b --gil-only");
        let choice = Choice::take(&mut args).unwrap();
        assert!(choice.named().eq(["a", "b", "c"].map(Path::new)));
        assert!(choice.gil_only);
        args.finish("test").unwrap();
    }

    #[test]
    fn missing_value() {
        let err = args("--python").value("--python").unwrap_err();
        assert_eq!(err.to_string(), "`--python` needs a value");
        assert!(args("--preemptions x").number("--preemptions").is_err());
    }

    #[test]
    fn unknown_words_are_refused() {
        let err = args("--quikc").finish("test").unwrap_err();
        assert!(err.to_string().contains("--quikc"));
    }

    #[test]
    fn the_rest_goes_through() {
        let mut args = args("--gil-only --files 20 -- --threads 4");
        assert!(args.flag("--gil-only"));
        assert_eq!(args.rest(), ["--files", "20", "--threads", "4"]);
    }
}

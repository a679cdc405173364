//! Finds the orderings in a source file, and what each can be weakened to.
//!
//! It works on the text: our sources are formatted, and name their orderings without a path.

use std::fmt;
use std::ops::Range;

/// How a call uses an ordering.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
    Load,
    Store,
    Update,
    Fence,
}

/// An ordering in a source file that could be weaker.
pub struct Site {
    /// The place of its name in the text.
    pub at: Range<usize>,
    /// If it belongs to a fence: the place of the word `fence`.
    pub fence: Option<Range<usize>>,
    /// The name of the function that contains it.
    function: String,
    /// The call whose argument it is, such as `state.load`.
    call: String,
    /// Set if the function has the same call more than once: the number of this one, from 1.
    nth: Option<usize>,
    access: Access,
    pub ordering: &'static str,
}

impl Site {
    /// Returns the orderings to which it can be weakened.
    pub fn weaker(&self) -> &'static [&'static str] {
        match (self.access, self.ordering) {
            (Access::Fence, _) => &["none"],
            (Access::Load, "SeqCst") => &["Acquire", "Relaxed"],
            (Access::Store, "SeqCst") => &["Release", "Relaxed"],
            (Access::Update, "SeqCst") => &["AcqRel", "Acquire", "Release"],
            (Access::Update, "AcqRel") => &["Acquire", "Release"],
            _ => &["Relaxed"],
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.function, self.call)?;
        match self.nth {
            Some(nth) => write!(f, "#{nth}"),
            None => Ok(()),
        }
    }
}

/// Returns the orderings that could be weaker, in the order of the text.
pub fn sites(text: &str) -> Vec<Site> {
    let code = blank(text);
    let code = &code[..tests(&code)];
    let mut sites: Vec<Site> = Vec::new();
    for (at, ordering) in orderings(code) {
        let Some((name, open)) = enclosing_call(code, at.start) else {
            // This is an import, or something else of the same name.
            continue;
        };
        let method = &code[name.clone()];
        // The second ordering of a call is for the case that it fails, and then the call only
        // loads.
        let second = orderings(&code[open..at.start]).next().is_some();
        let access = match method {
            "fence" => Access::Fence,
            "load" => Access::Load,
            "store" => Access::Store,
            _ if second => Access::Load,
            _ => Access::Update,
        };
        if ordering == "Relaxed" {
            continue;
        }
        let call = match receiver(&code[..name.start]) {
            "" => method.to_owned(),
            receiver => format!("{receiver}.{method}"),
        };
        sites.push(Site {
            at,
            fence: (access == Access::Fence).then_some(name),
            function: function(&code[..open]).to_owned(),
            call: if second { call + " failed" } else { call },
            nth: None,
            access,
            ordering,
        });
    }
    number(&mut sites);
    sites
}

/// Numbers sites that would have the same name.
fn number(sites: &mut [Site]) {
    let names: Vec<String> = sites.iter().map(Site::to_string).collect();
    for (at, site) in sites.iter_mut().enumerate() {
        let same = |range: Range<usize>| names[range].iter().filter(|it| **it == names[at]).count();
        if same(0..names.len()) > 1 {
            site.nth = Some(same(0..at) + 1);
        }
    }
}

/// Returns the names of orderings in the code. `Acq`, by which one `use` renames Acquire, counts as
/// such.
fn orderings(code: &str) -> impl Iterator<Item = (Range<usize>, &'static str)> {
    const NAMES: [(&str, &str); 6] = [
        ("SeqCst", "SeqCst"),
        ("AcqRel", "AcqRel"),
        ("Acquire", "Acquire"),
        ("Acq", "Acquire"),
        ("Release", "Release"),
        ("Relaxed", "Relaxed"),
    ];
    words(code).filter_map(|at| {
        let (_, ordering) = NAMES.iter().find(|(name, _)| *name == &code[at.clone()])?;
        Some((at, *ordering))
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn words(code: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = code.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + bytes[from..].iter().position(|byte| is_word(*byte))?;
        let long = bytes[start..].iter().position(|byte| !is_word(*byte));
        from = long.map_or(bytes.len(), |long| start + long);
        Some(start..from)
    })
}

/// Returns the last word, which only brackets and white space may follow.
fn last_word(code: &str) -> Range<usize> {
    let end = code.trim_end_matches(|c: char| "()[]?".contains(c) || c.is_whitespace());
    let word = end.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    word.len()..end.len()
}

/// Returns the name of the call whose argument is at `at`, and the place where its arguments begin.
fn enclosing_call(code: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let mut depth = 0;
    for (open, byte) in code[..at].bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' if depth > 0 => depth -= 1,
            b'(' => {
                let name = last_word(&code[..open]);
                return (name.end == open && !name.is_empty()).then_some((name, open + 1));
            }
            b'{' | b'}' | b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Returns the receiver of the method whose name comes next: `state` for `(self.state).`.
fn receiver(before: &str) -> &str {
    match before.trim_end().strip_suffix('.') {
        Some(before) => &before[last_word(before)],
        None => "",
    }
}

/// Returns the name of the function in whose middle `before` ends.
fn function(before: &str) -> &str {
    let begin = before.rfind("fn ").map_or(before.len(), |at| at + 3);
    let name = &before[begin..];
    &name[..name
        .bytes()
        .position(|byte| !is_word(byte))
        .unwrap_or(name.len())]
}

/// Returns the place where the tests begin. They are at the end of a file.
fn tests(code: &str) -> usize {
    let begins = ["\n#[cfg(test)]", "\n#[cfg(all(test,"];
    let begins = begins.iter().filter_map(|begin| code.find(begin));
    begins.min().unwrap_or(code.len())
}

/// Returns the same text with spaces in place of comments and strings. Its length is the same.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let long = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if next == '"' {
            string(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        };
        code.extend(rest[..long].bytes().map(|byte| match byte {
            b'\n' => '\n',
            _ => ' ',
        }));
        rest = &rest[long..];
    }
    code
}

/// Returns the length of the string with which `rest` begins.
fn string(rest: &str) -> usize {
    let mut escaped = true;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
use ft_sync::atomic::{AtomicUsize, Ordering::{Acquire as Acq, Release, SeqCst, Relaxed}, fence};

impl Gate {
    /// As `self.state.load(SeqCst)`, in words.
    pub fn open(&self) -> Acquire<'_> {
        // Release: "pairs" with the load(Acquire) below.
        self.state.store(size(1, "(Acquire"), Release);
        fence(SeqCst);
        (self.state).compare_exchange_weak(0, next(1), SeqCst, Acq);
        Acquire { gate: self }
    }

    fn looks(&self) -> bool {
        self.word().load(Relaxed);
        self.word().load(Acq) == self.word().load(Acq)
    }
}

#[cfg(test)]
mod tests {
    fn a() { STATE.load(SeqCst) }
}
"#;

    #[test]
    fn all_sites() {
        let found: Vec<_> = sites(TEXT)
            .iter()
            .map(|site| format!("{site} {} -> {}", site.ordering, site.weaker().join(", ")))
            .collect();
        assert_eq!(
            found,
            [
                "open state.store Release -> Relaxed",
                "open fence SeqCst -> none",
                "open state.compare_exchange_weak SeqCst -> AcqRel, Acquire, Release",
                "open state.compare_exchange_weak failed Acquire -> Relaxed",
                "looks word.load#1 Acquire -> Relaxed",
                "looks word.load#2 Acquire -> Relaxed",
            ]
        );
    }

    #[test]
    fn places() {
        let sites = sites(TEXT);
        assert_eq!(&TEXT[sites[0].at.clone()], "Release");
        assert_eq!(&TEXT[sites[1].fence.clone().unwrap()], "fence");
        assert_eq!(&TEXT[sites[5].at.clone()], "Acq");
    }
}

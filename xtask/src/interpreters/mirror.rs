//! Which Debian mirror this system uses, read from its own apt configuration.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An archive, and the keys that sign it.
#[derive(Debug, PartialEq)]
pub struct Mirror {
    uri: String,
}

impl Mirror {
    /// The line of a sources file that names the source packages of `suite`.
    pub fn source_line(&self, suite: &str) -> String {
        format!("deb-src [signed-by={KEYRING}] {} {suite} main\n", self.uri)
    }

    /// As [`Mirror::source_line`], for packages to install.
    pub fn package_line(&self, suite: &str) -> String {
        format!("deb [signed-by={KEYRING}] {} {suite} main\n", self.uri)
    }
}

/// The mirror that the system installs from: the one that this machine can surely reach.
pub fn of_this_system() -> Result<Mirror> {
    if !Path::new(KEYRING).is_file() {
        return Err(Error::new(
            "only on Debian: there is no keyring of its archive",
        ));
    }
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    files
        .iter()
        .find_map(|file| {
            let text = fs::read_to_string(file).ok()?;
            match file.extension()?.to_str()? {
                "sources" => in_stanzas(&text),
                "list" => in_lines(&text),
                _ => None,
            }
        })
        .ok_or_else(|| Error::new("only on Debian: apt's sources name no Debian mirror"))
}

/// In the format of `debian.sources`: fields in stanzas.
fn in_stanzas(text: &str) -> Option<Mirror> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            let field = |name: &str| {
                let found = fields.iter().find(|(key, _)| key == name);
                found.map_or("", |(_, value)| value.as_str())
            };
            if field("enabled") != "no" && field("components").split(' ').any(|c| c == "main") {
                let uris = field("uris").split_whitespace();
                let suites = field("suites").split_whitespace();
                if let Some(mirror) = pick(uris, suites, field("signed-by")) {
                    return Some(mirror);
                }
            }
            fields.clear();
        } else if line.starts_with('#') {
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            fields.push((key.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    None
}

/// In the format of `sources.list`: `deb [options] URI suite component...`.
fn in_lines(text: &str) -> Option<Mirror> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix("deb")?;
        let rest = rest.strip_prefix("-src").unwrap_or(rest).trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        words.find(|component| *component == "main")?;
        pick([uri].into_iter(), [suite].into_iter(), options)
    })
}

/// A mirror of Debian itself, and of all its suites. What it sends is checked against Debian's
/// keys, so a wrong guess here costs a clear failure and no more.
fn pick<'a>(
    mut uris: impl Iterator<Item = &'a str>,
    mut suites: impl Iterator<Item = &'a str>,
    signed_by: &str,
) -> Option<Mirror> {
    if suites.all(|suite| suite.contains("security")) {
        return None;
    }
    let uri = uris.next()?.trim_end_matches('/');
    let debian = signed_by.contains("debian-archive") || uri.ends_with("/debian");
    debian.then(|| Mirror {
        uri: uri.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(mirror: Option<Mirror>) -> Option<String> {
        mirror.map(|mirror| mirror.uri)
    }

    #[test]
    fn stanzas() {
        let text = "Types: deb\nURIs: https://node.example/x\nSuites: nodistro\nComponents: main\n\
                    Signed-By: /usr/share/keyrings/node.gpg\n\n\
                    Types: deb\nURIs: http://m.example/debian-security\nSuites: bookworm-security\n\
                    Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
                    Types: deb\n# a comment\nURIs: http://m.example/debian/\n\
                    Suites: bookworm\n bookworm-updates\nComponents: main contrib\n";
        assert_eq!(
            uri(in_stanzas(text)).as_deref(),
            Some("http://m.example/debian")
        );
        let off = text.replace("# a comment", "Enabled: no");
        assert_eq!(in_stanzas(&off), None);
    }

    #[test]
    fn lines() {
        let text = "# deb http://old.example/debian bookworm main\n\
                    deb [arch=amd64] https://docker.example/linux/debian bookworm stable\n\
                    deb https://cloud.example/apt cloud main\n\
                    deb http://m.example/debian-security bookworm-security main\n\
                    deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
                    http://m.example/snapshot/2025 bookworm main\n";
        assert_eq!(
            uri(in_lines(text)).as_deref(),
            Some("http://m.example/snapshot/2025")
        );
        assert_eq!(in_lines("deb http://u.example/ubuntu noble main\n"), None);
    }

    #[test]
    fn source_line() {
        let mirror = Mirror {
            uri: "http://m.example/debian".to_owned(),
        };
        let line = mirror.source_line("trixie");
        assert!(line.ends_with(" http://m.example/debian trixie main\n"));
        assert!(line.contains("signed-by="));
    }
}

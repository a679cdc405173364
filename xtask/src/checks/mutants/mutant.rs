//! One weakened ordering.

/// An ordering that is made weaker.
pub struct Mutant {
    /// Number of its site in the program.
    pub site: usize,
    /// The folder in `crates`.
    pub folder: String,
    /// What it is called in the list, and in what is printed.
    pub name: String,
    pub to: &'static str,
    /// Whether it is for one order over several atomics, of which loom knows little.
    pub sequential: bool,
}

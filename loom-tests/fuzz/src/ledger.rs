//! Values that are counted: each must be dropped exactly once, and in time.

use crate::fuse;
use std::{cell::RefCell, cmp::Ordering, fmt};

/// What has become of the tokens of a program.
#[derive(Default)]
struct Book {
    /// The number of the program. Tokens of earlier programs are ignored.
    program: u64,
    /// For each token, whether it is alive.
    alive: Vec<bool>,
    fault: Option<&'static str>,
}

// This is std's, also under shuttle: all of shuttle's threads run in one thread of the system, and share the book.
std::thread_local! {
    static BOOK: RefCell<Book> = RefCell::default();
}

/// Opens a new page for a new program.
pub(crate) fn begin() {
    BOOK.with_borrow_mut(|book| {
        let program = book.program + 1;
        *book = Book {
            program,
            ..Book::default()
        };
    });
}

/// Returns how many tokens there are.
///
/// # Errors
///
/// What has gone wrong with a token so far.
pub(crate) fn alive() -> Result<usize, &'static str> {
    BOOK.with_borrow(|book| match book.fault {
        Some(fault) => Err(fault),
        None => Ok(book.alive.iter().filter(|&&alive| alive).count()),
    })
}

/// A value whose clones and drops are counted, and whose clones and comparisons burn the
/// [fuse](crate::fuse).
///
/// It owns nothing, so dropping it twice is noted and does no harm.
pub struct Token {
    value: u32,
    program: u64,
    number: usize,
}

impl Token {
    /// Makes a token.
    pub fn new(value: u32) -> Self {
        BOOK.with_borrow_mut(|book| {
            book.alive.push(true);
            Self {
                value,
                program: book.program,
                number: book.alive.len() - 1,
            }
        })
    }

    /// Returns the value, and notes a fault if the token was dropped.
    pub fn value(&self) -> u32 {
        self.note("a value was used after it was dropped", |alive| *alive);
        self.value
    }

    /// Notes the fault unless this holds of the entry.
    fn note(&self, fault: &'static str, holds: impl FnOnce(&mut bool) -> bool) {
        BOOK.with_borrow_mut(|book| {
            if book.program != self.program {
                return;
            }
            if !book.alive.get_mut(self.number).is_some_and(holds) {
                book.fault.get_or_insert(fault);
            }
        });
    }
}

impl Clone for Token {
    fn clone(&self) -> Self {
        fuse::burn_or_panic();
        Self::new(self.value())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let was_alive = |alive: &mut bool| std::mem::replace(alive, false);
        self.note("a value was dropped twice", was_alive);
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Token {}

impl PartialOrd for Token {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Token {
    fn cmp(&self, other: &Self) -> Ordering {
        fuse::burn_or_panic();
        self.value().cmp(&other.value())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.value)
    }
}

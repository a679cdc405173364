//! `py_compat_api.h` and its page, which are made from the table in `py-bindings/compat/`.

mod files;
mod header;
mod page;
mod table;

pub use files::{check, write};

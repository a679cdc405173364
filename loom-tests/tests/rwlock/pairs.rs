//! Each operation beside each.

use super::Guarded;
use loom_tests::pairs::each_pair;
use std::time::Instant;

type Operation = (&'static str, fn(&Guarded));

const OPERATIONS: &[Operation] = &[
    ("read", |guarded: &Guarded| {
        guarded.read();
    }),
    ("write", |guarded| guarded.write()),
    ("try to read", |guarded| {
        if guarded.lock.try_read() {
            guarded.value();
            guarded.unlock_read();
        }
    }),
    ("try to write", |guarded| {
        if guarded.lock.try_write() {
            guarded.add();
            guarded.unlock_write();
        }
    }),
    ("read within a reading", |guarded| {
        assert!(guarded.lock.read_deadline(None));
        if guarded.lock.try_read_recursive() {
            guarded.value();
            guarded.unlock_read();
        }
        guarded.value();
        guarded.unlock_read();
    }),
    ("downgrade", |guarded| {
        assert!(guarded.lock.write_deadline(None));
        guarded.add();
        guarded.downgrade();
        guarded.value();
        guarded.unlock_read();
    }),
    ("give up", |guarded| {
        if guarded.lock.write_deadline(Some(Instant::now())) {
            guarded.add();
            guarded.unlock_write();
        }
    }),
];

/// No thread changes the value while another reads it, whichever two operations run at the same time.
#[test]
fn each_operation_beside_each() {
    each_pair(Guarded::new, OPERATIONS);
}

/// The same while readers announce themselves.
#[test]
fn each_operation_beside_each_if_biased() {
    each_pair(Guarded::biased, OPERATIONS);
}

//! One order over several atomics, which the models do not know, and the processor does.
#![cfg(not(any(ft_loom, ft_shuttle)))]

use ft_atomic_int::{AtomicFlag, AtomicInt64, Overflow};
use ft_atomic_reference::AtomicReference;
use histories::linear::write_then_read;
use std::sync::Arc;

#[test]
fn atomic_int_store() {
    let new = || AtomicInt64::new(0, Overflow::Error);
    write_then_read(new, |int| int.store(1), |int| int.load() == 1);
}

#[test]
fn atomic_flag_store() {
    let new = || AtomicFlag::new(false);
    write_then_read(new, |flag| flag.store(true), AtomicFlag::load);
}

#[test]
fn atomic_reference_store() {
    let new = || AtomicReference::new(Arc::new(0));
    let store = |slot: &AtomicReference<Arc<u8>>| slot.store(Arc::new(1));
    write_then_read(new, store, |slot| *slot.load() == 1);
}

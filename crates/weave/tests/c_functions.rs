//! The functions for C, in a process of their own: it counts on being the only one that makes keys.

use ft_weave::{Key, c::*};
use std::{
    cell::Cell,
    ffi::c_void,
    mem::offset_of,
    ptr, slice,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

thread_local! {
    static VARIABLE: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

static SUM: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn add(value: *mut c_void) {
    SUM.fetch_add(value as usize, SeqCst);
}

unsafe extern "C" fn add_both(value: *mut c_void, data: *mut c_void) {
    SUM.fetch_add(value as usize + data as usize, SeqCst);
}

fn number(value: usize) -> *mut c_void {
    ptr::without_provenance_mut(value)
}

/// Runs `body` in a new thread, and returns the sum of what its destructors add.
fn in_thread(body: impl FnOnce() + Send) -> usize {
    let before = SUM.load(SeqCst);
    thread::scope(|scope| scope.spawn(body).join().unwrap());
    SUM.load(SeqCst) - before
}

/// This is one test, because the whole process shares the sum and the keys.
#[test]
fn c_functions() {
    keys();
    registrations();
    table();
}

#[cfg(not(windows))]
const ERRORS: (i32, i32) = (libc::EINVAL, libc::EAGAIN);
#[cfg(windows)]
const ERRORS: (i32, i32) = (87, 1450);

fn keys() {
    let (invalid, exhausted) = ERRORS;
    let mut key = 99;
    // SAFETY: `add` takes any value, and the pointers are good.
    unsafe {
        assert_eq!(wvls_set_value(0, number(1)), invalid);
        assert_eq!(wvls_key_create(ptr::null_mut(), Some(add)), invalid);
        assert_eq!(wvls_key_create(&raw mut key, Some(add)), 0);
    }
    // This is the first key, and 0 is a valid one.
    assert_eq!(key, 0);
    assert!(wvls_get_value(key).is_null());
    let sum = in_thread(|| {
        // SAFETY: as above.
        assert_eq!(unsafe { wvls_set_value(key, number(5)) }, 0);
        assert_eq!(wvls_get_value(key), number(5));
    });
    assert_eq!(sum, 5);

    let mut all = vec![key];
    let error = loop {
        // SAFETY: as above; without a destructor.
        match unsafe { wvls_key_create(&raw mut key, None) } {
            0 => all.push(key),
            error => break error,
        }
    };
    assert_eq!(error, exhausted);
    assert_eq!(all.len(), Key::MAX);
    let sum = in_thread(|| {
        for &key in &all {
            // SAFETY: as above.
            assert_eq!(unsafe { wvls_set_value(key, number(key as usize + 1)) }, 0);
        }
        for &key in &all {
            assert_eq!(wvls_get_value(key), number(key as usize + 1));
        }
    });
    assert_eq!(sum, 1);
    for key in all {
        assert_eq!(wvls_key_delete(key), 0);
        assert_eq!(wvls_key_delete(key), invalid);
        // SAFETY: as above.
        assert_eq!(unsafe { wvls_set_value(key, number(1)) }, invalid);
        assert!(wvls_get_value(key).is_null());
    }
    for never in [1, RawKey::MAX] {
        assert_eq!(wvls_key_delete(never), invalid);
    }
    // SAFETY: as above.
    assert_eq!(unsafe { wvls_key_create(&raw mut key, None) }, 0);
    assert_ne!(key, 0);
    assert_eq!(wvls_key_delete(key), 0);
}

fn registrations() {
    let sum = in_thread(|| {
        let variable = VARIABLE.with(Cell::as_ptr);
        let null: *mut c_void = ptr::null_mut();
        let (mut first, mut second) = (0, 0);
        // SAFETY: the functions take any values, and the pointers are good or null.
        unsafe {
            assert_eq!(ft_weave_register(variable, Some(add), &raw mut first), 0);
            assert_eq!(ft_weave_register(variable, Some(add), null.cast()), 0);
            assert_eq!(
                ft_weave_register_with(variable, Some(add_both), number(100), &raw mut second),
                0
            );
            assert_eq!(
                ft_weave_register_with(variable, None, null, null.cast()),
                ERRORS.0
            );
            // Nothing to read, nothing to call.
            register_wvls_destructor(null.cast(), Some(add));
            register_wvls_destructor(variable, None);
        }
        assert_ne!(first, second);

        let unused = Entry {
            id: 0,
            variable: null.cast(),
            destructor: null,
            data: null,
        };
        let mut entries = [unused; 6];
        // SAFETY: there is room for so many.
        assert_eq!(unsafe { ft_weave_list(entries.as_mut_ptr(), 3) }, 5);
        assert_eq!((entries[0].id, entries[2].id), (first, second));
        assert_eq!(entries[0].destructor, add as *const c_void);
        assert_eq!(entries[2].destructor, add_both as *const c_void);
        assert_eq!((entries[0].data, entries[2].data), (null, number(100)));
        assert_eq!((entries[0].variable, entries[3].id), (variable, 0));

        assert_eq!(ft_weave_cancel(0), 0);
        assert_eq!(ft_weave_cancel(first), 1);
        assert_eq!(ft_weave_cancel(first), 0);
        VARIABLE.set(number(7));
    });
    assert_eq!(sum, 7 + 107);

    let sum = in_thread(|| {
        let variable = VARIABLE.with(Cell::as_ptr);
        VARIABLE.set(number(7));
        assert_eq!(unregister_wvls_destructor(variable), 0);
        for _ in 0..2 {
            // SAFETY: as above.
            unsafe { register_wvls_destructor(variable, Some(add)) };
        }
        assert_eq!(unregister_wvls_destructor(variable), 1);
        // SAFETY: as above.
        unsafe { register_wvls_destructor(variable, Some(add)) };
        assert_eq!(ft_weave_unregister(variable), 1);
        // SAFETY: as above.
        unsafe { register_wvls_destructor(variable, Some(add)) };
        assert_eq!(ft_weave_run_now(), 1);
        assert_eq!(ft_weave_run_now(), 0);
    });
    assert_eq!(sum, 7);
}

fn table() {
    assert_eq!(API.version, 1);
    assert_eq!(API.size as usize, size_of::<Api>());
    // Two numbers and ten functions, as C lays them out.
    let pointer = size_of::<usize>();
    assert_eq!(offset_of!(Api, key_create), 8);
    assert_eq!(size_of::<Api>(), 8 + 10 * pointer);
    let start = ptr::from_ref(&API).cast::<u8>();
    // SAFETY: the functions follow the numbers, without gaps.
    let functions = unsafe { slice::from_raw_parts(start.add(8).cast::<*const ()>(), 10) };
    assert_eq!(functions[0], wvls_key_create as *const ());
    assert_eq!(functions[9], ft_weave_run_now as *const ());
}

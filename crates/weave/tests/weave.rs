//! Behavior seen from outside.

use ft_weave::{
    Key, KeyError, RegisterError, Registration, at_thread_end, cancel, parts::Keys, register,
    register_with, registered, run_now, unregister,
};
use proptest::prelude::*;
use std::{
    cell::{Cell, RefCell},
    env,
    ffi::c_void,
    mem, panic,
    process::{self, Command},
    ptr,
    rc::Rc,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

/// Threads of the stress test.
const THREADS: usize = 300;

/// A log that a thread's destructors write to.
#[derive(Default)]
struct Log(Mutex<Vec<usize>>);

impl Log {
    fn new() -> &'static Self {
        /// So that a leak checker sees that they are wanted.
        static ALL: Mutex<Vec<&Log>> = Mutex::new(Vec::new());
        let log = Box::leak(Box::default());
        ALL.lock().unwrap().push(log);
        log
    }

    fn write(&self, line: usize) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<usize> {
        mem::take(&mut self.0.lock().unwrap())
    }
}

thread_local! {
    static LOG: Cell<Option<&'static Log>> = const { Cell::new(None) };
    static ONE: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
    static OTHER: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

unsafe extern "C" fn write(value: *mut c_void) {
    LOG.get().unwrap().write(value as usize);
}

unsafe extern "C" fn write_times_ten(value: *mut c_void) {
    LOG.get().unwrap().write(value as usize * 10);
}

fn one() -> *mut *mut c_void {
    ONE.with(Cell::as_ptr)
}

fn other() -> *mut *mut c_void {
    OTHER.with(Cell::as_ptr)
}

fn number(value: usize) -> *mut c_void {
    ptr::without_provenance_mut(value)
}

/// Runs `body` in a new thread, and returns what the destructors that it registered wrote.
fn in_thread(body: impl FnOnce() + Send) -> Vec<usize> {
    let log = Log::new();
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            LOG.set(Some(log));
            body();
            assert_eq!(log.take(), [], "called too early");
        });
        thread.join().unwrap();
    });
    log.take()
}

fn say(line: usize) -> impl FnOnce() {
    move || LOG.get().unwrap().write(line)
}

/// Registers `write` for a variable of this thread, which lives as long as the thread.
fn register_write(variable: *mut *mut c_void) -> Registration {
    // SAFETY: the variables are this thread's, and `write` takes any value.
    unsafe { register(variable, Some(write)) }.unwrap()
}

fn register_ten(variable: *mut *mut c_void) -> Registration {
    // SAFETY: as above.
    unsafe { register(variable, Some(write_times_ten)) }.unwrap()
}

#[test]
fn value_at_the_end() {
    let lines = in_thread(|| {
        ONE.set(number(1));
        register_write(one());
        ONE.set(number(2));
    });
    assert_eq!(lines, [2]);
}

#[test]
fn null_is_passed_on() {
    let lines = in_thread(|| {
        register_write(one());
    });
    assert_eq!(lines, [0]);
}

#[test]
fn order_of_registration() {
    let lines = in_thread(|| {
        ONE.set(number(1));
        OTHER.set(number(2));
        register_ten(other());
        register_write(one());
        register_write(other());
        register_ten(one());
        register_write(one());
        at_thread_end(say(5)).unwrap();
    });
    assert_eq!(lines, [20, 1, 2, 10, 1, 5]);
}

#[test]
fn unregister_takes_all_of_a_variable() {
    let lines = in_thread(|| {
        ONE.set(number(1));
        OTHER.set(number(2));
        assert_eq!(unregister(one()), 0);
        register_write(one());
        register_ten(other());
        register_ten(one());
        register_write(other());
        assert_eq!(unregister(one()), 2);
        assert_eq!(unregister(one()), 0);
        register_write(one());
    });
    assert_eq!(lines, [20, 2, 1]);
}

#[test]
fn cancel_takes_one() {
    let lines = in_thread(|| {
        ONE.set(number(1));
        let first = register_write(one());
        let second = register_write(one());
        register_ten(one());
        assert_ne!(first, second);
        assert!(cancel(second));
        assert!(!cancel(second));
        // A thread cannot cancel a registration of another thread.
        assert!(!thread::spawn(move || cancel(first)).join().unwrap());
    });
    assert_eq!(lines, [1, 10]);
}

#[test]
fn lists_belong_to_threads() {
    let lines = in_thread(|| {
        register_write(one());
        let variable = one() as usize;
        let others = in_thread(move || {
            assert_eq!(registered(), []);
            assert_eq!(unregister(variable as *mut *mut c_void), 0);
            ONE.set(number(7));
            register_write(one());
        });
        assert_eq!(others, [7]);
    });
    assert_eq!(lines, [0]);
}

#[test]
fn data_of_its_own() {
    unsafe extern "C" fn both(value: *mut c_void, data: *mut c_void) {
        LOG.get().unwrap().write(value as usize + data as usize);
    }
    let lines = in_thread(|| {
        ONE.set(number(1));
        // SAFETY: `both` takes any values.
        unsafe { register_with(one(), both, number(40)) }.unwrap();
        // SAFETY: as above, and there is no variable.
        unsafe { register_with(ptr::null_mut(), both, number(50)) }.unwrap();
        ONE.set(number(2));
    });
    assert_eq!(lines, [42, 50]);
}

#[test]
fn what_is_registered_is_told() {
    assert_eq!(
        in_thread(|| {
            let first = register_write(one());
            let second = at_thread_end(say(1)).unwrap();
            let found = registered();
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].registration, first);
            assert_eq!(found[0].variable, one());
            assert_eq!(found[0].destructor, write as *const c_void);
            assert_eq!(found[1].registration, second);
            assert!(found[1].variable.is_null() && found[1].data.is_null());
        }),
        [0, 1]
    );
}

/// What a destructor registers is called after the list, in at most four rounds, with a list that
/// cannot be changed by then.
#[test]
fn registering_at_the_end() {
    fn again() {
        LOG.get().unwrap().write(1);
        assert_eq!(registered(), []);
        at_thread_end(again).unwrap();
        assert_eq!(registered().len(), 1);
    }
    let lines = in_thread(|| {
        at_thread_end(again).unwrap();
        at_thread_end(say(2)).unwrap();
    });
    assert_eq!(lines, [1, 2, 1, 1, 1]);
}

#[test]
fn unregistering_at_the_end() {
    let lines = in_thread(|| {
        at_thread_end(|| {
            // The list is being run, and goes on.
            assert_eq!(unregister(one()), 0);
            register_ten(one());
            register_write(one());
            register_write(other());
            assert_eq!(unregister(one()), 2);
        })
        .unwrap();
        ONE.set(number(1));
        OTHER.set(number(2));
        register_write(one());
    });
    assert_eq!(lines, [1, 2]);
}

#[test]
fn closures_that_are_not_called_are_dropped() {
    struct Tells(mpsc::Sender<usize>);
    impl Drop for Tells {
        fn drop(&mut self) {
            // Also when this comes from `cancel`.
            at_thread_end(say(9)).unwrap();
            self.0.send(1).unwrap();
        }
    }
    let (sender, dropped) = mpsc::channel();
    let lines = in_thread(move || {
        let tells = Tells(sender);
        let registration = at_thread_end(move || {
            let _tells = &tells;
            unreachable!();
        });
        register_write(one());
        assert!(cancel(registration.unwrap()));
        assert_eq!(dropped.try_recv(), Ok(1));
    });
    assert_eq!(lines, [0, 9]);
}

#[test]
fn run_now_runs_once() {
    let lines = in_thread(|| {
        assert_eq!(run_now(), 0);
        let called = Rc::new(RefCell::new(vec![]));
        for n in 0..3 {
            let called = Rc::clone(&called);
            at_thread_end(move || called.borrow_mut().push(n)).unwrap();
        }
        assert_eq!(run_now(), 3);
        assert_eq!(*called.borrow(), [0, 1, 2]);
        assert_eq!(run_now(), 0);
        at_thread_end(say(4)).unwrap();
    });
    assert_eq!(lines, [4]);
}

#[test]
fn run_now_leaves_what_is_left() {
    fn again() {
        LOG.get().unwrap().write(1);
        at_thread_end(again).unwrap();
    }
    let log = in_thread(|| {
        at_thread_end(again).unwrap();
        assert_eq!(run_now(), 4);
        assert_eq!(registered().len(), 1);
        assert_eq!(LOG.get().unwrap().take(), [1; 4]);
    });
    assert_eq!(log, [1; 4]);
}

#[test]
fn threads_that_panic() {
    let log = Log::new();
    let result = thread::spawn(move || {
        LOG.set(Some(log));
        at_thread_end(say(1)).unwrap();
        panic::resume_unwind(Box::new(()));
    })
    .join();
    assert!(result.is_err());
    assert_eq!(log.take(), [1]);
}

#[test]
fn threads_of_the_system() {
    extern "C" fn body(log: *mut c_void) -> *mut c_void {
        // SAFETY: it is what was passed below.
        LOG.set(Some(unsafe { &*log.cast::<Log>() }));
        at_thread_end(say(1)).unwrap();
        ptr::null_mut()
    }
    if cfg!(unix) {
        let log = Log::new();
        let argument = ptr::from_ref(log).cast_mut().cast();
        let mut thread = mem::MaybeUninit::uninit();
        // SAFETY: a thread like any other, that is joined.
        unsafe {
            let error = libc::pthread_create(thread.as_mut_ptr(), ptr::null(), body, argument);
            assert_eq!(error, 0);
            libc::pthread_join(thread.assume_init(), ptr::null_mut());
        }
        assert_eq!(log.take(), [1]);
    }
}

/// A panic in a destructor ends the process: nobody could handle it, and the other destructors would not be
/// called.
#[test]
fn a_panic_ends_the_process() {
    const CHILD: &str = "FT_WEAVE_TEST_PANIC";
    if env::var_os(CHILD).is_some() {
        at_thread_end(|| panic!("no way out")).unwrap();
        let _ = panic::catch_unwind(run_now);
        process::exit(0);
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_panic_ends_the_process", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("no way out"), "{errors}");
    assert!(errors.contains("cannot unwind"), "{errors}");
}

/// Once a thread is joined, each of its destructors has run exactly once.
#[test]
fn many_threads() {
    static CALLED: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "C" fn count(value: *mut c_void) {
        CALLED.fetch_add(value as usize, SeqCst);
    }
    for round in (0..THREADS).step_by(10) {
        thread::scope(|scope| {
            for n in round..round + 10 {
                scope.spawn(move || {
                    ONE.set(number(n));
                    // SAFETY: `count` takes any value.
                    unsafe { register(one(), Some(count)) }.unwrap();
                    // SAFETY: as above.
                    let key = unsafe { Key::new(Some(count)) }.unwrap();
                    key.set(number(1)).unwrap();
                    run_now();
                    key.set(number(1)).unwrap();
                    key.delete().unwrap();
                });
            }
        });
    }
    assert_eq!(CALLED.load(SeqCst), THREADS * (THREADS - 1) / 2 + THREADS);
}

fn new_key() -> Key {
    // SAFETY: `write` takes any value.
    unsafe { Key::new(Some(write)) }.unwrap()
}

#[test]
fn keys_have_values_for_each_thread() {
    let key = new_key();
    assert_eq!(key.get(), ptr::null_mut());
    let lines = in_thread(|| {
        assert_eq!(key.get(), ptr::null_mut());
        key.set(number(1)).unwrap();
        key.set(number(2)).unwrap();
        assert_eq!(key.get(), number(2));
        assert_eq!(in_thread(|| key.set(number(3)).unwrap()), [3]);
        assert_eq!(key.get(), number(2));
    });
    assert_eq!(lines, [2]);
    assert_eq!(key.get(), ptr::null_mut());
    key.delete().unwrap();
}

#[test]
fn values_come_after_the_list() {
    let key = new_key();
    let lines = in_thread(|| {
        key.set(number(1)).unwrap();
        at_thread_end(move || {
            LOG.get().unwrap().write(key.get() as usize + 10);
            key.set(number(2)).unwrap();
        })
        .unwrap();
    });
    assert_eq!(lines, [11, 2]);
    key.delete().unwrap();
}

#[test]
fn values_are_set_again_at_most_three_times() {
    static KEY: Mutex<Option<Key>> = Mutex::new(None);
    unsafe extern "C" fn again(value: *mut c_void) {
        let key = KEY.lock().unwrap().unwrap();
        assert_eq!(key.get(), ptr::null_mut());
        LOG.get().unwrap().write(value as usize);
        key.set(number(value as usize + 1)).unwrap();
    }
    // SAFETY: `again` takes any value.
    let key = unsafe { Key::new(Some(again)) }.unwrap();
    *KEY.lock().unwrap() = Some(key);
    assert_eq!(in_thread(|| key.set(number(1)).unwrap()), [1, 2, 3, 4]);
    key.delete().unwrap();
}

#[test]
fn null_values_and_keys_without_destructors_are_passed_over() {
    let key = new_key();
    // SAFETY: no destructor will be called.
    let plain = unsafe { Key::new(None) }.unwrap();
    let lines = in_thread(|| {
        key.set(number(1)).unwrap();
        key.set(ptr::null_mut()).unwrap();
        plain.set(number(2)).unwrap();
        assert_eq!(run_now(), 0);
        assert_eq!(plain.get(), number(2));
    });
    assert_eq!(lines, []);
    key.delete().unwrap();
    plain.delete().unwrap();
}

#[test]
fn deleted_keys() {
    let key = new_key();
    let lines = in_thread(|| {
        key.set(number(1)).unwrap();
        key.delete().unwrap();
        assert_eq!(key.get(), ptr::null_mut());
        assert_eq!(key.set(number(2)), Err(KeyError::NoKey));
        assert_eq!(key.delete(), Err(KeyError::NoKey));
        // A later key, which may be in the same place, has no value.
        let later = new_key();
        assert_ne!(later, key);
        assert_eq!(later.get(), ptr::null_mut());
        later.set(number(3)).unwrap();
        assert_eq!(key.get(), ptr::null_mut());
    });
    assert_eq!(lines, [3]);
}

/// The number of a key is used again once its place has had 2^22 other keys, and not before.
#[test]
fn numbers_are_used_again_late() {
    let keys = Keys::<1>::new();
    for n in (0..1 << 22).chain([0]) {
        // SAFETY: no destructor will be called.
        let key = unsafe { keys.create(None) }.unwrap();
        assert_eq!(key, n << 10);
        assert!(keys.is_live(key));
        keys.delete(key).unwrap();
        assert!(!keys.is_live(key));
    }
}

#[test]
fn messages() {
    let errors = [
        KeyError::Exhausted,
        KeyError::NoKey,
        RegisterError::NoMemory.into(),
        RegisterError::NoHook.into(),
    ];
    assert_eq!(
        errors.map(|err| err.to_string()),
        [
            "there are too many keys; delete some",
            "the key was deleted, or never made",
            "no memory to register a destructor for the end of the thread",
            "the system has no thread-specific key left, so the end of a thread goes unnoticed",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A list with variables of several kinds behaves like a vector of pairs.
    #[test]
    fn like_a_vector(steps in prop::collection::vec((0..4_u8, 0..3_usize), 0..40)) {
        thread_local! {
            static VARIABLES: [Cell<*mut c_void>; 3] = const { [const { Cell::new(ptr::null_mut()) }; 3] };
        }
        let variable = |which: usize| VARIABLES.with(|all| all[which].as_ptr());
        let model = Mutex::new(Vec::new());
        let lines = in_thread(|| {
            let mut expected: Vec<(usize, usize, Registration)> = vec![];
            for (step, which) in steps {
                VARIABLES.with(|all| all[which].set(number(which + 1)));
                match step {
                    0 => expected.push((which, 1, register_write(variable(which)))),
                    1 => expected.push((which, 10, register_ten(variable(which)))),
                    2 => {
                        let before = expected.len();
                        expected.retain(|it| it.0 != which);
                        assert_eq!(unregister(variable(which)), before - expected.len());
                    }
                    _ => if which < expected.len() {
                        assert!(cancel(expected.remove(which).2));
                    }
                }
                let found = registered().into_iter().map(|it| it.registration);
                assert!(found.eq(expected.iter().map(|it| it.2)));
            }
            *model.lock().unwrap() = expected;
        });
        let model = model.into_inner().unwrap();
        let expected = model.iter().map(|(which, times, _)| (which + 1) * times);
        prop_assert!(lines.into_iter().eq(expected));
    }
}

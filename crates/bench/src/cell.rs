//! A cell, and how its work is timed.

#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::{
    cell::LazyCell,
    hint,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// The thread counts over which growth is shown.
pub(crate) const THREADS: [usize; 4] = [1, 2, 4, 8];

/// One kind of work on a number of threads, by several libraries.
pub struct Cell {
    /// Which of our primitives it is about.
    pub primitive: &'static str,
    /// What one operation is.
    pub work: &'static str,
    /// How many threads do it at once.
    pub threads: usize,
    /// The libraries, ours first.
    pub libraries: Vec<Library>,
}

impl Cell {
    /// Its name, without the number of threads.
    pub fn name(&self) -> String {
        format!("{}: {}", self.primitive, self.work)
    }
}

/// One library's way to do the work.
pub struct Library {
    /// The name by which a reader knows it.
    pub name: &'static str,
    run: Box<dyn Fn(usize) -> Run>,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    /// Processor time: the time that passed, times the number of processors that could be at work. With
    /// more threads than processors it is the time for which the threads ran (except outside of Linux):
    /// they take turns anyway, perhaps with other programs, and only the length of the turns counts.
    pub cost: Duration,
    /// Whether another program had a processor meanwhile, where that makes a difference.
    pub disturbed: bool,
}

impl Library {
    /// Makes the subject when it is first needed, and lets `work` do that many operations on it on each
    /// thread.
    pub(crate) fn new<S: 'static>(
        name: &'static str,
        make: impl FnOnce() -> S + 'static,
        work: impl Fn(&S, usize) -> Run + 'static,
    ) -> Self {
        let subject = LazyCell::new(make);
        let run = Box::new(move |operations| work(&subject, operations));
        Self { name, run }
    }

    /// Does at least that many operations, counted over all threads, and measures their cost.
    ///
    /// Work that scales perfectly costs the same on any number of threads.
    pub fn measure(&self, threads: usize, operations: usize) -> Run {
        (self.run)(operations.div_ceil(threads))
    }
}

/// How many processors there are.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Lists libraries that do the same generic work.
macro_rules! libraries {
    ($work:expr; $($name:literal => $make:expr,)+) => {
        vec![$($crate::cell::Library::new($name, $make, $work)),+]
    };
}
pub(crate) use libraries;

/// Runs `work` with 0, 1, 2, ... on as many threads at once, and measures from the first one's
/// start to the last one's end.
pub(crate) fn on_threads(threads: usize, work: impl Fn(usize) + Sync) -> Run {
    if threads == 1 {
        let span = timed(|| work(0));
        return Run {
            cost: span.end - span.start,
            disturbed: span.switches > 0,
        };
    }
    let waiting = AtomicUsize::new(threads);
    let (work, waiting) = (&work, &waiting);
    let thread = |index| {
        move || {
            // This is no `Barrier`, because a thread that sleeps there begins late.
            waiting.fetch_sub(1, SeqCst);
            for look in 0.. {
                if waiting.load(SeqCst) == 0 {
                    break;
                }
                if look < 10_000 {
                    hint::spin_loop();
                } else {
                    thread::yield_now();
                }
            }
            timed(|| work(index))
        }
    };
    let spans: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|n| scope.spawn(thread(n))).collect();
        let join = threads.into_iter().map(|thread| thread.join());
        join.map(|span| span.expect("a thread panicked")).collect()
    });
    let starts = || spans.iter().map(|span| span.start);
    let (first, last) = (starts().min(), starts().max());
    let end = spans.iter().map(|span| span.end).max();
    let since_first = |time: Option<Instant>| match (time, first) {
        (Some(time), Some(first)) => time - first,
        _ => Duration::ZERO,
    };
    let passed = since_first(end);
    let ran: Option<Duration> = spans.iter().map(|span| span.ran).sum();
    if let (true, Some(cost)) = (threads > cores(), ran) {
        return Run {
            cost,
            disturbed: false,
        };
    }
    let switches: u64 = spans.iter().map(|span| span.switches).sum();
    let late = since_first(last) > passed / 8;
    Run {
        cost: passed * threads.min(cores()) as u32,
        disturbed: threads <= cores() && (switches > 0 || late),
    }
}

/// What one thread has done.
struct Span {
    start: Instant,
    end: Instant,
    /// How long the thread has run, or `None` on systems that do not tell.
    ran: Option<Duration>,
    /// How often it has lost the processor to another thread, against its will.
    switches: u64,
}

fn timed(work: impl FnOnce()) -> Span {
    let (ran_before, switches_before) = usage();
    let start = Instant::now();
    work();
    let end = Instant::now();
    let (ran, switches) = usage();
    Span {
        start,
        end,
        ran: ran.zip(ran_before).map(|(ran, before)| ran - before),
        switches: switches - switches_before,
    }
}

/// How long the calling thread has run, and how often it has lost the processor.
#[cfg(target_os = "linux")]
fn usage() -> (Option<Duration>, u64) {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the call writes one `rusage`, for which there is room.
    let done = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    assert_eq!(done, 0, "Linux knows it");
    // SAFETY: the call has written it.
    let usage = unsafe { usage.assume_init() };
    let ran = [usage.ru_utime, usage.ru_stime].map(|time| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    });
    (Some(ran.iter().sum()), usage.ru_nivcsw as u64)
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
fn usage() -> (Option<Duration>, u64) {
    (None, 0)
}

/// Numbers without a pattern, the same each time: Marsaglia's xorshift64.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: usize) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ ((seed as u64 + 1) << 17))
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns true about once in `count` calls.
    #[inline]
    pub(crate) fn once_in(&mut self, count: u64) -> bool {
        (self.next() >> 32).is_multiple_of(count)
    }
}

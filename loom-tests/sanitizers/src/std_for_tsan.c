/* What ThreadSanitizer cannot see in a Rust program whose standard library is not instrumented.
 *
 * The fast paths of std's locks are generic or inline, so they are compiled with our own code, and
 * seen. Their slow paths come compiled, and are not: a thread that had to wait for a mutex would
 * seem to hold it without having acquired it, and whatever it then touches would be reported.
 * So each slow path is called through a function here (`ld --wrap`), which tells the sanitizer what
 * has happened. Nothing is suppressed by that, and nothing else is ordered by it.
 *
 * The names are std's, mangled, and come from the command line (`xtask/src/checks/sanitize/std_names.rs`):
 * WRAP_x is what the program calls, REAL_x what std has. The arguments are handed on as they came,
 * in registers: no more than five of them, none wider than a word.
 */
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* Mutex::lock_contended(&self) */
void REAL_lock_contended(void *mutex);
void WRAP_lock_contended(void *mutex)
{
    REAL_lock_contended(mutex);
    __tsan_acquire(mutex);
}

/* Condvar::wait(&self, &Mutex), which unlocks and locks the mutex by itself */
void REAL_wait(void *condvar, void *mutex);
void WRAP_wait(void *condvar, void *mutex)
{
    __tsan_release(mutex);
    REAL_wait(condvar, mutex);
    __tsan_acquire(mutex);
}

/* Condvar::wait_timeout(&self, &Mutex, Duration) -> bool */
uintptr_t REAL_wait_timeout(void *condvar, void *mutex, uintptr_t seconds, uintptr_t nanos);
uintptr_t WRAP_wait_timeout(void *condvar, void *mutex, uintptr_t seconds, uintptr_t nanos)
{
    __tsan_release(mutex);
    uintptr_t woken = REAL_wait_timeout(condvar, mutex, seconds, nanos);
    __tsan_acquire(mutex);
    return woken;
}

/* ScopeData::decrement_num_running_threads(&self, bool): the end of a thread of a scope, which the
 * thread that opened the scope sees by one of these words. */
void REAL_scope(char *scope, uintptr_t panicked);
void WRAP_scope(char *scope, uintptr_t panicked)
{
    for (int word = 0; word < 3; word++)
        __tsan_release(scope + word * sizeof(void *));
    REAL_scope(scope, panicked);
}

/* Once::call(&self, bool, &mut dyn FnMut(&OnceState), ...): what the closure writes is published
 * between its end and that of the call, so it is the closure that has to be wrapped. */
typedef void call_mut(void *data, void *state);
enum { CALL_ONCE = 3, CALL_MUT = 4, VTABLE = 5 };
struct once_closure {
    void *data;
    void **vtable;
    void *once;
};

static void call_and_release(void *self, void *state)
{
    struct once_closure *closure = self;
    ((call_mut *)closure->vtable[CALL_MUT])(closure->data, state);
    __tsan_release(closure->once);
}

void REAL_once(void *once, uintptr_t poisoned, void *data, void **vtable, uintptr_t location);
void WRAP_once(void *once, uintptr_t poisoned, void *data, void **vtable, uintptr_t location)
{
    struct once_closure closure = {data, vtable, once};
    void *ours[VTABLE] = {0, (void *)sizeof closure, (void *)sizeof(void *)};
    ours[CALL_ONCE] = ours[CALL_MUT] = (void *)call_and_release;
    REAL_once(once, poisoned, &closure, ours, location);
    __tsan_acquire(once);
}

/* ThreadSanitizer ignores fences. std needs one kind, in `Arc`: the thread that drops the last
 * reference has decremented the count, and then fences to see what other threads did before their
 * decrements. Here such a fence acquires what the thread's last decrement has read, as it does in
 * the language. Other fences stay ignored: code that relies on them would be reported, and this
 * library has no such code.
 */
enum { ACQUIRE = 2 }; /* __ATOMIC_ACQUIRE, as the sanitizer numbers them */
static __thread void *decremented;

uint64_t __real___tsan_atomic64_fetch_sub(volatile uint64_t *word, uint64_t by, int order);
uint64_t __wrap___tsan_atomic64_fetch_sub(volatile uint64_t *word, uint64_t by, int order)
{
    decremented = (void *)word;
    return __real___tsan_atomic64_fetch_sub(word, by, order);
}

void __real___tsan_atomic_thread_fence(int order);
void __wrap___tsan_atomic_thread_fence(int order)
{
    __real___tsan_atomic_thread_fence(order);
    if (order == ACQUIRE && decremented) {
        __tsan_acquire(decremented);
        decremented = 0;
    }
}

/* Locks: PyMutex, and the critical sections of one and two objects or mutexes.
 *
 *     static PyMutex lock;                    // or {0}: zero is unlocked; must not move
 *     void PyMutex_Lock(PyMutex *m)           // detaches from the interpreter while it waits
 *     void PyMutex_Unlock(PyMutex *m)         // fatal error if it is not locked
 *     int  PyMutex_IsLocked(PyMutex *m)       // for assertions
 *
 * A mutex is a real one everywhere, GIL or not: the GIL can change hands while it is held. It
 * needs no clean-up. Threads without a Python thread state may use it too.
 *
 *     Py_BEGIN_CRITICAL_SECTION(op);                Py_BEGIN_CRITICAL_SECTION2(a, b);
 *     ... op is locked ...                          ... both are locked ...
 *     Py_END_CRITICAL_SECTION();                    Py_END_CRITICAL_SECTION2();
 *
 *     Py_BEGIN_CRITICAL_SECTION_MUTEX(m), Py_BEGIN_CRITICAL_SECTION2_MUTEX(m1, m2)
 *         The same for a PyMutex instead of an object; they end as the others do.
 *     PyCriticalSection_Begin(&section, op), PyCriticalSection_End(&section), ...
 *         As functions, with a `PyCriticalSection section` or `PyCriticalSection2 section2`.
 *
 * A critical section stands in for the GIL and protects as much as that does: where there is a
 * GIL, it does nothing, and its arguments are not even evaluated by the macros. It is a C block:
 * what is declared in it ends with it, and it must not be left by return, break or goto. Whenever
 * the thread detaches (it waits, it calls what may run Python code), its sections are suspended,
 * and others may enter. A section in another does not keep both objects locked: that takes a
 * section of two.
 *
 * Under the limited API, what Python.h does not declare is not supplied: no PyMutex, no functions;
 * the macros are there.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */
#ifndef FT_COMPAT_LOCK_H
#define FT_COMPAT_LOCK_H

#ifndef FT_COMPAT_H
#  error "include ft_compat.h instead"
#endif

#include <stddef.h>

/* ---- PyMutex ---- */

#if PY_VERSION_HEX < 0x030D0000 && !defined(Py_LIMITED_API)

/* Bit 0: locked. The rest: the address of the newest of those who wait, who is on the stack of its
 * thread and knows the next. Anybody may put itself in front, while the mutex is locked; all else
 * is done by the thread that has it locked, so nobody in the list goes away meanwhile. */
typedef struct PyMutex {
    uintptr_t _bits;
} PyMutex;

struct FtCompat_Waiter {
    struct FtCompat_Waiter *next;
    PyThread_type_lock wakeup;
    /* It was woken once already and came too late: it must not lose again. */
    int was_woken;
    /* The mutex was left locked for it. */
    int has_mutex;
};

/* Whether this thread has the GIL. */
static inline int FtCompat_IsAttached(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return _PyThreadState_UncheckedGet() != NULL;
#else
    /* The function below tells the state of whoever has the GIL. PyGILState_Check knows better,
     * until there is a sub-interpreter: from then on it says yes to everybody. */
    PyThreadState *state;
    if (!PyGILState_Check()) {
        return 0;
    }
    state = _PyThreadState_UncheckedGet();
    return state != NULL && state->thread_id == PyThread_get_thread_ident();
#endif
}

static inline struct FtCompat_Waiter *FtCompat_NewestWaiter(uintptr_t bits)
{
    return FT_COMPAT_POINTER_CAST(
        struct FtCompat_Waiter *, bits & ~FT_COMPAT_CAST(uintptr_t, 1));
}

static inline void FtCompat_MutexWait(PyMutex *m)
{
    PyThreadState *state = FtCompat_IsAttached() ? PyEval_SaveThread() : NULL;
    struct FtCompat_Waiter self = {NULL, NULL, 0, 0};
    uintptr_t bits = ft_atomic_load_uintptr_relaxed(&m->_bits);
    self.wakeup = PyThread_allocate_lock();
    if (self.wakeup == NULL) {
        Py_FatalError("PyMutex_Lock: no memory for a lock to wait on");
    }
    PyThread_acquire_lock(self.wakeup, NOWAIT_LOCK);
    while (!self.has_mutex) {
        if ((bits & 1) == 0) {
            /* Acquire: pairs with the release of the thread that unlocked it. */
            if (ft_atomic_compare_exchange_uintptr_acquire(&m->_bits, &bits, bits | 1)) {
                break;
            }
            continue;
        }
        self.next = FtCompat_NewestWaiter(bits);
        /* Release: pairs with the acquire in FtCompat_MutexWake, which reads `self`. */
        if (ft_atomic_compare_exchange_uintptr_release(
                &m->_bits, &bits, FT_COMPAT_POINTER_CAST(uintptr_t, &self) | 1)) {
            PyThread_acquire_lock(self.wakeup, WAIT_LOCK);
            self.was_woken = 1;
            /* Relaxed: only a guess for the exchanges above. */
            bits = ft_atomic_load_uintptr_relaxed(&m->_bits);
        }
    }
    PyThread_free_lock(self.wakeup);
    if (state != NULL) {
        PyEval_RestoreThread(state);
    }
}

/* Unlocks a mutex that somebody waits for, and wakes the one at the end of the list. */
static inline void FtCompat_MutexWake(PyMutex *m)
{
    struct FtCompat_Waiter *before, *last;
    /* Acquire: pairs with the releases of those who put themselves in the list. */
    uintptr_t bits = ft_atomic_load_uintptr_acquire(&m->_bits);
    if ((bits & 1) == 0) {
        Py_FatalError("PyMutex_Unlock: the mutex is not locked");
    }
    for (;;) {
        before = NULL;
        last = FtCompat_NewestWaiter(bits);
        while (last->next != NULL) {
            before = last;
            last = last->next;
        }
        last->has_mutex = last->was_woken;
        if (before != NULL) {
            before->next = NULL;
            if (!last->has_mutex) {
                /* Release: pairs with the acquire of whoever locks it next. */
                ft_atomic_and_uintptr_release(&m->_bits, ~FT_COMPAT_CAST(uintptr_t, 1));
            }
            break;
        }
        /* The only one, unless another comes just now: then look again. */
        if (ft_atomic_compare_exchange_uintptr_acq_rel(
                &m->_bits, &bits, FT_COMPAT_CAST(uintptr_t, last->has_mutex))) {
            break;
        }
    }
    PyThread_release_lock(last->wakeup);
}

static inline void PyMutex_Lock(PyMutex *m)
{
    uintptr_t bits = 0;
    /* Acquire: pairs with the release of the thread that unlocked it. */
    if (!ft_atomic_compare_exchange_uintptr_acquire(&m->_bits, &bits, 1)) {
        FtCompat_MutexWait(m);
    }
}

static inline void PyMutex_Unlock(PyMutex *m)
{
    uintptr_t bits = 1;
    /* Release: pairs with the acquire of whoever locks it next. */
    if (!ft_atomic_compare_exchange_uintptr_release(&m->_bits, &bits, 0)) {
        FtCompat_MutexWake(m);
    }
}
#endif

#if PY_VERSION_HEX < 0x030E0000 && !defined(Py_LIMITED_API)
static inline int PyMutex_IsLocked(PyMutex *m)
{
    /* Bit 0 says so, in CPython 3.13 and above. Relaxed: the answer may be old anyway. */
#  if PY_VERSION_HEX < 0x030D0000
    return (ft_atomic_load_uintptr_relaxed(&m->_bits) & 1) != 0;
#  else
    return (ft_atomic_load_uint8_relaxed(&m->_bits) & 1) != 0;
#  endif
}
#endif

/* ---- Critical sections: macros ---- */

/* Word for word as in CPython's builds with the GIL, and in pythoncapi_compat.h. */
#ifndef Py_BEGIN_CRITICAL_SECTION
#  define Py_BEGIN_CRITICAL_SECTION(op) {
#  define Py_END_CRITICAL_SECTION() }
#  define Py_BEGIN_CRITICAL_SECTION2(a, b) {
#  define Py_END_CRITICAL_SECTION2() }
#endif

#ifndef Py_BEGIN_CRITICAL_SECTION_MUTEX
#  if FT_COMPAT_FREE_THREADED && !defined(Py_LIMITED_API)
#    define Py_BEGIN_CRITICAL_SECTION_MUTEX(mutex)  \
         {                                          \
             PyCriticalSection _py_cs;              \
             PyCriticalSection_BeginMutex(&_py_cs, mutex)
#    define Py_BEGIN_CRITICAL_SECTION2_MUTEX(m1, m2) \
         {                                           \
             PyCriticalSection2 _py_cs2;             \
             PyCriticalSection2_BeginMutex(&_py_cs2, m1, m2)
#  else
#    define Py_BEGIN_CRITICAL_SECTION_MUTEX(mutex) {
#    define Py_BEGIN_CRITICAL_SECTION2_MUTEX(m1, m2) {
#  endif
#endif

/* ---- Critical sections: functions ---- */

#if PY_VERSION_HEX < 0x030D0000 && !defined(Py_LIMITED_API)
typedef struct PyCriticalSection PyCriticalSection;
typedef struct PyCriticalSection2 PyCriticalSection2;
#endif

/* With the GIL, CPython 3.13 and 3.14 name the types and leave them incomplete: no variable can be
 * had. Their functions do not look at what they get. */
#if PY_VERSION_HEX < 0x030F0000 && !FT_COMPAT_FREE_THREADED && !defined(Py_LIMITED_API)
struct PyCriticalSection {
    char unused;
};
struct PyCriticalSection2 {
    char unused;
};
#endif

#if PY_VERSION_HEX < 0x030E0000 && !defined(Py_LIMITED_API)

#if PY_VERSION_HEX < 0x030D0000
static inline void PyCriticalSection_Begin(PyCriticalSection *c, PyObject *op)
{
    (void)c;
    (void)op;
}

static inline void PyCriticalSection_End(PyCriticalSection *c)
{
    (void)c;
}

static inline void PyCriticalSection2_Begin(PyCriticalSection2 *c, PyObject *a, PyObject *b)
{
    (void)c;
    (void)a;
    (void)b;
}

static inline void PyCriticalSection2_End(PyCriticalSection2 *c)
{
    (void)c;
}
#endif

#if FT_COMPAT_FREE_THREADED
/* CPython 3.13 begins a section with an object, of which it takes the address of the mutex in it
 * and nothing else. This is the object that would have `m` at that place. */
static inline PyObject *FtCompat_ObjectAround(PyMutex *m)
{
    return FT_COMPAT_POINTER_CAST(
        PyObject *, FT_COMPAT_POINTER_CAST(uintptr_t, m) - offsetof(PyObject, ob_mutex));
}
#endif

static inline void PyCriticalSection_BeginMutex(PyCriticalSection *c, PyMutex *m)
{
#if FT_COMPAT_FREE_THREADED
    PyCriticalSection_Begin(c, FtCompat_ObjectAround(m));
#else
    (void)c;
    (void)m;
#endif
}

static inline void PyCriticalSection2_BeginMutex(PyCriticalSection2 *c, PyMutex *m1, PyMutex *m2)
{
#if FT_COMPAT_FREE_THREADED
    PyCriticalSection2_Begin(c, FtCompat_ObjectAround(m1), FtCompat_ObjectAround(m2));
#else
    (void)c;
    (void)m1;
    (void)m2;
#endif
}

#endif

#endif /* FT_COMPAT_LOCK_H */

/* Every function and macro of ft_compat/lock.h: counters that are not atomic, counted up under them
 * by many threads. Valid C and C++. */
#include "ft_compat.h"

#include "support.h"

static PyMutex mutex, other_mutex;
static volatile long counter;

/* Counts up in two steps, with time between them for others to interfere. */
static void count_up(void)
{
    long before = counter;
    int pause;
    for (pause = 0; pause < 20; pause++) {
        ft_atomic_fence_seq_cst();
    }
    counter = before + 1;
}

static PyObject *take_count(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    long count = counter;
    counter = 0;
    return PyLong_FromLong(count);
}

static PyObject *mutex_basics(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    PyMutex local = {0};
    CHECK(!PyMutex_IsLocked(&local));
    PyMutex_Lock(&local);
    CHECK(PyMutex_IsLocked(&local));
    PyMutex_Unlock(&local);
    CHECK(!PyMutex_IsLocked(&local));
    Py_RETURN_NONE;
}

static PyObject *mutex_is_locked(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    return PyBool_FromLong(PyMutex_IsLocked(&mutex));
}

/* Waits attached; every other round gives the GIL away while the mutex is held. */
static PyObject *mutex_count(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long rounds = PyLong_AsLong(arg);
    while (rounds-- > 0) {
        PyMutex_Lock(&mutex);
        if (rounds % 2) {
            Py_BEGIN_ALLOW_THREADS
            count_up();
            Py_END_ALLOW_THREADS
        }
        else {
            count_up();
        }
        PyMutex_Unlock(&mutex);
    }
    Py_RETURN_NONE;
}

/* Waits detached. */
static PyObject *mutex_count_detached(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long rounds = PyLong_AsLong(arg);
    Py_BEGIN_ALLOW_THREADS
    while (rounds-- > 0) {
        PyMutex_Lock(&mutex);
        count_up();
        PyMutex_Unlock(&mutex);
    }
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* Calls `call` with the mutex held. */
static PyObject *mutex_hold(PyObject *Py_UNUSED(self), PyObject *call)
{
    PyObject *result;
    PyMutex_Lock(&mutex);
    result = PyObject_CallObject(call, NULL);
    PyMutex_Unlock(&mutex);
    return result;
}

static PyObject *mutex_unlock(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    PyMutex_Unlock(&mutex);
    Py_RETURN_NONE;
}

/* A thread that Python has never heard of. It does not outlive the call that starts it. */
static int foreign_done;

static void foreign_thread(void *arg)
{
    long rounds;
    for (rounds = *(long *)arg; rounds > 0; rounds--) {
        PyMutex_Lock(&mutex);
        count_up();
        PyMutex_Unlock(&mutex);
    }
    ft_atomic_store_int_release(&foreign_done, 1);
}

static PyObject *mutex_count_foreign(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long rounds = PyLong_AsLong(arg), ours = 0;
    foreign_done = 0;
    CHECK(PyThread_start_new_thread(foreign_thread, &rounds) != PYTHREAD_INVALID_THREAD_ID);
    Py_BEGIN_ALLOW_THREADS
    while (!ft_atomic_load_int_acquire(&foreign_done)) {
        PyMutex_Lock(&mutex);
        count_up();
        PyMutex_Unlock(&mutex);
        ours++;
    }
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(rounds + ours);
}

/* section_count(rounds, a, b): all kinds of critical section, which lock `a` or one of the mutexes,
 * with `b` or the other one in some. The counter is the same: the sections of objects and those of
 * mutexes do not exclude each other, so each call is of one kind. */
static PyObject *section_count(PyObject *Py_UNUSED(self), PyObject *args)
{
    long rounds;
    PyObject *a, *b;
    if (!PyArg_ParseTuple(args, "lOO", &rounds, &a, &b)) {
        return NULL;
    }
    (void)b; /* With the GIL, the macros do not look at it. */
    while (rounds-- > 0) {
        Py_BEGIN_CRITICAL_SECTION(a);
        count_up();
        Py_END_CRITICAL_SECTION();
        Py_BEGIN_CRITICAL_SECTION2(a, b);
        count_up();
        Py_END_CRITICAL_SECTION2();
        Py_BEGIN_CRITICAL_SECTION2(b, a);
        count_up();
        Py_END_CRITICAL_SECTION2();
        {
            PyCriticalSection section;
            PyCriticalSection2 section2;
            PyCriticalSection_Begin(&section, a);
            count_up();
            PyCriticalSection_End(&section);
            PyCriticalSection2_Begin(&section2, b, a);
            count_up();
            PyCriticalSection2_End(&section2);
        }
    }
    Py_RETURN_NONE;
}

static PyObject *section_count_mutex(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long rounds = PyLong_AsLong(arg);
    while (rounds-- > 0) {
        Py_BEGIN_CRITICAL_SECTION_MUTEX(&mutex);
        count_up();
        Py_END_CRITICAL_SECTION();
        Py_BEGIN_CRITICAL_SECTION2_MUTEX(&mutex, &other_mutex);
        count_up();
        Py_END_CRITICAL_SECTION2();
        {
            PyCriticalSection section;
            PyCriticalSection2 section2;
            PyCriticalSection_BeginMutex(&section, &mutex);
            count_up();
            CHECK(PyMutex_IsLocked(&mutex) == FT_COMPAT_FREE_THREADED);
            PyCriticalSection_End(&section);
            PyCriticalSection2_BeginMutex(&section2, &other_mutex, &mutex);
            count_up();
            CHECK(PyMutex_IsLocked(&other_mutex) == FT_COMPAT_FREE_THREADED);
            PyCriticalSection2_End(&section2);
        }
    }
    Py_RETURN_NONE;
}

#define LOCK_METHODS                                                                           \
    {"take_count", take_count, METH_NOARGS, NULL},                                             \
    {"mutex_basics", mutex_basics, METH_NOARGS, NULL},                                         \
    {"mutex_is_locked", mutex_is_locked, METH_NOARGS, NULL},                                   \
    {"mutex_count", mutex_count, METH_O, NULL},                                                \
    {"mutex_count_detached", mutex_count_detached, METH_O, NULL},                              \
    {"mutex_count_foreign", mutex_count_foreign, METH_O, NULL},                                \
    {"mutex_hold", mutex_hold, METH_O, NULL},                                                  \
    {"mutex_unlock", mutex_unlock, METH_NOARGS, NULL},                                         \
    {"section_count", section_count, METH_VARARGS, NULL},                                      \
    {"section_count_mutex", section_count_mutex, METH_O, NULL}

/* Every function of ft_compat/atomic.h: what it returns and leaves behind, and that nothing is lost
 * between threads. Valid C and C++. */
#include "ft_compat.h"

#include "support.h"

#define INTEGERS(X)                                                                            \
    X(int8, int8_t) X(int16, int16_t) X(int32, int32_t) X(int64, int64_t)                      \
    X(uint8, uint8_t) X(uint16, uint16_t) X(uint32, uint32_t) X(uint64, uint64_t)              \
    X(char, char) X(uchar, unsigned char) X(short, short) X(ushort, unsigned short)            \
    X(int, int) X(uint, unsigned int) X(long, long) X(ulong, unsigned long)                    \
    X(llong, long long) X(ullong, unsigned long long)                                          \
    X(intptr, intptr_t) X(uintptr, uintptr_t) X(ssize, Py_ssize_t)

/* The types that CPython's own functions do arithmetic on. */
#define CPYTHON_INTEGERS(X)                                                                    \
    X(int8, int8_t) X(int16, int16_t) X(int32, int32_t) X(int64, int64_t)                      \
    X(uint8, uint8_t) X(uint16, uint16_t) X(uint32, uint32_t) X(uint64, uint64_t)              \
    X(int, int) X(uint, unsigned int)                                                          \
    X(intptr, intptr_t) X(uintptr, uintptr_t) X(ssize, Py_ssize_t)
#define CPYTHON_BITWISE(X)                                                                     \
    X(uint8, uint8_t) X(uint16, uint16_t) X(uint32, uint32_t) X(uint64, uint64_t)              \
    X(uintptr, uintptr_t)
#define CPYTHON_RELAXED(X)                                                                     \
    X(char, char) X(uchar, unsigned char) X(short, short) X(ushort, unsigned short)            \
    X(long, long) X(llong, long long) X(ullong, unsigned long long)                            \
    X(float, float) X(double, double)

/* With every ending that a read-modify-write has. */
#define ORDERS(X, name, T) X(name, T, ) X(name, T, _relaxed) X(name, T, _acquire)              \
    X(name, T, _release) X(name, T, _acq_rel)

#define WRAPPED(T, value) ((T)(value))

/* ---- One thread ---- */

#define CHECK_LOAD_STORE(prefix, name, T)                                                      \
    do {                                                                                       \
        T cell = 0;                                                                            \
        prefix##_store_##name(&cell, 1);                                                       \
        CHECK_LATER(cell == 1 && prefix##_load_##name(&cell) == 1);                            \
        prefix##_store_##name##_relaxed(&cell, 2);                                             \
        CHECK_LATER(cell == 2 && prefix##_load_##name##_relaxed(&cell) == 2);                  \
        prefix##_store_##name##_release(&cell, 3);                                             \
        CHECK_LATER(cell == 3 && prefix##_load_##name##_acquire(&cell) == 3);                  \
    } while (0)

#define CHECK_RELAXED(prefix, name, T)                                                         \
    do {                                                                                       \
        T cell = 0;                                                                            \
        prefix##_store_##name##_relaxed(&cell, 2);                                             \
        CHECK_LATER(cell == 2 && prefix##_load_##name##_relaxed(&cell) == 2);                  \
    } while (0)

#define CHECK_SWAP(prefix, name, T, order)                                                     \
    do {                                                                                       \
        T cell = 5, expected = 6;                                                              \
        CHECK_LATER(prefix##_exchange_##name##order(&cell, 7) == 5 && cell == 7);              \
        /* The observed value comes back, and nothing is stored. */                            \
        CHECK_LATER(prefix##_compare_exchange_##name##order(&cell, &expected, 9) == 0);        \
        CHECK_LATER(cell == 7 && expected == 7);                                               \
        CHECK_LATER(prefix##_compare_exchange_##name##order(&cell, &expected, 9) == 1);        \
        CHECK_LATER(cell == 9 && expected == 7);                                               \
    } while (0)

#define CHECK_ADD(prefix, name, T, order)                                                      \
    do {                                                                                       \
        T cell = 5;                                                                            \
        int bit;                                                                               \
        CHECK_LATER(prefix##_add_##name##order(&cell, 2) == 5 && cell == 7);                   \
        CHECK_LATER(prefix##_add_##name##order(&cell, WRAPPED(T, -8)) == 7);                   \
        CHECK_LATER(cell == WRAPPED(T, -1));                                                   \
        /* Doubled until it overflows, which is no error: every step shifts by one. */         \
        for (bit = 0, cell = 1; bit < (int)sizeof(T) * 8; bit++) {                             \
            CHECK_LATER(prefix##_add_##name##order(&cell, cell) != 0);                         \
        }                                                                                      \
        CHECK_LATER(cell == 0);                                                                \
    } while (0)

#define CHECK_BITWISE(prefix, name, T, order)                                                  \
    do {                                                                                       \
        T cell = 12;                                                                           \
        CHECK_LATER(prefix##_and_##name##order(&cell, 10) == 12 && cell == 8);                 \
        CHECK_LATER(prefix##_or_##name##order(&cell, 3) == 8 && cell == 11);                   \
    } while (0)

#define CHECK_MORE(name, T, order)                                                             \
    do {                                                                                       \
        T cell = 5;                                                                            \
        CHECK_LATER(ft_atomic_sub_##name##order(&cell, 6) == 5 && cell == WRAPPED(T, -1));     \
        cell = 12;                                                                             \
        CHECK_LATER(ft_atomic_xor_##name##order(&cell, 10) == 12 && cell == 6);                \
    } while (0);

#define CHECK_FT_ORDER(name, T, order)                                                         \
    CHECK_SWAP(ft_atomic, name, T, order);                                                     \
    CHECK_ADD(ft_atomic, name, T, order);                                                      \
    CHECK_BITWISE(ft_atomic, name, T, order);                                                  \
    CHECK_MORE(name, T, order)
#define CHECK_FT(name, T)                                                                      \
    CHECK_LOAD_STORE(ft_atomic, name, T);                                                      \
    ORDERS(CHECK_FT_ORDER, name, T)
#define CHECK_CPYTHON(name, T)                                                                 \
    CHECK_LOAD_STORE(_Py_atomic, name, T);                                                     \
    CHECK_SWAP(_Py_atomic, name, T, );                                                         \
    CHECK_ADD(_Py_atomic, name, T, );
#define CHECK_CPYTHON_BITWISE(name, T) CHECK_BITWISE(_Py_atomic, name, T, );
#define CHECK_CPYTHON_RELAXED(name, T) CHECK_RELAXED(_Py_atomic, name, T);

#define CHECK_POINTER_LOADS(prefix)                                                            \
    do {                                                                                       \
        int a = 0, b = 0;                                                                      \
        int *cell = NULL;                                                                      \
        prefix##_store_ptr(&cell, &a);                                                         \
        CHECK_LATER(cell == &a && prefix##_load_ptr(&cell) == &a);                             \
        prefix##_store_ptr_relaxed(&cell, &b);                                                 \
        CHECK_LATER(cell == &b && prefix##_load_ptr_relaxed(&cell) == &b);                     \
        prefix##_store_ptr_release(&cell, &a);                                                 \
        CHECK_LATER(cell == &a && prefix##_load_ptr_acquire(&cell) == &a);                     \
    } while (0)
#define CHECK_POINTER_SWAPS(prefix, T, order)                                                  \
    do {                                                                                       \
        int a = 0, b = 0;                                                                      \
        int *cell = &a, *expected = NULL;                                                      \
        CHECK_LATER(prefix##_exchange_ptr##order(&cell, &b) == &a && cell == &b);              \
        CHECK_LATER(!prefix##_compare_exchange_ptr##order(&cell, &expected, &a));              \
        CHECK_LATER(cell == &b && expected == &b);                                             \
        CHECK_LATER(prefix##_compare_exchange_ptr##order(&cell, &expected, &a));               \
        CHECK_LATER(cell == &a && expected == &b);                                             \
    } while (0);

static PyObject *check_atomics(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    const char *failed = NULL;
    INTEGERS(CHECK_FT)
    CHECK_LOAD_STORE(ft_atomic, float, float);
    CHECK_LOAD_STORE(ft_atomic, double, double);
    CHECK_POINTER_LOADS(ft_atomic);
    ORDERS(CHECK_POINTER_SWAPS, ft_atomic, void *)
    ft_atomic_fence_seq_cst();
    ft_atomic_fence_acquire();
    ft_atomic_fence_release();
    RETURN_FAILED(failed);
}

static PyObject *check_cpython_atomics(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    const char *failed = NULL;
    PyObject *cell = NULL;
    CPYTHON_INTEGERS(CHECK_CPYTHON)
    CPYTHON_BITWISE(CHECK_CPYTHON_BITWISE)
    CPYTHON_RELAXED(CHECK_CPYTHON_RELAXED)
    CHECK_LOAD_STORE(_Py_atomic, ulong, unsigned long);
    CHECK_POINTER_LOADS(_Py_atomic);
    CHECK_POINTER_SWAPS(_Py_atomic, void *, )
    _Py_atomic_store_ptr(&cell, Py_None);
    CHECK_LATER(_Py_atomic_load_ptr_consume(&cell) == Py_None);
    _Py_atomic_fence_seq_cst();
    _Py_atomic_fence_acquire();
    _Py_atomic_fence_release();
    RETURN_FAILED(failed);
}

/* ---- Many threads: each runs `hammer`, then one looks at the sums ---- */

/* One thread's rounds on the cells of a type: a counter that all add to, a word of which each thread
 * has a bit, and a box into which everybody puts numbers and takes those of others. */
#define CELLS(name, T) static struct { T counter, bits, box, taken; } cells_##name;
INTEGERS(CELLS)

#define HAMMER(prefix, name, T, order)                                                         \
    do {                                                                                       \
        T seen = prefix##_load_##name##_relaxed(&cells_##name.counter);                        \
        while (!prefix##_compare_exchange_##name##order(                                       \
            &cells_##name.counter, &seen, WRAPPED(T, seen + 1))) {                             \
        }                                                                                      \
        prefix##_add_##name##order(&cells_##name.counter, 2);                                  \
        prefix##_add_##name##order(                                                            \
            &cells_##name.taken, prefix##_exchange_##name##order(&cells_##name.box, 3));       \
    } while (0)
#define HAMMER_BITS(prefix, name, T, order)                                                    \
    do {                                                                                       \
        T mine = WRAPPED(T, 1 << index);                                                       \
        CHECK_LATER((prefix##_or_##name##order(&cells_##name.bits, mine) & mine) == 0);        \
        CHECK_LATER(                                                                           \
            (prefix##_and_##name##order(&cells_##name.bits, WRAPPED(T, ~mine)) & mine) != 0);  \
    } while (0)
#define HAMMER_FT_ORDER(name, T, order)                                                        \
    HAMMER(ft_atomic, name, T, order);                                                         \
    HAMMER_BITS(ft_atomic, name, T, order);                                                    \
    ft_atomic_xor_##name##order(&cells_##name.bits, WRAPPED(T, 1 << index));                   \
    ft_atomic_xor_##name##order(&cells_##name.bits, WRAPPED(T, 1 << index));                   \
    ft_atomic_sub_##name##order(&cells_##name.counter, 1);
#define HAMMER_FT(name, T) ORDERS(HAMMER_FT_ORDER, name, T)
#define HAMMER_CPYTHON(name, T) HAMMER(_Py_atomic, name, T, );
#define HAMMER_CPYTHON_BITS(name, T) HAMMER_BITS(_Py_atomic, name, T, );

/* What is left when `rounds` rounds have been run, in which the counter went up by `each`. */
#define CHECK_CELLS(name, T)                                                                   \
    CHECK_LATER(cells_##name.counter == WRAPPED(T, rounds * each));                            \
    CHECK_LATER(cells_##name.bits == 0);                                                       \
    CHECK_LATER(WRAPPED(T, cells_##name.taken + cells_##name.box) == WRAPPED(T, rounds * swaps * 3));\
    cells_##name.counter = cells_##name.box = cells_##name.taken = 0;

/* hammer(index, rounds): detached, so that threads run at once in every build. */
static PyObject *hammer_atomics(PyObject *Py_UNUSED(self), PyObject *args)
{
    int index, rounds, round;
    const char *failed = NULL;
    if (!PyArg_ParseTuple(args, "ii", &index, &rounds)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    for (round = 0; round < rounds; round++) {
        INTEGERS(HAMMER_FT)
    }
    Py_END_ALLOW_THREADS
    RETURN_FAILED(failed);
}

static PyObject *hammered_atomics(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long long rounds = PyLong_AsLongLong(arg), each = 10, swaps = 5;
    const char *failed = NULL;
    INTEGERS(CHECK_CELLS)
    RETURN_FAILED(failed);
}

/* The same for CPython's functions, attached: before 3.13 that is what they need. */
static PyObject *hammer_cpython_atomics(PyObject *Py_UNUSED(self), PyObject *args)
{
    int index, rounds, round;
    const char *failed = NULL;
    if (!PyArg_ParseTuple(args, "ii", &index, &rounds)) {
        return NULL;
    }
    for (round = 0; round < rounds; round++) {
        CPYTHON_INTEGERS(HAMMER_CPYTHON)
        CPYTHON_BITWISE(HAMMER_CPYTHON_BITS)
    }
    RETURN_FAILED(failed);
}

static PyObject *hammered_cpython_atomics(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long long rounds = PyLong_AsLongLong(arg), each = 3, swaps = 1;
    const char *failed = NULL;
    CPYTHON_INTEGERS(CHECK_CELLS)
    RETURN_FAILED(failed);
}

/* A lock made of a pointer, and one of a byte, around counters that are not atomic. */
static void *pointer_lock;
static uint8_t byte_lock;
static long under_pointer, under_byte;

static PyObject *hammer_spin_locks(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long rounds = PyLong_AsLong(arg);
    Py_BEGIN_ALLOW_THREADS
    while (rounds-- > 0) {
        while (ft_atomic_exchange_ptr_acquire(&pointer_lock, &under_pointer) != NULL) {
        }
        under_pointer++;
        ft_atomic_store_ptr_release(&pointer_lock, NULL);
        for (;;) {
            uint8_t open = 0;
            if (ft_atomic_compare_exchange_uint8_acquire(&byte_lock, &open, 1)) {
                break;
            }
        }
        under_byte++;
        ft_atomic_store_uint8_release(&byte_lock, 0);
    }
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *hammered_spin_locks(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    PyObject *counts = Py_BuildValue("ll", under_pointer, under_byte);
    under_pointer = under_byte = 0;
    return counts;
}

#define ATOMIC_METHODS                                                                         \
    {"check_atomics", check_atomics, METH_NOARGS, NULL},                                       \
    {"check_cpython_atomics", check_cpython_atomics, METH_NOARGS, NULL},                       \
    {"hammer_atomics", hammer_atomics, METH_VARARGS, NULL},                                    \
    {"hammered_atomics", hammered_atomics, METH_O, NULL},                                      \
    {"hammer_cpython_atomics", hammer_cpython_atomics, METH_VARARGS, NULL},                    \
    {"hammered_cpython_atomics", hammered_cpython_atomics, METH_O, NULL},                      \
    {"hammer_spin_locks", hammer_spin_locks, METH_O, NULL},                                    \
    {"hammered_spin_locks", hammered_spin_locks, METH_NOARGS, NULL}

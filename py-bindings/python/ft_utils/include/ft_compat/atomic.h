/* Atomic operations: the part of ft_compat.h that threads share numbers and pointers with.
 *
 *     static Py_ssize_t calls;
 *     ft_atomic_add_ssize_relaxed(&calls, 1);
 *
 * Two families, with one set of signatures:
 *
 * ft_atomic_*      Atomic always: on every Python, whether or not the thread holds the GIL.
 *
 * _Py_atomic_*     CPython's own from 3.13 on. Before, the GIL is relied on: plain loads and stores
 *                  that cost nothing, atomic only among threads that hold the same GIL. Memory
 *                  that is touched by a thread without it (between Py_BEGIN_ALLOW_THREADS and
 *                  Py_END_ALLOW_THREADS, not started by Python, or of an interpreter with a GIL
 *                  of its own) needs ft_atomic_*.
 *
 * With T the type that TYPE stands for (table below):
 *
 *     T    ft_atomic_load_TYPE(const T *obj)               _relaxed _acquire
 *     void ft_atomic_store_TYPE(T *obj, T value)           _relaxed _release
 *     T    ft_atomic_exchange_TYPE(T *obj, T value)        _relaxed _acquire _release _acq_rel
 *     int  ft_atomic_compare_exchange_TYPE(T *obj, T *expected, T desired)          the same
 *     T    ft_atomic_add_TYPE(T *obj, T value)             the same
 *          and sub, and, or, xor
 *     void ft_atomic_fence_seq_cst(void)                   and fence_acquire, fence_release
 *
 * The names as they stand are sequentially consistent; the endings on the right ask for less.
 * Arithmetic wraps around, for signed types too, and returns the value from before.
 * compare_exchange returns 1 if it stored `desired`; otherwise it returns 0 and has written what
 * it saw to `*expected`, so that a loop can go on with that:
 *
 *     Py_ssize_t seen = ft_atomic_load_ssize_relaxed(&largest);
 *     while (seen < value && !ft_atomic_compare_exchange_ssize(&largest, &seen, value)) {
 *     }
 *
 * TYPE      T                          TYPE      T
 * int8      int8_t                     uint8     uint8_t         and 16, 32, 64
 * char      char                       uchar     unsigned char
 * short     short                      ushort    unsigned short
 * int       int                        uint      unsigned int
 * long      long                       ulong     unsigned long
 * llong     long long                  ullong    unsigned long long
 * intptr    intptr_t                   uintptr   uintptr_t
 * ssize     Py_ssize_t                 ptr       void *: no arithmetic; every pointer to a
 *                                                pointer is taken, as void *
 * float     float: load, store         double    double: load, store
 *
 * An object must be aligned as its type asks for. On 32-bit systems without 64-bit atomic
 * instructions, GCC and Clang leave the 64-bit operations to libatomic.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */
#ifndef FT_COMPAT_ATOMIC_H
#define FT_COMPAT_ATOMIC_H

#ifndef FT_COMPAT_H
#  error "include ft_compat.h instead"
#endif

#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#  include "atomic_gnu.h"
#elif defined(_MSC_VER)
#  include "atomic_msvc.h"
#else
#  error "ft_compat.h knows the atomic operations of GCC, Clang and MSVC only"
#endif

#if SIZEOF_VOID_P == 8
#  define FT_COMPAT_POINTER_BITS 64
#else
#  define FT_COMPAT_POINTER_BITS 32
#endif
#if SIZEOF_LONG == 8
#  define FT_COMPAT_LONG_BITS 64
#else
#  define FT_COMPAT_LONG_BITS 32
#endif

/* ---- ft_atomic_* ---- */

#define FT_COMPAT_LOAD_STORE(name, T, bits)                                              \
    FT_COMPAT_DEFINE_LOAD(ft_atomic_load_##name, T, bits, FT_COMPAT_SEQ_CST)             \
    FT_COMPAT_DEFINE_LOAD(ft_atomic_load_##name##_relaxed, T, bits, FT_COMPAT_RELAXED)   \
    FT_COMPAT_DEFINE_LOAD(ft_atomic_load_##name##_acquire, T, bits, FT_COMPAT_ACQUIRE)   \
    FT_COMPAT_DEFINE_STORE(ft_atomic_store_##name, T, bits, FT_COMPAT_SEQ_CST)           \
    FT_COMPAT_DEFINE_STORE(ft_atomic_store_##name##_relaxed, T, bits, FT_COMPAT_RELAXED) \
    FT_COMPAT_DEFINE_STORE(ft_atomic_store_##name##_release, T, bits, FT_COMPAT_RELEASE)

/* The second order is that of a comparison that fails, and so stores nothing. */
#define FT_COMPAT_EACH_ORDER(DEFINE, stem, T, bits)                       \
    DEFINE(stem, T, bits, FT_COMPAT_SEQ_CST, FT_COMPAT_SEQ_CST)           \
    DEFINE(stem##_relaxed, T, bits, FT_COMPAT_RELAXED, FT_COMPAT_RELAXED) \
    DEFINE(stem##_acquire, T, bits, FT_COMPAT_ACQUIRE, FT_COMPAT_ACQUIRE) \
    DEFINE(stem##_release, T, bits, FT_COMPAT_RELEASE, FT_COMPAT_RELAXED) \
    DEFINE(stem##_acq_rel, T, bits, FT_COMPAT_ACQ_REL, FT_COMPAT_ACQUIRE)

#define FT_COMPAT_INTEGER(name, T, bits)                                                       \
    FT_COMPAT_LOAD_STORE(name, T, bits)                                                        \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_EXCHANGE, ft_atomic_exchange_##name, T, bits)        \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_COMPARE, ft_atomic_compare_exchange_##name, T, bits) \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_ADD, ft_atomic_add_##name, T, bits)                  \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_SUB, ft_atomic_sub_##name, T, bits)                  \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_AND, ft_atomic_and_##name, T, bits)                  \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_OR, ft_atomic_or_##name, T, bits)                    \
    FT_COMPAT_EACH_ORDER(FT_COMPAT_DEFINE_XOR, ft_atomic_xor_##name, T, bits)

FT_COMPAT_INTEGER(int8, int8_t, 8)
FT_COMPAT_INTEGER(int16, int16_t, 16)
FT_COMPAT_INTEGER(int32, int32_t, 32)
FT_COMPAT_INTEGER(int64, int64_t, 64)
FT_COMPAT_INTEGER(uint8, uint8_t, 8)
FT_COMPAT_INTEGER(uint16, uint16_t, 16)
FT_COMPAT_INTEGER(uint32, uint32_t, 32)
FT_COMPAT_INTEGER(uint64, uint64_t, 64)
FT_COMPAT_INTEGER(char, char, 8)
FT_COMPAT_INTEGER(uchar, unsigned char, 8)
FT_COMPAT_INTEGER(short, short, 16)
FT_COMPAT_INTEGER(ushort, unsigned short, 16)
FT_COMPAT_INTEGER(int, int, 32)
FT_COMPAT_INTEGER(uint, unsigned int, 32)
FT_COMPAT_INTEGER(long, long, FT_COMPAT_LONG_BITS)
FT_COMPAT_INTEGER(ulong, unsigned long, FT_COMPAT_LONG_BITS)
FT_COMPAT_INTEGER(llong, long long, 64)
FT_COMPAT_INTEGER(ullong, unsigned long long, 64)
FT_COMPAT_INTEGER(intptr, intptr_t, FT_COMPAT_POINTER_BITS)
FT_COMPAT_INTEGER(uintptr, uintptr_t, FT_COMPAT_POINTER_BITS)
FT_COMPAT_INTEGER(ssize, Py_ssize_t, FT_COMPAT_POINTER_BITS)
FT_COMPAT_LOAD_STORE(float, float, 32)
FT_COMPAT_LOAD_STORE(double, double, 64)

/* Pointers: the work is done on a `void *`, the public functions take the address of any. */
FT_COMPAT_LOAD_STORE(address, void *, FT_COMPAT_POINTER_BITS)
FT_COMPAT_EACH_ORDER(
    FT_COMPAT_DEFINE_EXCHANGE, ft_atomic_exchange_address, void *, FT_COMPAT_POINTER_BITS)
FT_COMPAT_EACH_ORDER(
    FT_COMPAT_DEFINE_COMPARE, ft_atomic_compare_exchange_address, void *, FT_COMPAT_POINTER_BITS)

#define FT_COMPAT_LOAD_POINTER(prefix, order)                                    \
    static inline void *prefix##_load_ptr##order(const void *obj)                \
    {                                                                            \
        return prefix##_load_address##order(FT_COMPAT_CAST(void *const *, obj)); \
    }
#define FT_COMPAT_STORE_POINTER(prefix, order)                              \
    static inline void prefix##_store_ptr##order(void *obj, void *value)    \
    {                                                                       \
        prefix##_store_address##order(FT_COMPAT_CAST(void **, obj), value); \
    }
#define FT_COMPAT_SWAP_POINTER(prefix, order)                                          \
    static inline void *prefix##_exchange_ptr##order(void *obj, void *value)           \
    {                                                                                  \
        return prefix##_exchange_address##order(FT_COMPAT_CAST(void **, obj), value);  \
    }                                                                                  \
    static inline int prefix##_compare_exchange_ptr##order(                            \
        void *obj, void *expected, void *desired)                                      \
    {                                                                                  \
        return prefix##_compare_exchange_address##order(                               \
            FT_COMPAT_CAST(void **, obj), FT_COMPAT_CAST(void **, expected), desired); \
    }

FT_COMPAT_LOAD_POINTER(ft_atomic, )
FT_COMPAT_LOAD_POINTER(ft_atomic, _relaxed)
FT_COMPAT_LOAD_POINTER(ft_atomic, _acquire)
FT_COMPAT_STORE_POINTER(ft_atomic, )
FT_COMPAT_STORE_POINTER(ft_atomic, _relaxed)
FT_COMPAT_STORE_POINTER(ft_atomic, _release)
FT_COMPAT_SWAP_POINTER(ft_atomic, )
FT_COMPAT_SWAP_POINTER(ft_atomic, _relaxed)
FT_COMPAT_SWAP_POINTER(ft_atomic, _acquire)
FT_COMPAT_SWAP_POINTER(ft_atomic, _release)
FT_COMPAT_SWAP_POINTER(ft_atomic, _acq_rel)

/* ---- _Py_atomic_* ---- */

#if PY_VERSION_HEX < 0x030D0000
#  include "atomic_gil.h"
#else
#  include "atomic_cpython.h"
#endif

#undef FT_COMPAT_LOAD_STORE
#undef FT_COMPAT_EACH_ORDER
#undef FT_COMPAT_INTEGER
#undef FT_COMPAT_LOAD_POINTER
#undef FT_COMPAT_STORE_POINTER
#undef FT_COMPAT_SWAP_POINTER
#undef FT_COMPAT_DEFINE_LOAD
#undef FT_COMPAT_DEFINE_STORE
#undef FT_COMPAT_DEFINE_EXCHANGE
#undef FT_COMPAT_DEFINE_COMPARE
#undef FT_COMPAT_DEFINE_ADD
#undef FT_COMPAT_DEFINE_SUB
#undef FT_COMPAT_DEFINE_AND
#undef FT_COMPAT_DEFINE_OR
#undef FT_COMPAT_DEFINE_XOR
#undef FT_COMPAT_RELAXED
#undef FT_COMPAT_ACQUIRE
#undef FT_COMPAT_RELEASE
#undef FT_COMPAT_ACQ_REL
#undef FT_COMPAT_SEQ_CST

#endif /* FT_COMPAT_ATOMIC_H */

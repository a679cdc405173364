/* What atomic.h is made of, for MSVC: a set of functions for each width.
 *
 * The _Interlocked functions are full barriers on x86, x64 and ARM64, which is all that any order
 * asks for. Loads and stores are plain accesses with a barrier: after a load that acquires, before
 * a store that releases. A sequentially consistent store is an exchange, so a load of that order
 * needs no more than to acquire.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */

#include <intrin.h>
#include <string.h>

#define FT_COMPAT_RELAXED 0
#define FT_COMPAT_ACQUIRE 1
#define FT_COMPAT_RELEASE 2
#define FT_COMPAT_ACQ_REL 3
#define FT_COMPAT_SEQ_CST 4

/* Keeps the compiler from moving memory accesses across it; no instruction. */
#define FT_COMPAT_COMPILER_BARRIER() _ReadWriteBarrier()

/* Orders a load before what follows, and a store after what precedes. x86 does so by itself. */
#if defined(_M_ARM64) || defined(_M_ARM64EC)
#  define FT_COMPAT_BARRIER() __dmb(_ARM64_BARRIER_ISH)
#else
#  define FT_COMPAT_BARRIER() _ReadWriteBarrier()
#endif

/* 32-bit x86 has one 64-bit operation, from which the others are made. */
#ifdef _M_IX86
static __forceinline __int64 FtCompat_load_64(void const volatile *obj)
{
    return _InterlockedCompareExchange64((__int64 volatile *)obj, 0, 0);
}

#  define FT_COMPAT_LOOP_64(function, after)                                           \
    static __forceinline __int64 function(void volatile *obj, __int64 value)           \
    {                                                                                  \
        __int64 before = FtCompat_load_64(obj);                                        \
        for (;;) {                                                                     \
            __int64 seen =                                                             \
                _InterlockedCompareExchange64((__int64 volatile *)obj, after, before); \
            if (seen == before) {                                                      \
                return before;                                                         \
            }                                                                          \
            before = seen;                                                             \
        }                                                                              \
    }
FT_COMPAT_LOOP_64(FtCompat_exchange_64, value)
FT_COMPAT_LOOP_64(FtCompat_add_64, (__int64)((unsigned __int64)before + (unsigned __int64)value))
FT_COMPAT_LOOP_64(FtCompat_mask_64, before & value)
FT_COMPAT_LOOP_64(FtCompat_set_64, before | value)
FT_COMPAT_LOOP_64(FtCompat_flip_64, before ^ value)
#  undef FT_COMPAT_LOOP_64

static __forceinline void FtCompat_store_64(void volatile *obj, __int64 value)
{
    FtCompat_exchange_64(obj, value);
}
#endif

#define FT_COMPAT_WIDTH_LOAD_STORE(bits, W)                                      \
    static __forceinline W FtCompat_load_##bits(void const volatile *obj)        \
    {                                                                            \
        return __iso_volatile_load##bits((W const volatile *)obj);               \
    }                                                                            \
    static __forceinline void FtCompat_store_##bits(void volatile *obj, W value) \
    {                                                                            \
        __iso_volatile_store##bits((W volatile *)obj, value);                    \
    }

#define FT_COMPAT_WIDTH_CALL(bits, W, name, intrinsic)                           \
    static __forceinline W FtCompat_##name##_##bits(void volatile *obj, W value) \
    {                                                                            \
        return intrinsic((W volatile *)obj, value);                              \
    }

#define FT_COMPAT_WIDTH(bits, W, suffix)                                  \
    FT_COMPAT_WIDTH_CALL(bits, W, exchange, _InterlockedExchange##suffix) \
    FT_COMPAT_WIDTH_CALL(bits, W, add, _InterlockedExchangeAdd##suffix)   \
    FT_COMPAT_WIDTH_CALL(bits, W, mask, _InterlockedAnd##suffix)           \
    FT_COMPAT_WIDTH_CALL(bits, W, set, _InterlockedOr##suffix)             \
    FT_COMPAT_WIDTH_CALL(bits, W, flip, _InterlockedXor##suffix)

#define FT_COMPAT_WIDTH_COMPARE(bits, W, suffix)                                              \
    static __forceinline W FtCompat_compare_##bits(void volatile *obj, W desired, W expected) \
    {                                                                                         \
        return _InterlockedCompareExchange##suffix((W volatile *)obj, desired, expected);     \
    }

FT_COMPAT_WIDTH_LOAD_STORE(8, __int8)
FT_COMPAT_WIDTH_LOAD_STORE(16, __int16)
FT_COMPAT_WIDTH_LOAD_STORE(32, __int32)
FT_COMPAT_WIDTH(8, char, 8)
FT_COMPAT_WIDTH(16, short, 16)
FT_COMPAT_WIDTH(32, long, )
FT_COMPAT_WIDTH_COMPARE(8, char, 8)
FT_COMPAT_WIDTH_COMPARE(16, short, 16)
FT_COMPAT_WIDTH_COMPARE(32, long, )
FT_COMPAT_WIDTH_COMPARE(64, __int64, 64)
#ifndef _M_IX86
FT_COMPAT_WIDTH_LOAD_STORE(64, __int64)
FT_COMPAT_WIDTH(64, __int64, 64)
#endif

#undef FT_COMPAT_WIDTH
#undef FT_COMPAT_WIDTH_CALL
#undef FT_COMPAT_WIDTH_COMPARE
#undef FT_COMPAT_WIDTH_LOAD_STORE

/* The types of the widths, whatever the compiler calls them. */
#define FT_COMPAT_WIDE_8 char
#define FT_COMPAT_WIDE_16 short
#define FT_COMPAT_WIDE_32 long
#define FT_COMPAT_WIDE_64 __int64

/* To and from the type of the width by memcpy, which is right for a float and a pointer too. */
#define FT_COMPAT_DEFINE_LOAD(function, T, bits, order)         \
    static __forceinline T function(T const *obj)               \
    {                                                           \
        T value;                                                \
        FT_COMPAT_WIDE_##bits wide = FtCompat_load_##bits(obj); \
        if ((order) != FT_COMPAT_RELAXED) {                     \
            FT_COMPAT_BARRIER();                                \
        }                                                       \
        memcpy(&value, &wide, sizeof value);                    \
        return value;                                           \
    }

#define FT_COMPAT_DEFINE_STORE(function, T, bits, order) \
    static __forceinline void function(T *obj, T value)  \
    {                                                    \
        FT_COMPAT_WIDE_##bits wide;                      \
        memcpy(&wide, &value, sizeof value);             \
        if ((order) == FT_COMPAT_SEQ_CST) {              \
            FtCompat_exchange_##bits(obj, wide);         \
            return;                                      \
        }                                                \
        if ((order) == FT_COMPAT_RELEASE) {              \
            FT_COMPAT_BARRIER();                         \
        }                                                \
        FtCompat_store_##bits(obj, wide);                \
    }

#define FT_COMPAT_DEFINE_FETCH(function, T, bits, name, given) \
    static __forceinline T function(T *obj, T value)           \
    {                                                          \
        T before;                                              \
        FT_COMPAT_WIDE_##bits wide;                            \
        memcpy(&wide, &value, sizeof value);                   \
        wide = FtCompat_##name##_##bits(obj, given);           \
        memcpy(&before, &wide, sizeof before);                 \
        return before;                                         \
    }
#define FT_COMPAT_DEFINE_EXCHANGE(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, bits, exchange, wide)
#define FT_COMPAT_DEFINE_ADD(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, bits, add, wide)
#define FT_COMPAT_DEFINE_AND(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, bits, mask, wide)
#define FT_COMPAT_DEFINE_OR(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, bits, set, wide)
#define FT_COMPAT_DEFINE_XOR(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, bits, flip, wide)
#define FT_COMPAT_DEFINE_SUB(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(                                    \
        function, T, bits, add, (FT_COMPAT_WIDE_##bits)(0 - (unsigned __int64)wide))

#define FT_COMPAT_DEFINE_COMPARE(function, T, bits, order, failed)    \
    static __forceinline int function(T *obj, T *expected, T desired) \
    {                                                                 \
        FT_COMPAT_WIDE_##bits hoped, wide, seen;                      \
        memcpy(&hoped, expected, sizeof desired);                     \
        memcpy(&wide, &desired, sizeof desired);                      \
        seen = FtCompat_compare_##bits(obj, wide, hoped);             \
        memcpy(expected, &seen, sizeof desired);                      \
        return seen == hoped;                                         \
    }

/* Any locked instruction is a full barrier on x86; ARM64 has one of its own. */
static __forceinline void ft_atomic_fence_seq_cst(void)
{
#if defined(_M_ARM64) || defined(_M_ARM64EC)
    __dmb(_ARM64_BARRIER_ISH);
#else
    long any = 0;
    _InterlockedOr(&any, 0);
#endif
}

static __forceinline void ft_atomic_fence_acquire(void)
{
    FT_COMPAT_BARRIER();
}

static __forceinline void ft_atomic_fence_release(void)
{
    FT_COMPAT_BARRIER();
}

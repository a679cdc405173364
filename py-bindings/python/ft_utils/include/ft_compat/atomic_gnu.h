/* What atomic.h is made of, for GCC and Clang. Their __atomic functions are the C11 operations,
 * in C++ too, and wrap around on signed types.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */

#define FT_COMPAT_RELAXED __ATOMIC_RELAXED
#define FT_COMPAT_ACQUIRE __ATOMIC_ACQUIRE
#define FT_COMPAT_RELEASE __ATOMIC_RELEASE
#define FT_COMPAT_ACQ_REL __ATOMIC_ACQ_REL
#define FT_COMPAT_SEQ_CST __ATOMIC_SEQ_CST

/* Keeps the compiler from moving memory accesses across it; no instruction. */
#define FT_COMPAT_COMPILER_BARRIER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#define FT_COMPAT_DEFINE_LOAD(function, T, bits, order) \
    static inline T function(T const *obj)              \
    {                                                   \
        T value;                                        \
        __atomic_load(obj, &value, order);              \
        return value;                                   \
    }

#define FT_COMPAT_DEFINE_STORE(function, T, bits, order) \
    static inline void function(T *obj, T value)         \
    {                                                    \
        __atomic_store(obj, &value, order);              \
    }

#define FT_COMPAT_DEFINE_EXCHANGE(function, T, bits, order, failed) \
    static inline T function(T *obj, T value)                       \
    {                                                               \
        return __atomic_exchange_n(obj, value, order);              \
    }

#define FT_COMPAT_DEFINE_COMPARE(function, T, bits, order, failed)                    \
    static inline int function(T *obj, T *expected, T desired)                        \
    {                                                                                 \
        return __atomic_compare_exchange_n(obj, expected, desired, 0, order, failed); \
    }

#define FT_COMPAT_DEFINE_FETCH(function, T, operation, order) \
    static inline T function(T *obj, T value)                 \
    {                                                         \
        return operation(obj, value, order);                  \
    }
#define FT_COMPAT_DEFINE_ADD(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, __atomic_fetch_add, order)
#define FT_COMPAT_DEFINE_SUB(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, __atomic_fetch_sub, order)
#define FT_COMPAT_DEFINE_AND(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, __atomic_fetch_and, order)
#define FT_COMPAT_DEFINE_OR(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, __atomic_fetch_or, order)
#define FT_COMPAT_DEFINE_XOR(function, T, bits, order, failed) \
    FT_COMPAT_DEFINE_FETCH(function, T, __atomic_fetch_xor, order)

static inline void ft_atomic_fence_seq_cst(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void ft_atomic_fence_acquire(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void ft_atomic_fence_release(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

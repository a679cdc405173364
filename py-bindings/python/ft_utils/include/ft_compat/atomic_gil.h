/* _Py_atomic_* before CPython 3.13: as fast as the plain C it stands for.
 *
 * The thread holds the GIL from the first access to the last, so nobody comes between, and giving
 * the GIL to another thread publishes everything before. What is left to see to is the compiler:
 * each access happens once and whole (volatile), and other accesses are not moved across it, except
 * where `relaxed` allows that. Arithmetic is unsigned, which wraps around.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */

#define FT_COMPAT_GIL_LOAD(function, T, BARRIER)            \
    static inline T function(T const *obj)                  \
    {                                                       \
        T value = *FT_COMPAT_CAST(T const volatile *, obj); \
        BARRIER;                                            \
        return value;                                       \
    }

#define FT_COMPAT_GIL_STORE(function, T, BARRIER)   \
    static inline void function(T *obj, T value)    \
    {                                               \
        BARRIER;                                    \
        *FT_COMPAT_CAST(T volatile *, obj) = value; \
        BARRIER;                                    \
    }

#define FT_COMPAT_GIL_FETCH(function, T, after)      \
    static inline T function(T *obj, T value)        \
    {                                                \
        T before;                                    \
        FT_COMPAT_COMPILER_BARRIER();                \
        before = *FT_COMPAT_CAST(T volatile *, obj); \
        *FT_COMPAT_CAST(T volatile *, obj) = after;  \
        FT_COMPAT_COMPILER_BARRIER();                \
        return before;                               \
    }

#define FT_COMPAT_GIL_COMPARE(function, T)                     \
    static inline int function(T *obj, T *expected, T desired) \
    {                                                          \
        T seen;                                                \
        int equal;                                             \
        FT_COMPAT_COMPILER_BARRIER();                          \
        seen = *FT_COMPAT_CAST(T volatile *, obj);             \
        equal = seen == *expected;                             \
        if (equal) {                                           \
            *FT_COMPAT_CAST(T volatile *, obj) = desired;      \
        }                                                      \
        else {                                                 \
            *expected = seen;                                  \
        }                                                      \
        FT_COMPAT_COMPILER_BARRIER();                          \
        return equal;                                          \
    }

#define FT_COMPAT_GIL_RELAXED(name, T)                               \
    FT_COMPAT_GIL_LOAD(_Py_atomic_load_##name##_relaxed, T, (void)0) \
    FT_COMPAT_GIL_STORE(_Py_atomic_store_##name##_relaxed, T, (void)0)

#define FT_COMPAT_GIL_LOAD_STORE(name, T)                                                 \
    FT_COMPAT_GIL_RELAXED(name, T)                                                        \
    FT_COMPAT_GIL_LOAD(_Py_atomic_load_##name, T, FT_COMPAT_COMPILER_BARRIER())           \
    FT_COMPAT_GIL_LOAD(_Py_atomic_load_##name##_acquire, T, FT_COMPAT_COMPILER_BARRIER()) \
    FT_COMPAT_GIL_STORE(_Py_atomic_store_##name, T, FT_COMPAT_COMPILER_BARRIER())         \
    FT_COMPAT_GIL_STORE(_Py_atomic_store_##name##_release, T, FT_COMPAT_COMPILER_BARRIER())

#define FT_COMPAT_GIL_BITS(sign, T)                              \
    FT_COMPAT_CAST(T, FT_COMPAT_CAST(unsigned long long, before) \
                          sign FT_COMPAT_CAST(unsigned long long, value))

#define FT_COMPAT_GIL_SWAP(name, T)                           \
    FT_COMPAT_GIL_FETCH(_Py_atomic_exchange_##name, T, value) \
    FT_COMPAT_GIL_COMPARE(_Py_atomic_compare_exchange_##name, T)

#define FT_COMPAT_GIL_INTEGER(name, T) \
    FT_COMPAT_GIL_LOAD_STORE(name, T)  \
    FT_COMPAT_GIL_SWAP(name, T)        \
    FT_COMPAT_GIL_FETCH(_Py_atomic_add_##name, T, FT_COMPAT_GIL_BITS(+, T))

#define FT_COMPAT_GIL_BITWISE(name, T)                                      \
    FT_COMPAT_GIL_FETCH(_Py_atomic_and_##name, T, FT_COMPAT_GIL_BITS(&, T)) \
    FT_COMPAT_GIL_FETCH(_Py_atomic_or_##name, T, FT_COMPAT_GIL_BITS(|, T))

FT_COMPAT_GIL_INTEGER(int, int)
FT_COMPAT_GIL_INTEGER(int8, int8_t)
FT_COMPAT_GIL_INTEGER(int16, int16_t)
FT_COMPAT_GIL_INTEGER(int32, int32_t)
FT_COMPAT_GIL_INTEGER(int64, int64_t)
FT_COMPAT_GIL_INTEGER(intptr, intptr_t)
FT_COMPAT_GIL_INTEGER(ssize, Py_ssize_t)
FT_COMPAT_GIL_INTEGER(uint, unsigned int)
FT_COMPAT_GIL_INTEGER(uint8, uint8_t)
FT_COMPAT_GIL_INTEGER(uint16, uint16_t)
FT_COMPAT_GIL_INTEGER(uint32, uint32_t)
FT_COMPAT_GIL_INTEGER(uint64, uint64_t)
FT_COMPAT_GIL_INTEGER(uintptr, uintptr_t)
FT_COMPAT_GIL_BITWISE(uint8, uint8_t)
FT_COMPAT_GIL_BITWISE(uint16, uint16_t)
FT_COMPAT_GIL_BITWISE(uint32, uint32_t)
FT_COMPAT_GIL_BITWISE(uint64, uint64_t)
FT_COMPAT_GIL_BITWISE(uintptr, uintptr_t)

FT_COMPAT_GIL_LOAD_STORE(ulong, unsigned long)
FT_COMPAT_GIL_RELAXED(char, char)
FT_COMPAT_GIL_RELAXED(uchar, unsigned char)
FT_COMPAT_GIL_RELAXED(short, short)
FT_COMPAT_GIL_RELAXED(ushort, unsigned short)
FT_COMPAT_GIL_RELAXED(long, long)
FT_COMPAT_GIL_RELAXED(llong, long long)
FT_COMPAT_GIL_RELAXED(ullong, unsigned long long)
FT_COMPAT_GIL_RELAXED(float, float)
FT_COMPAT_GIL_RELAXED(double, double)

FT_COMPAT_GIL_LOAD_STORE(address, void *)
FT_COMPAT_GIL_SWAP(address, void *)
FT_COMPAT_LOAD_POINTER(_Py_atomic, )
FT_COMPAT_LOAD_POINTER(_Py_atomic, _relaxed)
FT_COMPAT_LOAD_POINTER(_Py_atomic, _acquire)
FT_COMPAT_STORE_POINTER(_Py_atomic, )
FT_COMPAT_STORE_POINTER(_Py_atomic, _relaxed)
FT_COMPAT_STORE_POINTER(_Py_atomic, _release)
FT_COMPAT_SWAP_POINTER(_Py_atomic, )

/* Ordered by what it points to: a load that the compiler keeps is enough. */
#define _Py_atomic_load_ptr_consume _Py_atomic_load_ptr_acquire

static inline void _Py_atomic_fence_seq_cst(void)
{
    FT_COMPAT_COMPILER_BARRIER();
}

static inline void _Py_atomic_fence_acquire(void)
{
    FT_COMPAT_COMPILER_BARRIER();
}

static inline void _Py_atomic_fence_release(void)
{
    FT_COMPAT_COMPILER_BARRIER();
}

#undef FT_COMPAT_GIL_LOAD
#undef FT_COMPAT_GIL_STORE
#undef FT_COMPAT_GIL_FETCH
#undef FT_COMPAT_GIL_COMPARE
#undef FT_COMPAT_GIL_LOAD_STORE
#undef FT_COMPAT_GIL_RELAXED
#undef FT_COMPAT_GIL_BITS
#undef FT_COMPAT_GIL_SWAP
#undef FT_COMPAT_GIL_INTEGER
#undef FT_COMPAT_GIL_BITWISE

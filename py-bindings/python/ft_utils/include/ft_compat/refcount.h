/* Reference counts: taking a reference from a pointer that owns none, and what else CPython 3.14
 * made public for threads that share objects.
 *
 *     int PyUnstable_TryIncRef(PyObject *op)
 *         1, and a new reference, if the object is alive; 0 if it is being freed. Its memory must
 *         not have been released: hold the lock under which the deallocator removes the pointer.
 *     void PyUnstable_EnableTryIncRef(PyObject *op)
 *         To be called first, by an owner; without it, TryIncRef may answer 0 for a live object.
 *     int PyUnstable_Object_EnableDeferredRefcount(PyObject *op)
 *         Threads stop fighting over the object's count, and only the cycle collector frees it;
 *         1 if done, 0 where the interpreter cannot: in builds with the GIL, and before 3.14.
 *     int PyUnstable_Object_IsUniquelyReferenced(PyObject *op)
 *         1 if the caller's reference is the only one, so that no other thread can get one.
 *     int PyUnstable_Object_IsUniqueReferencedTemporary(PyObject *op)
 *         For an argument of the running C function: 1 if nothing but the interpreter's stack
 *         refers to it, so that it may be changed in place. Before 3.14: if it has one
 *         reference.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */
#ifndef FT_COMPAT_REFCOUNT_H
#define FT_COMPAT_REFCOUNT_H

#ifndef FT_COMPAT_H
#  error "include ft_compat.h instead"
#endif

/* Under the limited API of a free-threaded build, objects are opaque: nothing to be done here. */
#if FT_COMPAT_API < 0x030E0000 || (defined(Py_LIMITED_API) && !FT_COMPAT_FREE_THREADED)

#define PyUnstable_TryIncRef FT_COMPAT_NAME(PyUnstable_TryIncRef)
#define PyUnstable_EnableTryIncRef FT_COMPAT_NAME(PyUnstable_EnableTryIncRef)
#define PyUnstable_Object_EnableDeferredRefcount \
    FtCompat_PyUnstable_Object_EnableDeferredRefcount
#define PyUnstable_Object_IsUniquelyReferenced \
    FT_COMPAT_NAME(PyUnstable_Object_IsUniquelyReferenced)
#define PyUnstable_Object_IsUniqueReferencedTemporary \
    FtCompat_PyUnstable_Object_IsUniqueReferencedTemporary

#if FT_COMPAT_FREE_THREADED

/* CPython 3.13. An object has two counts: one that its owning thread alone changes, and one, in
 * units of 1 << _Py_REF_SHARED_SHIFT above two bits of state, that everybody changes atomically. */

static inline int PyUnstable_TryIncRef(PyObject *op)
{
    uint32_t local = ft_atomic_load_uint32_relaxed(&op->ob_ref_local);
    Py_ssize_t shared;
    if (local == _Py_IMMORTAL_REFCNT_LOCAL) {
        return 1;
    }
    if (_Py_IsOwnedByCurrentThread(op)) {
        ft_atomic_store_uint32_relaxed(&op->ob_ref_local, local + 1);
#ifdef Py_REF_DEBUG
        _Py_INCREF_IncRefTotal();
#endif
        return 1;
    }
    shared = ft_atomic_load_ssize_relaxed(&op->ob_ref_shared);
    do {
        /* Zero, and the owner, who does not look again, may be freeing it; or both counts are one
         * by now, and that one is zero. */
        if (shared == 0 || shared == _Py_REF_MERGED) {
            return 0;
        }
    } while (!ft_atomic_compare_exchange_ssize(
        &op->ob_ref_shared, &shared, shared + (1 << _Py_REF_SHARED_SHIFT)));
#ifdef Py_REF_DEBUG
    _Py_INCREF_IncRefTotal();
#endif
    return 1;
}

static inline void PyUnstable_EnableTryIncRef(PyObject *op)
{
    Py_ssize_t shared = ft_atomic_load_ssize_relaxed(&op->ob_ref_shared);
    if (ft_atomic_load_uint32_relaxed(&op->ob_ref_local) == _Py_IMMORTAL_REFCNT_LOCAL) {
        return;
    }
    /* Any state but the first already has the owner look at the shared count before it frees. */
    while ((shared & _Py_REF_SHARED_FLAG_MASK) == 0
           && !ft_atomic_compare_exchange_ssize(
               &op->ob_ref_shared, &shared, shared | _Py_REF_MAYBE_WEAKREF)) {
    }
}

static inline int PyUnstable_Object_IsUniquelyReferenced(PyObject *op)
{
    /* The whole word must be zero: with a bit of state set, others may take references. */
    return _Py_IsOwnedByCurrentThread(op)
           && ft_atomic_load_uint32_relaxed(&op->ob_ref_local) == 1
           && ft_atomic_load_ssize_relaxed(&op->ob_ref_shared) == 0;
}

#else /* With the GIL, the count is one number that holds still. */

static inline int PyUnstable_TryIncRef(PyObject *op)
{
    if (Py_REFCNT(op) <= 0) {
        return 0;
    }
    Py_INCREF(op);
    return 1;
}

static inline void PyUnstable_EnableTryIncRef(PyObject *op)
{
    (void)op;
}

static inline int PyUnstable_Object_IsUniquelyReferenced(PyObject *op)
{
    return Py_REFCNT(op) == 1;
}

#endif

static inline int PyUnstable_Object_EnableDeferredRefcount(PyObject *op)
{
    (void)op;
    return 0;
}

static inline int PyUnstable_Object_IsUniqueReferencedTemporary(PyObject *op)
{
    return PyUnstable_Object_IsUniquelyReferenced(op);
}

#endif

#endif /* FT_COMPAT_REFCOUNT_H */

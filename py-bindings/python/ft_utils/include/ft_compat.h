/* ft_compat.h - one source for C and C++ extensions, with and without the GIL.
 *
 *     #include "ft_compat.h"      // instead of, or after, <Python.h>
 *
 * Write against the names of CPython 3.13 and 3.14; where the interpreter that
 * you build for lacks one, it is supplied here. CPython 3.8 to 3.15, C11 and
 * C++17, GCC, Clang and MSVC; nothing to link.
 *
 *     ft_compat/atomic.h     ft_atomic_*, _Py_atomic_*
 *     ft_compat/lock.h       PyMutex, critical sections
 *     ft_compat/module.h     a module that does not need the GIL
 *     ft_compat/reference.h  PyDict_GetItemRef and its like: no borrowed references
 *     ft_compat/refcount.h   PyUnstable_TryIncRef, deferred reference counting
 *
 * May be included before or after pythoncapi_compat.h. `python -m ft_utils --include`
 * prints the folder to compile with; docs/ft_compat.md tells the rest.
 *
 * Macros to define before inclusion:
 *     Py_COMPAT_API_VERSION   refuse what later CPythons remove: py_compat_api.h
 *     Py_GIL_DISABLED         as ever: by hand on Windows, where CPython 3.13 leaves it to you
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in ft_compat/LICENSE.
 */
#ifndef FT_COMPAT_H
#define FT_COMPAT_H

#include <Python.h>

#if PY_VERSION_HEX < 0x03080000
#  error "ft_compat.h needs CPython 3.8 or later"
#endif
#if defined(__cplusplus) && !defined(_MSC_VER) && __cplusplus < 201103L
#  error "ft_compat.h needs C++11 or later"
#endif

/* The version of ft_utils that this header comes from, to compare in #if:
 * major << 16 | minor << 8 | patch. */
#define FT_COMPAT_VERSION_HEX 0x000100
#define FT_COMPAT_VERSION "0.1.0"

/* 1 if threads run at the same time in this build of Python, else 0. */
#ifdef Py_GIL_DISABLED
#  define FT_COMPAT_FREE_THREADED 1
#else
#  define FT_COMPAT_FREE_THREADED 0
#endif

/* The version whose API Python.h shows: less than its own under Py_LIMITED_API. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API + 0 > PY_VERSION_HEX
#  define FT_COMPAT_API PY_VERSION_HEX
#elif Py_LIMITED_API + 0 <= 3
#  define FT_COMPAT_API 0x03020000
#else
#  define FT_COMPAT_API (Py_LIMITED_API + 0)
#endif

/* How a function gets a name that pythoncapi_compat.h may define as well.
 *
 * That header defines its functions without a look at who else did, so whoever has the same
 * ones must call them something else and leave the public name to a macro:
 *
 *     #define PyDict_GetItemRef FT_COMPAT_NAME(PyDict_GetItemRef)
 *
 * After pythoncapi_compat.h, its include guard PYTHONCAPI_COMPAT is a macro that expands to
 * nothing, and the name is FtCompat_PyDict_GetItemRef: ours. Before it, the guard is a word like
 * any other and part of the name, FtCompat_PyDict_GetItemRefPYTHONCAPI_COMPAT. When the other
 * header comes, the same macro stands for the short name, which it then defines, and which is
 * called from there on. Neither order defines anything twice.
 *
 * A function that the other header does not have is FtCompat_NAME, with a macro for its public
 * name: when the other gets it, that is no conflict if ours comes last. */
#define FT_COMPAT_NAME(name) FT_COMPAT_PASTE(name, PYTHONCAPI_COMPAT)
#define FT_COMPAT_PASTE(name, guard) FT_COMPAT_PASTE_EXPANDED(name, guard)
#define FT_COMPAT_PASTE_EXPANDED(name, guard) FtCompat_##name##guard

/* A conversion that C and C++ compilers accept at every warning level. */
#ifdef __cplusplus
#  define FT_COMPAT_CAST(type, value) static_cast<type>(value)
#  define FT_COMPAT_POINTER_CAST(type, value) reinterpret_cast<type>(value)
#else
#  define FT_COMPAT_CAST(type, value) ((type)(value))
#  define FT_COMPAT_POINTER_CAST(type, value) ((type)(value))
#endif

#include "ft_compat/atomic.h"
#include "ft_compat/lock.h"
#include "ft_compat/module.h"
#include "ft_compat/reference.h"
#include "ft_compat/refcount.h"

/* Last: what it forbids to users, older Pythons need above. */
#if defined(Py_COMPAT_API_VERSION) || defined(Py_COMPAT_API_LINT)
#  include "py_compat_api.h"
#endif

#endif /* FT_COMPAT_H */

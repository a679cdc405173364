/* ft_weave.h: destructors for thread-local data, called when a thread ends.
 *
 *     static weave_local void *buffer;
 *
 *     buffer = malloc(4096);
 *     if (ft_weave_register(&buffer, free, NULL) != 0) { ... }
 *
 * When the thread ends, whoever made it, `free` is called in it with the value that `buffer` then
 * has. All destructors of a thread run in the order of registration, each registration once. They
 * must not use Python: the thread's part of the interpreter is gone. What else is guaranteed, and
 * what is not: docs/weave.md.
 *
 * C11 and C++17. Three ways to the same functions:
 *
 * - An extension module calls `ft_weave_import()` once, when it is initialized. From then on the
 *   functions of part 3 can be called in every thread, attached to Python or not.
 * - `_py_register_wvls_destructor` and `_py_unregister_wvls_destructor`, part 4, call the Python
 *   module `ft_utils.weave` each time, which is slower, and has to be opened by
 *   `ft_utils.ENABLE_EXPERIMENTAL = True`.
 * - A program without Python defines FT_WEAVE_STANDALONE, and links the library of the Rust crate
 *   `ft-weave`. It has neither of the above, and needs no Python.h.
 *
 * Python's package is `ft_utils`, or FT_WEAVE_PACKAGE, a string, if that is defined.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in ft_compat/LICENSE.
 */
#ifndef FT_WEAVE_H
#define FT_WEAVE_H

#ifndef FT_WEAVE_STANDALONE
#include <Python.h>
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
#include <process.h>
#include <windows.h>
#else
#include <pthread.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* 1. Types */

/* Makes a variable thread-local: `static weave_local void *name;` */
#if defined(__cplusplus)
#define weave_local thread_local
#elif defined(_MSC_VER)
#define weave_local __declspec(thread)
#else
#define weave_local _Thread_local
#endif

/* A key. It is no key of the system's own functions, and 0 is as good as any. */
#ifdef _WIN32
typedef DWORD wvls_key_t;
#else
typedef pthread_key_t wvls_key_t;
#endif

/* A function that is called with the value of a variable, or of a key. */
typedef void (*wvls_destructor_t)(void *);

/* A function that is called with the value of a variable, and with data of its own. */
typedef void (*ft_weave_destructor_t)(void *value, void *data);

/* The number of a registration, which no other one of the process has; never 0. */
typedef uint64_t ft_weave_id;

/* A registration, as `ft_weave_list` tells it. */
typedef struct ft_weave_entry {
    ft_weave_id id;
    void **variable;        /* or NULL */
    const void *destructor; /* the address of the function, or NULL */
    void *data;             /* what it is passed, or NULL */
} ft_weave_entry;

/* 2. The table of functions. It only grows, at its end, or else has another version. */

#define FT_WEAVE_API_VERSION 1

typedef struct ft_weave_api {
    uint32_t version;
    uint32_t size;
    int (*key_create)(wvls_key_t *key, wvls_destructor_t destructor);
    int (*key_delete)(wvls_key_t key);
    int (*set_value)(wvls_key_t key, void *value);
    void *(*get_value)(wvls_key_t key);
    int (*register_)(void **variable, wvls_destructor_t destructor, ft_weave_id *id);
    int (*register_with)(void **variable, ft_weave_destructor_t destructor, void *data,
                         ft_weave_id *id);
    size_t (*unregister)(void **variable);
    int (*cancel)(ft_weave_id id);
    size_t (*list)(ft_weave_entry *entries, size_t capacity);
    size_t (*run_now)(void);
} ft_weave_api;

/* 3. The functions. All are about the calling thread. Errors are those of the system: EINVAL, ENOMEM,
 * EAGAIN (on Windows, ERROR_INVALID_PARAMETER, ENOMEM, ERROR_NO_SYSTEM_RESOURCES); nothing has been
 * done then. In an extension module, ENOSYS before a successful ft_weave_import(). */

#ifdef FT_WEAVE_STANDALONE

int wvls_key_create(wvls_key_t *key, wvls_destructor_t destructor);
int wvls_key_delete(wvls_key_t key);
int wvls_set_value(wvls_key_t key, void *value);
void *wvls_get_value(wvls_key_t key);
void register_wvls_destructor(void **wvls_variable_ptr, wvls_destructor_t destructor);
int unregister_wvls_destructor(void **wvls_variable_ptr);
int ft_weave_register(void **variable, wvls_destructor_t destructor, ft_weave_id *id);
int ft_weave_register_with(void **variable, ft_weave_destructor_t destructor, void *data,
                           ft_weave_id *id);
size_t ft_weave_unregister(void **variable);
int ft_weave_cancel(ft_weave_id id);
size_t ft_weave_list(ft_weave_entry *entries, size_t capacity);
size_t ft_weave_run_now(void);

#else

#ifndef FT_WEAVE_PACKAGE
#define FT_WEAVE_PACKAGE "ft_utils"
#endif

/* Null until imported; written with the same value by whoever does that. */
static const ft_weave_api *ft_weave_table_ = NULL;

#if defined(_MSC_VER) && !defined(__clang__)
#define FT_WEAVE_LOAD_() (*(const ft_weave_api *const volatile *)&ft_weave_table_)
#define FT_WEAVE_STORE_(table) \
    ((void)InterlockedExchangePointer((PVOID volatile *)&ft_weave_table_, (PVOID)(table)))
#else
#define FT_WEAVE_LOAD_() __atomic_load_n(&ft_weave_table_, __ATOMIC_ACQUIRE)
#define FT_WEAVE_STORE_(table) __atomic_store_n(&ft_weave_table_, (table), __ATOMIC_RELEASE)
#endif

/* Gets the functions for this source file. Returns 0; or -1 with an exception set, an ImportError if
 * there is no ft_utils, or not one that fits. Requires an attached thread; costs nothing when it has
 * succeeded before. */
static inline int ft_weave_import(void)
{
    const ft_weave_api *table;
    PyObject *module, *capsule;
    if (FT_WEAVE_LOAD_() != NULL) {
        return 0;
    }
    module = PyImport_ImportModule(FT_WEAVE_PACKAGE "._weave");
    if (module == NULL) {
        return -1;
    }
    capsule = PyObject_GetAttrString(module, "C_API");
    Py_DECREF(module);
    if (capsule == NULL) {
        return -1;
    }
    table = (const ft_weave_api *)PyCapsule_GetPointer(capsule, "ft_utils._weave.C_API");
    /* The table is a constant, and stays without the capsule. */
    Py_DECREF(capsule);
    if (table == NULL) {
        return -1;
    }
    if (table->version != FT_WEAVE_API_VERSION || table->size < sizeof(ft_weave_api)) {
        PyErr_Format(PyExc_ImportError,
                     FT_WEAVE_PACKAGE "._weave.C_API has version %u and %u bytes, but this module "
                                      "was compiled for version %u and at least %u bytes",
                     (unsigned)table->version, (unsigned)table->size,
                     (unsigned)FT_WEAVE_API_VERSION, (unsigned)sizeof(ft_weave_api));
        return -1;
    }
    FT_WEAVE_STORE_(table);
    return 0;
}

/* Has `destructor` called with the value that `*variable` has when the thread ends; null is passed
 * on. Writes the number of the registration to `id`, unless that is NULL. Returns 0 or an error.
 * With a variable or destructor that is NULL nothing will be called. */
static inline int ft_weave_register(void **variable, wvls_destructor_t destructor, ft_weave_id *id)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? ENOSYS : table->register_(variable, destructor, id);
}

/* The same for a destructor with data of its own. If `variable` is NULL, its value is. */
static inline int ft_weave_register_with(void **variable, ft_weave_destructor_t destructor,
                                         void *data, ft_weave_id *id)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? ENOSYS : table->register_with(variable, destructor, data, id);
}

/* Takes back all registrations of a variable in this thread, and returns how many there were. Those
 * of a thread that is ending already run. */
static inline size_t ft_weave_unregister(void **variable)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? 0 : table->unregister(variable);
}

/* Takes back one registration of this thread, and returns 1 if it was there, else 0. */
static inline int ft_weave_cancel(ft_weave_id id)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? 0 : table->cancel(id);
}

/* Writes up to `capacity` of this thread's registrations, in order; returns how many it has. */
static inline size_t ft_weave_list(ft_weave_entry *entries, size_t capacity)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? 0 : table->list(entries, capacity);
}

/* Runs this thread's destructors as if it ended, and returns how many were called. For the main
 * thread, for which nobody else does that. */
static inline size_t ft_weave_run_now(void)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? 0 : table->run_now();
}

/* Makes a key, under which no thread has a value. The destructor may be NULL; it is called, after those
 * that were registered, with the values that are not null when their threads end. */
static inline int wvls_key_create(wvls_key_t *key, wvls_destructor_t destructor)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? ENOSYS : table->key_create(key, destructor);
}

/* Deletes a key, without calling its destructor. It may be in use elsewhere: then that is EINVAL. */
static inline int wvls_key_delete(wvls_key_t key)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? ENOSYS : table->key_delete(key);
}

/* Sets this thread's value. */
static inline int wvls_set_value(wvls_key_t key, void *value)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? ENOSYS : table->set_value(key, value);
}

/* Returns this thread's value; NULL if there is none, or the key was deleted. */
static inline void *wvls_get_value(wvls_key_t key)
{
    const ft_weave_api *table = FT_WEAVE_LOAD_();
    return table == NULL ? NULL : table->get_value(key);
}

/* As ft_weave_register, for who can do nothing about an error, which is printed. */
static inline void register_wvls_destructor(void **wvls_variable_ptr, wvls_destructor_t destructor)
{
    int error = ft_weave_register(wvls_variable_ptr, destructor, NULL);
    if (error != 0) {
        fprintf(stderr, "ft_weave: cannot register a destructor, error %d\n", error);
    }
}

/* As ft_weave_unregister, but returns 1 if there were any, else 0. */
static inline int unregister_wvls_destructor(void **wvls_variable_ptr)
{
    return ft_weave_unregister(wvls_variable_ptr) != 0;
}

/* 4. Through Python */

/* Ends the process if the interpreter is not initialized. Nothing here calls it. */
static inline void _py_check_init_interpreter(void)
{
    if (!Py_IsInitialized()) {
        fprintf(stderr, "ft_weave: the Python interpreter is not initialized\n");
        abort();
    }
}

/* Returns a new reference to a function of a module, or NULL with an exception set. */
static inline PyObject *_py_get_function(const char *module_name, const char *function_name)
{
    PyObject *function, *module = PyImport_ImportModule(module_name);
    if (module == NULL) {
        return NULL;
    }
    function = PyObject_GetAttrString(module, function_name);
    Py_DECREF(module);
    return function;
}

/* Calls a function with one address or two, and returns the truth of what it returns, or -1. */
static inline int ft_weave_call_(const char *name, int count, void *first, void *second)
{
    PyGILState_STATE state = PyGILState_UNLOCKED;
    PyObject *function, *one = NULL, *two = NULL, *result = NULL;
    int attach, truth;
    if (!Py_IsInitialized()) {
        return -1;
    }
    /* A thread that Python has never seen is attached meanwhile. */
    attach = PyGILState_GetThisThreadState() == NULL;
    if (attach) {
        state = PyGILState_Ensure();
    }
    function = _py_get_function(FT_WEAVE_PACKAGE ".weave", name);
    if (function != NULL) {
        one = PyLong_FromVoidPtr(first);
        two = count == 2 ? PyLong_FromVoidPtr(second) : NULL;
        if (one != NULL && (two != NULL || count == 1)) {
            result = PyObject_CallFunctionObjArgs(function, one, two, NULL);
        }
    }
    truth = result == NULL ? -1 : PyObject_IsTrue(result);
    Py_XDECREF(function);
    Py_XDECREF(one);
    Py_XDECREF(two);
    Py_XDECREF(result);
    if (attach) {
        if (truth < 0) {
            /* The caller has no way to see it. */
            PyErr_WriteUnraisable(NULL);
        }
        PyGILState_Release(state);
    }
    return truth;
}

/* Registers a destructor. Returns 0; or 1 with an exception set, a RuntimeError if
 * `ft_utils.ENABLE_EXPERIMENTAL` is false. Requires an attached thread without an exception, or one that
 * Python has never seen. */
static inline int _py_register_wvls_destructor(void **wvls_var, wvls_destructor_t wvls_destructor)
{
    void *address = (void *)(uintptr_t)wvls_destructor;
    return ft_weave_call_("register_native_destructor", 2, (void *)wvls_var, address) < 0;
}

/* Takes back all registrations of a variable in this thread. Returns 0 after it has written through
 * `unregistered` 1 if there were any, else 0; or 1 with an exception set, as above. */
static inline int _py_unregister_wvls_destructor(void **wvls_var, int *unregistered)
{
    int truth = ft_weave_call_("unregister_native_destructor", 1, (void *)wvls_var, NULL);
    if (truth < 0) {
        return 1;
    }
    *unregistered = truth;
    return 0;
}

#endif /* FT_WEAVE_STANDALONE */

#ifdef __cplusplus
}
#endif

#endif /* FT_WEAVE_H */

/* Functions that return references of one's own, and errors as errors: CPython 3.13's replacements
 * for those that lend a reference (which another thread may release meanwhile) or lose exceptions.
 *
 *     int PyDict_GetItemRef(PyObject *dict, PyObject *key, PyObject **result)
 *     int PyDict_GetItemStringRef(PyObject *dict, const char *key, PyObject **result)
 *     int PyMapping_GetOptionalItem(PyObject *mapping, PyObject *key, PyObject **result)
 *     int PyMapping_GetOptionalItemString(PyObject *mapping, const char *key, PyObject **result)
 *     int PyObject_GetOptionalAttr(PyObject *object, PyObject *name, PyObject **result)
 *     int PyObject_GetOptionalAttrString(PyObject *object, const char *name, PyObject **result)
 *     int PyWeakref_GetRef(PyObject *reference, PyObject **result)
 *         1 and a new reference if there is one, 0 and NULL if not, -1 and NULL with an exception.
 *     int PyDict_Pop(PyObject *dict, PyObject *key, PyObject **result)
 *     int PyDict_PopString(PyObject *dict, const char *key, PyObject **result)
 *         The same, and the item is removed; `result` may be NULL.
 *     int PyDict_SetDefaultRef(PyObject *dict, PyObject *key, PyObject *value, PyObject **result)
 *         1 if the key was there, 0 if it now is, -1 with an exception; what the dictionary has
 *         for it, or NULL, goes to `result`, which may be NULL.
 *     int PyDict_ContainsString(PyObject *dict, const char *key)
 *     int PyMapping_HasKeyWithError(PyObject *mapping, PyObject *key), ...StringWithError
 *     int PyObject_HasAttrWithError(PyObject *object, PyObject *name), ...StringWithError
 *         1, 0, or -1 with an exception.
 *     PyObject *PyList_GetItemRef(PyObject *list, Py_ssize_t index)
 *     PyObject *PyImport_AddModuleRef(const char *name)
 *     PyObject *PyEval_GetFrameBuiltins(void), PyEval_GetFrameGlobals, PyEval_GetFrameLocals
 *         A new reference, or NULL.
 *     int PyList_Extend(PyObject *list, PyObject *iterable), int PyList_Clear(PyObject *list)
 *         0, or -1 with an exception.
 *     int PyIter_NextItem(PyObject *iterator, PyObject **item)
 *         1 and a new reference, 0 at the end, -1 with an exception.
 *     PyObject *Py_NewRef(PyObject *object), Py_XNewRef
 *         The object, with a reference more; Py_XNewRef takes NULL.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */
#ifndef FT_COMPAT_REFERENCE_H
#define FT_COMPAT_REFERENCE_H

#ifndef FT_COMPAT_H
#  error "include ft_compat.h instead"
#endif

#ifndef Py_NewRef
static inline PyObject *FtCompat_NewRef(PyObject *object)
{
    Py_INCREF(object);
    return object;
}
#  define Py_NewRef(object) FtCompat_NewRef(FT_COMPAT_POINTER_CAST(PyObject *, object))
#endif

#ifndef Py_XNewRef
static inline PyObject *FtCompat_XNewRef(PyObject *object)
{
    Py_XINCREF(object);
    return object;
}
#  define Py_XNewRef(object) FtCompat_XNewRef(FT_COMPAT_POINTER_CAST(PyObject *, object))
#endif

#if FT_COMPAT_API < 0x030D0000

#define PyDict_GetItemRef FT_COMPAT_NAME(PyDict_GetItemRef)
#define PyDict_GetItemStringRef FT_COMPAT_NAME(PyDict_GetItemStringRef)
#define PyList_GetItemRef FT_COMPAT_NAME(PyList_GetItemRef)
#define PyWeakref_GetRef FT_COMPAT_NAME(PyWeakref_GetRef)
#define PyObject_GetOptionalAttr FT_COMPAT_NAME(PyObject_GetOptionalAttr)
#define PyObject_GetOptionalAttrString FT_COMPAT_NAME(PyObject_GetOptionalAttrString)
#define PyObject_HasAttrWithError FT_COMPAT_NAME(PyObject_HasAttrWithError)
#define PyObject_HasAttrStringWithError FT_COMPAT_NAME(PyObject_HasAttrStringWithError)
#define PyMapping_GetOptionalItem FT_COMPAT_NAME(PyMapping_GetOptionalItem)
#define PyMapping_GetOptionalItemString FT_COMPAT_NAME(PyMapping_GetOptionalItemString)
#define PyMapping_HasKeyWithError FT_COMPAT_NAME(PyMapping_HasKeyWithError)
#define PyMapping_HasKeyStringWithError FT_COMPAT_NAME(PyMapping_HasKeyStringWithError)
#define PyImport_AddModuleRef FT_COMPAT_NAME(PyImport_AddModuleRef)
#define PyEval_GetFrameBuiltins FtCompat_PyEval_GetFrameBuiltins
#define PyEval_GetFrameGlobals FtCompat_PyEval_GetFrameGlobals
#define PyEval_GetFrameLocals FtCompat_PyEval_GetFrameLocals

static inline int PyDict_GetItemRef(PyObject *dict, PyObject *key, PyObject **result)
{
    PyObject *type, *value, *traceback;
    int found;
    /* An exception that is set already must not be taken for one of the look-up. */
    PyErr_Fetch(&type, &value, &traceback);
    *result = PyDict_GetItemWithError(dict, key);
    Py_XINCREF(*result);
    found = *result != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
    if (found >= 0) {
        PyErr_Restore(type, value, traceback);
    }
    else {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    return found;
}

static inline int PyDict_GetItemStringRef(PyObject *dict, const char *key, PyObject **result)
{
    PyObject *name = PyUnicode_FromString(key);
    int found;
    *result = NULL;
    if (name == NULL) {
        return -1;
    }
    found = PyDict_GetItemRef(dict, name, result);
    Py_DECREF(name);
    return found;
}

static inline PyObject *PyList_GetItemRef(PyObject *list, Py_ssize_t index)
{
    PyObject *item;
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "expected a list");
        return NULL;
    }
    item = PyList_GetItem(list, index);
    Py_XINCREF(item);
    return item;
}

/* What PyWeakref_GetRef replaces is deprecated from 3.13 on and out of the headers from 3.15 on,
 * and yet all that a limited API of before has. The stable ABI keeps it. */
#if PY_VERSION_HEX >= 0x030F0000
#  ifdef __cplusplus
extern "C"
#  endif
PyAPI_FUNC(PyObject *) PyWeakref_GetObject(PyObject *reference);
#endif
#if defined(__GNUC__) || defined(__clang__)
#  pragma GCC diagnostic push
#  pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#else
#  pragma warning(push)
#  pragma warning(disable : 4996)
#endif
static inline int PyWeakref_GetRef(PyObject *reference, PyObject **result)
{
    *result = NULL;
    if (reference != NULL && !PyWeakref_Check(reference)) {
        PyErr_SetString(PyExc_TypeError, "expected a weakref");
        return -1;
    }
    *result = PyWeakref_GetObject(reference);
    if (*result == NULL) {
        return -1;
    }
    if (*result == Py_None) {
        *result = NULL;
        return 0;
    }
    Py_INCREF(*result);
    return 1;
}
#if defined(__GNUC__) || defined(__clang__)
#  pragma GCC diagnostic pop
#else
#  pragma warning(pop)
#endif

/* What a look-up found, which may have failed in the way that means: not there. */
static inline int FtCompat_Optional(PyObject *found, PyObject *missing)
{
    if (found != NULL) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(missing)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
}

static inline int PyObject_GetOptionalAttr(PyObject *object, PyObject *name, PyObject **result)
{
    *result = PyObject_GetAttr(object, name);
    return FtCompat_Optional(*result, PyExc_AttributeError);
}

static inline int PyObject_GetOptionalAttrString(
    PyObject *object, const char *name, PyObject **result)
{
    *result = PyObject_GetAttrString(object, name);
    return FtCompat_Optional(*result, PyExc_AttributeError);
}

static inline int PyObject_HasAttrWithError(PyObject *object, PyObject *name)
{
    PyObject *value;
    int found = PyObject_GetOptionalAttr(object, name, &value);
    Py_XDECREF(value);
    return found;
}

static inline int PyObject_HasAttrStringWithError(PyObject *object, const char *name)
{
    PyObject *value;
    int found = PyObject_GetOptionalAttrString(object, name, &value);
    Py_XDECREF(value);
    return found;
}

static inline int PyMapping_GetOptionalItem(PyObject *mapping, PyObject *key, PyObject **result)
{
    *result = PyObject_GetItem(mapping, key);
    return FtCompat_Optional(*result, PyExc_KeyError);
}

static inline int PyMapping_GetOptionalItemString(
    PyObject *mapping, const char *key, PyObject **result)
{
    *result = PyMapping_GetItemString(mapping, key);
    return FtCompat_Optional(*result, PyExc_KeyError);
}

static inline int PyMapping_HasKeyWithError(PyObject *mapping, PyObject *key)
{
    PyObject *value;
    int found = PyMapping_GetOptionalItem(mapping, key, &value);
    Py_XDECREF(value);
    return found;
}

static inline int PyMapping_HasKeyStringWithError(PyObject *mapping, const char *key)
{
    PyObject *value;
    int found = PyMapping_GetOptionalItemString(mapping, key, &value);
    Py_XDECREF(value);
    return found;
}

static inline PyObject *PyImport_AddModuleRef(const char *name)
{
    PyObject *module = PyImport_AddModule(name);
    Py_XINCREF(module);
    return module;
}

static inline PyObject *PyEval_GetFrameBuiltins(void)
{
    PyObject *builtins = PyEval_GetBuiltins();
    Py_XINCREF(builtins);
    return builtins;
}

static inline PyObject *PyEval_GetFrameGlobals(void)
{
    PyObject *globals = PyEval_GetGlobals();
    Py_XINCREF(globals);
    return globals;
}

static inline PyObject *PyEval_GetFrameLocals(void)
{
    PyObject *locals = PyEval_GetLocals();
    Py_XINCREF(locals);
    return locals;
}

#endif

/* Public in 3.13, and left out of the limited API. */
#if PY_VERSION_HEX < 0x030D0000 || defined(Py_LIMITED_API)

#define PyDict_ContainsString FT_COMPAT_NAME(PyDict_ContainsString)
#define PyDict_Pop FT_COMPAT_NAME(PyDict_Pop)
#define PyDict_PopString FT_COMPAT_NAME(PyDict_PopString)
#define PyList_Extend FT_COMPAT_NAME(PyList_Extend)
#define PyList_Clear FT_COMPAT_NAME(PyList_Clear)

static inline int PyDict_ContainsString(PyObject *dict, const char *key)
{
    PyObject *name = PyUnicode_FromString(key);
    int found;
    if (name == NULL) {
        return -1;
    }
    found = PyDict_Contains(dict, name);
    Py_DECREF(name);
    return found;
}

/* By the method of dict itself, whatever a subclass has put in its place. A default that nobody
 * else has tells a missing key from a KeyError that a comparison raised. */
static inline int PyDict_Pop(PyObject *dict, PyObject *key, PyObject **result)
{
    PyObject *missing, *value;
    int found;
    if (result != NULL) {
        *result = NULL;
    }
    if (!PyDict_Check(dict)) {
        PyErr_SetString(PyExc_SystemError, "PyDict_Pop: the first argument is not a dict");
        return -1;
    }
    missing = PyObject_CallObject(FT_COMPAT_POINTER_CAST(PyObject *, &PyBaseObject_Type), NULL);
    if (missing == NULL) {
        return -1;
    }
    value = PyObject_CallMethod(
        FT_COMPAT_POINTER_CAST(PyObject *, &PyDict_Type), "pop", "OOO", dict, key, missing);
    found = value == NULL ? -1 : value != missing;
    if (found == 1 && result != NULL) {
        *result = value;
    }
    else {
        Py_XDECREF(value);
    }
    Py_DECREF(missing);
    return found;
}

static inline int PyDict_PopString(PyObject *dict, const char *key, PyObject **result)
{
    PyObject *name = PyUnicode_FromString(key);
    int found;
    if (result != NULL) {
        *result = NULL;
    }
    if (name == NULL) {
        return -1;
    }
    found = PyDict_Pop(dict, name, result);
    Py_DECREF(name);
    return found;
}

static inline int PyList_Extend(PyObject *list, PyObject *iterable)
{
    return PyList_SetSlice(list, PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, iterable);
}

static inline int PyList_Clear(PyObject *list)
{
    return PyList_SetSlice(list, 0, PY_SSIZE_T_MAX, NULL);
}

#endif

/* In the limited API since 3.15. */
#if PY_VERSION_HEX < 0x030D0000 || (defined(Py_LIMITED_API) && FT_COMPAT_API < 0x030F0000)
#define PyDict_SetDefaultRef FT_COMPAT_NAME(PyDict_SetDefaultRef)
static inline int PyDict_SetDefaultRef(
    PyObject *dict, PyObject *key, PyObject *value, PyObject **result)
{
    PyObject *present;
    int found = PyDict_GetItemRef(dict, key, &present);
    if (found == 0) {
        /* One step: if a comparison above let another thread insert the key, this gives us what
         * that one has inserted, and the answer is 1. */
#  ifdef Py_LIMITED_API
        PyObject *type = FT_COMPAT_POINTER_CAST(PyObject *, &PyDict_Type);
        present = PyObject_CallMethod(type, "setdefault", "OOO", dict, key, value);
#  else
        present = PyDict_SetDefault(dict, key, value);
        Py_XINCREF(present);
#  endif
        found = present == NULL ? -1 : present != value;
    }
    if (result != NULL) {
        *result = present;
    }
    else {
        Py_XDECREF(present);
    }
    return found;
}
#endif

#if FT_COMPAT_API < 0x030E0000
#define PyIter_NextItem FT_COMPAT_NAME(PyIter_NextItem)
static inline int PyIter_NextItem(PyObject *iterator, PyObject **item)
{
    *item = NULL;
    if (!PyIter_Check(iterator)) {
        PyObject *type = FT_COMPAT_POINTER_CAST(PyObject *, Py_TYPE(iterator));
        PyErr_Format(PyExc_TypeError, "expected an iterator, got an instance of %R", type);
        return -1;
    }
    *item = PyIter_Next(iterator);
    return *item != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
}
#endif

#endif /* FT_COMPAT_REFERENCE_H */

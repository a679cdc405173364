/* The functions of ft_compat/reference.h, for Python to call: each gives what the C function returned
 * and what it put into its result, or raises what it raised. Valid C and C++. */
#include "ft_compat.h"

#include "support.h"

/* What a call has given; `result` is stolen. An exception without -1, or the other way round, is a
 * mistake that Python itself would find. */
static PyObject *outcome(int code, PyObject *result)
{
    PyObject *pair;
    if (code < 0) {
        CHECK(result == NULL);
        return NULL;
    }
    CHECK(!PyErr_Occurred());
    if (result == NULL) {
        return Py_BuildValue("(iO)", code, Py_Ellipsis);
    }
    pair = Py_BuildValue("(iO)", code, result);
    Py_DECREF(result);
    return pair;
}

/* A value that no function may leave in its result. */
static PyObject *const UNTOUCHED = Py_None;

#define TWO_OBJECTS                                                                            \
    PyObject *a, *b, *result = UNTOUCHED;                                                      \
    if (!PyArg_ParseTuple(args, "OO", &a, &b)) {                                               \
        return NULL;                                                                           \
    }
#define OBJECT_AND_STRING                                                                      \
    const char *b;                                                                             \
    PyObject *a, *result = UNTOUCHED;                                                          \
    if (!PyArg_ParseTuple(args, "Os", &a, &b)) {                                               \
        return NULL;                                                                           \
    }

#define WITH_RESULT(name, arguments)                                                           \
    static PyObject *call_##name(PyObject *Py_UNUSED(self), PyObject *args)                    \
    {                                                                                          \
        int code;                                                                              \
        arguments                                                                              \
        code = name(a, b, &result);                                                            \
        return outcome(code, result);                                                          \
    }
#define WITHOUT_RESULT(name, arguments)                                                        \
    static PyObject *call_##name(PyObject *Py_UNUSED(self), PyObject *args)                    \
    {                                                                                          \
        int code;                                                                              \
        arguments                                                                              \
        (void)result;                                                                          \
        code = name(a, b);                                                                     \
        return outcome(code, NULL);                                                            \
    }

#define FUNCTIONS_WITH_RESULT(X)                                                               \
    X(PyDict_GetItemRef, TWO_OBJECTS)                                                          \
    X(PyDict_GetItemStringRef, OBJECT_AND_STRING)                                              \
    X(PyDict_Pop, TWO_OBJECTS)                                                                 \
    X(PyDict_PopString, OBJECT_AND_STRING)                                                     \
    X(PyObject_GetOptionalAttr, TWO_OBJECTS)                                                   \
    X(PyObject_GetOptionalAttrString, OBJECT_AND_STRING)                                       \
    X(PyMapping_GetOptionalItem, TWO_OBJECTS)                                                  \
    X(PyMapping_GetOptionalItemString, OBJECT_AND_STRING)
#define FUNCTIONS_WITHOUT_RESULT(X)                                                            \
    X(PyDict_ContainsString, OBJECT_AND_STRING)                                                \
    X(PyObject_HasAttrWithError, TWO_OBJECTS)                                                  \
    X(PyObject_HasAttrStringWithError, OBJECT_AND_STRING)                                      \
    X(PyMapping_HasKeyWithError, TWO_OBJECTS)                                                  \
    X(PyMapping_HasKeyStringWithError, OBJECT_AND_STRING)                                      \
    X(PyList_Extend, TWO_OBJECTS)

FUNCTIONS_WITH_RESULT(WITH_RESULT)
FUNCTIONS_WITHOUT_RESULT(WITHOUT_RESULT)

static PyObject *call_PyDict_SetDefaultRef(PyObject *Py_UNUSED(self), PyObject *args)
{
    PyObject *dict, *key, *value, *result = UNTOUCHED;
    int code;
    if (!PyArg_ParseTuple(args, "OOO", &dict, &key, &value)) {
        return NULL;
    }
    code = PyDict_SetDefaultRef(dict, key, value, &result);
    return outcome(code, result);
}

/* What may be left out. */
static PyObject *without_result(PyObject *Py_UNUSED(self), PyObject *dict)
{
    PyObject *key = PyUnicode_FromString("key");
    CHECK(key != NULL);
    CHECK(PyDict_SetDefaultRef(dict, key, Py_None, NULL) == 0);
    CHECK(PyDict_SetDefaultRef(dict, key, Py_None, NULL) == 1);
    CHECK(PyDict_Pop(dict, key, NULL) == 1);
    CHECK(PyDict_Pop(dict, key, NULL) == 0);
    CHECK(PyDict_PopString(dict, "key", NULL) == 0);
    Py_DECREF(key);
    Py_RETURN_NONE;
}

/* A look-up while an exception is set: the pair, and that exception is raised afterwards. */
static PyObject *lookup_with_exception_set(PyObject *Py_UNUSED(self), PyObject *args)
{
    PyObject *dict, *key, *found = UNTOUCHED;
    int code;
    if (!PyArg_ParseTuple(args, "OO", &dict, &key)) {
        return NULL;
    }
    PyErr_SetString(PyExc_LookupError, "set before");
    code = PyDict_GetItemRef(dict, key, &found);
    CHECK(PyErr_ExceptionMatches(PyExc_LookupError));
    PyErr_Clear();
    return outcome(code, found);
}

static PyObject *call_PyWeakref_GetRef(PyObject *Py_UNUSED(self), PyObject *reference)
{
    PyObject *result = UNTOUCHED;
    int code = PyWeakref_GetRef(reference, &result);
    return outcome(code, result);
}

static PyObject *call_PyIter_NextItem(PyObject *Py_UNUSED(self), PyObject *iterator)
{
    PyObject *result = UNTOUCHED;
    int code = PyIter_NextItem(iterator, &result);
    return outcome(code, result);
}

static PyObject *call_PyList_GetItemRef(PyObject *Py_UNUSED(self), PyObject *args)
{
    PyObject *list;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "On", &list, &index)) {
        return NULL;
    }
    return PyList_GetItemRef(list, index);
}

static PyObject *call_PyList_Clear(PyObject *Py_UNUSED(self), PyObject *list)
{
    return outcome(PyList_Clear(list), NULL);
}

static PyObject *call_PyImport_AddModuleRef(PyObject *Py_UNUSED(self), PyObject *args)
{
    const char *name;
    return PyArg_ParseTuple(args, "s", &name) ? PyImport_AddModuleRef(name) : NULL;
}

static PyObject *frame(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    return Py_BuildValue(
        "NNN", PyEval_GetFrameBuiltins(), PyEval_GetFrameGlobals(), PyEval_GetFrameLocals());
}

static PyObject *new_references(PyObject *Py_UNUSED(self), PyObject *object)
{
    CHECK(Py_XNewRef(NULL) == NULL);
    return Py_BuildValue("NN", Py_NewRef(object), Py_XNewRef(object));
}

#define REFERENCE_METHOD(name, arguments) {#name, call_##name, METH_VARARGS, NULL},
#define REFERENCE_METHODS                                                                      \
    FUNCTIONS_WITH_RESULT(REFERENCE_METHOD)                                                    \
    FUNCTIONS_WITHOUT_RESULT(REFERENCE_METHOD)                                                 \
    {"PyDict_SetDefaultRef", call_PyDict_SetDefaultRef, METH_VARARGS, NULL},                   \
    {"PyWeakref_GetRef", call_PyWeakref_GetRef, METH_O, NULL},                                 \
    {"PyIter_NextItem", call_PyIter_NextItem, METH_O, NULL},                                   \
    {"PyList_GetItemRef", call_PyList_GetItemRef, METH_VARARGS, NULL},                         \
    {"PyList_Clear", call_PyList_Clear, METH_O, NULL},                                         \
    {"PyImport_AddModuleRef", call_PyImport_AddModuleRef, METH_VARARGS, NULL},                       \
    {"without_result", without_result, METH_O, NULL},                                          \
    {"lookup_with_exception_set", lookup_with_exception_set, METH_VARARGS, NULL},              \
    {"frame", frame, METH_NOARGS, NULL},                                                       \
    {"new_references", new_references, METH_O, NULL}

/* An extension like many others: with Py_COMPAT_API_VERSION_MAX, it compiles as it does without.
 * C11 and C++17, CPython 3.8 and later. */
#ifdef COMPAT_FIRST
#  include "py_compat_api.h"
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>
#ifndef COMPAT_FIRST
#  include "py_compat_api.h"
#endif

typedef struct {
    PyObject_HEAD
    PyObject *name;
    PyObject *items;
    PyObject *weak;
    double weight;
    char *data;
    Py_ssize_t size;
} Box;

/* ---- life of an object */

static PyObject *
box_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"name", "weight", "size", NULL};
    PyObject *name;
    double weight = 1.0;
    Py_ssize_t size = 16;
    Box *self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "U|dn:Box", (char **)(void *)names, &name,
                                     &weight, &size)) {
        return NULL;
    }
    if (size < 0) {
        return PyErr_Format(PyExc_ValueError, "size must not be negative, not %zd", size);
    }
    self = (Box *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    Py_INCREF(name);
    self->name = name;
    self->weight = weight;
    self->size = size;
    self->items = PyDict_New();
    self->data = (char *)PyMem_Calloc((size_t)size + 1, 1);
    if (self->items == NULL || self->data == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static int
box_traverse(PyObject *self, visitproc visit, void *arg)
{
    Box *box = (Box *)self;
    Py_VISIT(box->name);
    Py_VISIT(box->items);
#if PY_VERSION_HEX >= 0x03090000
    Py_VISIT(Py_TYPE(self));
#endif
    return 0;
}

static int
box_clear(PyObject *self)
{
    Box *box = (Box *)self;
    Py_CLEAR(box->name);
    Py_CLEAR(box->items);
    return 0;
}

static void
box_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, box_dealloc)
    if (((Box *)self)->weak != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    box_clear(self);
    PyMem_Free(((Box *)self)->data);
    type->tp_free(self);
    Py_DECREF(type);
    Py_TRASHCAN_END
}

/* ---- methods */

static PyObject *
box_put(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "put() takes a key and a value");
        return NULL;
    }
    if (PyDict_SetItem(((Box *)self)->items, args[0], args[1]) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
box_keys(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *key, *value, *keys = PyList_New(0);
    Py_ssize_t pos = 0;
    if (keys == NULL) {
        return NULL;
    }
    while (PyDict_Next(((Box *)self)->items, &pos, &key, &value)) {
        if (PyList_Append(keys, key) < 0) {
            Py_DECREF(keys);
            return NULL;
        }
    }
    if (PyList_Sort(keys) < 0) {
        Py_CLEAR(keys);
    }
    return keys;
}

static PyObject *
box_widest(PyObject *self, PyObject *words)
{
    Py_UCS4 widest = 0;
    Py_ssize_t i, n;
    PyObject *fast = PySequence_Fast(words, "a sequence is needed");
    (void)self;
    if (fast == NULL) {
        return NULL;
    }
    for (i = 0; i < PySequence_Fast_GET_SIZE(fast); i++) {
        PyObject *word = PySequence_Fast_GET_ITEM(fast, i);
        if (!PyUnicode_Check(word)) {
            Py_DECREF(fast);
            return PyErr_Format(PyExc_TypeError, "str is needed, not %s", Py_TYPE(word)->tp_name);
        }
        for (n = 0; n < PyUnicode_GET_LENGTH(word); n++) {
            Py_UCS4 letter = PyUnicode_READ_CHAR(word, n);
            if (letter > widest && !Py_UNICODE_ISSPACE(letter) && PyUnicode_KIND(word) != 0
                && letter <= PyUnicode_MAX_CHAR_VALUE(word)) {
                widest = letter;
            }
        }
    }
    Py_DECREF(fast);
    return PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, &widest, widest != 0);
}

static PyObject *
box_detached(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Py_buffer view;
    long sum = 0;
    Py_ssize_t i;
    PyGILState_STATE state;
    if (PyObject_GetBuffer(self, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    for (i = 0; i < view.len; i++) {
        sum += ((unsigned char *)view.buf)[i];
    }
    state = PyGILState_Ensure();
    PyGILState_Release(state);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return PyLong_FromLong(sum);
}

static PyObject *
box_as_complex(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyComplex_FromDoubles(((Box *)self)->weight, -1.0);
}

static PyObject *
box_infinite(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Py_RETURN_INF(((Box *)self)->weight);
}

static int
box_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    return PyBuffer_FillInfo(view, self, ((Box *)self)->data, ((Box *)self)->size, 0, flags);
}

static PyObject *
box_repr(PyObject *self)
{
    return PyUnicode_FromFormat("Box(%R, size=%zd)", ((Box *)self)->name, ((Box *)self)->size);
}

static PyObject *
box_get_name(PyObject *self, void *Py_UNUSED(closure))
{
    Py_INCREF(((Box *)self)->name);
    return ((Box *)self)->name;
}

static PyMethodDef box_methods[] = {
    {"put", (PyCFunction)(void (*)(void))box_put, METH_FASTCALL, "put(key, value)"},
    {"keys", box_keys, METH_NOARGS, "the keys, sorted"},
    {"widest", box_widest, METH_O, "the character with the highest number"},
    {"detached", box_detached, METH_NOARGS, "a sum, made without the GIL"},
    {"as_complex", box_as_complex, METH_NOARGS, "weight - 1j"},
    {"infinite", box_infinite, METH_NOARGS, "an infinity with the sign of weight"},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef box_members[] = {
    {"weight", T_DOUBLE, offsetof(Box, weight), 0, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Box, weak), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef box_getset[] = {
    {"name", box_get_name, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#ifdef __GNUC__
/* Slots hold functions as data, which is what the C API asks for. */
#  pragma GCC diagnostic ignored "-Wpedantic"
#endif
static PyType_Slot box_slots[] = {
    {Py_tp_new, (void *)box_new},
    {Py_tp_dealloc, (void *)box_dealloc},
    {Py_tp_traverse, (void *)box_traverse},
    {Py_tp_clear, (void *)box_clear},
    {Py_tp_repr, (void *)box_repr},
    {Py_tp_methods, box_methods},
    {Py_tp_members, box_members},
    {Py_tp_getset, box_getset},
#if PY_VERSION_HEX >= 0x03090000
    {Py_bf_getbuffer, (void *)box_getbuffer},
#endif
    {0, NULL},
};

static PyType_Spec box_spec = {
    "ordinary.Box", sizeof(Box), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, box_slots,
};

/* ---- the module */

static int
ordinary_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&box_spec);
    if (type == NULL || PyModule_AddObject(module, "Box", type) < 0) {
        Py_XDECREF(type);
        return -1;
    }
    if (PyModule_AddIntConstant(module, "LIMIT", 16) < 0 || PyErr_Occurred()) {
        return -1;
    }
    return PyObject_SetAttrString(module, "loaded", Py_True);
}

static PyModuleDef_Slot ordinary_slots[] = {
    {Py_mod_exec, (void *)ordinary_exec},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef ordinary_module = {
    PyModuleDef_HEAD_INIT, "ordinary", NULL, 0, NULL, ordinary_slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_ordinary(void)
{
    (void)box_getbuffer;
    return PyModuleDef_Init(&ordinary_module);
}

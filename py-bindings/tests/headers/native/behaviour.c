/* The changes of behaviour that py_compat_api.h applies. */
#define Py_COMPAT_API_VERSION 0x030E0000
#define Py_COMPAT_API_LINT
#include "py_compat_api.h"

static PyObject *
immutable(PyObject *module, PyObject *args)
{
    PyObject *base, *bases, *type;
    const char *how;
    PyType_Slot slots[] = {{0, NULL}};
    PyType_Spec spec = {
        "behaviour.Immutable", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots,
    };
    if (!PyArg_ParseTuple(args, "sO", &how, &base)) {
        return NULL;
    }
    bases = PyTuple_Pack(1, base);
    if (bases == NULL) {
        return NULL;
    }
    if (how[0] == 's') {
        PyType_Slot with_base[] = {{Py_tp_bases, bases}, {0, NULL}};
        spec.slots = with_base;
        type = PyType_FromSpec(&spec);
    }
    else if (how[0] == 'b') {
        type = PyType_FromSpecWithBases(&spec, bases);
    }
#if PY_VERSION_HEX >= 0x030C0000
    else if (how[0] == 'c') {
        type = PyType_FromMetaclass(NULL, module, &spec, bases);
    }
#endif
    else {
        type = PyType_FromModuleAndSpec(module, &spec, bases);
    }
    Py_DECREF(bases);
    return type;
}

static PyObject *
set_attr(PyObject *module, PyObject *args)
{
    PyObject *o, *name, *value = NULL;
    int by_string, done;
    (void)module;
    if (!PyArg_ParseTuple(args, "pOU|O", &by_string, &o, &name, &value)) {
        return NULL;
    }
    done = by_string ? PyObject_SetAttrString(o, PyUnicode_AsUTF8(name), value)
                     : PyObject_SetAttr(o, name, value);
    return done < 0 ? NULL : PyLong_FromLong(done);
}

static PyObject *
del_attr(PyObject *module, PyObject *args)
{
    PyObject *o, *name;
    int by_string, done;
    (void)module;
    if (!PyArg_ParseTuple(args, "pOU", &by_string, &o, &name)) {
        return NULL;
    }
    done = by_string ? PyObject_DelAttrString(o, PyUnicode_AsUTF8(name))
                     : PyObject_DelAttr(o, name);
    return done < 0 ? NULL : PyLong_FromLong(done);
}

static PyMethodDef methods[] = {
    {"immutable", immutable, METH_VARARGS, NULL},
    {"set_attr", set_attr, METH_VARARGS, NULL},
    {"del_attr", del_attr, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "behaviour", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_behaviour(void)
{
    return PyModuleDef_Init(&definition);
}

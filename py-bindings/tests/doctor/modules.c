/* Extension modules of every kind, for the tests of the doctor. NAME is that of the module.

   SINGLE_PHASE  made in one step, and not by slots
   EXPORTS       made by slots alone, without a definition (3.15)
   DECLARES      says that it can do without the GIL
   IMPORTS       a module that it imports as it is loaded
   CRASHES       ends the process as it is loaded
   FAILS         raises as it is loaded */

#include <Python.h>
#include <signal.h>

#define GLUE(a, b) a##b
#define INIT_(name) GLUE(PyInit_, name)
#define EXPORT_(name) GLUE(PyModExport_, name)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)

static int
load(void)
{
#ifdef CRASHES
    raise(SIGSEGV);
#endif
#ifdef IMPORTS
    PyObject *other = PyImport_ImportModule(TEXT(IMPORTS));
    if (other == NULL) {
        return -1;
    }
    Py_DECREF(other);
#endif
#ifdef FAILS
    PyErr_SetString(PyExc_ImportError, "on purpose");
    return -1;
#endif
    return 0;
}

#ifdef SINGLE_PHASE

static struct PyModuleDef def = {
    PyModuleDef_HEAD_INIT, .m_name = TEXT(NAME), .m_size = -1,
};

PyMODINIT_FUNC
INIT_(NAME)(void)
{
    PyObject *module = PyModule_Create(&def);
    if (module == NULL || load() < 0) {
        Py_XDECREF(module);
        return NULL;
    }
#if defined(DECLARES) && defined(Py_GIL_DISABLED)
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    return module;
}

#else

static int
execute(PyObject *module)
{
    (void)module;
    return load();
}

#ifdef EXPORTS

PyABIInfo_VAR(abi);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi),
    PySlot_STATIC_DATA(Py_mod_name, TEXT(NAME)),
    PySlot_FUNC(Py_mod_exec, execute),
    PySlot_END,
};

PyMODEXPORT_FUNC
EXPORT_(NAME)(void)
{
    return slots;
}

#else

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
#if defined(DECLARES) && defined(Py_GIL_DISABLED)
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef def = {
    PyModuleDef_HEAD_INIT, .m_name = TEXT(NAME), .m_slots = slots,
};

PyMODINIT_FUNC
INIT_(NAME)(void)
{
    return PyModuleDef_Init(&def);
}

#endif
#endif

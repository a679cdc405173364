/* Single-phase initialisation. */
#include "checks.h"

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "compat_cxx", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_compat_cxx(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED) < 0) {
        Py_CLEAR(module);
    }
    return module;
}

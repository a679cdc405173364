/* Multi-phase initialisation. */
#include "checks.h"

static PyModuleDef_Slot slots[] = {
    FT_SLOTS_END_GIL_NOT_USED
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "compat_c", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_compat_c(void)
{
    return PyModuleDef_Init(&definition);
}

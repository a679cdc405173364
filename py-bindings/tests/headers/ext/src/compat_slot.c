/* The module slot in the spelling of ft_utils 0.2.0. */
#include "ft_compat.h"

static PyModuleDef_Slot slots[] = {
    _PY_NOGIL_MODULE_SLOT
    {0, NULL}
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "compat_slot", NULL, 0, NULL, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_compat_slot(void)
{
    return PyModuleDef_Init(&definition);
}

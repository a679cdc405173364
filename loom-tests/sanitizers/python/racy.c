/* Broken: an extension module that writes without a word to other threads. ThreadSanitizer has to
 * report it, or it would miss races of this library as well. */
#include <Python.h>

static long total;

static PyObject *bump(PyObject *module, PyObject *args)
{
    (void)module;
    (void)args;
    for (int i = 0; i < 1000; i++)
        total += i;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"bump", bump, METH_NOARGS, "Adds to what all threads share."},
    {0},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "racy",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_racy(void)
{
    return PyModuleDef_Init(&module);
}

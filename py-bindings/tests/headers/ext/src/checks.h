/* All checks, as the methods of a module. */
#include "check_atomic.h"
#include "check_lock.h"
#include "check_refcount.h"
#include "check_reference.h"

static PyObject *about(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    return Py_BuildValue(
        "{si si ss}", "free_threaded", FT_COMPAT_FREE_THREADED, "version_hex",
        FT_COMPAT_VERSION_HEX, "version", FT_COMPAT_VERSION);
}

static PyMethodDef methods[] = {
    ATOMIC_METHODS,
    LOCK_METHODS,
    REFCOUNT_METHODS,
    REFERENCE_METHODS,
    {"about", about, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}};

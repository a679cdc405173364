/* Every function of ft_compat/refcount.h. Valid C and C++. */
#include "ft_compat.h"

#include "support.h"

/* A cache that does not keep its object alive: what PyUnstable_TryIncRef is for. */
static PyObject *cached;
static PyMutex cache_mutex;

static void forget(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyMutex_Lock(&cache_mutex);
    if (cached == self) {
        cached = NULL;
    }
    PyMutex_Unlock(&cache_mutex);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot cached_slots[] = {{Py_tp_dealloc, NULL}, {0, NULL}};
static PyType_Spec cached_spec = {
    "compat.Cached", (int)sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, cached_slots};

static PyObject *make_type(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    /* A function pointer in a `void *`, without a cast that ISO C forbids. */
    void (*dealloc)(PyObject *) = forget;
    memcpy(&cached_slots[0].pfunc, &dealloc, sizeof dealloc);
    return PyType_FromSpec(&cached_spec);
}

static PyObject *new_cached(PyObject *type)
{
    PyObject *object = PyObject_New(PyObject, (PyTypeObject *)type);
#if PY_VERSION_HEX < 0x03080000
    Py_XINCREF(type);
#endif
    return object;
}

/* The object in the cache if it is alive, or a new one. */
static PyObject *get_cached(PyObject *Py_UNUSED(self), PyObject *type)
{
    PyObject *object = NULL, *fresh = new_cached(type);
    CHECK(fresh != NULL);
    PyUnstable_EnableTryIncRef(fresh);
    PyMutex_Lock(&cache_mutex);
    if (cached != NULL && PyUnstable_TryIncRef(cached)) {
        object = cached;
    }
    else {
        cached = fresh;
    }
    PyMutex_Unlock(&cache_mutex);
    if (object == NULL) {
        return fresh;
    }
    Py_DECREF(fresh);
    return object;
}

static PyObject *is_cached(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    return PyBool_FromLong(cached != NULL);
}

static PyObject *take_reference(PyObject *Py_UNUSED(self), PyObject *object)
{
    Py_ssize_t before;
    PyUnstable_EnableTryIncRef(object);
    before = Py_REFCNT(object);
    CHECK(PyUnstable_TryIncRef(object) == 1);
    CHECK(Py_REFCNT(object) == before + 1);
    Py_DECREF(object);
    Py_RETURN_NONE;
}

/* A pointer to an object that somebody else keeps alive. */
static PyObject *remembered;

static PyObject *remember(PyObject *Py_UNUSED(self), PyObject *args)
{
    PyObject *object;
    int enable;
    if (!PyArg_ParseTuple(args, "Op", &object, &enable)) {
        return NULL;
    }
    if (enable) {
        PyUnstable_EnableTryIncRef(object);
    }
    remembered = object;
    Py_RETURN_NONE;
}

static PyObject *recall(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    if (PyUnstable_TryIncRef(remembered)) {
        return remembered;
    }
    Py_RETURN_NONE;
}

/* An object that lives for ever can always be referred to. */
static PyObject *take_immortal(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    PyUnstable_EnableTryIncRef(Py_None);
    CHECK(PyUnstable_TryIncRef(Py_None) == 1);
    Py_RETURN_NONE; /* with a reference too many, which is no matter */
}

static PyObject *uniqueness(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    PyObject *list = PyList_New(0);
    CHECK(list != NULL);
    CHECK(PyUnstable_Object_IsUniquelyReferenced(list) == 1);
    Py_INCREF(list);
    CHECK(PyUnstable_Object_IsUniquelyReferenced(list) == 0);
    CHECK(PyUnstable_Object_IsUniqueReferencedTemporary(list) == 0);
    Py_DECREF(list);
    Py_DECREF(list);
    Py_RETURN_NONE;
}

static PyObject *is_temporary(PyObject *Py_UNUSED(self), PyObject *object)
{
    return PyBool_FromLong(PyUnstable_Object_IsUniqueReferencedTemporary(object));
}

static PyObject *defer(PyObject *Py_UNUSED(self), PyObject *object)
{
    return PyBool_FromLong(PyUnstable_Object_EnableDeferredRefcount(object));
}

#define REFCOUNT_METHODS                                                                       \
    {"make_type", make_type, METH_NOARGS, NULL},                                               \
    {"get_cached", get_cached, METH_O, NULL},                                                  \
    {"is_cached", is_cached, METH_NOARGS, NULL},                                               \
    {"take_reference", take_reference, METH_O, NULL},                                          \
    {"remember", remember, METH_VARARGS, NULL},                                                \
    {"recall", recall, METH_NOARGS, NULL},                                                     \
    {"take_immortal", take_immortal, METH_NOARGS, NULL},                                       \
    {"uniqueness", uniqueness, METH_NOARGS, NULL},                                             \
    {"is_temporary", is_temporary, METH_O, NULL},                                              \
    {"defer", defer, METH_O, NULL}

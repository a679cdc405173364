/* An extension module that uses all of ft_weave.h; valid C11 and C++17. NAME is its name. */
#include <Python.h>

#include <ft_weave.h>

#include "log.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            PyErr_Format(PyExc_AssertionError, "line %d: %s", __LINE__, #condition);      \
            return NULL;                                                                  \
        }                                                                                 \
    } while (0)

static weave_local log_t *current;
static weave_local void *one;
static weave_local void *other;

static void write_value(void *value) { write_line(current, (long)(intptr_t)value); }

static void write_both(void *value, void *data)
{
    write_line(current, (long)((intptr_t)value + (intptr_t)data));
}

static void *number(intptr_t value) { return (void *)value; }

/* Every function of part 3, with the log's address. What is left writes 1, 42, 50 and 6. */
static PyObject *use_all(PyObject *module, PyObject *address)
{
    ft_weave_id first, second, third;
    ft_weave_entry entries[4];
    wvls_key_t key, plain;
    (void)module;
    current = (log_t *)PyLong_AsVoidPtr(address);
    one = number(9);
    other = number(2);
    CHECK(ft_weave_import() == 0);

    CHECK(ft_weave_register(&one, write_value, &first) == 0);
    CHECK(ft_weave_register(&one, write_value, &second) == 0);
    CHECK(ft_weave_register_with(&other, write_both, number(40), &third) == 0);
    CHECK(ft_weave_register_with(NULL, write_both, number(50), NULL) == 0);
    CHECK(ft_weave_register_with(&one, NULL, NULL, NULL) != 0);
    CHECK(first != 0 && second != 0 && first != second);

    CHECK(ft_weave_list(entries, 3) == 4);
    CHECK(entries[0].id == first && entries[1].id == second && entries[2].id == third);
    CHECK(entries[0].variable == &one && entries[2].variable == &other);
    CHECK(entries[0].destructor == (const void *)(uintptr_t)write_value);
    CHECK(entries[0].data == NULL && entries[2].data == number(40));

    CHECK(ft_weave_cancel(second) == 1);
    CHECK(ft_weave_cancel(second) == 0);
    CHECK(ft_weave_cancel(0) == 0);

    /* With `one` gone, it goes to the end. */
    CHECK(ft_weave_unregister(&one) == 1);
    CHECK(ft_weave_unregister(&one) == 0);
    register_wvls_destructor(&one, write_value);
    register_wvls_destructor(&one, write_value);
    CHECK(unregister_wvls_destructor(&one) == 1);
    CHECK(unregister_wvls_destructor(&one) == 0);
    CHECK(ft_weave_list(NULL, 0) == 2);

    CHECK(wvls_key_create(NULL, write_value) == EINVAL);
    CHECK(wvls_key_create(&key, write_value) == 0);
    CHECK(wvls_key_create(&plain, NULL) == 0);
    CHECK(key != plain);
    CHECK(wvls_get_value(key) == NULL);
    CHECK(wvls_set_value(key, number(5)) == 0);
    CHECK(wvls_set_value(plain, number(4)) == 0);
    CHECK(wvls_get_value(key) == number(5) && wvls_get_value(plain) == number(4));
    CHECK(wvls_key_delete(plain) == 0);
    CHECK(wvls_key_delete(plain) == EINVAL);
    CHECK(wvls_set_value(plain, NULL) == EINVAL);
    CHECK(wvls_get_value(plain) == NULL);

    CHECK(ft_weave_run_now() == 3);
    CHECK(wvls_get_value(key) == NULL);
    CHECK(ft_weave_list(NULL, 0) == 0);
    CHECK(ft_weave_run_now() == 0);

    one = number(1);
    CHECK(ft_weave_register(&one, write_value, NULL) == 0);
    CHECK(wvls_set_value(key, number(6)) == 0);
    /* The key stays: it has a value. */
    Py_RETURN_NONE;
}

/* Part 4 */

static PyObject *py_register(PyObject *module, PyObject *address)
{
    (void)module;
    current = (log_t *)PyLong_AsVoidPtr(address);
    one = number(3);
    if (_py_register_wvls_destructor(&one, write_value) != 0) {
        CHECK(PyErr_Occurred());
        return NULL;
    }
    CHECK(!PyErr_Occurred());
    Py_RETURN_NONE;
}

static PyObject *py_unregister(PyObject *module, PyObject *unused)
{
    int unregistered = 77;
    (void)module;
    (void)unused;
    if (_py_unregister_wvls_destructor(&one, &unregistered) != 0) {
        CHECK(PyErr_Occurred());
        CHECK(unregistered == 77);
        return NULL;
    }
    return PyLong_FromLong(unregistered);
}

/* Threads that Python has not made */

static void *attached(void *log)
{
    PyGILState_STATE state = PyGILState_Ensure();
    current = (log_t *)log;
    one = number(11);
    if (_py_register_wvls_destructor(&one, write_value) != 0) {
        PyErr_Print();
    }
    PyGILState_Release(state);
    return NULL;
}

static void *attached_by_the_header(void *log)
{
    int unregistered = 77;
    current = (log_t *)log;
    one = number(12);
    for (int times = 0; times < 2; times++) {
        write_line(current, _py_register_wvls_destructor(&one, write_value));
        if (times == 0) {
            write_line(current, _py_unregister_wvls_destructor(&one, &unregistered));
            write_line(current, unregistered);
        }
    }
    return NULL;
}

static void *never_attached(void *log)
{
    current = (log_t *)log;
    one = number(13);
    register_wvls_destructor(&one, write_value);
    return NULL;
}

static PyObject *in_thread(void *(*body)(void *), PyObject *address)
{
    void *log = PyLong_AsVoidPtr(address);
    pthread_t thread;
    int error;
    Py_BEGIN_ALLOW_THREADS
    error = pthread_create(&thread, NULL, body, log);
    if (error == 0) {
        error = pthread_join(thread, NULL);
    }
    Py_END_ALLOW_THREADS
    CHECK(error == 0);
    Py_RETURN_NONE;
}

static PyObject *thread_attached(PyObject *module, PyObject *address)
{
    (void)module;
    return in_thread(attached, address);
}

static PyObject *thread_attached_by_the_header(PyObject *module, PyObject *address)
{
    (void)module;
    return in_thread(attached_by_the_header, address);
}

static PyObject *thread_never_attached(PyObject *module, PyObject *address)
{
    (void)module;
    return in_thread(never_attached, address);
}

/* The module */

static PyObject *check_before_import(void)
{
    wvls_key_t key;
    CHECK(ft_weave_register(&one, write_value, NULL) == ENOSYS);
    CHECK(ft_weave_register_with(&one, write_both, NULL, NULL) == ENOSYS);
    CHECK(ft_weave_unregister(&one) == 0);
    CHECK(ft_weave_cancel(1) == 0);
    CHECK(ft_weave_list(NULL, 0) == 0);
    CHECK(ft_weave_run_now() == 0);
    CHECK(wvls_key_create(&key, NULL) == ENOSYS);
    CHECK(wvls_key_delete(0) == ENOSYS);
    CHECK(wvls_set_value(0, NULL) == ENOSYS);
    CHECK(wvls_get_value(0) == NULL);
    _py_check_init_interpreter();
    Py_RETURN_NONE;
}

static int exec(PyObject *module)
{
    PyObject *checked = check_before_import();
    (void)module;
    Py_XDECREF(checked);
    return checked == NULL ? -1 : ft_weave_import();
}

static PyMethodDef methods[] = {
    {"use_all", use_all, METH_O, NULL},
    {"py_register", py_register, METH_O, NULL},
    {"py_unregister", py_unregister, METH_NOARGS, NULL},
    {"thread_attached", thread_attached, METH_O, NULL},
    {"thread_attached_by_the_header", thread_attached_by_the_header, METH_O, NULL},
    {"thread_never_attached", thread_never_attached, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)(uintptr_t)exec},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, TEXT(NAME), NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PASTE(PyInit_, NAME)(void)
{
    return PyModuleDef_Init(&definition);
}

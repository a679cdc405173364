/* How a check of these extensions fails. */
#ifndef SUPPORT_H
#define SUPPORT_H

#define TEXT_OF(line) #line
#define PLACE_OF(line) __FILE__ ":" TEXT_OF(line)

/* Raises AssertionError in the caller. */
#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            PyErr_SetString(PyExc_AssertionError, PLACE_OF(__LINE__) ": " #condition);         \
            return NULL;                                                                       \
        }                                                                                      \
    } while (0)

/* The same where nothing may be raised yet: notes it in `failed`, for RETURN_FAILED. */
#define CHECK_LATER(condition)                                                                 \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            failed = PLACE_OF(__LINE__) ": " #condition;                                       \
        }                                                                                      \
    } while (0)

#define RETURN_FAILED(failed)                                                                  \
    do {                                                                                       \
        if ((failed) != NULL) {                                                                \
            PyErr_SetString(PyExc_AssertionError, failed);                                     \
            return NULL;                                                                       \
        }                                                                                      \
        Py_RETURN_NONE;                                                                        \
    } while (0)

#endif

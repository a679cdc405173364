/* Py_COMPAT_API_VERSION: refuse the C APIs that a future Python will not have.
 *
 * Made by `cargo xtask compat-api` from py-bindings/compat/; changes here are lost.
 *
 *     #define Py_COMPAT_API_VERSION 0x03100000   (Python 3.16; or on the command line)
 *     #include "py_compat_api.h"
 *
 * From here on, code that uses a C API does not compile if the API is removed in Python 3.16 or
 * before, or is scheduled to be. This holds for every CPython (3.8 and later) that the code is
 * compiled with. The message names the API, the version and the replacement. Include this header after
 * Python.h, or instead of it, and after the headers of other libraries. It implements the first draft
 * of PEP 743, which CPython did not adopt.
 *
 * Py_COMPAT_API_VERSION      a version as in PY_VERSION_HEX. If it is undefined, nothing is refused,
 *                            and it becomes PY_VERSION_HEX.
 * Py_COMPAT_API_VERSION_MAX  the value that refuses everything that will be removed, also without a
 *                            date
 * Py_COMPAT_API_LINT         if it is defined, names that stay in Python but are better avoided are
 *                            refused too: soft-deprecated APIs, borrowed references, lost exceptions
 *
 * As in the PEP, these macros do nothing if Py_LIMITED_API is defined. All names that this header
 * adds begin with Py_COMPAT_API. `#undef NAME` allows a single name again.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in ft_compat/LICENSE.
 */
#ifndef PY_COMPAT_API_H
#define PY_COMPAT_API_H

#include <Python.h>

#define Py_COMPAT_API_VERSION_MAX 0x7FFFFFFF

#ifndef Py_COMPAT_API_VERSION
#  define Py_COMPAT_API_VERSION PY_VERSION_HEX
#  define Py_COMPAT_API_CHECKED_ 0
#elif Py_COMPAT_API_VERSION + 0 < 0x03000000
#  error "Py_COMPAT_API_VERSION must be a version like 0x03100000 for Python 3.16, or Py_COMPAT_API_VERSION_MAX"
#elif defined(Py_LIMITED_API)
#  define Py_COMPAT_API_CHECKED_ 0
#else
#  define Py_COMPAT_API_CHECKED_ Py_COMPAT_API_VERSION
#endif

/* On older Pythons, the functions of these headers use names that are refused below. */
#if defined(__has_include) && (Py_COMPAT_API_CHECKED_ || defined(Py_COMPAT_API_LINT))
#  if !defined(FT_COMPAT_H) && PY_VERSION_HEX < 0x030D0000 && __has_include("ft_compat.h")
#    include "ft_compat.h"
#  endif
#  if !defined(PYTHONCAPI_COMPAT) && __has_include("pythoncapi_compat.h")
#    include "pythoncapi_compat.h"
#  endif
#endif

/* A use of `name`, whether or not this CPython has it. It is an error with the text, if the compiler
 * supports that; otherwise it is an unknown identifier that says the same. */
#if defined(__GNUC__) || defined(__clang__)
#  define Py_COMPAT_API_PRAGMA_(pragma) _Pragma(#pragma)
#  define Py_COMPAT_API_GONE_(name, text, words) Py_COMPAT_API_PRAGMA_(GCC error text) name
#else
#  define Py_COMPAT_API_GONE_(name, text, words) words
#endif

/* A macro that is a value is really undefined, because programs check for it with #ifdef. If the
 * compiler supports it, the name becomes an enumerator that cannot be used. */
#ifdef __has_attribute
#  if __has_attribute(unavailable)
#    define Py_COMPAT_API_NO_CONSTANT_(name, text) \
        enum { name __attribute__((unavailable(text))) = 0 };
#  endif
#endif
#ifndef Py_COMPAT_API_NO_CONSTANT_
#  define Py_COMPAT_API_NO_CONSTANT_(name, text)
#endif

/* ---- changes of behaviour; they come first, because they use names that are refused below */

/* Python 3.14: an immutable type needs immutable bases. */
#if Py_COMPAT_API_CHECKED_ >= 0x030E0000 && 0x030A0000 <= PY_VERSION_HEX \
    && PY_VERSION_HEX < 0x030E0000 && !defined(PYPY_VERSION)
static inline PyObject *
Py_COMPAT_API_CheckBases_(PyObject *made)
{
    PyTypeObject *type = (PyTypeObject *)made;
    Py_ssize_t i;
    if (made == NULL || !(type->tp_flags & Py_TPFLAGS_IMMUTABLETYPE)) {
        return made;
    }
    for (i = 0; i < PyTuple_GET_SIZE(type->tp_bases); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(type->tp_bases, i);
        if (!(base->tp_flags & Py_TPFLAGS_IMMUTABLETYPE)) {
            PyErr_Format(PyExc_TypeError, "Creating immutable type %s from mutable base %s",
                         type->tp_name, base->tp_name);
            Py_DECREF(made);
            return NULL;
        }
    }
    return made;
}

static inline PyObject *
Py_COMPAT_API_FromSpec_(PyType_Spec *spec)
{
    return Py_COMPAT_API_CheckBases_(PyType_FromSpec(spec));
}
#  define PyType_FromSpec Py_COMPAT_API_FromSpec_

static inline PyObject *
Py_COMPAT_API_FromSpecWithBases_(PyType_Spec *spec, PyObject *bases)
{
    return Py_COMPAT_API_CheckBases_(PyType_FromSpecWithBases(spec, bases));
}
#  define PyType_FromSpecWithBases Py_COMPAT_API_FromSpecWithBases_

static inline PyObject *
Py_COMPAT_API_FromModuleAndSpec_(PyObject *module, PyType_Spec *spec, PyObject *bases)
{
    return Py_COMPAT_API_CheckBases_(PyType_FromModuleAndSpec(module, spec, bases));
}
#  define PyType_FromModuleAndSpec Py_COMPAT_API_FromModuleAndSpec_

#  if PY_VERSION_HEX >= 0x030C0000
static inline PyObject *
Py_COMPAT_API_FromMetaclass_(PyTypeObject *metaclass, PyObject *module, PyType_Spec *spec,
                             PyObject *bases)
{
    return Py_COMPAT_API_CheckBases_(PyType_FromMetaclass(metaclass, module, spec, bases));
}
#    define PyType_FromMetaclass Py_COMPAT_API_FromMetaclass_
#  endif
#endif

/* Lint: NULL as a value does not delete an attribute. */
#if defined(Py_COMPAT_API_LINT) && !defined(Py_LIMITED_API)
#  if PY_VERSION_HEX < 0x030D0000
/* They are macros around the functions that are changed below. */
static inline int
Py_COMPAT_API_DelAttr_(PyObject *o, PyObject *name)
{
    return PyObject_DelAttr(o, name);
}
#    undef PyObject_DelAttr
#    define PyObject_DelAttr Py_COMPAT_API_DelAttr_

static inline int
Py_COMPAT_API_DelAttrString_(PyObject *o, const char *name)
{
    return PyObject_DelAttrString(o, name);
}
#    undef PyObject_DelAttrString
#    define PyObject_DelAttrString Py_COMPAT_API_DelAttrString_
#  endif

static inline int
Py_COMPAT_API_SetAttr_(PyObject *o, PyObject *name, PyObject *value)
{
    if (value == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_SystemError,
                            "PyObject_SetAttr() has no value; use PyObject_DelAttr()");
        }
        return -1;
    }
    return PyObject_SetAttr(o, name, value);
}
#  define PyObject_SetAttr Py_COMPAT_API_SetAttr_

static inline int
Py_COMPAT_API_SetAttrString_(PyObject *o, const char *name, PyObject *value)
{
    if (value == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_SystemError,
                            "PyObject_SetAttrString() has no value; use PyObject_DelAttrString()");
        }
        return -1;
    }
    return PyObject_SetAttrString(o, name, value);
}
#  define PyObject_SetAttrString Py_COMPAT_API_SetAttrString_
#endif

/* ---- removed in Python 3.10 */
#if Py_COMPAT_API_CHECKED_ >= 0x030A0000
#undef PyNode_Compile
#define PyNode_Compile \
    Py_COMPAT_API_GONE_(PyNode_Compile, \
        "PyNode_Compile is removed in Python 3.10; use Py_CompileString", \
        PyNode_Compile_is_removed_in_Python_3_10_use_Py_CompileString)
#undef PyParser_SimpleParseFileFlags
#define PyParser_SimpleParseFileFlags \
    Py_COMPAT_API_GONE_(PyParser_SimpleParseFileFlags, \
        "PyParser_SimpleParseFileFlags is removed in Python 3.10; use Py_CompileString", \
        PyParser_SimpleParseFileFlags_is_removed_in_Python_3_10_use_Py_CompileString)
#undef PyParser_SimpleParseStringFlags
#define PyParser_SimpleParseStringFlags \
    Py_COMPAT_API_GONE_(PyParser_SimpleParseStringFlags, \
        "PyParser_SimpleParseStringFlags is removed in Python 3.10; use Py_CompileString", \
        PyParser_SimpleParseStringFlags_is_removed_in_Python_3_10_use_Py_CompileString)
#undef PyParser_SimpleParseStringFlagsFilename
#define PyParser_SimpleParseStringFlagsFilename \
    Py_COMPAT_API_GONE_(PyParser_SimpleParseStringFlagsFilename, \
        "PyParser_SimpleParseStringFlagsFilename is removed in Python 3.10; use Py_CompileString", \
        PyParser_SimpleParseStringFlagsFilename_is_removed_in_Python_3_10_use_Py_CompileString)
#undef PyLong_FromUnicode
#define PyLong_FromUnicode \
    Py_COMPAT_API_GONE_(PyLong_FromUnicode, \
        "PyLong_FromUnicode is removed in Python 3.10; use PyLong_FromUnicodeObject", \
        PyLong_FromUnicode_is_removed_in_Python_3_10_use_PyLong_FromUnicodeObject)
#undef PyUnicode_AsUnicodeCopy
#define PyUnicode_AsUnicodeCopy \
    Py_COMPAT_API_GONE_(PyUnicode_AsUnicodeCopy, \
        "PyUnicode_AsUnicodeCopy is removed in Python 3.10; use PyUnicode_AsUCS4Copy or PyUnicode_AsWideCharString", \
        PyUnicode_AsUnicodeCopy_is_removed_in_Python_3_10_use_PyUnicode_AsUCS4Copy_or_PyUnicode_AsWideCharString)
#undef PyUnicode_GetMax
#define PyUnicode_GetMax \
    Py_COMPAT_API_GONE_(PyUnicode_GetMax, \
        "PyUnicode_GetMax is removed in Python 3.10; it is always 0x10FFFF", \
        PyUnicode_GetMax_is_removed_in_Python_3_10_it_is_always_0x10FFFF)
#undef Py_UNICODE_strlen
#define Py_UNICODE_strlen \
    Py_COMPAT_API_GONE_(Py_UNICODE_strlen, \
        "Py_UNICODE_strlen is removed in Python 3.10; use wcslen", \
        Py_UNICODE_strlen_is_removed_in_Python_3_10_use_wcslen)
#undef Py_UNICODE_strcpy
#define Py_UNICODE_strcpy \
    Py_COMPAT_API_GONE_(Py_UNICODE_strcpy, \
        "Py_UNICODE_strcpy is removed in Python 3.10; use wcscpy", \
        Py_UNICODE_strcpy_is_removed_in_Python_3_10_use_wcscpy)
#undef Py_UNICODE_strcat
#define Py_UNICODE_strcat \
    Py_COMPAT_API_GONE_(Py_UNICODE_strcat, \
        "Py_UNICODE_strcat is removed in Python 3.10; use wcscat", \
        Py_UNICODE_strcat_is_removed_in_Python_3_10_use_wcscat)
#undef Py_UNICODE_strncpy
#define Py_UNICODE_strncpy \
    Py_COMPAT_API_GONE_(Py_UNICODE_strncpy, \
        "Py_UNICODE_strncpy is removed in Python 3.10; use wcsncpy", \
        Py_UNICODE_strncpy_is_removed_in_Python_3_10_use_wcsncpy)
#undef Py_UNICODE_strcmp
#define Py_UNICODE_strcmp \
    Py_COMPAT_API_GONE_(Py_UNICODE_strcmp, \
        "Py_UNICODE_strcmp is removed in Python 3.10; use wcscmp", \
        Py_UNICODE_strcmp_is_removed_in_Python_3_10_use_wcscmp)
#undef Py_UNICODE_strncmp
#define Py_UNICODE_strncmp \
    Py_COMPAT_API_GONE_(Py_UNICODE_strncmp, \
        "Py_UNICODE_strncmp is removed in Python 3.10; use wcsncmp", \
        Py_UNICODE_strncmp_is_removed_in_Python_3_10_use_wcsncmp)
#undef Py_UNICODE_strchr
#define Py_UNICODE_strchr \
    Py_COMPAT_API_GONE_(Py_UNICODE_strchr, \
        "Py_UNICODE_strchr is removed in Python 3.10; use wcschr", \
        Py_UNICODE_strchr_is_removed_in_Python_3_10_use_wcschr)
#undef Py_UNICODE_strrchr
#define Py_UNICODE_strrchr \
    Py_COMPAT_API_GONE_(Py_UNICODE_strrchr, \
        "Py_UNICODE_strrchr is removed in Python 3.10; use wcsrchr", \
        Py_UNICODE_strrchr_is_removed_in_Python_3_10_use_wcsrchr)
#endif

/* ---- removed in Python 3.11 */
#if Py_COMPAT_API_CHECKED_ >= 0x030B0000
#undef PyUnicode_Encode
#define PyUnicode_Encode \
    Py_COMPAT_API_GONE_(PyUnicode_Encode, \
        "PyUnicode_Encode is removed in Python 3.11; use PyUnicode_AsEncodedString", \
        PyUnicode_Encode_is_removed_in_Python_3_11_use_PyUnicode_AsEncodedString)
#undef PyUnicode_EncodeUTF7
#define PyUnicode_EncodeUTF7 \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeUTF7, \
        "PyUnicode_EncodeUTF7 is removed in Python 3.11; use PyUnicode_AsEncodedString with \"utf-7\"", \
        PyUnicode_EncodeUTF7_is_removed_in_Python_3_11_use_PyUnicode_AsEncodedString_with_utf_7)
#undef PyUnicode_EncodeUTF8
#define PyUnicode_EncodeUTF8 \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeUTF8, \
        "PyUnicode_EncodeUTF8 is removed in Python 3.11; use PyUnicode_AsUTF8String or PyUnicode_AsUTF8AndSize", \
        PyUnicode_EncodeUTF8_is_removed_in_Python_3_11_use_PyUnicode_AsUTF8String_or_PyUnicode_AsUTF8AndSize)
#undef PyUnicode_EncodeUTF16
#define PyUnicode_EncodeUTF16 \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeUTF16, \
        "PyUnicode_EncodeUTF16 is removed in Python 3.11; use PyUnicode_AsUTF16String or PyUnicode_AsEncodedString", \
        PyUnicode_EncodeUTF16_is_removed_in_Python_3_11_use_PyUnicode_AsUTF16String_or_PyUnicode_AsEncodedString)
#undef PyUnicode_EncodeUTF32
#define PyUnicode_EncodeUTF32 \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeUTF32, \
        "PyUnicode_EncodeUTF32 is removed in Python 3.11; use PyUnicode_AsUTF32String or PyUnicode_AsEncodedString", \
        PyUnicode_EncodeUTF32_is_removed_in_Python_3_11_use_PyUnicode_AsUTF32String_or_PyUnicode_AsEncodedString)
#undef PyUnicode_EncodeUnicodeEscape
#define PyUnicode_EncodeUnicodeEscape \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeUnicodeEscape, \
        "PyUnicode_EncodeUnicodeEscape is removed in Python 3.11; use PyUnicode_AsUnicodeEscapeString", \
        PyUnicode_EncodeUnicodeEscape_is_removed_in_Python_3_11_use_PyUnicode_AsUnicodeEscapeString)
#undef PyUnicode_EncodeRawUnicodeEscape
#define PyUnicode_EncodeRawUnicodeEscape \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeRawUnicodeEscape, \
        "PyUnicode_EncodeRawUnicodeEscape is removed in Python 3.11; use PyUnicode_AsRawUnicodeEscapeString", \
        PyUnicode_EncodeRawUnicodeEscape_is_removed_in_Python_3_11_use_PyUnicode_AsRawUnicodeEscapeString)
#undef PyUnicode_EncodeLatin1
#define PyUnicode_EncodeLatin1 \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeLatin1, \
        "PyUnicode_EncodeLatin1 is removed in Python 3.11; use PyUnicode_AsLatin1String or PyUnicode_AsEncodedString", \
        PyUnicode_EncodeLatin1_is_removed_in_Python_3_11_use_PyUnicode_AsLatin1String_or_PyUnicode_AsEncodedString)
#undef PyUnicode_EncodeASCII
#define PyUnicode_EncodeASCII \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeASCII, \
        "PyUnicode_EncodeASCII is removed in Python 3.11; use PyUnicode_AsASCIIString or PyUnicode_AsEncodedString", \
        PyUnicode_EncodeASCII_is_removed_in_Python_3_11_use_PyUnicode_AsASCIIString_or_PyUnicode_AsEncodedString)
#undef PyUnicode_EncodeCharmap
#define PyUnicode_EncodeCharmap \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeCharmap, \
        "PyUnicode_EncodeCharmap is removed in Python 3.11; use PyUnicode_AsCharmapString", \
        PyUnicode_EncodeCharmap_is_removed_in_Python_3_11_use_PyUnicode_AsCharmapString)
#undef PyUnicode_EncodeMBCS
#define PyUnicode_EncodeMBCS \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeMBCS, \
        "PyUnicode_EncodeMBCS is removed in Python 3.11; use PyUnicode_AsMBCSString or PyUnicode_EncodeCodePage", \
        PyUnicode_EncodeMBCS_is_removed_in_Python_3_11_use_PyUnicode_AsMBCSString_or_PyUnicode_EncodeCodePage)
#undef PyUnicode_EncodeDecimal
#define PyUnicode_EncodeDecimal \
    Py_COMPAT_API_GONE_(PyUnicode_EncodeDecimal, \
        "PyUnicode_EncodeDecimal is removed in Python 3.11; use Py_UNICODE_TODECIMAL on each character", \
        PyUnicode_EncodeDecimal_is_removed_in_Python_3_11_use_Py_UNICODE_TODECIMAL_on_each_character)
#undef PyUnicode_TransformDecimalToASCII
#define PyUnicode_TransformDecimalToASCII \
    Py_COMPAT_API_GONE_(PyUnicode_TransformDecimalToASCII, \
        "PyUnicode_TransformDecimalToASCII is removed in Python 3.11; use Py_UNICODE_TODECIMAL on each character", \
        PyUnicode_TransformDecimalToASCII_is_removed_in_Python_3_11_use_Py_UNICODE_TODECIMAL_on_each_character)
#undef PyUnicode_TranslateCharmap
#define PyUnicode_TranslateCharmap \
    Py_COMPAT_API_GONE_(PyUnicode_TranslateCharmap, \
        "PyUnicode_TranslateCharmap is removed in Python 3.11; use PyUnicode_Translate", \
        PyUnicode_TranslateCharmap_is_removed_in_Python_3_11_use_PyUnicode_Translate)
#undef PyUnicodeEncodeError_Create
#define PyUnicodeEncodeError_Create \
    Py_COMPAT_API_GONE_(PyUnicodeEncodeError_Create, \
        "PyUnicodeEncodeError_Create is removed in Python 3.11; use PyObject_CallFunction on the exception type", \
        PyUnicodeEncodeError_Create_is_removed_in_Python_3_11_use_PyObject_CallFunction_on_the_exception_type)
#undef PyUnicodeTranslateError_Create
#define PyUnicodeTranslateError_Create \
    Py_COMPAT_API_GONE_(PyUnicodeTranslateError_Create, \
        "PyUnicodeTranslateError_Create is removed in Python 3.11; use PyObject_CallFunction on the exception type", \
        PyUnicodeTranslateError_Create_is_removed_in_Python_3_11_use_PyObject_CallFunction_on_the_exception_type)
#undef PyErr_SetFromErrnoWithUnicodeFilename
#define PyErr_SetFromErrnoWithUnicodeFilename \
    Py_COMPAT_API_GONE_(PyErr_SetFromErrnoWithUnicodeFilename, \
        "PyErr_SetFromErrnoWithUnicodeFilename is removed in Python 3.11; use PyErr_SetFromErrnoWithFilenameObject", \
        PyErr_SetFromErrnoWithUnicodeFilename_is_removed_in_Python_3_11_use_PyErr_SetFromErrnoWithFilenameObject)
#undef PyErr_SetFromWindowsErrWithUnicodeFilename
#define PyErr_SetFromWindowsErrWithUnicodeFilename \
    Py_COMPAT_API_GONE_(PyErr_SetFromWindowsErrWithUnicodeFilename, \
        "PyErr_SetFromWindowsErrWithUnicodeFilename is removed in Python 3.11; use PyErr_SetExcFromWindowsErrWithFilenameObject", \
        PyErr_SetFromWindowsErrWithUnicodeFilename_is_removed_in_Python_3_11_use_PyErr_SetExcFromWindowsErrWithFilenameObject)
#undef PyErr_SetExcFromWindowsErrWithUnicodeFilename
#define PyErr_SetExcFromWindowsErrWithUnicodeFilename \
    Py_COMPAT_API_GONE_(PyErr_SetExcFromWindowsErrWithUnicodeFilename, \
        "PyErr_SetExcFromWindowsErrWithUnicodeFilename is removed in Python 3.11; use PyErr_SetExcFromWindowsErrWithFilenameObject", \
        PyErr_SetExcFromWindowsErrWithUnicodeFilename_is_removed_in_Python_3_11_use_PyErr_SetExcFromWindowsErrWithFilenameObject)
#undef Py_UNICODE_COPY
#define Py_UNICODE_COPY \
    Py_COMPAT_API_GONE_(Py_UNICODE_COPY, \
        "Py_UNICODE_COPY is removed in Python 3.11; use PyUnicode_CopyCharacters or memcpy", \
        Py_UNICODE_COPY_is_removed_in_Python_3_11_use_PyUnicode_CopyCharacters_or_memcpy)
#undef Py_UNICODE_FILL
#define Py_UNICODE_FILL \
    Py_COMPAT_API_GONE_(Py_UNICODE_FILL, \
        "Py_UNICODE_FILL is removed in Python 3.11; use PyUnicode_Fill", \
        Py_UNICODE_FILL_is_removed_in_Python_3_11_use_PyUnicode_Fill)
#endif

/* ---- removed in Python 3.12 */
#if Py_COMPAT_API_CHECKED_ >= 0x030C0000
#undef PyUnicode_FromUnicode
#define PyUnicode_FromUnicode \
    Py_COMPAT_API_GONE_(PyUnicode_FromUnicode, \
        "PyUnicode_FromUnicode is removed in Python 3.12; use PyUnicode_FromWideChar or PyUnicode_FromKindAndData", \
        PyUnicode_FromUnicode_is_removed_in_Python_3_12_use_PyUnicode_FromWideChar_or_PyUnicode_FromKindAndData)
#undef PyUnicode_AsUnicode
#define PyUnicode_AsUnicode \
    Py_COMPAT_API_GONE_(PyUnicode_AsUnicode, \
        "PyUnicode_AsUnicode is removed in Python 3.12; use PyUnicode_AsUTF8 or PyUnicode_AsWideCharString", \
        PyUnicode_AsUnicode_is_removed_in_Python_3_12_use_PyUnicode_AsUTF8_or_PyUnicode_AsWideCharString)
#undef PyUnicode_AsUnicodeAndSize
#define PyUnicode_AsUnicodeAndSize \
    Py_COMPAT_API_GONE_(PyUnicode_AsUnicodeAndSize, \
        "PyUnicode_AsUnicodeAndSize is removed in Python 3.12; use PyUnicode_AsUTF8 or PyUnicode_AsWideCharString", \
        PyUnicode_AsUnicodeAndSize_is_removed_in_Python_3_12_use_PyUnicode_AsUTF8_or_PyUnicode_AsWideCharString)
#undef _PyUnicode_AsUnicode
#define _PyUnicode_AsUnicode \
    Py_COMPAT_API_GONE_(_PyUnicode_AsUnicode, \
        "_PyUnicode_AsUnicode is removed in Python 3.12; use PyUnicode_AsUTF8 or PyUnicode_AsWideCharString", \
        _PyUnicode_AsUnicode_is_removed_in_Python_3_12_use_PyUnicode_AsUTF8_or_PyUnicode_AsWideCharString)
#undef PyUnicode_AS_UNICODE
#define PyUnicode_AS_UNICODE \
    Py_COMPAT_API_GONE_(PyUnicode_AS_UNICODE, \
        "PyUnicode_AS_UNICODE is removed in Python 3.12; use PyUnicode_DATA or PyUnicode_AsWideCharString", \
        PyUnicode_AS_UNICODE_is_removed_in_Python_3_12_use_PyUnicode_DATA_or_PyUnicode_AsWideCharString)
#undef PyUnicode_AS_DATA
#define PyUnicode_AS_DATA \
    Py_COMPAT_API_GONE_(PyUnicode_AS_DATA, \
        "PyUnicode_AS_DATA is removed in Python 3.12; use PyUnicode_DATA", \
        PyUnicode_AS_DATA_is_removed_in_Python_3_12_use_PyUnicode_DATA)
#undef PyUnicode_GetSize
#define PyUnicode_GetSize \
    Py_COMPAT_API_GONE_(PyUnicode_GetSize, \
        "PyUnicode_GetSize is removed in Python 3.12; use PyUnicode_GetLength", \
        PyUnicode_GetSize_is_removed_in_Python_3_12_use_PyUnicode_GetLength)
#undef PyUnicode_GET_SIZE
#define PyUnicode_GET_SIZE \
    Py_COMPAT_API_GONE_(PyUnicode_GET_SIZE, \
        "PyUnicode_GET_SIZE is removed in Python 3.12; use PyUnicode_GET_LENGTH", \
        PyUnicode_GET_SIZE_is_removed_in_Python_3_12_use_PyUnicode_GET_LENGTH)
#undef PyUnicode_GET_DATA_SIZE
#define PyUnicode_GET_DATA_SIZE \
    Py_COMPAT_API_GONE_(PyUnicode_GET_DATA_SIZE, \
        "PyUnicode_GET_DATA_SIZE is removed in Python 3.12; use PyUnicode_GET_LENGTH", \
        PyUnicode_GET_DATA_SIZE_is_removed_in_Python_3_12_use_PyUnicode_GET_LENGTH)
#undef PyUnicode_WSTR_LENGTH
#define PyUnicode_WSTR_LENGTH \
    Py_COMPAT_API_GONE_(PyUnicode_WSTR_LENGTH, \
        "PyUnicode_WSTR_LENGTH is removed in Python 3.12; use PyUnicode_GET_LENGTH", \
        PyUnicode_WSTR_LENGTH_is_removed_in_Python_3_12_use_PyUnicode_GET_LENGTH)
#undef PyUnicode_InternImmortal
#define PyUnicode_InternImmortal \
    Py_COMPAT_API_GONE_(PyUnicode_InternImmortal, \
        "PyUnicode_InternImmortal is removed in Python 3.12; use PyUnicode_InternInPlace", \
        PyUnicode_InternImmortal_is_removed_in_Python_3_12_use_PyUnicode_InternInPlace)
#endif

/* ---- removed in Python 3.13 */
#if Py_COMPAT_API_CHECKED_ >= 0x030D0000
#undef PyObject_AsCharBuffer
#define PyObject_AsCharBuffer \
    Py_COMPAT_API_GONE_(PyObject_AsCharBuffer, \
        "PyObject_AsCharBuffer is removed in Python 3.13; use PyObject_GetBuffer and PyBuffer_Release", \
        PyObject_AsCharBuffer_is_removed_in_Python_3_13_use_PyObject_GetBuffer_and_PyBuffer_Release)
#undef PyObject_AsReadBuffer
#define PyObject_AsReadBuffer \
    Py_COMPAT_API_GONE_(PyObject_AsReadBuffer, \
        "PyObject_AsReadBuffer is removed in Python 3.13; use PyObject_GetBuffer and PyBuffer_Release", \
        PyObject_AsReadBuffer_is_removed_in_Python_3_13_use_PyObject_GetBuffer_and_PyBuffer_Release)
#undef PyObject_AsWriteBuffer
#define PyObject_AsWriteBuffer \
    Py_COMPAT_API_GONE_(PyObject_AsWriteBuffer, \
        "PyObject_AsWriteBuffer is removed in Python 3.13; use PyObject_GetBuffer and PyBuffer_Release", \
        PyObject_AsWriteBuffer_is_removed_in_Python_3_13_use_PyObject_GetBuffer_and_PyBuffer_Release)
#undef PyObject_CheckReadBuffer
#define PyObject_CheckReadBuffer \
    Py_COMPAT_API_GONE_(PyObject_CheckReadBuffer, \
        "PyObject_CheckReadBuffer is removed in Python 3.13; use PyObject_CheckBuffer", \
        PyObject_CheckReadBuffer_is_removed_in_Python_3_13_use_PyObject_CheckBuffer)
#undef PyEval_CallObject
#define PyEval_CallObject \
    Py_COMPAT_API_GONE_(PyEval_CallObject, \
        "PyEval_CallObject is removed in Python 3.13; use PyObject_CallNoArgs or PyObject_CallObject", \
        PyEval_CallObject_is_removed_in_Python_3_13_use_PyObject_CallNoArgs_or_PyObject_CallObject)
#undef PyEval_CallObjectWithKeywords
#define PyEval_CallObjectWithKeywords \
    Py_COMPAT_API_GONE_(PyEval_CallObjectWithKeywords, \
        "PyEval_CallObjectWithKeywords is removed in Python 3.13; use PyObject_Call", \
        PyEval_CallObjectWithKeywords_is_removed_in_Python_3_13_use_PyObject_Call)
#undef PyEval_CallFunction
#define PyEval_CallFunction \
    Py_COMPAT_API_GONE_(PyEval_CallFunction, \
        "PyEval_CallFunction is removed in Python 3.13; use PyObject_CallFunction", \
        PyEval_CallFunction_is_removed_in_Python_3_13_use_PyObject_CallFunction)
#undef PyEval_CallMethod
#define PyEval_CallMethod \
    Py_COMPAT_API_GONE_(PyEval_CallMethod, \
        "PyEval_CallMethod is removed in Python 3.13; use PyObject_CallMethod", \
        PyEval_CallMethod_is_removed_in_Python_3_13_use_PyObject_CallMethod)
#undef PyCFunction_Call
#define PyCFunction_Call \
    Py_COMPAT_API_GONE_(PyCFunction_Call, \
        "PyCFunction_Call is removed in Python 3.13; use PyObject_Call", \
        PyCFunction_Call_is_removed_in_Python_3_13_use_PyObject_Call)
#undef PyEval_AcquireLock
#define PyEval_AcquireLock \
    Py_COMPAT_API_GONE_(PyEval_AcquireLock, \
        "PyEval_AcquireLock is removed in Python 3.13; use PyEval_RestoreThread or PyGILState_Ensure", \
        PyEval_AcquireLock_is_removed_in_Python_3_13_use_PyEval_RestoreThread_or_PyGILState_Ensure)
#undef PyEval_ReleaseLock
#define PyEval_ReleaseLock \
    Py_COMPAT_API_GONE_(PyEval_ReleaseLock, \
        "PyEval_ReleaseLock is removed in Python 3.13; use PyEval_SaveThread or PyGILState_Release", \
        PyEval_ReleaseLock_is_removed_in_Python_3_13_use_PyEval_SaveThread_or_PyGILState_Release)
#undef PyEval_ThreadsInitialized
#define PyEval_ThreadsInitialized \
    Py_COMPAT_API_GONE_(PyEval_ThreadsInitialized, \
        "PyEval_ThreadsInitialized is removed in Python 3.13; it is always true", \
        PyEval_ThreadsInitialized_is_removed_in_Python_3_13_it_is_always_true)
#undef PySys_AddWarnOption
#define PySys_AddWarnOption \
    Py_COMPAT_API_GONE_(PySys_AddWarnOption, \
        "PySys_AddWarnOption is removed in Python 3.13; use PyConfig.warnoptions", \
        PySys_AddWarnOption_is_removed_in_Python_3_13_use_PyConfig_warnoptions)
#undef PySys_AddWarnOptionUnicode
#define PySys_AddWarnOptionUnicode \
    Py_COMPAT_API_GONE_(PySys_AddWarnOptionUnicode, \
        "PySys_AddWarnOptionUnicode is removed in Python 3.13; use PyConfig.warnoptions", \
        PySys_AddWarnOptionUnicode_is_removed_in_Python_3_13_use_PyConfig_warnoptions)
#undef PySys_HasWarnOptions
#define PySys_HasWarnOptions \
    Py_COMPAT_API_GONE_(PySys_HasWarnOptions, \
        "PySys_HasWarnOptions is removed in Python 3.13; use PyConfig.warnoptions", \
        PySys_HasWarnOptions_is_removed_in_Python_3_13_use_PyConfig_warnoptions)
#undef PySys_AddXOption
#define PySys_AddXOption \
    Py_COMPAT_API_GONE_(PySys_AddXOption, \
        "PySys_AddXOption is removed in Python 3.13; use PyConfig.xoptions", \
        PySys_AddXOption_is_removed_in_Python_3_13_use_PyConfig_xoptions)
#undef PySys_SetPath
#define PySys_SetPath \
    Py_COMPAT_API_GONE_(PySys_SetPath, \
        "PySys_SetPath is removed in Python 3.13; use PyConfig.module_search_paths", \
        PySys_SetPath_is_removed_in_Python_3_13_use_PyConfig_module_search_paths)
#undef Py_SetPath
#define Py_SetPath \
    Py_COMPAT_API_GONE_(Py_SetPath, \
        "Py_SetPath is removed in Python 3.13; use PyConfig.module_search_paths", \
        Py_SetPath_is_removed_in_Python_3_13_use_PyConfig_module_search_paths)
#undef Py_SetStandardStreamEncoding
#define Py_SetStandardStreamEncoding \
    Py_COMPAT_API_GONE_(Py_SetStandardStreamEncoding, \
        "Py_SetStandardStreamEncoding is removed in Python 3.13; use PyConfig.stdio_encoding and PyConfig.stdio_errors", \
        Py_SetStandardStreamEncoding_is_removed_in_Python_3_13_use_PyConfig_stdio_encoding_and_PyConfig_stdio_errors)
#undef _Py_SetProgramFullPath
#define _Py_SetProgramFullPath \
    Py_COMPAT_API_GONE_(_Py_SetProgramFullPath, \
        "_Py_SetProgramFullPath is removed in Python 3.13; use PyConfig.executable", \
        _Py_SetProgramFullPath_is_removed_in_Python_3_13_use_PyConfig_executable)
#undef Py_TRASHCAN_SAFE_BEGIN
#define Py_TRASHCAN_SAFE_BEGIN \
    Py_COMPAT_API_GONE_(Py_TRASHCAN_SAFE_BEGIN, \
        "Py_TRASHCAN_SAFE_BEGIN is removed in Python 3.13; use Py_TRASHCAN_BEGIN", \
        Py_TRASHCAN_SAFE_BEGIN_is_removed_in_Python_3_13_use_Py_TRASHCAN_BEGIN)
#undef Py_TRASHCAN_SAFE_END
#define Py_TRASHCAN_SAFE_END \
    Py_COMPAT_API_GONE_(Py_TRASHCAN_SAFE_END, \
        "Py_TRASHCAN_SAFE_END is removed in Python 3.13; use Py_TRASHCAN_END", \
        Py_TRASHCAN_SAFE_END_is_removed_in_Python_3_13_use_Py_TRASHCAN_END)
#undef _PyErr_ChainExceptions
#define _PyErr_ChainExceptions \
    Py_COMPAT_API_GONE_(_PyErr_ChainExceptions, \
        "_PyErr_ChainExceptions is removed in Python 3.13; use _PyErr_ChainExceptions1", \
        _PyErr_ChainExceptions_is_removed_in_Python_3_13_use__PyErr_ChainExceptions1)
#undef _PyInterpreterState_Get
#define _PyInterpreterState_Get \
    Py_COMPAT_API_GONE_(_PyInterpreterState_Get, \
        "_PyInterpreterState_Get is removed in Python 3.13; use PyInterpreterState_Get", \
        _PyInterpreterState_Get_is_removed_in_Python_3_13_use_PyInterpreterState_Get)
#undef _PyObject_FastCall
#define _PyObject_FastCall \
    Py_COMPAT_API_GONE_(_PyObject_FastCall, \
        "_PyObject_FastCall is removed in Python 3.13; use PyObject_Vectorcall", \
        _PyObject_FastCall_is_removed_in_Python_3_13_use_PyObject_Vectorcall)
#endif

/* ---- removed in Python 3.14 */
#if Py_COMPAT_API_CHECKED_ >= 0x030E0000
#undef ma_version_tag
#define ma_version_tag \
    Py_COMPAT_API_GONE_(ma_version_tag, \
        "PyDictObject.ma_version_tag is removed in Python 3.14; use PyDict_Watch", \
        PyDictObject_ma_version_tag_is_removed_in_Python_3_14_use_PyDict_Watch)
#endif

/* ---- removed in Python 3.15 */
#if Py_COMPAT_API_CHECKED_ >= 0x030F0000
#undef PyImport_ImportModuleNoBlock
#define PyImport_ImportModuleNoBlock \
    Py_COMPAT_API_GONE_(PyImport_ImportModuleNoBlock, \
        "PyImport_ImportModuleNoBlock is removed in Python 3.15; use PyImport_ImportModule", \
        PyImport_ImportModuleNoBlock_is_removed_in_Python_3_15_use_PyImport_ImportModule)
#undef PyWeakref_GetObject
#define PyWeakref_GetObject \
    Py_COMPAT_API_GONE_(PyWeakref_GetObject, \
        "PyWeakref_GetObject is removed in Python 3.15; use PyWeakref_GetRef", \
        PyWeakref_GetObject_is_removed_in_Python_3_15_use_PyWeakref_GetRef)
#undef PyWeakref_GET_OBJECT
#define PyWeakref_GET_OBJECT \
    Py_COMPAT_API_GONE_(PyWeakref_GET_OBJECT, \
        "PyWeakref_GET_OBJECT is removed in Python 3.15; use PyWeakref_GetRef", \
        PyWeakref_GET_OBJECT_is_removed_in_Python_3_15_use_PyWeakref_GetRef)
#undef PyUnicode_AsDecodedObject
#define PyUnicode_AsDecodedObject \
    Py_COMPAT_API_GONE_(PyUnicode_AsDecodedObject, \
        "PyUnicode_AsDecodedObject is removed in Python 3.15; use PyCodec_Decode", \
        PyUnicode_AsDecodedObject_is_removed_in_Python_3_15_use_PyCodec_Decode)
#undef PyUnicode_AsDecodedUnicode
#define PyUnicode_AsDecodedUnicode \
    Py_COMPAT_API_GONE_(PyUnicode_AsDecodedUnicode, \
        "PyUnicode_AsDecodedUnicode is removed in Python 3.15; use PyCodec_Decode", \
        PyUnicode_AsDecodedUnicode_is_removed_in_Python_3_15_use_PyCodec_Decode)
#undef PyUnicode_AsEncodedObject
#define PyUnicode_AsEncodedObject \
    Py_COMPAT_API_GONE_(PyUnicode_AsEncodedObject, \
        "PyUnicode_AsEncodedObject is removed in Python 3.15; use PyCodec_Encode", \
        PyUnicode_AsEncodedObject_is_removed_in_Python_3_15_use_PyCodec_Encode)
#undef PyUnicode_AsEncodedUnicode
#define PyUnicode_AsEncodedUnicode \
    Py_COMPAT_API_GONE_(PyUnicode_AsEncodedUnicode, \
        "PyUnicode_AsEncodedUnicode is removed in Python 3.15; use PyCodec_Encode", \
        PyUnicode_AsEncodedUnicode_is_removed_in_Python_3_15_use_PyCodec_Encode)
#undef PySys_ResetWarnOptions
#define PySys_ResetWarnOptions \
    Py_COMPAT_API_GONE_(PySys_ResetWarnOptions, \
        "PySys_ResetWarnOptions is removed in Python 3.15; clear sys.warnoptions and the filters of warnings instead", \
        PySys_ResetWarnOptions_is_removed_in_Python_3_15_clear_sys_warnoptions_and_the_filters_of_warnings_instead)
#undef Py_GetPath
#define Py_GetPath \
    Py_COMPAT_API_GONE_(Py_GetPath, \
        "Py_GetPath is removed in Python 3.15; use PyConfig_Get(\"module_search_paths\")", \
        Py_GetPath_is_removed_in_Python_3_15_use_PyConfig_Get_module_search_paths)
#undef Py_GetPrefix
#define Py_GetPrefix \
    Py_COMPAT_API_GONE_(Py_GetPrefix, \
        "Py_GetPrefix is removed in Python 3.15; use PyConfig_Get(\"base_prefix\") or PyConfig_Get(\"prefix\")", \
        Py_GetPrefix_is_removed_in_Python_3_15_use_PyConfig_Get_base_prefix_or_PyConfig_Get_prefix)
#undef Py_GetExecPrefix
#define Py_GetExecPrefix \
    Py_COMPAT_API_GONE_(Py_GetExecPrefix, \
        "Py_GetExecPrefix is removed in Python 3.15; use PyConfig_Get(\"base_exec_prefix\") or PyConfig_Get(\"exec_prefix\")", \
        Py_GetExecPrefix_is_removed_in_Python_3_15_use_PyConfig_Get_base_exec_prefix_or_PyConfig_Get_exec_prefix)
#undef Py_GetProgramFullPath
#define Py_GetProgramFullPath \
    Py_COMPAT_API_GONE_(Py_GetProgramFullPath, \
        "Py_GetProgramFullPath is removed in Python 3.15; use PyConfig_Get(\"executable\")", \
        Py_GetProgramFullPath_is_removed_in_Python_3_15_use_PyConfig_Get_executable)
#undef Py_GetProgramName
#define Py_GetProgramName \
    Py_COMPAT_API_GONE_(Py_GetProgramName, \
        "Py_GetProgramName is removed in Python 3.15; use PyConfig_Get(\"executable\")", \
        Py_GetProgramName_is_removed_in_Python_3_15_use_PyConfig_Get_executable)
#undef Py_GetPythonHome
#define Py_GetPythonHome \
    Py_COMPAT_API_GONE_(Py_GetPythonHome, \
        "Py_GetPythonHome is removed in Python 3.15; use PyConfig_Get(\"home\")", \
        Py_GetPythonHome_is_removed_in_Python_3_15_use_PyConfig_Get_home)
#endif

/* ---- removed in Python 3.16 */
#if Py_COMPAT_API_CHECKED_ >= 0x03100000
#undef PySys_SetArgv
#define PySys_SetArgv \
    Py_COMPAT_API_GONE_(PySys_SetArgv, \
        "PySys_SetArgv is removed in Python 3.16; use PyConfig.argv", \
        PySys_SetArgv_is_removed_in_Python_3_16_use_PyConfig_argv)
#undef PySys_SetArgvEx
#define PySys_SetArgvEx \
    Py_COMPAT_API_GONE_(PySys_SetArgvEx, \
        "PySys_SetArgvEx is removed in Python 3.16; use PyConfig.argv", \
        PySys_SetArgvEx_is_removed_in_Python_3_16_use_PyConfig_argv)
#undef Py_SetProgramName
#define Py_SetProgramName \
    Py_COMPAT_API_GONE_(Py_SetProgramName, \
        "Py_SetProgramName is removed in Python 3.16; use PyConfig.program_name", \
        Py_SetProgramName_is_removed_in_Python_3_16_use_PyConfig_program_name)
#undef Py_SetPythonHome
#define Py_SetPythonHome \
    Py_COMPAT_API_GONE_(Py_SetPythonHome, \
        "Py_SetPythonHome is removed in Python 3.16; use PyConfig.home", \
        Py_SetPythonHome_is_removed_in_Python_3_16_use_PyConfig_home)
#undef Py_DebugFlag
#define Py_DebugFlag \
    Py_COMPAT_API_GONE_(Py_DebugFlag, \
        "Py_DebugFlag is removed in Python 3.16; use PyConfig.parser_debug or PyConfig_Get(\"parser_debug\")", \
        Py_DebugFlag_is_removed_in_Python_3_16_use_PyConfig_parser_debug_or_PyConfig_Get_parser_debug)
#undef Py_VerboseFlag
#define Py_VerboseFlag \
    Py_COMPAT_API_GONE_(Py_VerboseFlag, \
        "Py_VerboseFlag is removed in Python 3.16; use PyConfig.verbose or PyConfig_Get(\"verbose\")", \
        Py_VerboseFlag_is_removed_in_Python_3_16_use_PyConfig_verbose_or_PyConfig_Get_verbose)
#undef Py_QuietFlag
#define Py_QuietFlag \
    Py_COMPAT_API_GONE_(Py_QuietFlag, \
        "Py_QuietFlag is removed in Python 3.16; use PyConfig.quiet or PyConfig_Get(\"quiet\")", \
        Py_QuietFlag_is_removed_in_Python_3_16_use_PyConfig_quiet_or_PyConfig_Get_quiet)
#undef Py_InteractiveFlag
#define Py_InteractiveFlag \
    Py_COMPAT_API_GONE_(Py_InteractiveFlag, \
        "Py_InteractiveFlag is removed in Python 3.16; use PyConfig.interactive or PyConfig_Get(\"interactive\")", \
        Py_InteractiveFlag_is_removed_in_Python_3_16_use_PyConfig_interactive_or_PyConfig_Get_interactive)
#undef Py_InspectFlag
#define Py_InspectFlag \
    Py_COMPAT_API_GONE_(Py_InspectFlag, \
        "Py_InspectFlag is removed in Python 3.16; use PyConfig.inspect or PyConfig_Get(\"inspect\")", \
        Py_InspectFlag_is_removed_in_Python_3_16_use_PyConfig_inspect_or_PyConfig_Get_inspect)
#undef Py_OptimizeFlag
#define Py_OptimizeFlag \
    Py_COMPAT_API_GONE_(Py_OptimizeFlag, \
        "Py_OptimizeFlag is removed in Python 3.16; use PyConfig.optimization_level or PyConfig_Get(\"optimization_level\")", \
        Py_OptimizeFlag_is_removed_in_Python_3_16_use_PyConfig_optimization_level_or_PyConfig_Get_optimization_level)
#undef Py_NoSiteFlag
#define Py_NoSiteFlag \
    Py_COMPAT_API_GONE_(Py_NoSiteFlag, \
        "Py_NoSiteFlag is removed in Python 3.16; use PyConfig.site_import or PyConfig_Get(\"site_import\")", \
        Py_NoSiteFlag_is_removed_in_Python_3_16_use_PyConfig_site_import_or_PyConfig_Get_site_import)
#undef Py_BytesWarningFlag
#define Py_BytesWarningFlag \
    Py_COMPAT_API_GONE_(Py_BytesWarningFlag, \
        "Py_BytesWarningFlag is removed in Python 3.16; use PyConfig.bytes_warning or PyConfig_Get(\"bytes_warning\")", \
        Py_BytesWarningFlag_is_removed_in_Python_3_16_use_PyConfig_bytes_warning_or_PyConfig_Get_bytes_warning)
#undef Py_FrozenFlag
#define Py_FrozenFlag \
    Py_COMPAT_API_GONE_(Py_FrozenFlag, \
        "Py_FrozenFlag is removed in Python 3.16; use PyConfig.pathconfig_warnings or PyConfig_Get(\"pathconfig_warnings\")", \
        Py_FrozenFlag_is_removed_in_Python_3_16_use_PyConfig_pathconfig_warnings_or_PyConfig_Get_pathconfig_warnings)
#undef Py_IgnoreEnvironmentFlag
#define Py_IgnoreEnvironmentFlag \
    Py_COMPAT_API_GONE_(Py_IgnoreEnvironmentFlag, \
        "Py_IgnoreEnvironmentFlag is removed in Python 3.16; use PyConfig.use_environment or PyConfig_Get(\"use_environment\")", \
        Py_IgnoreEnvironmentFlag_is_removed_in_Python_3_16_use_PyConfig_use_environment_or_PyConfig_Get_use_environment)
#undef Py_DontWriteBytecodeFlag
#define Py_DontWriteBytecodeFlag \
    Py_COMPAT_API_GONE_(Py_DontWriteBytecodeFlag, \
        "Py_DontWriteBytecodeFlag is removed in Python 3.16; use PyConfig.write_bytecode or PyConfig_Get(\"write_bytecode\")", \
        Py_DontWriteBytecodeFlag_is_removed_in_Python_3_16_use_PyConfig_write_bytecode_or_PyConfig_Get_write_bytecode)
#undef Py_NoUserSiteDirectory
#define Py_NoUserSiteDirectory \
    Py_COMPAT_API_GONE_(Py_NoUserSiteDirectory, \
        "Py_NoUserSiteDirectory is removed in Python 3.16; use PyConfig.user_site_directory or PyConfig_Get(\"user_site_directory\")", \
        Py_NoUserSiteDirectory_is_removed_in_Python_3_16_use_PyConfig_user_site_directory_or_PyConfig_Get_user_site_directory)
#undef Py_UnbufferedStdioFlag
#define Py_UnbufferedStdioFlag \
    Py_COMPAT_API_GONE_(Py_UnbufferedStdioFlag, \
        "Py_UnbufferedStdioFlag is removed in Python 3.16; use PyConfig.buffered_stdio or PyConfig_Get(\"buffered_stdio\")", \
        Py_UnbufferedStdioFlag_is_removed_in_Python_3_16_use_PyConfig_buffered_stdio_or_PyConfig_Get_buffered_stdio)
#undef Py_HashRandomizationFlag
#define Py_HashRandomizationFlag \
    Py_COMPAT_API_GONE_(Py_HashRandomizationFlag, \
        "Py_HashRandomizationFlag is removed in Python 3.16; use PyConfig.use_hash_seed and PyConfig.hash_seed or PyConfig_Get(\"hash_seed\")", \
        Py_HashRandomizationFlag_is_removed_in_Python_3_16_use_PyConfig_use_hash_seed_and_PyConfig_hash_seed_or_PyConfig_Get_hash_seed)
#undef Py_IsolatedFlag
#define Py_IsolatedFlag \
    Py_COMPAT_API_GONE_(Py_IsolatedFlag, \
        "Py_IsolatedFlag is removed in Python 3.16; use PyConfig.isolated or PyConfig_Get(\"isolated\")", \
        Py_IsolatedFlag_is_removed_in_Python_3_16_use_PyConfig_isolated_or_PyConfig_Get_isolated)
#undef Py_LegacyWindowsFSEncodingFlag
#define Py_LegacyWindowsFSEncodingFlag \
    Py_COMPAT_API_GONE_(Py_LegacyWindowsFSEncodingFlag, \
        "Py_LegacyWindowsFSEncodingFlag is removed in Python 3.16; use PyPreConfig.legacy_windows_fs_encoding or PyConfig_Get(\"legacy_windows_fs_encoding\")", \
        Py_LegacyWindowsFSEncodingFlag_is_removed_in_Python_3_16_use_PyPreConfig_legacy_windows_fs_encoding_or_PyConfig_Get_legacy_windows_fs_encoding)
#undef Py_LegacyWindowsStdioFlag
#define Py_LegacyWindowsStdioFlag \
    Py_COMPAT_API_GONE_(Py_LegacyWindowsStdioFlag, \
        "Py_LegacyWindowsStdioFlag is removed in Python 3.16; use PyConfig.legacy_windows_stdio or PyConfig_Get(\"legacy_windows_stdio\")", \
        Py_LegacyWindowsStdioFlag_is_removed_in_Python_3_16_use_PyConfig_legacy_windows_stdio_or_PyConfig_Get_legacy_windows_stdio)
#undef Py_FileSystemDefaultEncoding
#define Py_FileSystemDefaultEncoding \
    Py_COMPAT_API_GONE_(Py_FileSystemDefaultEncoding, \
        "Py_FileSystemDefaultEncoding is removed in Python 3.16; use PyConfig.filesystem_encoding or PyConfig_Get(\"filesystem_encoding\")", \
        Py_FileSystemDefaultEncoding_is_removed_in_Python_3_16_use_PyConfig_filesystem_encoding_or_PyConfig_Get_filesystem_encoding)
#undef Py_HasFileSystemDefaultEncoding
#define Py_HasFileSystemDefaultEncoding \
    Py_COMPAT_API_GONE_(Py_HasFileSystemDefaultEncoding, \
        "Py_HasFileSystemDefaultEncoding is removed in Python 3.16; use PyConfig.filesystem_encoding or PyConfig_Get(\"filesystem_encoding\")", \
        Py_HasFileSystemDefaultEncoding_is_removed_in_Python_3_16_use_PyConfig_filesystem_encoding_or_PyConfig_Get_filesystem_encoding)
#undef Py_FileSystemDefaultEncodeErrors
#define Py_FileSystemDefaultEncodeErrors \
    Py_COMPAT_API_GONE_(Py_FileSystemDefaultEncodeErrors, \
        "Py_FileSystemDefaultEncodeErrors is removed in Python 3.16; use PyConfig.filesystem_errors or PyConfig_Get(\"filesystem_errors\")", \
        Py_FileSystemDefaultEncodeErrors_is_removed_in_Python_3_16_use_PyConfig_filesystem_errors_or_PyConfig_Get_filesystem_errors)
#undef Py_UTF8Mode
#define Py_UTF8Mode \
    Py_COMPAT_API_GONE_(Py_UTF8Mode, \
        "Py_UTF8Mode is removed in Python 3.16; use PyPreConfig.utf8_mode or PyConfig_Get(\"utf8_mode\")", \
        Py_UTF8Mode_is_removed_in_Python_3_16_use_PyPreConfig_utf8_mode_or_PyConfig_Get_utf8_mode)
#undef Py_UNICODE
#define Py_UNICODE \
    Py_COMPAT_API_GONE_(Py_UNICODE, \
        "Py_UNICODE is removed in Python 3.16; use wchar_t", \
        Py_UNICODE_is_removed_in_Python_3_16_use_wchar_t)
#undef PY_UNICODE_TYPE
#define PY_UNICODE_TYPE \
    Py_COMPAT_API_GONE_(PY_UNICODE_TYPE, \
        "PY_UNICODE_TYPE is removed in Python 3.16; use wchar_t", \
        PY_UNICODE_TYPE_is_removed_in_Python_3_16_use_wchar_t)
#undef Py_UNICODE_WIDE
#if PY_VERSION_HEX >= 0x030D0000
#undef PyUnstable_ExecutableKinds
#define PyUnstable_ExecutableKinds \
    Py_COMPAT_API_GONE_(PyUnstable_ExecutableKinds, \
        "PyUnstable_ExecutableKinds is removed in Python 3.16; there is no replacement", \
        PyUnstable_ExecutableKinds_is_removed_in_Python_3_16_there_is_no_replacement)
#endif
#if PY_VERSION_HEX >= 0x030D0000
#undef PyUnstable_EXECUTABLE_KIND_SKIP
Py_COMPAT_API_NO_CONSTANT_(PyUnstable_EXECUTABLE_KIND_SKIP, "PyUnstable_EXECUTABLE_KIND_SKIP is removed in Python 3.16; there is no replacement")
#undef PyUnstable_EXECUTABLE_KIND_PY_FUNCTION
Py_COMPAT_API_NO_CONSTANT_(PyUnstable_EXECUTABLE_KIND_PY_FUNCTION, "PyUnstable_EXECUTABLE_KIND_PY_FUNCTION is removed in Python 3.16; there is no replacement")
#undef PyUnstable_EXECUTABLE_KIND_BUILTIN_FUNCTION
Py_COMPAT_API_NO_CONSTANT_(PyUnstable_EXECUTABLE_KIND_BUILTIN_FUNCTION, "PyUnstable_EXECUTABLE_KIND_BUILTIN_FUNCTION is removed in Python 3.16; there is no replacement")
#undef PyUnstable_EXECUTABLE_KIND_METHOD_DESCRIPTOR
Py_COMPAT_API_NO_CONSTANT_(PyUnstable_EXECUTABLE_KIND_METHOD_DESCRIPTOR, "PyUnstable_EXECUTABLE_KIND_METHOD_DESCRIPTOR is removed in Python 3.16; there is no replacement")
#undef PyUnstable_EXECUTABLE_KINDS
Py_COMPAT_API_NO_CONSTANT_(PyUnstable_EXECUTABLE_KINDS, "PyUnstable_EXECUTABLE_KINDS is removed in Python 3.16; there is no replacement")
#endif
#endif

/* ---- removed in Python 3.17 */
#if Py_COMPAT_API_CHECKED_ >= 0x03110000
#undef bytes_warning
#define bytes_warning \
    Py_COMPAT_API_GONE_(bytes_warning, \
        "PyConfig.bytes_warning is removed in Python 3.17; there is no replacement", \
        PyConfig_bytes_warning_is_removed_in_Python_3_17_there_is_no_replacement)
#endif

/* ---- removed in Python 3.18 */
#if Py_COMPAT_API_CHECKED_ >= 0x03120000
#undef _PyBytes_Join
#define _PyBytes_Join \
    Py_COMPAT_API_GONE_(_PyBytes_Join, \
        "_PyBytes_Join is removed in Python 3.18; use PyBytes_Join", \
        _PyBytes_Join_is_removed_in_Python_3_18_use_PyBytes_Join)
#undef _PyDict_GetItemStringWithError
#define _PyDict_GetItemStringWithError \
    Py_COMPAT_API_GONE_(_PyDict_GetItemStringWithError, \
        "_PyDict_GetItemStringWithError is removed in Python 3.18; use PyDict_GetItemStringRef", \
        _PyDict_GetItemStringWithError_is_removed_in_Python_3_18_use_PyDict_GetItemStringRef)
#undef _PyDict_Pop
#define _PyDict_Pop \
    Py_COMPAT_API_GONE_(_PyDict_Pop, \
        "_PyDict_Pop is removed in Python 3.18; use PyDict_Pop", \
        _PyDict_Pop_is_removed_in_Python_3_18_use_PyDict_Pop)
#undef _PyLong_Sign
#define _PyLong_Sign \
    Py_COMPAT_API_GONE_(_PyLong_Sign, \
        "_PyLong_Sign is removed in Python 3.18; use PyLong_GetSign", \
        _PyLong_Sign_is_removed_in_Python_3_18_use_PyLong_GetSign)
#undef _PyLong_FromDigits
#define _PyLong_FromDigits \
    Py_COMPAT_API_GONE_(_PyLong_FromDigits, \
        "_PyLong_FromDigits is removed in Python 3.18; use PyLongWriter_Create", \
        _PyLong_FromDigits_is_removed_in_Python_3_18_use_PyLongWriter_Create)
#undef _PyLong_New
#define _PyLong_New \
    Py_COMPAT_API_GONE_(_PyLong_New, \
        "_PyLong_New is removed in Python 3.18; use PyLongWriter_Create", \
        _PyLong_New_is_removed_in_Python_3_18_use_PyLongWriter_Create)
#if PY_VERSION_HEX >= 0x030D0000
#undef _PyThreadState_UncheckedGet
#define _PyThreadState_UncheckedGet \
    Py_COMPAT_API_GONE_(_PyThreadState_UncheckedGet, \
        "_PyThreadState_UncheckedGet is removed in Python 3.18; use PyThreadState_GetUnchecked", \
        _PyThreadState_UncheckedGet_is_removed_in_Python_3_18_use_PyThreadState_GetUnchecked)
#endif
#undef _PyUnicode_AsString
#define _PyUnicode_AsString \
    Py_COMPAT_API_GONE_(_PyUnicode_AsString, \
        "_PyUnicode_AsString is removed in Python 3.18; use PyUnicode_AsUTF8", \
        _PyUnicode_AsString_is_removed_in_Python_3_18_use_PyUnicode_AsUTF8)
#undef _PyUnicodeWriter_Init
#define _PyUnicodeWriter_Init \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_Init, \
        "_PyUnicodeWriter_Init is removed in Python 3.18; use PyUnicodeWriter_Create", \
        _PyUnicodeWriter_Init_is_removed_in_Python_3_18_use_PyUnicodeWriter_Create)
#undef _PyUnicodeWriter_Finish
#define _PyUnicodeWriter_Finish \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_Finish, \
        "_PyUnicodeWriter_Finish is removed in Python 3.18; use PyUnicodeWriter_Finish", \
        _PyUnicodeWriter_Finish_is_removed_in_Python_3_18_use_PyUnicodeWriter_Finish)
#undef _PyUnicodeWriter_Dealloc
#define _PyUnicodeWriter_Dealloc \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_Dealloc, \
        "_PyUnicodeWriter_Dealloc is removed in Python 3.18; use PyUnicodeWriter_Discard", \
        _PyUnicodeWriter_Dealloc_is_removed_in_Python_3_18_use_PyUnicodeWriter_Discard)
#undef _PyUnicodeWriter_WriteChar
#define _PyUnicodeWriter_WriteChar \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_WriteChar, \
        "_PyUnicodeWriter_WriteChar is removed in Python 3.18; use PyUnicodeWriter_WriteChar", \
        _PyUnicodeWriter_WriteChar_is_removed_in_Python_3_18_use_PyUnicodeWriter_WriteChar)
#undef _PyUnicodeWriter_WriteStr
#define _PyUnicodeWriter_WriteStr \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_WriteStr, \
        "_PyUnicodeWriter_WriteStr is removed in Python 3.18; use PyUnicodeWriter_WriteStr", \
        _PyUnicodeWriter_WriteStr_is_removed_in_Python_3_18_use_PyUnicodeWriter_WriteStr)
#undef _PyUnicodeWriter_WriteSubstring
#define _PyUnicodeWriter_WriteSubstring \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_WriteSubstring, \
        "_PyUnicodeWriter_WriteSubstring is removed in Python 3.18; use PyUnicodeWriter_WriteSubstring", \
        _PyUnicodeWriter_WriteSubstring_is_removed_in_Python_3_18_use_PyUnicodeWriter_WriteSubstring)
#undef _PyUnicodeWriter_WriteASCIIString
#define _PyUnicodeWriter_WriteASCIIString \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_WriteASCIIString, \
        "_PyUnicodeWriter_WriteASCIIString is removed in Python 3.18; use PyUnicodeWriter_WriteASCII", \
        _PyUnicodeWriter_WriteASCIIString_is_removed_in_Python_3_18_use_PyUnicodeWriter_WriteASCII)
#undef _PyUnicodeWriter_WriteLatin1String
#define _PyUnicodeWriter_WriteLatin1String \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_WriteLatin1String, \
        "_PyUnicodeWriter_WriteLatin1String is removed in Python 3.18; use PyUnicodeWriter_WriteUTF8", \
        _PyUnicodeWriter_WriteLatin1String_is_removed_in_Python_3_18_use_PyUnicodeWriter_WriteUTF8)
#undef _PyUnicodeWriter_Prepare
#define _PyUnicodeWriter_Prepare \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_Prepare, \
        "_PyUnicodeWriter_Prepare is removed in Python 3.18; there is no replacement", \
        _PyUnicodeWriter_Prepare_is_removed_in_Python_3_18_there_is_no_replacement)
#undef _PyUnicodeWriter_PrepareKind
#define _PyUnicodeWriter_PrepareKind \
    Py_COMPAT_API_GONE_(_PyUnicodeWriter_PrepareKind, \
        "_PyUnicodeWriter_PrepareKind is removed in Python 3.18; there is no replacement", \
        _PyUnicodeWriter_PrepareKind_is_removed_in_Python_3_18_there_is_no_replacement)
#undef _Py_HashPointer
#define _Py_HashPointer \
    Py_COMPAT_API_GONE_(_Py_HashPointer, \
        "_Py_HashPointer is removed in Python 3.18; use Py_HashPointer", \
        _Py_HashPointer_is_removed_in_Python_3_18_use_Py_HashPointer)
#undef _Py_fopen_obj
#define _Py_fopen_obj \
    Py_COMPAT_API_GONE_(_Py_fopen_obj, \
        "_Py_fopen_obj is removed in Python 3.18; use Py_fopen", \
        _Py_fopen_obj_is_removed_in_Python_3_18_use_Py_fopen)
#undef PyGen_New
#define PyGen_New \
    Py_COMPAT_API_GONE_(PyGen_New, \
        "PyGen_New is removed in Python 3.18; there is no replacement", \
        PyGen_New_is_removed_in_Python_3_18_there_is_no_replacement)
#undef PyGen_NewWithQualName
#define PyGen_NewWithQualName \
    Py_COMPAT_API_GONE_(PyGen_NewWithQualName, \
        "PyGen_NewWithQualName is removed in Python 3.18; there is no replacement", \
        PyGen_NewWithQualName_is_removed_in_Python_3_18_there_is_no_replacement)
#undef PyCoro_New
#define PyCoro_New \
    Py_COMPAT_API_GONE_(PyCoro_New, \
        "PyCoro_New is removed in Python 3.18; there is no replacement", \
        PyCoro_New_is_removed_in_Python_3_18_there_is_no_replacement)
#undef PyAsyncGen_New
#define PyAsyncGen_New \
    Py_COMPAT_API_GONE_(PyAsyncGen_New, \
        "PyAsyncGen_New is removed in Python 3.18; there is no replacement", \
        PyAsyncGen_New_is_removed_in_Python_3_18_there_is_no_replacement)
#endif

/* ---- removed in Python 3.19 */
#if Py_COMPAT_API_CHECKED_ >= 0x03130000
#endif

/* ---- removed in Python 3.20 */
#if Py_COMPAT_API_CHECKED_ >= 0x03140000
#undef _PyObject_CallMethodId
#define _PyObject_CallMethodId \
    Py_COMPAT_API_GONE_(_PyObject_CallMethodId, \
        "_PyObject_CallMethodId is removed in Python 3.20; use PyObject_CallMethod with a name from PyUnicode_InternFromString", \
        _PyObject_CallMethodId_is_removed_in_Python_3_20_use_PyObject_CallMethod_with_a_name_from_PyUnicode_InternFromString)
#undef _PyObject_GetAttrId
#define _PyObject_GetAttrId \
    Py_COMPAT_API_GONE_(_PyObject_GetAttrId, \
        "_PyObject_GetAttrId is removed in Python 3.20; use PyObject_GetAttr with a name from PyUnicode_InternFromString", \
        _PyObject_GetAttrId_is_removed_in_Python_3_20_use_PyObject_GetAttr_with_a_name_from_PyUnicode_InternFromString)
#undef _PyUnicode_FromId
#define _PyUnicode_FromId \
    Py_COMPAT_API_GONE_(_PyUnicode_FromId, \
        "_PyUnicode_FromId is removed in Python 3.20; use PyUnicode_InternFromString", \
        _PyUnicode_FromId_is_removed_in_Python_3_20_use_PyUnicode_InternFromString)
#undef cval
#define cval \
    Py_COMPAT_API_GONE_(cval, \
        "PyComplexObject.cval is removed in Python 3.20; use PyComplex_AsCComplex and PyComplex_FromCComplex", \
        PyComplexObject_cval_is_removed_in_Python_3_20_use_PyComplex_AsCComplex_and_PyComplex_FromCComplex)
#undef Py_MATH_PIl
Py_COMPAT_API_NO_CONSTANT_(Py_MATH_PIl, "Py_MATH_PIl is removed in Python 3.20; write the constant out")
#undef Py_MATH_El
Py_COMPAT_API_NO_CONSTANT_(Py_MATH_El, "Py_MATH_El is removed in Python 3.20; write the constant out")
#endif

/* ---- to be removed, no date */
#if Py_COMPAT_API_CHECKED_ >= Py_COMPAT_API_VERSION_MAX
#undef Py_TPFLAGS_HAVE_FINALIZE
Py_COMPAT_API_NO_CONSTANT_(Py_TPFLAGS_HAVE_FINALIZE, "Py_TPFLAGS_HAVE_FINALIZE is deprecated since Python 3.8 and will be removed; it is not needed since Python 3.8")
#undef PyErr_Fetch
#define PyErr_Fetch \
    Py_COMPAT_API_GONE_(PyErr_Fetch, \
        "PyErr_Fetch is deprecated since Python 3.12 and will be removed; use PyErr_GetRaisedException", \
        PyErr_Fetch_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyErr_GetRaisedException)
#undef PyErr_NormalizeException
#define PyErr_NormalizeException \
    Py_COMPAT_API_GONE_(PyErr_NormalizeException, \
        "PyErr_NormalizeException is deprecated since Python 3.12 and will be removed; use PyErr_GetRaisedException", \
        PyErr_NormalizeException_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyErr_GetRaisedException)
#undef PyErr_Restore
#define PyErr_Restore \
    Py_COMPAT_API_GONE_(PyErr_Restore, \
        "PyErr_Restore is deprecated since Python 3.12 and will be removed; use PyErr_SetRaisedException", \
        PyErr_Restore_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyErr_SetRaisedException)
#undef PyErr_Display
#define PyErr_Display \
    Py_COMPAT_API_GONE_(PyErr_Display, \
        "PyErr_Display is deprecated since Python 3.12 and will be removed; use PyErr_DisplayException", \
        PyErr_Display_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyErr_DisplayException)
#undef PyModule_GetFilename
#define PyModule_GetFilename \
    Py_COMPAT_API_GONE_(PyModule_GetFilename, \
        "PyModule_GetFilename is deprecated since Python 3.2 and will be removed; use PyModule_GetFilenameObject", \
        PyModule_GetFilename_is_deprecated_since_Python_3_2_and_will_be_removed_use_PyModule_GetFilenameObject)
#undef PyOS_AfterFork
#define PyOS_AfterFork \
    Py_COMPAT_API_GONE_(PyOS_AfterFork, \
        "PyOS_AfterFork is deprecated since Python 3.7 and will be removed; use PyOS_AfterFork_Child", \
        PyOS_AfterFork_is_deprecated_since_Python_3_7_and_will_be_removed_use_PyOS_AfterFork_Child)
#undef PySlice_GetIndicesEx
#define PySlice_GetIndicesEx \
    Py_COMPAT_API_GONE_(PySlice_GetIndicesEx, \
        "PySlice_GetIndicesEx is deprecated since Python 3.7 and will be removed; use PySlice_Unpack and PySlice_AdjustIndices", \
        PySlice_GetIndicesEx_is_deprecated_since_Python_3_7_and_will_be_removed_use_PySlice_Unpack_and_PySlice_AdjustIndices)
#undef PyUnicode_READY
#define PyUnicode_READY \
    Py_COMPAT_API_GONE_(PyUnicode_READY, \
        "PyUnicode_READY is deprecated since Python 3.10 and will be removed; it is not needed since Python 3.12", \
        PyUnicode_READY_is_deprecated_since_Python_3_10_and_will_be_removed_it_is_not_needed_since_Python_3_12)
#if PY_VERSION_HEX >= 0x030C0000
#undef PyUnicode_IS_READY
#define PyUnicode_IS_READY \
    Py_COMPAT_API_GONE_(PyUnicode_IS_READY, \
        "PyUnicode_IS_READY is deprecated since Python 3.14 and will be removed; it is not needed since Python 3.12", \
        PyUnicode_IS_READY_is_deprecated_since_Python_3_14_and_will_be_removed_it_is_not_needed_since_Python_3_12)
#endif
#undef ob_shash
#define ob_shash \
    Py_COMPAT_API_GONE_(ob_shash, \
        "PyBytesObject.ob_shash is deprecated since Python 3.11 and will be removed; use PyObject_Hash", \
        PyBytesObject_ob_shash_is_deprecated_since_Python_3_11_and_will_be_removed_use_PyObject_Hash)
#undef PyEval_InitThreads
#define PyEval_InitThreads \
    Py_COMPAT_API_GONE_(PyEval_InitThreads, \
        "PyEval_InitThreads is deprecated since Python 3.9 and will be removed; it is not needed since Python 3.7", \
        PyEval_InitThreads_is_deprecated_since_Python_3_9_and_will_be_removed_it_is_not_needed_since_Python_3_7)
#undef PyThread_create_key
#define PyThread_create_key \
    Py_COMPAT_API_GONE_(PyThread_create_key, \
        "PyThread_create_key is deprecated since Python 3.7 and will be removed; use PyThread_tss_create", \
        PyThread_create_key_is_deprecated_since_Python_3_7_and_will_be_removed_use_PyThread_tss_create)
#undef PyThread_delete_key
#define PyThread_delete_key \
    Py_COMPAT_API_GONE_(PyThread_delete_key, \
        "PyThread_delete_key is deprecated since Python 3.7 and will be removed; use PyThread_tss_delete", \
        PyThread_delete_key_is_deprecated_since_Python_3_7_and_will_be_removed_use_PyThread_tss_delete)
#undef PyThread_set_key_value
#define PyThread_set_key_value \
    Py_COMPAT_API_GONE_(PyThread_set_key_value, \
        "PyThread_set_key_value is deprecated since Python 3.7 and will be removed; use PyThread_tss_set", \
        PyThread_set_key_value_is_deprecated_since_Python_3_7_and_will_be_removed_use_PyThread_tss_set)
#undef PyThread_get_key_value
#define PyThread_get_key_value \
    Py_COMPAT_API_GONE_(PyThread_get_key_value, \
        "PyThread_get_key_value is deprecated since Python 3.7 and will be removed; use PyThread_tss_get", \
        PyThread_get_key_value_is_deprecated_since_Python_3_7_and_will_be_removed_use_PyThread_tss_get)
#undef PyThread_delete_key_value
#define PyThread_delete_key_value \
    Py_COMPAT_API_GONE_(PyThread_delete_key_value, \
        "PyThread_delete_key_value is deprecated since Python 3.7 and will be removed; use PyThread_tss_set with NULL", \
        PyThread_delete_key_value_is_deprecated_since_Python_3_7_and_will_be_removed_use_PyThread_tss_set_with_NULL)
#undef PyThread_ReInitTLS
#define PyThread_ReInitTLS \
    Py_COMPAT_API_GONE_(PyThread_ReInitTLS, \
        "PyThread_ReInitTLS is deprecated since Python 3.7 and will be removed; it is not needed since Python 3.7", \
        PyThread_ReInitTLS_is_deprecated_since_Python_3_7_and_will_be_removed_it_is_not_needed_since_Python_3_7)
#undef PyCode_New
#define PyCode_New \
    Py_COMPAT_API_GONE_(PyCode_New, \
        "PyCode_New is deprecated since Python 3.12 and will be removed; use PyUnstable_Code_New", \
        PyCode_New_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyUnstable_Code_New)
#undef PyCode_NewWithPosOnlyArgs
#define PyCode_NewWithPosOnlyArgs \
    Py_COMPAT_API_GONE_(PyCode_NewWithPosOnlyArgs, \
        "PyCode_NewWithPosOnlyArgs is deprecated since Python 3.12 and will be removed; use PyUnstable_Code_NewWithPosOnlyArgs", \
        PyCode_NewWithPosOnlyArgs_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyUnstable_Code_NewWithPosOnlyArgs)
#undef _PyCode_GetExtra
#define _PyCode_GetExtra \
    Py_COMPAT_API_GONE_(_PyCode_GetExtra, \
        "_PyCode_GetExtra is deprecated since Python 3.12 and will be removed; use PyUnstable_Code_GetExtra", \
        _PyCode_GetExtra_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyUnstable_Code_GetExtra)
#undef _PyCode_SetExtra
#define _PyCode_SetExtra \
    Py_COMPAT_API_GONE_(_PyCode_SetExtra, \
        "_PyCode_SetExtra is deprecated since Python 3.12 and will be removed; use PyUnstable_Code_SetExtra", \
        _PyCode_SetExtra_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyUnstable_Code_SetExtra)
#undef _PyEval_RequestCodeExtraIndex
#define _PyEval_RequestCodeExtraIndex \
    Py_COMPAT_API_GONE_(_PyEval_RequestCodeExtraIndex, \
        "_PyEval_RequestCodeExtraIndex is deprecated since Python 3.12 and will be removed; use PyUnstable_Eval_RequestCodeExtraIndex", \
        _PyEval_RequestCodeExtraIndex_is_deprecated_since_Python_3_12_and_will_be_removed_use_PyUnstable_Eval_RequestCodeExtraIndex)
#if PY_VERSION_HEX >= 0x030C0000
#undef PyCode_GetFirstFree
#define PyCode_GetFirstFree \
    Py_COMPAT_API_GONE_(PyCode_GetFirstFree, \
        "PyCode_GetFirstFree is deprecated since Python 3.13 and will be removed; use PyUnstable_Code_GetFirstFree", \
        PyCode_GetFirstFree_is_deprecated_since_Python_3_13_and_will_be_removed_use_PyUnstable_Code_GetFirstFree)
#endif
#endif

/* ---- better avoided */
#if defined(Py_COMPAT_API_LINT) && !defined(Py_LIMITED_API)
#undef PyModule_AddObject
#define PyModule_AddObject \
    Py_COMPAT_API_GONE_(PyModule_AddObject, \
        "PyModule_AddObject is soft-deprecated since Python 3.13; use PyModule_Add or PyModule_AddObjectRef", \
        PyModule_AddObject_is_soft_deprecated_since_Python_3_13_use_PyModule_Add_or_PyModule_AddObjectRef)
#undef PyEval_GetBuiltins
#define PyEval_GetBuiltins \
    Py_COMPAT_API_GONE_(PyEval_GetBuiltins, \
        "PyEval_GetBuiltins is soft-deprecated since Python 3.13; use PyEval_GetFrameBuiltins", \
        PyEval_GetBuiltins_is_soft_deprecated_since_Python_3_13_use_PyEval_GetFrameBuiltins)
#undef PyEval_GetGlobals
#define PyEval_GetGlobals \
    Py_COMPAT_API_GONE_(PyEval_GetGlobals, \
        "PyEval_GetGlobals is soft-deprecated since Python 3.13; use PyEval_GetFrameGlobals", \
        PyEval_GetGlobals_is_soft_deprecated_since_Python_3_13_use_PyEval_GetFrameGlobals)
#undef PyEval_GetLocals
#define PyEval_GetLocals \
    Py_COMPAT_API_GONE_(PyEval_GetLocals, \
        "PyEval_GetLocals is soft-deprecated since Python 3.13; use PyEval_GetFrameLocals", \
        PyEval_GetLocals_is_soft_deprecated_since_Python_3_13_use_PyEval_GetFrameLocals)
#if PY_VERSION_HEX >= 0x030E0000
#undef Py_HUGE_VAL
Py_COMPAT_API_NO_CONSTANT_(Py_HUGE_VAL, "Py_HUGE_VAL is soft-deprecated since Python 3.14; use INFINITY of math.h")
#endif
#if PY_VERSION_HEX >= 0x030F0000
#undef Py_INFINITY
Py_COMPAT_API_NO_CONSTANT_(Py_INFINITY, "Py_INFINITY is soft-deprecated since Python 3.15; use INFINITY of math.h")
#endif
#undef _PyBytes_Resize
#define _PyBytes_Resize \
    Py_COMPAT_API_GONE_(_PyBytes_Resize, \
        "_PyBytes_Resize is soft-deprecated since Python 3.15; use PyBytesWriter_Create", \
        _PyBytes_Resize_is_soft_deprecated_since_Python_3_15_use_PyBytesWriter_Create)
#undef _Py_c_sum
#define _Py_c_sum \
    Py_COMPAT_API_GONE_(_Py_c_sum, \
        "_Py_c_sum is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_sum_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef _Py_c_diff
#define _Py_c_diff \
    Py_COMPAT_API_GONE_(_Py_c_diff, \
        "_Py_c_diff is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_diff_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef _Py_c_neg
#define _Py_c_neg \
    Py_COMPAT_API_GONE_(_Py_c_neg, \
        "_Py_c_neg is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_neg_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef _Py_c_prod
#define _Py_c_prod \
    Py_COMPAT_API_GONE_(_Py_c_prod, \
        "_Py_c_prod is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_prod_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef _Py_c_quot
#define _Py_c_quot \
    Py_COMPAT_API_GONE_(_Py_c_quot, \
        "_Py_c_quot is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_quot_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef _Py_c_pow
#define _Py_c_pow \
    Py_COMPAT_API_GONE_(_Py_c_pow, \
        "_Py_c_pow is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_pow_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef _Py_c_abs
#define _Py_c_abs \
    Py_COMPAT_API_GONE_(_Py_c_abs, \
        "_Py_c_abs is soft-deprecated since Python 3.15; use complex.h, or write the arithmetic out", \
        _Py_c_abs_is_soft_deprecated_since_Python_3_15_use_complex_h_or_write_the_arithmetic_out)
#undef PyBUF_WRITEABLE
Py_COMPAT_API_NO_CONSTANT_(PyBUF_WRITEABLE, "PyBUF_WRITEABLE is soft-deprecated since Python 3.13; use PyBUF_WRITABLE")
#undef PyCode_Optimize
#define PyCode_Optimize \
    Py_COMPAT_API_GONE_(PyCode_Optimize, \
        "PyCode_Optimize is soft-deprecated since Python 3.13; it does nothing since Python 3.10", \
        PyCode_Optimize_is_soft_deprecated_since_Python_3_13_it_does_nothing_since_Python_3_10)
#undef Py_ALIGNED
#define Py_ALIGNED \
    Py_COMPAT_API_GONE_(Py_ALIGNED, \
        "Py_ALIGNED is soft-deprecated since Python 3.15; use alignas", \
        Py_ALIGNED_is_soft_deprecated_since_Python_3_15_use_alignas)
#undef PyDict_GetItem
#define PyDict_GetItem \
    Py_COMPAT_API_GONE_(PyDict_GetItem, \
        "PyDict_GetItem is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_GetItemRef", \
        PyDict_GetItem_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_GetItemRef)
#undef PyDict_GetItemWithError
#define PyDict_GetItemWithError \
    Py_COMPAT_API_GONE_(PyDict_GetItemWithError, \
        "PyDict_GetItemWithError is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_GetItemRef", \
        PyDict_GetItemWithError_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_GetItemRef)
#undef PyDict_GetItemString
#define PyDict_GetItemString \
    Py_COMPAT_API_GONE_(PyDict_GetItemString, \
        "PyDict_GetItemString is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_GetItemStringRef", \
        PyDict_GetItemString_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_GetItemStringRef)
#undef PyDict_SetDefault
#define PyDict_SetDefault \
    Py_COMPAT_API_GONE_(PyDict_SetDefault, \
        "PyDict_SetDefault is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_SetDefaultRef", \
        PyDict_SetDefault_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_SetDefaultRef)
#undef PyList_GetItem
#define PyList_GetItem \
    Py_COMPAT_API_GONE_(PyList_GetItem, \
        "PyList_GetItem is unsafe without the GIL, as another thread can release its borrowed reference; use PyList_GetItemRef", \
        PyList_GetItem_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyList_GetItemRef)
#undef PyList_GET_ITEM
#define PyList_GET_ITEM \
    Py_COMPAT_API_GONE_(PyList_GET_ITEM, \
        "PyList_GET_ITEM is unsafe without the GIL, as another thread can release its borrowed reference; use PyList_GetItemRef", \
        PyList_GET_ITEM_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyList_GetItemRef)
#undef PySequence_Fast_GET_ITEM
#define PySequence_Fast_GET_ITEM \
    Py_COMPAT_API_GONE_(PySequence_Fast_GET_ITEM, \
        "PySequence_Fast_GET_ITEM is unsafe without the GIL, as another thread can release its borrowed reference; use PySequence_GetItem", \
        PySequence_Fast_GET_ITEM_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PySequence_GetItem)
#undef PyODict_GetItem
#define PyODict_GetItem \
    Py_COMPAT_API_GONE_(PyODict_GetItem, \
        "PyODict_GetItem is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_GetItemRef", \
        PyODict_GetItem_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_GetItemRef)
#undef PyODict_GetItemWithError
#define PyODict_GetItemWithError \
    Py_COMPAT_API_GONE_(PyODict_GetItemWithError, \
        "PyODict_GetItemWithError is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_GetItemRef", \
        PyODict_GetItemWithError_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_GetItemRef)
#undef PyODict_GetItemString
#define PyODict_GetItemString \
    Py_COMPAT_API_GONE_(PyODict_GetItemString, \
        "PyODict_GetItemString is unsafe without the GIL, as another thread can release its borrowed reference; use PyDict_GetItemStringRef", \
        PyODict_GetItemString_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyDict_GetItemStringRef)
#undef PyImport_AddModule
#define PyImport_AddModule \
    Py_COMPAT_API_GONE_(PyImport_AddModule, \
        "PyImport_AddModule is unsafe without the GIL, as another thread can release its borrowed reference; use PyImport_AddModuleRef", \
        PyImport_AddModule_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyImport_AddModuleRef)
#undef PyCell_GET
#define PyCell_GET \
    Py_COMPAT_API_GONE_(PyCell_GET, \
        "PyCell_GET is unsafe without the GIL, as another thread can release its borrowed reference; use PyCell_Get", \
        PyCell_GET_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PyCell_Get)
#undef PySys_GetObject
#define PySys_GetObject \
    Py_COMPAT_API_GONE_(PySys_GetObject, \
        "PySys_GetObject is unsafe without the GIL, as another thread can release its borrowed reference; use PySys_GetAttr", \
        PySys_GetObject_is_unsafe_without_the_GIL_as_another_thread_can_release_its_borrowed_reference_use_PySys_GetAttr)
#undef PyObject_HasAttr
#define PyObject_HasAttr \
    Py_COMPAT_API_GONE_(PyObject_HasAttr, \
        "PyObject_HasAttr is better avoided, as it loses exceptions; use PyObject_HasAttrWithError", \
        PyObject_HasAttr_is_better_avoided_as_it_loses_exceptions_use_PyObject_HasAttrWithError)
#undef PyObject_HasAttrString
#define PyObject_HasAttrString \
    Py_COMPAT_API_GONE_(PyObject_HasAttrString, \
        "PyObject_HasAttrString is better avoided, as it loses exceptions; use PyObject_HasAttrStringWithError", \
        PyObject_HasAttrString_is_better_avoided_as_it_loses_exceptions_use_PyObject_HasAttrStringWithError)
#undef PyMapping_HasKey
#define PyMapping_HasKey \
    Py_COMPAT_API_GONE_(PyMapping_HasKey, \
        "PyMapping_HasKey is better avoided, as it loses exceptions; use PyMapping_HasKeyWithError", \
        PyMapping_HasKey_is_better_avoided_as_it_loses_exceptions_use_PyMapping_HasKeyWithError)
#undef PyMapping_HasKeyString
#define PyMapping_HasKeyString \
    Py_COMPAT_API_GONE_(PyMapping_HasKeyString, \
        "PyMapping_HasKeyString is better avoided, as it loses exceptions; use PyMapping_HasKeyStringWithError", \
        PyMapping_HasKeyString_is_better_avoided_as_it_loses_exceptions_use_PyMapping_HasKeyStringWithError)
#endif

#endif /* PY_COMPAT_API_H */

/* Telling the interpreter that a module does not need the GIL. Without that, importing it on a
 * free-threaded build turns the GIL on, for the whole process.
 *
 * Multi-phase initialisation, the usual kind: end the slots with a macro.
 *
 *     static PyModuleDef_Slot slots[] = {
 *         {Py_mod_exec, (void *)exec_module},
 *         FT_SLOTS_END_GIL_NOT_USED
 *     };
 *
 * Single-phase initialisation: call the function; it returns 0, or -1 with an exception.
 *
 *     PyObject *module = PyModule_Create(&definition);
 *     if (module != NULL && PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED) < 0) {
 *         Py_CLEAR(module);
 *     }
 *     return module;
 *
 * Both do nothing where there is always a GIL.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ft_utils in Rust authors. The licence is in LICENSE.
 */
#ifndef FT_COMPAT_MODULE_H
#define FT_COMPAT_MODULE_H

#ifndef FT_COMPAT_H
#  error "include ft_compat.h instead"
#endif

#ifdef Py_mod_gil
#  define FT_SLOTS_END_GIL_NOT_USED {Py_mod_gil, Py_MOD_GIL_NOT_USED}, {0, NULL}
/* The same as ft_utils 0.2.0 has it: a slot with its comma, to stand before the last one. */
#  define _PY_NOGIL_MODULE_SLOT {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#else
#  define FT_SLOTS_END_GIL_NOT_USED {0, NULL}
#  define _PY_NOGIL_MODULE_SLOT
#endif

/* For PyUnstable_Module_SetGIL; CPython has them since 3.13. */
#ifndef Py_MOD_GIL_USED
#  define Py_MOD_GIL_USED (FT_COMPAT_POINTER_CAST(void *, FT_COMPAT_CAST(uintptr_t, 0)))
#  define Py_MOD_GIL_NOT_USED (FT_COMPAT_POINTER_CAST(void *, FT_COMPAT_CAST(uintptr_t, 1)))
#endif

/* CPython declares it in its free-threaded builds only. */
#if !FT_COMPAT_FREE_THREADED
#  define PyUnstable_Module_SetGIL FtCompat_PyUnstable_Module_SetGIL
static inline int PyUnstable_Module_SetGIL(PyObject *module, void *gil)
{
    (void)module;
    (void)gil;
    return 0;
}
#endif

#endif /* FT_COMPAT_MODULE_H */

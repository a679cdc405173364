"""`refcount.rs` counts references as `Py_IncRef` and `Py_DecRef` of the interpreter do.

In builds without the GIL, `refcount.rs` does without a call what Python's headers do. So each test
does every step twice, with `refcount.rs` and with those functions, to two objects that are made
alike; all counts in the object's header must be the same after each step, and both objects must die
at the same step, in the same thread. The extension is in `runtime/references/`.
"""

"""The C headers for extensions.

`ext/` has extensions that are built as a user would build them, `native/` has single C files.
"""

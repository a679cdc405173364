"""`py_compat_api.h`: the names that it refuses, the words, and the programs that it leaves alone.

The tests compile one file with a line of C for each row of the table: without the macro, and with
every version that the table has, so also with the one before a removal. An error belongs to the row
in whose line it is.
"""

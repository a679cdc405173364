"""Entries that pass by PyO3 do what its methods do.

An operator, or a method with plain arguments, takes the faster way. The method of the same name
that the class has (`AtomicInt64.__add__`), or arguments that are not plain (a subclass of int),
takes the other one.
"""

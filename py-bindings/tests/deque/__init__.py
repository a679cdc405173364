"""ConcurrentDeque: the methods of collections.deque, the ones that it adds, and its use by threads.

CPython's own tests of collections.deque are in `cpython/test_deque.py`.
"""

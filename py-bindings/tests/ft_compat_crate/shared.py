"""Helpers for the tests in this folder."""

# Also part of the programs that run in a process of their own.
LOAD = """
import importlib.machinery, importlib.util
def load(path):
    loader = importlib.machinery.ExtensionFileLoader("ft_compat_extension", path)
    spec = importlib.util.spec_from_file_location("ft_compat_extension", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
"""

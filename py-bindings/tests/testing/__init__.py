"""The helpers that users test with: ft_utils.testing, lock_test_utils, threading_test_utils."""

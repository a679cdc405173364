"""Calls that do what they do in ft_utils 0.2.0, and calls that differ on purpose."""

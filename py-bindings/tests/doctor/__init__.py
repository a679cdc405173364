"""ft_utils.doctor and `python -m ft_utils`."""

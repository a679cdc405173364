"""The folder of ``ft_utils.pc``: a package, so that an entry point can name it."""

"""ft_utils.benchmark_utils: random numbers, and the frame for benchmarks."""

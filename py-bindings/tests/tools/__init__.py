"""The benchmarks, the helpers for benchmarks, and the examples."""

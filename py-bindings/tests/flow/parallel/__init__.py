"""parallel_map, parallel_for_each, parallel_reduce, parallel_sort: loops that use all cores."""

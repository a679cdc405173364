"""map_ordered: results in the order of the items, from any executor."""

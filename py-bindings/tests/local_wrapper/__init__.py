"""LocalWrapper: a stand-in for an object in one thread."""

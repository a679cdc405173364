"""LocalWrapper: every protocol does what the wrapped object does by itself."""

"""AtomicReference: a place for one object, compared by identity."""

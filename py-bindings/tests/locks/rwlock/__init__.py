"""RWLock and its contexts: many readers or one writer."""

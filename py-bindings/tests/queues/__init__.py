"""The queues: ConcurrentQueue, and those with the interface of the module queue."""

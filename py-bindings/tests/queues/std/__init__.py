"""StdConcurrentQueue, StdConcurrentLifoQueue and StdConcurrentPriorityQueue: as in queue."""

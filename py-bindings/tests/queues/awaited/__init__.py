"""The coroutines of all queues, in many event loops, beside threads."""

"""RateLimiter: permits for threads and tasks."""

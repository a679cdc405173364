"""WorkStealingExecutor."""

"""ConcurrentDict.get_or_insert and get_or_insert_async: values that are made once."""

"""ConcurrentDict as a dict: views, __missing__, how it is made and printed."""

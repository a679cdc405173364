"""select() and select_async(): the first of several things."""

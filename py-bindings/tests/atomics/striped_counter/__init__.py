"""StripedCounter."""

"""IntervalLock: a fair lock whose holder lets others in now and then."""

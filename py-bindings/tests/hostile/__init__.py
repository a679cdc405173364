"""Objects, signals and callers that mean harm, against every class."""

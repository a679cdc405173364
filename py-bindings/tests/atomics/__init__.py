"""Numbers, references and flags that threads change in atomic steps."""

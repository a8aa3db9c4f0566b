"""Who executes a run, where, how it survives, and how anybody follows it."""

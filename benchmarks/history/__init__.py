"""A log as long as one likes, and how quick the history is over it."""

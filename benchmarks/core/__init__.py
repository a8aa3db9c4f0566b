"""What the core adds to a model's own time, what it can do in a second, and what it needs."""

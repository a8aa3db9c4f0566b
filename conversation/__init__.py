"""Parley's vocabulary, and the way in for programs: `start_conversation`."""

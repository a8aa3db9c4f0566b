"""Tokens as servers count them; what is no number of them counts as none."""

from collections.abc import Mapping


def count(usage: object, *path: str) -> int:
    """Return the number at a path of names."""
    for name in path:
        usage = usage.get(name) if isinstance(usage, Mapping) else None
    return max(0, usage) if isinstance(usage, int) and not isinstance(usage, bool) else 0

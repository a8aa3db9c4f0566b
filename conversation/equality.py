"""When two calls are the same call: by what their arguments say, not by how they are written."""

import json


def canonical_arguments(text: str) -> str:
    """Return JSON in one form for each value; what is no JSON stays as it is."""
    try:
        value = json.loads(text or "{}", parse_float=_number)
        return json.dumps(value, sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> float | int:
    """Read `1.0` as `1`, which it is in JSON."""
    number = float(text)
    return int(number) if number.is_integer() else number

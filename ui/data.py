"""Arguments and outputs as they are shown: JSON laid out, anything else as it is."""

import json


def laid_out(text: str, *, short: int = 0) -> tuple[str, str | None]:
    """Return JSON in lines, or in one of at most `short` characters, with its language.

    What is not an object or a list stays as it is.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text, None
    if not isinstance(value, dict | list):
        return text, None
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= short else json.dumps(value, indent=2, ensure_ascii=False), "json"

"""What the set-up scripts share: how they end when something is in the way."""

import sys
from collections.abc import Callable

from conversation.errors import ParleyError


def exit_code(script: Callable[[], None]) -> int:
    """Run `script`; what Parley raises becomes a line and its hint on stderr, and the code 1."""
    try:
        script()
    except ParleyError as error:
        sys.stderr.write(f"{error}\n{error.hint}".rstrip() + "\n")
        return 1
    return 0

"""What one tab's panel remembers between the runs of the script."""

from dataclasses import dataclass
from typing import Final

NO_DIAGRAM: Final = ("", "", 0)


@dataclass
class Look:
    """`asked`: a person opened the panel here, which on a phone covers the messages.

    `request` is the name of the one that is opened; `drawn` is what the browser shows in the
    panel, `diagram` the last one of the script there, with its alternative text and place,
    `followed` the exchange that was seen while it ran.
    """

    asked: bool = False
    request: str | None = None
    drawn: tuple[object, ...] = ()
    diagram: tuple[str, str, int] = NO_DIAGRAM
    followed: str | None = None

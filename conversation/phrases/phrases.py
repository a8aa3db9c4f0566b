"""What every language has to say about exchanges; `narration` fills in what stands in {braces}."""

from collections.abc import Mapping
from dataclasses import dataclass

from conversation.script import State, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The sentences of one language. Pairs are for one and for several."""

    message_sent: str
    state_changed: str
    status_checked: str
    calls_requested: str
    no_calls: str
    approval_requested: str
    call_allowed: str
    call_declined: str
    tool_started: str
    tool_executed: str
    tool_failed: str
    outputs_submitted: tuple[str, str]
    usage: str
    read: str
    read_cached: str
    written: str
    written_reasoning: str
    retry_scheduled: str
    retried: str
    trigger_refused: str
    message_retrieved: str
    declined: str
    cancelled: str
    expired: str
    incomplete: str
    incomplete_detail: str

    under_way: str
    ended_after: str
    ended_because: str

    triggers: Mapping[Trigger, str]
    states: Mapping[State, str]
    endings: Mapping[State, str]
    cut_short: Mapping[str, str]
    limits: Mapping[str, tuple[str, str]]
    """How much it was that cut an answer short, by the same reasons."""

    cut_off: Mapping[str, str]

    seconds: str
    separators: str
    """What stands between thousands, and what before decimals."""

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with its thousands apart; a whole one keeps all of its digits."""
        said = f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"
        return said.translate(str.maketrans(",.", self.separators))

    def duration(self, seconds: float) -> str:
        """Return seconds, with decimals where they matter."""
        digits = 2 if seconds < 10 else 0
        return self.seconds.format(number=self.number(float(seconds), digits))

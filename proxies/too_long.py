"""Conversations that are too long for a model, as providers say it, and by how much."""

import re
from typing import Final

_NUMBER: Final = r"\(?(?P<{}>\d[\d,]*)\)?"
_LENGTH: Final = _NUMBER.format("length")
_LIMIT: Final = _NUMBER.format("limit")
_BEYOND: Final = _NUMBER.format("beyond")

# As OpenAI and vLLM, Gemini, llama.cpp, Mistral, Anthropic, LM Studio and Ollama say it.
_COUNTED: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"maximum context length is {_LIMIT} tokens.*?(?:requested|resulted in) {_LENGTH} tokens",
        rf"maximum context length is {_LIMIT} tokens.*?{_LENGTH} input tokens",
        rf"token count {_LENGTH} exceeds the maximum number of tokens allowed {_LIMIT}",
        rf"request \({_LENGTH} tokens\) exceeds the available context size \({_LIMIT} tokens\)",
        rf"prompt \(length {_LENGTH}\) is longer than the maximum model length of {_LIMIT}",
        rf"prompt contains {_LENGTH} tokens.*?{_LIMIT} maximum context length",
        rf"prompt is too long: {_LENGTH} tokens > {_LIMIT}",
        rf"first {_LENGTH} tokens when context.*?context length of only {_LIMIT} tokens",
        rf"exceeded max context length by {_BEYOND} tokens",
        rf"request too large for .*?limit:? {_LIMIT}, requested:? {_LENGTH}",
    )
)
_SAID: Final = re.compile(
    r"maximum context length|max context length|exceeds? the (available )?context"
    r"|exceeds the maximum number of tokens allowed|longer than the maximum model length"
    r"|prompt is too long|prompt too long|exceeds? the (context|input) (length|limit|window)"
    r"|request too large for|context length exceeded|context of only|context length of only",
    re.IGNORECASE,
)


def says_too_long(sentence: str) -> bool:
    """Tell whether a provider complains that a conversation is too long."""
    return bool(_SAID.search(sentence)) or any(known.search(sentence) for known in _COUNTED)


def tokens_too_many(sentence: str) -> int:
    """Return by how many tokens it is too long; 0 where that is not said."""
    found = next(filter(None, (known.search(sentence) for known in _COUNTED)), None)
    if found is None:
        return 0
    counts = {name: int(text.replace(",", "")) for name, text in found.groupdict().items()}
    return max(0, counts.get("beyond") or counts.get("length", 0) - counts.get("limit", 0))

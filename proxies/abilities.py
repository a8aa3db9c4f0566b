"""What a provider's models can do, learnt from what the provider has rejected.

A model that does not take a parameter is asked again without it, and from then on at once; one
without native tools has them described in words.
"""

import logging
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Final, Literal

from conversation.errors import (
    ContextTooLong,
    ProviderError,
    ProviderUnavailable,
    RequestRejected,
    UnknownModel,
)
from conversation.signals import Asking, Refusing, Saying, Signal
from conversation.turns import ToolChoice, Turn
from proxies.chat_roles import says_plain
from proxies.eyes import is_about_pictures, says_blind, shows_pictures, with_pictures_in_words

ToolMode = Literal["auto", "native", "prompted"]
Body = dict[str, Any]

logger: Final = logging.getLogger(__name__)

FORMAT: Final = "response_format"
CHOICE: Final = "tool_choice"
THINKING: Final = "thinking_config"
ROLES: Final = "roles"

_TOOLS: Final = "tools"
_PICTURES: Final = "pictures"
_ONE_BY_ONE: Final = "parallel_tool_calls"
_COUNTING: Final = "stream_options"
_LIMIT, _NEWER_LIMIT = "max_tokens", "max_completion_tokens"

# As Ollama, vLLM, llama.cpp, OpenRouter and others say it.
_NO_TOOLS: Final = re.compile(
    r"(?=.*\b(tool|function)s?\b)"
    r".*(not support|n't support|unsupported|enable-auto-tool-choice|jinja|no endpoints|"
    r"not (allowed|permitted|available|implemented)|unknown|unrecognized|unexpected|extra)",
    re.IGNORECASE | re.DOTALL,
)
_NO_COUNTING: Final = re.compile(r"stream_options|include_usage", re.IGNORECASE)
_NOT_TAKEN: Final = re.compile(
    r"unsupported|(not|n't) support"
    r"|not (allowed|permitted|available|enabled|implemented|compatible)"
    r"|unknown|unrecogni[sz]ed|unexpected|extra (inputs|fields)|deprecated|type is unavailable",
    re.IGNORECASE,
)
_ANOTHER_VALUE: Final = re.compile(r"supported values are|retry with other", re.IGNORECASE)

# How each is named in a complaint, by the name it has in a request.
_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "temperature": re.compile(r"\btemperature\b"),
    "top_p": re.compile(r"\btop_?p\b", re.IGNORECASE),
    _LIMIT: re.compile(r"\bmax_tokens\b"),
    "reasoning_effort": re.compile(r"\breasoning[_. ]effort\b", re.IGNORECASE),
    "reasoning": re.compile(r"\breasoning\b(?![._ ]encrypted)", re.IGNORECASE),
    "include": re.compile(r"\bencrypted[_ ]content\b", re.IGNORECASE),
    # A schema that is found wanting is the asker's to mend.
    FORMAT: re.compile(
        r"(?<!schema for )\bresponse[_ ]format\b|\bjson_schema\b|\bjson mode\b"
        r"|\bresponse[_ ]?mime[_ ]?type\b",
        re.IGNORECASE,
    ),
    THINKING: re.compile(r"\bthinking", re.IGNORECASE),
    CHOICE: re.compile(r"\btool_choice\b", re.IGNORECASE),
    _ONE_BY_ONE: re.compile(r"\bparallel[_ ]tool[_ ]calls\b", re.IGNORECASE),
}
_CHAT: Final = ("temperature", "top_p", _LIMIT, "reasoning_effort", FORMAT, CHOICE, _ONE_BY_ONE)
_RESPONSES: Final = ("temperature", "top_p", "include", "reasoning")
_GEMINI: Final = ("temperature", "top_p", THINKING, FORMAT)
_EFFORTS: Final = frozenset({"reasoning_effort", "reasoning", THINKING})
_Key = tuple[str, str | None]
_TELLING: Final = (RequestRejected, ProviderUnavailable, UnknownModel)


class Abilities:
    """Remembers, by model and effort, what must not be sent; `tools` is the setting."""

    def __init__(
        self, parameters: tuple[str, ...], *, tools: ToolMode = "native", chats: bool = False
    ) -> None:
        self._parameters = parameters
        self._tools = tools
        self._chats = chats
        self._refused: dict[_Key, frozenset[str]] = {}

    @classmethod
    def of_chat(cls, tools: ToolMode) -> "Abilities":
        """Return those of models behind `/chat/completions`."""
        return cls(_CHAT, tools=tools, chats=True)

    @classmethod
    def of_responses(cls) -> "Abilities":
        """Return those of models behind the Responses API."""
        return cls(_RESPONSES)

    @classmethod
    def of_gemini(cls) -> "Abilities":
        """Return those of Gemini models; the names are those of the SDK."""
        return cls(_GEMINI)

    def prompts(self, turn: Turn) -> bool:
        """Tell whether tools are described to the model in words."""
        return self._tools == "prompted" or _TOOLS in self._known(turn)

    def takes(self, parameter: str, turn: Turn) -> bool:
        """Tell whether the model has not rejected a parameter so far."""
        return parameter not in self._known(turn)

    def shown(self, turn: Turn) -> Turn:
        """Return a turn with earlier pictures only mentioned, for a model without eyes.

        Those that it is asked about are not left out: whoever shows them has to know.
        """
        blind = _PICTURES in self._known(turn) and not is_about_pictures(turn)
        return with_pictures_in_words(turn) if blind else turn

    def counted(self, turn: Turn) -> Body:
        """Return what asks for the tokens that a streamed answer took."""
        known = _COUNTING in self._known(turn)
        return {} if known or not turn.stream else {_COUNTING: {"include_usage": True}}

    def fitted(self, body: Body, turn: Turn) -> Body:
        """Return a request's body without what the model does not take."""
        refused = self._known(turn) - {_TOOLS}
        if "reasoning" in refused:
            refused |= {"include"}
        left = {name: value for name, value in body.items() if name not in refused}
        if _LIMIT in refused and _LIMIT in body:
            left[_NEWER_LIMIT] = body[_LIMIT]
        return left

    async def asking(
        self, turn: Turn, ask: Callable[[], AsyncGenerator[Signal, None]]
    ) -> AsyncGenerator[Signal, None]:
        """Yield the signals of `ask()`, called again while something can be left out."""
        while True:
            heard = False
            try:
                async with aclosing(ask()) as signals:
                    async for signal in signals:
                        heard = heard or isinstance(signal, Saying | Refusing | Asking)
                        yield signal
                return
            except ProviderError as error:
                if heard or not self.learn(turn, error):
                    raise

    def learn(self, turn: Turn, error: ProviderError) -> bool:
        """Take note of what was rejected; True when the turn should be sent without it."""
        if not isinstance(error, _TELLING) or isinstance(error, ContextTooLong):
            return False
        refused = next(self._rejected(turn, str(error)), None)
        if refused is None:
            return False
        self._refused[_key(turn)] = self._known(turn) | {refused}
        level = logging.INFO if refused in {_TOOLS, _COUNTING} else logging.WARNING
        logger.log(level, "%s does not take '%s' and is asked without it", turn.model, refused)
        return refused != _PICTURES or not is_about_pictures(turn)

    def _known(self, turn: Turn) -> frozenset[str]:
        return self._refused.get(_key(turn), frozenset())

    def _rejected(self, turn: Turn, said: str) -> Iterator[str]:
        """Yield what is complained about of what was sent, first what is named first."""
        known = self._known(turn)
        if shows_pictures(turn) and _PICTURES not in known and says_blind(said):
            yield _PICTURES
        if self._chats and ROLES not in known and says_plain(said):
            yield ROLES
        counted = self._chats and turn.stream and _COUNTING not in known
        if counted and _NO_COUNTING.search(said):
            yield _COUNTING
        if _NOT_TAKEN.search(said):
            sent = [name for name in self._parameters if name not in known and _sends(turn, name)]
            found = {name: _NAMES[name].search(said) for name in sent}
            named = {name: match.start() for name, match in found.items() if match}
            if _ANOTHER_VALUE.search(said):  # an effort that another word would mend
                named = {name: at for name, at in named.items() if name not in _EFFORTS}
            yield from sorted(named, key=lambda name: named[name])
        native = turn.tools and self._tools == "auto" and _TOOLS not in known
        if native and _NO_TOOLS.search(said):
            yield _TOOLS


def _key(turn: Turn) -> _Key:
    # Some models take a temperature only while they don't reason.
    return turn.model, turn.sampling.reasoning_effort


def _sends(turn: Turn, name: str) -> bool:
    """Tell whether a request for this turn has a parameter."""
    sampling = turn.sampling
    match name:
        case "temperature":
            return sampling.temperature is not None
        case "top_p":
            return sampling.top_p is not None
        case "max_tokens":
            return sampling.max_output_tokens is not None
        case "response_format":
            return not turn.answer.free
        case "tool_choice" | "parallel_tool_calls":
            return bool(turn.tools) and _restricts(turn, name)
        case _:
            return sampling.reasoning_effort is not None


def _restricts(turn: Turn, name: str) -> bool:
    """Tell whether something is said of how functions may be called."""
    if name == _ONE_BY_ONE:
        return not turn.sampling.parallel_tool_calls
    return turn.tool_choice != ToolChoice()

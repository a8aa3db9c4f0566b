"""Tool calls for models that know of none: described in words, and read from the model's text.

The model is asked to write a call as `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`;
what it writes instead (a fence, a bare object, other names for the fields) is understood too.
Text that turns out to be no call is said as it came, a little later.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from conversation.signals import Asking, Finished, FinishReason, Item, Saying, Signal, Used
from conversation.turns import Round, ToolCall, ToolSpec, Turn
from proxies.chat_request import Body, said_before, sampling_of
from proxies.chat_wishes import format_of
from proxies.in_words import with_choice_in_words, with_format_in_words
from proxies.written_calls import call_meant_by, calls_in

_OPEN: Final = "<tool_call>"
_CLOSE: Final = "</tool_call>"
_MARK: Final = re.compile(r'<tool_call>|```|(?m:^[ \t]*(?=(?:\[\s*)?\{\s*"))')
_BEGUN: Final = re.compile(r"(?m:^)[ \t]*(?:\[\s*)?(?:\{\s*)?\Z")
_FENCE: Final = re.compile(r"```[\w-]*[ \t]*\n?(?P<body>.*?)\n?[ \t]*```", re.DOTALL)
_LABELLED: Final = re.compile(r"```(?:tool_call|tool_code|tool|function)\b")
_LONGEST: Final = 200_000

_HOW: Final = """\
You can call functions. To call one, write nothing but this, once for each call:
<tool_call>{{"name": "<function>", "arguments": {{<arguments as JSON>}}}}</tool_call>
Then stop: the results come with the next message, in <tool_result> tags. Call functions only \
when they help, and never write results yourself. The functions, as JSON schemas:
{functions}"""

_REPAIR: Final = """\
Your function call could not be read: {problem}. Write it again, and nothing else, as \
<tool_call>{{"name": "...", "arguments": {{...}}}}</tool_call> with valid JSON."""


def prompted_request(turn: Turn) -> Body:
    """Return the body that asks for `turn` without the protocol's own tools.

    A server that lets a model write nothing but JSON would let it call nothing.
    """
    if turn.tool_choice.mode != "none":
        turn = with_format_in_words(turn)
    return {
        "model": turn.model,
        "messages": _messages(turn),
        **format_of(turn),
        **sampling_of(turn.sampling),
    }


def repair_request(turn: Turn, said: str, problem: str) -> Body:
    """Return the body that asks a model to write its call again."""
    request = prompted_request(turn)
    request["messages"] += [
        {"role": "assistant", "content": said},
        {"role": "user", "content": _REPAIR.format(problem=problem)},
    ]
    return request


@dataclass(slots=True)
class Scanner:
    """Takes a text in pieces; gives back what is prose and keeps the calls.

    `broken` is the text and the fault of something that was meant as a call but can't be read.
    """

    names: frozenset[str]
    calls: list[ToolCall] = field(default_factory=list)
    broken: tuple[str, str] | None = None
    _held: str = ""

    def heard(self, signal: Signal) -> Iterator[Signal]:
        """Yield what a signal of the model still says; calls and its end are for later."""
        match signal:
            case Saying(text):
                self._held += text
                yield from map(Saying, self._scan(last=False))
            case Asking() | Item() | Used() | Finished():
                pass
            case _:
                yield signal

    def rest(self) -> Iterator[Signal]:
        """Yield what is left when the text ends."""
        yield from map(Saying, self._scan(last=True))

    def left(self) -> Iterator[Signal]:
        """Take a broken call beside good ones as one, too, which will fail; or say it."""
        block, _ = self.broken or ("", "")
        if call := call_meant_by(block, self.names):
            self.calls.append(call)
        elif block:
            yield Saying(block)

    def ending(self, reason: FinishReason, used: Used | None) -> Iterator[Signal]:
        """Yield how an answer ends that may have calls in its text."""
        whole = reason in {"stop", "tool_calls"}
        calls = tuple(self.calls) if whole else ()
        if calls:
            yield Asking(calls)
        if used:
            yield used
        yield Finished(("tool_calls" if calls else "stop") if whole else reason)

    def _scan(self, *, last: bool) -> Iterator[str]:
        while found := _MARK.search(self._held):
            yield from self._say(self._held[: found.start()])
            self._held = self._held[found.start() :]
            length = _block(self._held, last=last)
            if length is None:
                return
            block, self._held = self._held[:length], self._held[length:]
            yield from self._judge(block)
        keep = 0 if last else _undecided(self._held)
        said, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        yield from self._say(said)

    def _judge(self, block: str) -> Iterator[str]:
        """Keep a block's calls, or say it."""
        meant = block.startswith(_OPEN) or bool(_LABELLED.match(block))
        try:
            calls = list(calls_in(json.loads(_inside(block)), None if meant else self.names))
        except (ValueError, RecursionError) as error:
            calls = []
            problem = f"it is no JSON ({error})" if isinstance(error, ValueError) else "too deep"
        else:
            problem = "it names no function"
        if calls:
            self.calls += calls
        elif meant and self.broken is None:
            self.broken = (block, problem)
        else:
            yield block

    def _say(self, text: str) -> Iterator[str]:
        # Around a call there is nothing but line ends that belong to it.
        said = text.strip("\n") if self.calls and not text.strip() else text
        if said:
            yield said


def _block(text: str, *, last: bool) -> int | None:
    """Return how long the block is that a text begins with; None while it is not all there."""
    if text.startswith(_OPEN):
        end = text.find(_CLOSE)
        return end + len(_CLOSE) if end >= 0 else (len(text) if _given_up(text, last) else None)
    if text.startswith("```"):
        fence = _FENCE.match(text)
        return fence.end() if fence else (len(text) if _given_up(text, last) else None)
    start = len(text) - len(text.lstrip(" \t"))
    try:
        return json.JSONDecoder().raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return _line(text) if _given_up(text, last) else None


def _line(text: str) -> int:
    """Return how long the first line is, its end included."""
    return text.find("\n") + 1 or len(text)


def _given_up(text: str, last: bool) -> bool:
    return last or len(text) > _LONGEST


def _undecided(text: str) -> int:
    """Return how many of the last characters may be the beginning of a mark."""
    if begun := _BEGUN.search(text):
        return len(text) - begun.start()
    for mark in (_OPEN, "```"):
        for length in range(min(len(mark) - 1, len(text)), 0, -1):
            if mark.startswith(text[-length:]):
                return length
    return 0


def _inside(block: str) -> str:
    """Return what a block holds, without its tags or fence."""
    if block.startswith(_OPEN):
        inner = block.removeprefix(_OPEN).removesuffix(_CLOSE).strip()
        fence = _FENCE.fullmatch(inner)
        return fence["body"] if fence else inner
    fence = _FENCE.fullmatch(block)
    return fence["body"] if fence else block.removeprefix("```")


def _messages(turn: Turn) -> list[Body]:
    """Return the thread, with the functions in its instructions and the rounds in words."""
    told = turn if turn.tool_choice.mode == "none" else _with_functions(turn)
    return said_before(told) + [message for round_ in turn.rounds for message in _round(round_)]


def _with_functions(turn: Turn) -> Turn:
    how = _HOW.format(functions="\n".join(map(_function, turn.tools)))
    instructions = f"{turn.instructions}\n\n{how}" if turn.instructions else how
    return with_choice_in_words(replace(turn, instructions=instructions))


def _function(tool: ToolSpec) -> str:
    shown = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return json.dumps({name: value for name, value in shown.items() if value}, ensure_ascii=False)


def _round(round_: Round) -> Iterator[Body]:
    calls = "\n".join(_written(call) for call in round_.calls)
    said = "\n".join(filter(None, (round_.text, calls)))
    yield {"role": "assistant", "content": said}
    names = {call.call_id: call.name for call in round_.calls}
    results = (
        json.dumps({"name": names.get(one.call_id, ""), "output": one.output}, ensure_ascii=False)
        for one in round_.results
    )
    told = "\n".join(f"<tool_result>{result}</tool_result>" for result in results)
    yield {"role": "user", "content": told}


def _written(call: ToolCall) -> str:
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = call.arguments
    written = json.dumps({"name": call.name, "arguments": arguments}, ensure_ascii=False)
    return f"{_OPEN}{written}{_CLOSE}"

"""The demo model's rules, as data: the first pattern found in the user's message answers it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from conversation.errors import ProviderUnavailable, StreamCut
from conversation.ids import new_id
from conversation.turns import Said, ToolCall, Turn
from proxies import demo_texts as texts
from proxies.demo_reply import Reply, user_texts
from proxies.demo_stocks import is_about_stocks, reply_about, request_in
from proxies.demo_story import story

Match = re.Match[str]
Answer = Callable[[Match, Turn], Reply]

_HIGHEST: Final = 10_000
_LONGEST_WAIT: Final = 60.0
_NAME: Final = re.compile(r"\bmy name is (?P<name>[^\W\d_][\w' -]{0,40})", re.IGNORECASE)
_GO_ON: Final = r"^(go on|continue)([.!]*| exactly\b.*)$"
_CALL: Final = re.compile(r"^call +(?P<name>[\w.-]+) *(?P<arguments>.*)$", re.I | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rule:
    """What to answer to a message in which `pattern` (whatever the case) is found."""

    pattern: str
    answer: Answer

    def match(self, text: str) -> Match | None:
        """Look for the pattern in `text`."""
        return re.search(self.pattern, text, re.IGNORECASE | re.DOTALL)


def reply_to(turn: Turn) -> Reply:
    """Return the answer to a turn: commands first, then stocks, then small talk."""
    text = (user_texts(turn) or [""])[-1]
    reply = _first(COMMANDS, text, turn)
    if reply is None and (request := request_in(turn)):
        reply = reply_about(request, turn)
    return reply or _first(TALK, text, turn) or _unknown(text)


def _first(rules: tuple[Rule, ...], text: str, turn: Turn) -> Reply | None:
    for rule in rules:
        if match := rule.match(text):
            return rule.answer(match, turn)
    return None


def _unknown(text: str) -> Reply:
    return Reply(text=texts.WHICH if is_about_stocks(text) else texts.UNKNOWN)


def _says(text: str) -> Answer:
    return lambda _match, _turn: Reply(text=text)


def _help(_match: Match, turn: Turn) -> Reply:
    names = ", ".join(f"`{tool.name}`" for tool in turn.tools) or "none"
    return Reply(text=f"{texts.HELP}\nFunctions on offer in this conversation: {names}.")


def _echo(match: Match, _turn: Turn) -> Reply:
    return Reply(text=match["text"])


def _count(match: Match, _turn: Turn) -> Reply:
    end = int(match["end"])
    if end > _HIGHEST:
        return Reply(text=texts.TOO_FAR)
    return Reply(text=", ".join(str(number) for number in range(1, end + 1)) + ".")


def _wait(match: Match, _turn: Turn) -> Reply:
    seconds = min(float(match["seconds"]), _LONGEST_WAIT)
    return Reply(text=f"I have waited for {seconds:g} seconds.", pause=seconds)


def _fail(_match: Match, _turn: Turn) -> Reply:
    message = "The demo provider has failed, because you asked it to."
    return Reply(failure=ProviderUnavailable(message))


def _break_off(_match: Match, _turn: Turn) -> Reply:
    failure = StreamCut("The demo's answer broke off.")
    return Reply(text=texts.BROKEN_OFF, rest=texts.BROKEN_OFF_REST, failure=failure)


def _go_on(_match: Match, turn: Turn) -> Reply:
    """Work the last answer out again, and say what was not said of it."""
    *asked, _ = (place for place, said in enumerate(turn.messages) if said.role == "user")
    asked = [place for place in asked if not _is_go_on(turn.messages[place])]
    if not asked:
        return Reply(text=texts.NOTHING_TO_GO_ON)
    before = turn.messages[: asked[-1] + 1]
    whole = reply_to(replace(turn, messages=before))
    if whole.calls or not whole.text:
        return whole
    said = "".join(one.text for one in turn.messages[len(before) :] if one.role == "assistant")
    left = (whole.text + whole.rest)[len(said) :]
    text = left if left.strip() else texts.NOTHING_LEFT
    return replace(whole, text=text, rest="", failure=None)


def _is_go_on(said: Said) -> bool:
    return re.match(_GO_ON, said.text.strip(), re.IGNORECASE) is not None


def _refuse(_match: Match, _turn: Turn) -> Reply:
    return Reply(text=texts.REFUSAL, refusal=True)


def _call(match: Match, turn: Turn) -> Reply:
    """Ask for the calls the user wrote down; then say what came of them."""
    if turn.rounds:
        return Reply(text=outputs_of(turn))
    return Reply(calls=tuple(_written(line) for line in _CALL.finditer(match.string)))


def _written(line: Match) -> ToolCall:
    arguments = line["arguments"].strip() or "{}"
    return ToolCall(call_id=new_id("call"), name=line["name"], arguments=arguments)


def outputs_of(turn: Turn) -> str:
    """Return what came of the last calls."""
    last = turn.rounds[-1]
    names = {call.call_id: call.name for call in last.calls}
    lines = [
        f"`{names.get(result.call_id, '?')}` "
        f"{'failed and said' if result.failed else 'said'}: {result.output}"
        for result in last.results
    ]
    return "\n\n".join(lines)


def _loop(_match: Match, turn: Turn) -> Reply:
    if not turn.tools:
        return Reply(text=texts.NOTHING_TO_CALL)
    call = ToolCall(call_id=new_id("call"), name=turn.tools[0].name, arguments='{"symbol": "AAPL"}')
    return Reply(calls=(call,))


def _story(_match: Match, turn: Turn) -> Reply:
    return Reply(text=story(turn))


def _instructions(_match: Match, turn: Turn) -> Reply:
    if not turn.instructions:
        return Reply(text=texts.NO_INSTRUCTIONS)
    return Reply(
        text=f"As a demo I can't follow them, but these were given:\n\n{turn.instructions}"
    )


def _nice_to_meet(match: Match, _turn: Turn) -> Reply:
    name = _named(match.string)
    return Reply(text=f"Nice to meet you, {name}! Ask me *What is my name?* in a while.")


def _recall_name(_match: Match, turn: Turn) -> Reply:
    name = next(filter(None, map(_named, reversed(user_texts(turn)))), None)
    return Reply(text=f"Your name is {name}." if name else texts.NO_NAME)


def _named(text: str) -> str | None:
    match = _NAME.search(text)
    return match["name"].strip() if match else None


def _recall_first(_match: Match, turn: Turn) -> Reply:
    return Reply(text=f"The first thing you said here was: {user_texts(turn)[0]}")


COMMANDS: Final = (
    #    found in the message                        answered by
    Rule(r"^(help|\?|what can you do)\W*$",          _help),
    Rule(r"^fail[.!]?$",                             _fail),
    Rule(r"^break off[.!]?$",                        _break_off),
    Rule(_GO_ON,                                     _go_on),
    Rule(r"^refuse[.!]?$",                           _refuse),
    Rule(r"^loop[.!]?$",                             _loop),
    Rule(r"^count to (?P<end>\d{1,9})\b",            _count),
    Rule(r"^wait (?P<seconds>\d{1,4}(\.\d+)?)\b",    _wait),
    Rule(r"^echo\s+(?P<text>.+)",                    _echo),
    Rule(r"^call +[\w.-]+ *($|\{|\n)",               _call),
    Rule(r"\b(story|geschichte)\b",                  _story),
    Rule(r"\bmarkdown\b",                            _says(texts.MARKDOWN)),
)  # fmt: skip

TALK: Final = (
    #    found in the message                        answered by
    Rule(r"\b(is|what's|know|remember) my name\b",   _recall_name),
    Rule(r"\bmy name is [^\W\d_]",                   _nice_to_meet),
    Rule(r"\bfirst (thing|message)\b|\bsay first\b", _recall_first),
    Rule(r"\b(who|what) are you\b|\byour name\b",  _says(texts.WHO)),
    Rule(r"\bare you (an?|the|real|human|gpt)\b",   _says(texts.WHO)),
    Rule(r"\b(your|the) instructions\b",             _instructions),
    Rule(r"\bhow are you\b",                         _says(texts.FEELINGS)),
    Rule(r"\bjoke\b",                                _says(texts.JOKE)),
    Rule(r"\b(thanks?|thank you|thx|cheers)\b",      _says(texts.THANKS)),
    Rule(r"\b(bye|goodbye|see you)\b",               _says(texts.GOODBYE)),
    Rule(r"\bhelp\b|\bcan (you|i) (do|ask|try)\b",     _help),
    Rule(r"^(hi|hello|hey|hallo)\b|^good \w+|^$",    _says(texts.GREETING)),
)  # fmt: skip

"""What a turn asks of an answer, put into words for models that take it in no other way."""

import json
from dataclasses import replace
from typing import Final

from conversation.turns import AnswerFormat, Image, Said, ToolChoice, Turn

_OBJECT: Final = "a JSON object"
_SCHEMA: Final = "JSON that fits the schema below"
_FORMAT: Final = "Write your answer as {what} and nothing else: no other words, and no fence."
_UNLESS_CALLING: Final = "Unless you call a function, w"
_NONE: Final = "Do not call any function now: answer in your own words."
_REQUIRED: Final = "Do not answer yet: you must call at least one function now."
_NAMED: Final = "Do not answer yet: you must call the function `{name}` now."


def with_format_in_words(turn: Turn) -> Turn:
    """Return the turn with the answer's format among its instructions, and nowhere else."""
    answer = turn.answer
    if answer.free:
        return turn
    what = _SCHEMA if answer.schema else _OBJECT
    told = _FORMAT.format(what=what)
    if turn.tools and turn.tool_choice.mode != "none":
        told = _UNLESS_CALLING + told[1:]
    schema = json.dumps(answer.schema, ensure_ascii=False) if answer.schema else ""
    words = "\n".join(filter(None, (told, answer.description, schema)))
    return replace(turn, instructions=_also(turn, words), answer=AnswerFormat())


def with_choice_in_words(turn: Turn) -> Turn:
    """Return the turn with its choice of functions among its instructions, and nowhere else."""
    choice = turn.tool_choice
    if choice.name is not None:
        words = _NAMED.format(name=choice.name)
    elif choice.mode == "auto":
        return turn
    else:
        words = _NONE if choice.mode == "none" else _REQUIRED
    return replace(turn, instructions=_also(turn, words), tool_choice=ToolChoice())


def text_of(said: Said, *unseen: Image) -> str:
    """Return a message's text, with mention of the pictures that can't be shown."""
    return "\n\n".join(filter(None, (said.text, *map(_mentioned, unseen))))


def _mentioned(image: Image) -> str:
    here = image.url.startswith("data:")
    return "[a picture that can't be shown]" if here else f"[a picture: {image.url}]"


def _also(turn: Turn, words: str) -> str:
    return f"{turn.instructions}\n\n{words}" if turn.instructions else words

"""Models without eyes: how providers say it, and what such a model is told of earlier pictures."""

import re
from dataclasses import replace
from itertools import takewhile
from typing import Final

from conversation.turns import Said, Turn
from proxies.in_words import text_of

# As OpenAI, Gemini, llama.cpp, vLLM, Ollama, OpenRouter and DeepSeek say it. That a picture is of
# the wrong kind is another matter.
_BLIND: Final = re.compile(
    r"(images|image[ _]inputs?( modality)?) (is|are) not (supported|enabled)"
    r"|(not|n't) support (images?\b(?! (format|type|of|url))|vision|multimodal)"
    r"|endpoints found that support image"
    r"|image_url is only supported by"
    r"|(unsupported content part type|unknown variant)\W+image_url"
    r"|not a multimodal model|at most 0 image|required for image input",
    re.IGNORECASE,
)


def says_blind(sentence: str) -> bool:
    """Tell whether a provider complains that its model takes no pictures."""
    return bool(_BLIND.search(sentence))


def shows_pictures(turn: Turn) -> bool:
    """Tell whether there is any picture in a turn."""
    return any(said.images for said in turn.messages)


def is_about_pictures(turn: Turn) -> bool:
    """Tell whether there is one in what is to be answered, rather than further up."""
    asked = takewhile(lambda said: said.role == "user", reversed(turn.messages))
    return any(said.images for said in asked)


def with_pictures_in_words(turn: Turn) -> Turn:
    """Return the turn with its pictures only mentioned."""
    return replace(turn, messages=tuple(map(_mentioned, turn.messages)))


def _mentioned(said: Said) -> Said:
    return replace(said, text=text_of(said, *said.images), images=()) if said.images else said

"""Which of the models that a provider lists can chat. Nothing here talks to anybody."""

import re
from collections.abc import Iterable
from typing import Any, Final

MOST: Final = 200
PATIENCE: Final = 5.0
"""Seconds that a provider has to list its models."""

_LONGEST: Final = 200
_NOT_CHAT: Final = re.compile(
    r"embed|rerank|moderation|guard|whisper|transcri|speech|\btts\b|audio|realtime|\blive\b"
    r"|image|imagen|dall-e|diffusion|\bsdxl|\bflux\b|\bveo|\bsora|video|\blyria|music"
    r"|\bbge-|\bgte-|\be5-|minilm|\bocr\b|\baqa\b|davinci-002|babbage-002|turbo-instruct"
    r"|deep-research|computer-use|search-(api|preview)",
    re.IGNORECASE,
)
_CHATTY: Final = frozenset({"chat", "language", "code", "llm", "text", "vlm", "model"})
_GEMINI: Final = re.compile(r"gemini-(?P<version>\d+(?:\.\d+)?)?")


def chat_models(body: object) -> tuple[str, ...]:
    """Return the chat models in a list as OpenAI sends it, newest first where it says so."""
    chatting = [entry for entry in listed_in(body) or () if _chats(entry)]
    chatting.sort(key=_created, reverse=True)
    return _names(entry["id"] for entry in chatting)


def listed_in(body: object) -> list[dict[str, Any]] | None:
    """Return what a list has; None for anything else. Some servers leave out the frame."""
    entries = body.get("data") if isinstance(body, dict) else body
    if not isinstance(entries, list):
        return None
    shaped = all(isinstance(entry, dict) and isinstance(entry.get("id"), str) for entry in entries)
    return entries if shaped else None


def gemini_models(names: Iterable[str]) -> tuple[str, ...]:
    """Return the Gemini models that chat, without the folders of their names, newest first."""
    bare = [name.rpartition("/")[2] for name in names]
    chatting = [name for name in bare if _GEMINI.match(name) and not _NOT_CHAT.search(name)]
    return _names(sorted(chatting, key=_version, reverse=True))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    fit = (name for name in names if name.strip() and len(name) <= _LONGEST and name.isprintable())
    return tuple(dict.fromkeys(fit))[:MOST]


def _chats(entry: dict[str, Any]) -> bool:
    """Tell what a model is for: by what the list says of it, as some do, and by its name."""
    if entry.get("active") is False:  # Groq
        return False
    abilities = entry.get("capabilities")  # Mistral
    if isinstance(abilities, dict) and abilities.get("completion_chat") is False:
        return False
    design = entry.get("architecture")  # OpenRouter
    speaks = design.get("output_modalities") if isinstance(design, dict) else None
    if isinstance(speaks, list) and "text" not in speaks:
        return False
    kind = entry.get("type")  # Together
    if isinstance(kind, str) and kind.lower() not in _CHATTY:
        return False
    return not _NOT_CHAT.search(entry["id"])


def _created(entry: dict[str, Any]) -> float:
    created = entry.get("created")
    return float(created) if isinstance(created, int | float) else 0.0


def _version(name: str) -> float:
    found = _GEMINI.match(name)
    return float(found["version"] or 0) if found else 0.0

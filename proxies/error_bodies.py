"""The words of an error, wherever servers put them; OpenAI itself has them in `message`.

{"error": {"message": "..."}}                    OpenAI and most others; the SDK opens `error`
{"error": "..."}                                 LM Studio, TGI
[{"error": {"message": "..."}}]                  Google's own server of this protocol
{"detail": "..."}                                FastAPI, with
{"detail": [{"loc": ["body", "top_p"], "msg": "..."}]}      the name of what is minded
{"message": {"detail": [...]}}                   Mistral
"""

from typing import Any, Final

_FIELDS: Final = ("message", "error", "detail", "msg")


def words_in(body: object) -> str:
    """Return what a body says; nothing for a page."""
    match body:
        case str():
            return "" if body.lstrip().startswith("<") else body
        case list():
            return "; ".join(filter(None, map(words_in, body)))
        case dict():
            said = next(filter(None, (words_in(body.get(name)) for name in _FIELDS)), "")
            return ": ".join(filter(None, (_place(body), said)))
        case _:
            return ""


def _place(body: dict[str, Any]) -> str:
    place = body.get("loc")
    return ".".join(map(str, place)) if isinstance(place, list) else ""

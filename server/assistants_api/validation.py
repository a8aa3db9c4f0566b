"""What is wrong with a request, in the words of the API: the first fault that pydantic found.

A validator of ours says its own sentence: `fault` makes the error, which comes through as it is.
Tags that tell the members of a union apart are written `<tag>`: they are no part of a path. One
that is no value of `type` is written `<=tag>`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import PydanticCustomError

NOT_PARSED: Final = "We could not parse the JSON body of your request."

_OURS: Final = "api_fault"

Place = Sequence[str | int]
Faults = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault: a sentence, the parameter it is about, and a code."""

    message: str
    param: str | None = None
    code: str | None = "invalid_value"


def fault(message: str, code: str | None = "invalid_value", within: str = "") -> Exception:
    """Return the error for a validator to raise; `{param}` in the message is the place.

    `within` leads on from what is validated to what is wrong, as in `.parameters`.
    """
    context = {"message": message, "code": code, "within": within}
    return PydanticCustomError(_OURS, "{message}", context)


def wrong_type(expected: str, given: object) -> str:
    """Return the sentence for a value of a wrong type, with a gap for the parameter."""
    return f"Invalid type for '{{param}}': expected {expected}, but got {kind(given)} instead."


def kind(value: object) -> str:
    """Return what sort of value it is, as the API calls it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str() | bytes():
            return "a string"
        case list() | tuple():
            return "an array"
        case _:
            return "an object"


def said(errors: Sequence[Faults]) -> Problem:
    """Return the first fault of a request."""
    error = errors[0]
    where, *place = error["loc"]
    if error["type"] == "json_invalid":
        return Problem(message=NOT_PARSED, code=None)
    if where == "body" and not place and error["type"] != _OURS:
        return _no_object(error["input"])
    speak = _SAYINGS.get(error["type"], _invalid)
    problem = speak(error)
    param = path_of(place) + (problem.param or "")
    return Problem(
        message=problem.message.replace("{param}", param),
        param=param or None,
        code=problem.code,
    )


def path_of(place: Place) -> str:
    """Return a path such as `tools[0].function.name`, without the tags of unions."""
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not (part.startswith("<") and part.endswith(">")):
            path += f".{part}" if path else part
    return path


def _no_object(given: object) -> Problem:
    if isinstance(given, bytes):
        hint = "(HINT: Send it with the header 'Content-Type: application/json'.)"
        return Problem(message=f"{NOT_PARSED} {hint}", code=None)
    message = f"Invalid request body: expected an object, but got {kind(given)} instead."
    return Problem(message=message, code="invalid_type")


def _ours(error: Faults) -> Problem:
    context = error["ctx"]
    return Problem(message=context["message"], param=context["within"], code=context["code"])


def _missing(error: Faults) -> Problem:
    return Problem(
        message="Missing required parameter: '{param}'.", code="missing_required_parameter"
    )


def _unknown(error: Faults) -> Problem:
    return Problem(message="Unknown parameter: '{param}'.", code="unknown_parameter")


def _mistyped(expected: str) -> Callable[[Faults], Problem]:
    def speak(error: Faults) -> Problem:
        return Problem(message=wrong_type(expected, error["input"]), code="invalid_type")

    return speak


def _choice(error: Faults) -> Problem:
    return _one_of(re.findall(r"'([^']*)'", error["ctx"]["expected"]), error["input"])


def _one_of(known: Sequence[str], given: object) -> Problem:
    if not isinstance(given, str):
        return Problem(
            message=wrong_type(f"one of {_listed(known, 'or')}", given), code="invalid_type"
        )
    values = f"Supported values are: {_listed(known, 'and')}."
    return Problem(message=f"Invalid value: '{given}'. {values}")


def _listed(values: Sequence[str], joint: str) -> str:
    """Return values as in `'a', 'b', and 'c'`."""
    *first, last = (f"'{value}'" for value in values)
    if len(first) > 1:
        return f"{', '.join(first)}, {joint} {last}"
    return f"{first[0]} {joint} {last}" if first else last


def _member(error: Faults) -> Problem:
    """Return what is wrong with the type of a member of a union."""
    given, known = error["input"], error["ctx"].get("expected_tags", "")
    if not isinstance(given, dict):
        return Problem(message=wrong_type("an object", given), code="invalid_type")
    if "type" not in given:
        missing = _missing(error)
        return Problem(message=missing.message, param=".type", code=missing.code)
    if not isinstance(given["type"], str):
        message = wrong_type("a string", given["type"])
        return Problem(message=message, param=".type", code="invalid_type")
    problem = _one_of(re.findall(r"<(\w+)>", known), given["type"])
    return Problem(message=problem.message, param=".type", code=problem.code)


def _too_long(error: Faults) -> Problem:
    most, given = error["ctx"]["max_length"], len(error["input"])
    text = f"Expected a string with maximum length {most}, but got a string with length {given}"
    return Problem(
        message=f"Invalid '{{param}}': string too long. {text} instead.",
        code="string_above_max_length",
    )


def _too_short(error: Faults) -> Problem:
    text = "Expected a string with minimum length 1, but got an empty string instead."
    return Problem(message=f"Invalid '{{param}}': empty string. {text}", code="empty_string")


def _too_many(error: Faults) -> Problem:
    most, given = error["ctx"]["max_length"], len(error["input"])
    text = f"Expected an array with maximum length {most}, but got an array with length {given}"
    return Problem(
        message=f"Invalid '{{param}}': array too long. {text} instead.",
        code="array_above_max_length",
    )


def _too_few(error: Faults) -> Problem:
    text = "Expected an array with minimum length 1, but got an empty array instead."
    return Problem(message=f"Invalid '{{param}}': empty array. {text}", code="empty_array")


def _above(error: Faults) -> Problem:
    return _out_of_range(error, "above maximum", "<=", error["ctx"]["le"], "above_max")


def _below(error: Faults) -> Problem:
    return _out_of_range(error, "below minimum", ">=", error["ctx"]["ge"], "below_min")


def _out_of_range(error: Faults, side: str, sign: str, bound: float, code: str) -> Problem:
    sort, told = ("integer", bound) if isinstance(bound, int) else ("decimal", f"{bound:g}")
    text = f"Expected a value {sign} {told}, but got {error['input']} instead."
    return Problem(
        message=f"Invalid '{{param}}': {sort} {side} value. {text}", code=f"{sort}_{code}_value"
    )


def _pattern(error: Faults) -> Problem:
    text = f"Expected a string that matches the pattern '{error['ctx']['pattern']}'."
    return Problem(message=f"Invalid '{{param}}': string does not match pattern. {text}")


def _invalid(error: Faults) -> Problem:
    return Problem(message=f"Invalid '{{param}}': {error['msg']}.")


_INTEGER: Final = _mistyped("an integer")
_DECIMAL: Final = _mistyped("a decimal")
_BOOLEAN: Final = _mistyped("a boolean")
_OBJECT: Final = _mistyped("an object")

_SAYINGS: Final[Mapping[str, Callable[[Faults], Problem]]] = {
    _OURS: _ours,
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_type": _mistyped("a string"),
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _DECIMAL,
    "float_parsing": _DECIMAL,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "list_type": _mistyped("an array"),
    "neither_form": _mistyped("one of a string or array of objects"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "literal_error": _choice,
    "union_tag_invalid": _member,
    "union_tag_not_found": _member,
    "string_too_long": _too_long,
    "string_too_short": _too_short,
    "too_long": _too_many,
    "too_short": _too_few,
    "less_than_equal": _above,
    "greater_than_equal": _below,
    "string_pattern_mismatch": _pattern,
}

"""What request bodies have in common: they are closed, take no type for another, and are clean.

The wire's models are ours alone; records are what goes in and out of the core.
"""

import math
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from conversation.text import storable
from server.assistants_api.validation import NOT_PARSED, fault

PAIRS: Final = 16
KEY_LENGTH: Final = 64
VALUE_LENGTH: Final = 512

_DEEPEST: Final = 100


class Strict(BaseModel):
    """A part of a request: nothing but what is named here, and nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Body(Strict):
    """The body of a request; text that no database takes is replaced before all else."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, data: Any) -> Any:
        return cleaned(data)


def cleaned(value: Any, depth: int = 0) -> Any:
    """Return JSON with storable text; refuse numbers that JSON has not, and endless nesting."""
    if depth > _DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        raise fault(NOT_PARSED, None)
    match value:
        case str():
            return storable(value)
        case list():
            return [cleaned(item, depth + 1) for item in value]
        case dict():
            return {storable(name): cleaned(item, depth + 1) for name, item in value.items()}
        case _:
            return value


def _checked(pairs: dict[str, str]) -> dict[str, str]:
    if len(pairs) > PAIRS:
        text = f"Expected an object with at most {PAIRS} properties, but got an object with"
        message = f"Invalid '{{param}}': too many properties. {text} {len(pairs)} properties"
        raise fault(f"{message} instead.", "object_above_max_properties")
    for name in pairs:
        if len(name) > KEY_LENGTH:
            text = f"Expected a string with maximum length {KEY_LENGTH}, but got a string with"
            message = f"Invalid property name in 'metadata': '{name}' is too long. {text}"
            raise fault(
                f"{message} length {len(name)} instead.", "string_above_max_length", f".{name}"
            )
    return pairs


Metadata = Annotated[
    dict[str, Annotated[str, Field(max_length=VALUE_LENGTH)]], AfterValidator(_checked)
]
"""Up to 16 pairs of texts, attached to an object."""

Temperature = Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)]
TopP = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Instructions = Annotated[str, Field(max_length=256_000)]

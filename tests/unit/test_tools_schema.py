import pytest

from tools.function import FunctionTool


def search(title: str, json: list[int] | None = None, *, limit: int = 10) -> str:
    """Find books.

    Looks in all shelves.

    Args:
        title: Words of the title,
            in any order.
        limit (int): How many to return.

    Returns:
        The books.
    """
    return f"{title} {json} {limit}"


def test_schema_comes_from_signature_and_docstring() -> None:
    spec = FunctionTool(search).spec

    assert spec.name == "search"
    assert spec.description == "Find books.\n\nLooks in all shelves."
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "Words of the title, in any order."},
            "json": {
                "anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}],
                "default": None,
            },
            "limit": {"type": "integer", "default": 10, "description": "How many to return."},
        },
        "required": ["title"],
        "additionalProperties": False,
    }


def test_function_without_parameters_has_an_empty_schema() -> None:
    def now() -> str:
        return "now"

    assert FunctionTool(now).spec.parameters == {
        "type": "object", "properties": {}, "additionalProperties": False,
    }  # fmt: skip


def test_awkward_parameter_names_are_arguments_like_others() -> None:
    def odd(schema: str, model_config: int, _x: bool) -> str:
        return f"{schema} {model_config} {_x}"

    tool = FunctionTool(odd)

    assert list(tool.spec.parameters["properties"]) == ["schema", "model_config", "_x"]
    read = tool.read('{"schema": "s", "model_config": 1, "_x": true}')
    assert read == {"schema": "s", "model_config": 1, "_x": True}


def test_untyped_or_open_parameters_are_refused() -> None:
    def untyped(symbol) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
        return str(symbol)

    def many(*symbols: str) -> str:
        return str(symbols)

    for function in (untyped, many):
        with pytest.raises(TypeError, match="must be a named, typed parameter"):
            FunctionTool(function)


def test_function_without_a_proper_name_is_refused() -> None:
    with pytest.raises(ValueError, match="can't be the name"):
        FunctionTool(lambda: None)

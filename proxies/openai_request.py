"""From a turn to the body of a Responses API request. Nothing here talks to anybody.

The full input goes with every request, and nothing is stored at the provider's.
"""

from typing import Any, Final, NamedTuple

from conversation.turns import AnswerFormat, Image, Round, Said, Sampling, ToolChoice, Turn
from proxies.in_words import text_of

Body = dict[str, Any]


class Maker(NamedTuple):
    """Who speaks the Responses API: the provider's name, and how people know it."""

    name: str
    label: str


OPENAI: Final = Maker("openai", "OpenAI")
LEAST_OUTPUT_TOKENS: Final = 16

_NO_PARAMETERS: Final[Body] = {"type": "object", "properties": {}}


def request_for(turn: Turn, provider: str = OPENAI.name) -> Body:
    """Return the body that asks for `turn`; what is None or empty is not sent at all."""
    return {
        "model": turn.model,
        "input": _input(turn, provider),
        "store": False,
        **({"instructions": turn.instructions} if turn.instructions else {}),
        **_tools(turn),
        **_format(turn.answer),
        **_sampling(turn.sampling),
    }


def _input(turn: Turn, provider: str) -> list[Body]:
    said = [
        {"role": said.role, "content": _content(said)}
        for said in turn.messages
        if said.text or said.images
    ]
    return said + [item for round_ in turn.rounds for item in _round(round_, provider)]


def _content(said: Said) -> str | list[Body]:
    if not said.images:
        return said.text
    if said.role != "user":  # the API takes pictures of users only
        return text_of(said, *said.images)
    texts = [{"type": "input_text", "text": said.text}] if said.text else []
    return texts + [_picture(image) for image in said.images]


def _picture(image: Image) -> Body:
    return {"type": "input_image", "image_url": image.url, "detail": image.detail}


def _round(round_: Round, provider: str) -> list[Body]:
    """Return a round as the provider sent it, or rebuilt when it came from another one."""
    items = [item.body for item in round_.items if item.provider == provider]
    if items and all(map(_replayable, items)):
        refs = {call.call_id: call.ref or call.call_id for call in round_.calls}
        return items + _outputs(round_, refs)
    return _rebuilt(round_) + _outputs(round_, {})


def _replayable(item: Body) -> bool:
    # A reasoning item that is neither stored nor encrypted is unknown to the provider.
    return item.get("type") != "reasoning" or bool(item.get("encrypted_content"))


def _rebuilt(round_: Round) -> list[Body]:
    said = [{"role": "assistant", "content": round_.text}] if round_.text else []
    calls = [
        {
            "type": "function_call",
            "call_id": call.call_id,
            "name": call.name,
            "arguments": call.arguments,
        }
        for call in round_.calls
    ]
    return said + calls


def _outputs(round_: Round, refs: dict[str, str]) -> list[Body]:
    return [
        {
            "type": "function_call_output",
            "call_id": refs.get(result.call_id, result.call_id),
            "output": result.output,
        }
        for result in round_.results
    ]


def _tools(turn: Turn) -> Body:
    if not turn.tools:
        return {}
    tools = [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters or _NO_PARAMETERS,
            # Without it the API takes schemas as strict: those may have no optional parameters.
            "strict": tool.strict,
        }
        for tool in turn.tools
    ]
    asked: Body = {"tools": tools, "parallel_tool_calls": turn.sampling.parallel_tool_calls}
    return asked | _choice(turn.tool_choice)


def _choice(choice: ToolChoice) -> Body:
    if choice.name is not None:
        return {"tool_choice": {"type": "function", "name": choice.name}}
    return {} if choice.mode == "auto" else {"tool_choice": choice.mode}


def _format(answer: AnswerFormat) -> Body:
    if answer.free:
        return {}
    if answer.kind == "json_object":
        return {"text": {"format": {"type": "json_object"}}}
    described: Body = {"description": answer.description or None, "strict": answer.strict}
    told = {name: value for name, value in described.items() if value is not None}
    schema = {"name": answer.name or "answer", "schema": answer.schema, **told}
    return {"text": {"format": {"type": "json_schema", **schema}}}


def _sampling(sampling: Sampling) -> Body:
    asked: Body = {"temperature": sampling.temperature, "top_p": sampling.top_p}
    if sampling.max_output_tokens is not None:
        asked["max_output_tokens"] = max(LEAST_OUTPUT_TOKENS, sampling.max_output_tokens)
    if sampling.reasoning_effort is not None:
        asked["reasoning"] = {"effort": sampling.reasoning_effort}
        # Only an effort tells for sure that the model reasons; others reject this with a 400.
        if sampling.reasoning_effort != "none":
            asked["include"] = ["reasoning.encrypted_content"]
    return {name: value for name, value in asked.items() if value is not None}

"""From a turn to the requests of the Assistants API. Nothing here talks to anybody."""

from typing import Any, Final, NamedTuple

from conversation.turns import AnswerFormat, Round, Said, Sampling, ToolChoice, ToolSpec, Turn

Body = dict[str, Any]

PROVIDER: Final = "remote"
LEAST_TOKENS: Final = 256
"""The API takes no smaller budget."""

_ASSISTANT: Final = "asst_"
_NO_PARAMETERS: Final[Body] = {"type": "object", "properties": {}}
_DONE: Final = "You have called functions for this answer already. Go on with what they gave."


class Place(NamedTuple):
    """A run on the remote side, and which of its messages have been told."""

    thread_id: str
    run_id: str
    told: tuple[str, ...] = ()


def named_assistant(model: str) -> str | None:
    """Return the assistant that a model's name is, if it is one's id."""
    return model if model.startswith(_ASSISTANT) else None


def place_of(turn: Turn) -> Place | None:
    """Return the run that waits for what this turn's last functions gave."""
    last = turn.rounds[-1] if turn.rounds else None
    bodies = [item.body for item in last.items if item.provider == PROVIDER] if last else []
    match bodies[-1:]:
        case [{"thread_id": str(thread_id), "run_id": str(run_id), "told": [*told]}]:
            return Place(thread_id, run_id, tuple(map(str, told)))
        case _:
            return None


def outputs_of(turn: Turn) -> list[Body]:
    """Return what the last round's functions gave, under the server's own ids."""
    last = turn.rounds[-1]
    refs = {call.call_id: call.ref or call.call_id for call in last.calls}
    return [
        {"tool_call_id": refs.get(result.call_id, result.call_id), "output": result.output}
        for result in last.results
    ]


def messages_of(turn: Turn) -> list[Body]:
    """Return the thread's messages; this run's rounds, if there are any, are told in words."""
    said = [_message(one) for one in turn.messages if one.text or one.images]
    return said + [message for round_ in turn.rounds for message in _in_words(round_)]


def run_body(turn: Turn) -> Body:
    """Return what asks an assistant of ours; what is None or empty is not sent at all."""
    tools = [tool_body(tool) for tool in turn.tools]
    instructions = {"instructions": turn.instructions} if turn.instructions else {}
    return {"model": turn.model, **instructions, **_asked(turn, tools)}


def run_body_of_given(turn: Turn, assistant_id: str, has: list[Body]) -> Body:
    """Return what asks an assistant of the server's, which `has` tools and stays who it is."""
    named = {tool.get("function", {}).get("name") for tool in has}
    lacking = [tool_body(tool) for tool in turn.tools if tool.name not in named]
    body = _asked(turn, [*has, *lacking] if lacking else [])
    if turn.instructions:
        body["additional_instructions"] = turn.instructions
    if turn.model != assistant_id:
        body["model"] = turn.model
    return body


def tool_body(tool: ToolSpec) -> Body:
    """Return a function as the API has it."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters or _NO_PARAMETERS,
    }
    return {"type": "function", "function": function | ({"strict": True} if tool.strict else {})}


def _asked(turn: Turn, tools: list[Body]) -> Body:
    one_by_one = bool(tools) and not turn.sampling.parallel_tool_calls
    return {
        **({"tools": tools} if tools else {}),
        **({"parallel_tool_calls": False} if one_by_one else {}),
        **_choice(turn.tool_choice),
        **_format(turn.answer),
        **_sampling(turn.sampling),
    }


def _message(said: Said) -> Body:
    if not said.images:
        return {"role": said.role, "content": said.text}
    text = [{"type": "text", "text": said.text}] if said.text else []
    images = [
        {"type": "image_url", "image_url": {"url": image.url, "detail": image.detail}}
        for image in said.images
    ]
    return {"role": said.role, "content": [*text, *images]}


def _in_words(round_: Round) -> list[Body]:
    """Tell a round to who has not seen it: the API takes no calls or results as messages."""
    said = [{"role": "assistant", "content": round_.text}] if round_.text else []
    outputs = {result.call_id: result.output for result in round_.results}
    gave = [
        f"{call.name}({call.arguments}):\n{outputs.get(call.call_id, '')}" for call in round_.calls
    ]
    return [*said, {"role": "user", "content": "\n\n".join([_DONE, *gave])}]


def _choice(choice: ToolChoice) -> Body:
    if choice.name is not None:
        return {"tool_choice": {"type": "function", "function": {"name": choice.name}}}
    return {} if choice.mode == "auto" else {"tool_choice": choice.mode}


def _format(answer: AnswerFormat) -> Body:
    if answer.free:
        return {}
    if answer.kind == "json_object":
        return {"response_format": {"type": "json_object"}}
    schema: Body = {"name": answer.name, "schema": answer.schema}
    if answer.description:
        schema["description"] = answer.description
    if answer.strict is not None:
        schema["strict"] = answer.strict
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _sampling(sampling: Sampling) -> Body:
    limit = sampling.max_output_tokens
    asked: Body = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_completion_tokens": None if limit is None else max(LEAST_TOKENS, limit),
        "reasoning_effort": sampling.reasoning_effort,
    }
    return {name: value for name, value in asked.items() if value is not None}

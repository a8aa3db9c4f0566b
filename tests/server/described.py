"""Requests made from our own description of the API, about objects that exist."""

import json
from functools import cached_property
from typing import Any, Final

import openai
import schemathesis

from server.app import create_app

MODEL: Final = "demo"
BEGIN_RUNS: Final = ["POST /v1/threads/runs", "POST /v1/threads/{thread_id}/runs"]
NO_EDGES: Final = [
    *BEGIN_RUNS,  # as of assistants and messages
    "POST /v1/assistants/{assistant_id}",
    "POST /v1/threads",
    "GET /v1/assistants",
    "GET /v1/threads",
    "GET /v1/threads/{thread_id}/runs",
    "GET /v1/threads/{thread_id}/runs/{run_id}/steps",
]
BEGINNINGS: Final = {
    "assistant_id": "asst",
    "thread_id": "thread",
    "message_id": "msg",
    "run_id": "run",
    "step_id": "step",
    "model": "",
}
TOOL: Final[Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}


def described(examples: int) -> schemathesis.BaseSchema:
    """Return our description, from which this many requests an operation are made at random.

    The edges of what is described come on top, where no other operation has the same ones.
    """
    nothing: Any = None
    config = schemathesis.Config.from_dict(
        {
            "generation": {"deterministic": True, "max-examples": examples},
            "phases": {"coverage": {"unexpected-methods": []}},
            "operations": [{"include-name": NO_EDGES, "phases": {"coverage": {"enabled": False}}}],
        }
    )
    return schemathesis.openapi.from_dict(create_app(nothing).openapi(), config=config)


class Objects:
    """What requests can be about."""

    def __init__(self, client: openai.OpenAI) -> None:
        self._api = client.beta

    def put_into(self, case: schemathesis.Case[Any]) -> None:
        """Have a request name objects that exist, where it names any."""
        ids = self._ids_for(case.operation.label)
        for name, value in case.path_parameters.items():
            if _names(name, value):
                case.path_parameters[name] = ids[name]
        if isinstance(case.body, dict):
            case.body = self._real(case.body, ids)

    def _ids_for(self, operation: str) -> dict[str, str]:
        method, _, path = operation.partition(" ")
        if path.endswith(("/cancel", "/submit_tool_outputs")):
            return self._waiting()
        if method == "DELETE" or operation in BEGIN_RUNS:
            return self._new()
        return self._lasting

    def _real(self, body: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
        real = dict(body)
        if _names("assistant_id", body.get("assistant_id")):
            real["assistant_id"] = self._lasting["assistant_id"]
            if isinstance(body.get("model"), str):
                real["model"] = MODEL
        outputs = body.get("tool_outputs")
        if isinstance(outputs, list) and outputs and isinstance(outputs[0], dict):
            real["tool_outputs"] = [{**outputs[0], "tool_call_id": ids["call_id"]}]
        return real

    @cached_property
    def _lasting(self) -> dict[str, str]:
        ids = self._waiting()
        run = self._api.threads.runs.submit_tool_outputs_and_poll(
            thread_id=ids["thread_id"],
            run_id=ids["run_id"],
            tool_outputs=[{"tool_call_id": ids["call_id"], "output": "rain"}],
            poll_interval_ms=10,
        )
        assert run.status == "completed"
        (message, *_) = self._api.threads.messages.list(run.thread_id).data
        (step, *_) = self._api.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
        return ids | {"message_id": message.id, "step_id": step.id, "model": MODEL}

    def _waiting(self) -> dict[str, str]:
        assistant = self._assistant()
        run: Any = self._api.threads.create_and_run_poll(
            assistant_id=assistant,
            thread={"messages": [{"role": "user", "content": 'call weather {"place": "here"}'}]},
            poll_interval_ms=10,
        )
        assert run.status == "requires_action", json.dumps(run.to_dict())
        (call,) = run.required_action.submit_tool_outputs.tool_calls
        return {
            "assistant_id": assistant,
            "thread_id": run.thread_id,
            "run_id": run.id,
            "call_id": call.id,
        }

    def _assistant(self) -> str:
        return self._api.assistants.create(model=MODEL, tools=[TOOL]).id

    def _new(self) -> dict[str, str]:
        thread = self._api.threads.create()
        message = self._api.threads.messages.create(thread.id, role="user", content="Hello")
        ids = {"thread_id": thread.id, "message_id": message.id}
        return ids | {"assistant_id": self._assistant()}


def _names(kind: str, value: object) -> bool:
    """Tell whether a value is what it has to be to name an object: most negative ones are not."""
    return isinstance(value, str) and value.startswith(BEGINNINGS[kind])

"""What clients ask for when they begin a run, change one, or give the outputs of its calls."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from conversation.api_ports import RunWish
from conversation.records import Assistant
from conversation.turns import Sampling, ToolChoice, ToolSpec
from server.assistants_api.assistants import Effort, ModelName
from server.assistants_api.errors import ApiError
from server.assistants_api.formats import ResponseFormat, answer_format
from server.assistants_api.messages import NewMessage
from server.assistants_api.parameters import begins_with, documented
from server.assistants_api.requests import (
    Body,
    Instructions,
    Metadata,
    Strict,
    Temperature,
    TopP,
)
from server.assistants_api.resources import ToolResources
from server.assistants_api.threads import NewThread
from server.assistants_api.tools import ToolList, hosted, specs, type_tag
from server.assistants_api.validation import fault

FEWEST_TOKENS: Final = 256

Budget = Annotated[int, Field(ge=FEWEST_TOKENS)]


class Truncation(Strict):
    """How much of the thread the model is told."""

    type: Literal["auto", "last_messages"]
    last_messages: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _counted(self) -> "Truncation":
        if self.type == "last_messages" and self.last_messages is None:
            raise fault(
                "Missing required parameter: '{param}'.",
                "missing_required_parameter",
                ".last_messages",
            )
        return self

    @property
    def limit(self) -> int | None:
        """The number of messages, where there is one."""
        return self.last_messages if self.type == "last_messages" else None


class FunctionName(Strict):
    """A function by its name."""

    name: str


class FunctionChoice(Strict):
    """This function has to be called."""

    type: Literal["function"]
    function: FunctionName


class HostedChoice(Strict):
    """This tool of the API's own has to be used."""

    type: Literal["code_interpreter", "file_search"]


def _choice_tag(value: object) -> str | None:
    return "<mode>" if isinstance(value, str) else type_tag(value)


Choice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("<mode>")]
    | Annotated[FunctionChoice, Tag("<function>")]
    | Annotated[HostedChoice, Tag("<code_interpreter>")]
    | Annotated[HostedChoice, Tag("<file_search>")],
    Discriminator(_choice_tag),
]


class RunSettings(Body):
    """What every request to begin a run may say."""

    assistant_id: Annotated[str, begins_with("asst"), Field(json_schema_extra=documented("asst"))]
    model: ModelName | None = None
    reasoning_effort: Effort | None = None
    instructions: Instructions | None = None
    tools: ToolList | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    max_prompt_tokens: Budget | None = None
    max_completion_tokens: Budget | None = None
    truncation_strategy: Truncation | None = None
    tool_choice: Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None

    @property
    def added(self) -> str:
        """Instructions that follow the others."""
        return ""

    def wish(self, assistant: Assistant, ours: Sequence[ToolSpec]) -> RunWish:
        """Return what is asked for; `ours` are Parley's own functions."""
        own = self.tools is None
        functions = assistant.tools if own else specs(self.tools, ours, assistant.tools)
        _check_choice(self.tool_choice, functions)
        return RunWish(
            model=self.model,
            instructions=self.instructions,
            additional_instructions=self.added,
            tools=None if own else functions,
            hosted=None if own else hosted(self.tools),
            sampling=self._sampling(),
            answer=answer_format(self.response_format) if self.response_format else None,
            tool_choice=_chosen(self.tool_choice),
            last_messages=self.truncation_strategy.limit if self.truncation_strategy else None,
            max_prompt_tokens=self.max_prompt_tokens,
            max_completion_tokens=self.max_completion_tokens,
        )

    def _sampling(self) -> Sampling:
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            reasoning_effort=self.reasoning_effort,
            parallel_tool_calls=self.parallel_tool_calls is not False,
        )


class CreateRun(RunSettings):
    """A run on a thread that is there already."""

    additional_instructions: Instructions | None = None
    additional_messages: list[NewMessage] | None = None

    @property
    def added(self) -> str:
        """Instructions that follow the others."""
        return self.additional_instructions or ""


class CreateThreadAndRun(RunSettings):
    """A run on a thread that begins with it."""

    thread: NewThread | None = None
    tool_resources: ToolResources | None = None


class ModifyRun(Body):
    """What can be changed of a run."""

    metadata: Metadata | None = None


class ToolOutput(Strict):
    """The output of a call."""

    tool_call_id: str | None = None
    output: str | None = None


class SubmitToolOutputs(Body):
    """The outputs of all calls that are awaited."""

    tool_outputs: list[ToolOutput]
    stream: bool | None = None


def _check_choice(choice: Choice | None, functions: Sequence[ToolSpec]) -> None:
    if not isinstance(choice, FunctionChoice):
        return
    name = choice.function.name
    if all(function.name != name for function in functions):
        text = f"no function named '{name}' was specified in the 'tools' parameter."
        raise ApiError(
            400, f"Invalid value for 'tool_choice': {text}", "tool_choice", "invalid_value"
        )


def _chosen(choice: Choice | None) -> ToolChoice:
    match choice:
        case None:
            return ToolChoice()
        case FunctionChoice(function=function):
            return ToolChoice(mode="required", name=function.name)
        case HostedChoice(type=tool):
            return ToolChoice(mode="required", name=tool)
        case mode:
            return ToolChoice(mode=mode)

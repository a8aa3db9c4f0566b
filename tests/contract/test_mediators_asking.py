"""What a run asks of its model: forced calls, formats, pictures, and one call at a time."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from conversation.records import ContentPart, Run
from conversation.script import State
from conversation.signals import Asking, Finished, Item, Saying, Sent
from conversation.turns import AnswerFormat, Image, ProviderItem, Said, Sampling, ToolChoice
from tests.contract.scripts import asking, call, saying
from tests.stage import Line, ScriptedAssistant, Stage, opening

AUTO = ToolChoice()
ONE_BY_ONE = Sampling(parallel_tool_calls=False)


async def shown(stage: Stage, parts: Sequence[ContentPart]) -> Run:
    """Begin a run with a message that consists of these parts."""
    texts = "\n\n".join(part.text for part in parts if part.kind == "text")
    begun = opening(texts)
    message = replace(begun.messages[0], parts=tuple(parts))
    return await stage.log.accept(replace(begun, messages=(message,)))


@pytest.mark.parametrize("forced", [ToolChoice(mode="required"), ToolChoice(name="price")])
async def test_forced_call_is_forced_once(stage: Stage, forced: ToolChoice) -> None:
    run = await stage.begin(tool_choice=forced)
    assistant = ScriptedAssistant(asking(), asking(), saying("42."))

    await stage.conduct(run.id, assistant)

    assert [turn.tool_choice for turn in assistant.heard] == [forced, AUTO, AUTO]


async def test_forced_call_is_forced_again_after_a_crash(stage: Stage) -> None:
    forced = ToolChoice(mode="required")
    run = await stage.begin(tool_choice=forced)
    await stage.restore(run.id).started()
    await stage.crash(run.id)
    assistant = ScriptedAssistant(asking(), saying("42."))

    await stage.conduct(run.id, assistant)

    assert [turn.tool_choice for turn in assistant.heard] == [forced, AUTO]


async def test_forbidden_calls_stay_forbidden(stage: Stage) -> None:
    never = ToolChoice(mode="none")
    run = await stage.begin(tool_choice=never)
    assistant = ScriptedAssistant(asking(), saying("42."))

    await stage.conduct(run.id, assistant)

    assert [turn.tool_choice for turn in assistant.heard] == [never, never]


async def test_format_holds_for_every_answer(stage: Stage) -> None:
    format_ = AnswerFormat(kind="json_schema", name="price", schema={"type": "object"})
    run = await stage.begin(answer=format_)
    assistant = ScriptedAssistant(asking(), saying("{}"))

    await stage.conduct(run.id, assistant)

    assert [turn.answer for turn in assistant.heard] == [format_, format_]


async def test_pictures_come_after_the_text(stage: Stage) -> None:
    run = await shown(
        stage,
        [
            ContentPart(kind="text", text="What is"),
            ContentPart(kind="image_url", url="https://example.com/a.png", detail="low"),
            ContentPart(kind="text", text="this?"),
        ],
    )
    assistant = ScriptedAssistant(saying("A cat."))

    await stage.conduct(run.id, assistant)

    picture = Image(url="https://example.com/a.png", detail="low")
    assert assistant.heard[0].messages == (
        Said(role="user", text="What is\n\nthis?", images=(picture,)),
    )


async def test_message_may_be_a_picture_alone(stage: Stage) -> None:
    run = await shown(stage, [ContentPart(kind="image_url", url="https://example.com/a.png")])
    assistant = ScriptedAssistant(saying("A cat."))

    await stage.conduct(run.id, assistant)

    picture = Image(url="https://example.com/a.png")
    assert assistant.heard[0].messages == (Said(role="user", text="", images=(picture,)),)


async def test_picture_in_a_file_is_only_mentioned(stage: Stage) -> None:
    run = await shown(stage, [ContentPart(kind="image_file", file_id="file-1")])
    assistant = ScriptedAssistant(saying("Where?"))

    await stage.conduct(run.id, assistant)

    (said,) = assistant.heard[0].messages
    assert said == Said(role="user", text="[picture file-1, which can't be shown yet]")


async def test_first_call_alone_is_heard_where_one_is_wanted(stage: Stage) -> None:
    run = await stage.begin(sampling=ONE_BY_ONE)
    first, second = call(), call()
    kept = Item(ProviderItem(provider="scripted", body={"calls": 2}))
    several: list[Line] = [
        Sent(),
        Saying("Well. "),
        kept,
        Asking((first, second)),
        Finished("tool_calls"),
    ]
    assistant = ScriptedAssistant(several, saying("42."))

    ended = await stage.conduct(run.id, assistant)

    (heard,) = assistant.heard[1].rounds
    assert ended.state is State.COMPLETED
    assert (heard.text, heard.calls) == ("Well. ", (first,))
    assert len(heard.results) == 1
    assert heard.items == ()  # they hold the call that was not heard


async def test_single_call_keeps_what_its_provider_sent(stage: Stage) -> None:
    run = await stage.begin(sampling=ONE_BY_ONE)
    kept = Item(ProviderItem(provider="scripted", body={"calls": 1}))
    assistant = ScriptedAssistant([Sent(), kept, *asking()[1:]], saying("42."))

    await stage.conduct(run.id, assistant)

    assert assistant.heard[1].rounds[0].items == (kept.item,)

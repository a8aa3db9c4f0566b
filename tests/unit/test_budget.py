"""What a run's budgets of tokens allow, whatever the thread."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from conversation.records import RunSpec, Usage
from conversation.turns import Image, Round, Said, Sampling, ToolSpec, Turn
from mediator.budget import Spent, afforded, estimated, spent

IMAGES = st.builds(
    Image, url=st.just("https://example.com/a.png"), detail=st.sampled_from(["auto", "low", "high"])
)
SAID = st.builds(
    Said,
    role=st.sampled_from(["user", "assistant"]),
    text=st.text(max_size=400),
    images=st.lists(IMAGES, max_size=2).map(tuple),
)
ROUNDS = st.builds(Round, text=st.text(max_size=99), calls=st.just(()), results=st.just(()))
COUNTS = st.integers(0, 2000)
USED = st.builds(Usage, input=COUNTS, output=COUNTS)
SPEC = RunSpec(provider="p", model="m")


def turns(least: int) -> st.SearchStrategy[Turn]:
    """Turns of at least so many messages."""
    return st.builds(
        Turn,
        model=st.just("m"),
        messages=st.lists(SAID, min_size=least, max_size=12).map(tuple),
        instructions=st.text(max_size=99),
        rounds=st.lists(ROUNDS, max_size=2).map(tuple),
        tools=st.just((ToolSpec(name="price"),)),
        sampling=st.builds(Sampling, max_output_tokens=st.none() | st.integers(1, 500)),
    )


TURNS = turns(1)


@st.composite
def too_long(draw: st.DrawFn) -> tuple[Turn, int]:
    """A turn, and a budget for its first and its newest message, but not for all."""
    turn = draw(turns(3))
    ends = replace(turn, messages=(turn.messages[0], turn.messages[-1]))
    assume(estimated(ends) < estimated(turn))  # between them there may be empty ones alone
    return turn, draw(st.integers(estimated(ends), estimated(turn) - 1))


@given(TURNS, USED)
def test_run_without_budgets_says_everything(turn: Turn, used: Usage) -> None:
    assert afforded(turn, SPEC, used) is turn


@given(TURNS, USED, st.integers(1, 3000))
def test_no_answer_may_be_longer_than_what_is_left(turn: Turn, used: Usage, limit: int) -> None:
    allowed = afforded(turn, replace(SPEC, max_completion_tokens=limit), used)

    if isinstance(allowed, Spent):
        assert used.output >= limit
        assert allowed.reason == "max_completion_tokens"
        return
    asked = turn.sampling.max_output_tokens
    rest = limit - used.output
    assert allowed.sampling.max_output_tokens == (rest if asked is None else min(asked, rest))
    assert replace(allowed, sampling=turn.sampling) == turn


@given(TURNS, USED, st.integers(1, 8000))
def test_what_is_sent_fits_what_is_left(turn: Turn, used: Usage, limit: int) -> None:
    allowed = afforded(turn, replace(SPEC, max_prompt_tokens=limit), used)

    assume(not isinstance(allowed, Spent))
    assert isinstance(allowed, Turn)
    assert estimated(allowed) <= limit - used.input


@given(too_long())
def test_messages_leave_the_middle_only(long: tuple[Turn, int]) -> None:
    turn, limit = long
    allowed = afforded(turn, replace(SPEC, max_prompt_tokens=limit), Usage())

    assert isinstance(allowed, Turn)
    kept, gone = allowed.messages, len(turn.messages) - len(allowed.messages)
    assert kept == turn.messages[:1] + turn.messages[1 + gone :]
    assert kept[-1] == turn.messages[-1]
    assert replace(allowed, messages=turn.messages) == turn


@given(too_long())
def test_no_more_is_left_out_than_must_be(long: tuple[Turn, int]) -> None:
    turn, limit = long
    allowed = afforded(turn, replace(SPEC, max_prompt_tokens=limit), Usage())

    assert isinstance(allowed, Turn)
    later = len(allowed.messages) - 1
    one_more = (turn.messages[0], *turn.messages[len(turn.messages) - later - 1 :])
    assert estimated(replace(turn, messages=one_more)) > limit


@given(TURNS, USED, st.integers(1, 8000))
def test_run_ends_where_first_and_newest_are_too_much(turn: Turn, used: Usage, limit: int) -> None:
    ends = turn.messages if len(turn.messages) == 1 else (turn.messages[0], turn.messages[-1])
    size = estimated(replace(turn, messages=ends))

    allowed = afforded(turn, replace(SPEC, max_prompt_tokens=limit), used)

    over = used.input >= limit or size > limit - used.input
    assert isinstance(allowed, Spent) == over
    assert not over or allowed == Spent("max_prompt_tokens", f"{limit} tokens")


def test_budget_is_spent_when_it_is_reached() -> None:
    spec = replace(SPEC, max_prompt_tokens=300, max_completion_tokens=200)

    assert spent(spec, Usage(input=299, output=199)) is None
    assert spent(spec, Usage(input=300)) == Spent("max_prompt_tokens", "300 tokens")
    assert spent(spec, Usage(output=200)) == Spent("max_completion_tokens", "200 tokens")


def test_four_characters_are_a_token_and_a_picture_is_many() -> None:
    picture = Image(url="https://example.com/a.png")
    small = replace(picture, detail="low")
    plain = Turn(model="m", messages=(Said(role="user", text="x" * 40),))

    shown = replace(plain, messages=(Said(role="user", text="", images=(picture, small)),))

    assert (estimated(plain), estimated(shown)) == (10, 765 + 85)

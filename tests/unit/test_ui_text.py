"""What pages do with the text of others: a model's Markdown and words to be read as typed."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.prose import literal, model_markdown, open_fence, pieces

JOINER = "\N{WORD JOINER}"
SPICES = ("![", "!", "[a](http://x/y.png)", "`", "```", "~~~", "\n", "\n\n", "- ", "    ", "\\")
MORE_SPICES = ("$", "$$", "\\(", "\\)", "\\[", "\\]", "<", "<div>", "|", ":red[", "> ", "1. ", "a")
SPICED = st.lists(st.sampled_from(SPICES + MORE_SPICES), max_size=25).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, **bold** and *italic*.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "- one\n  - two\n\n> said",
        "At 10:30:45 std::vec and a:b",
        "[a link](https://example.org/a?b=c)",
        "3 < 4 and 5 > 4",
        "`code with $x$ and :red[y]`",
        "```python\nprice = '$5' # $x$ :red[a]\n```",
        "Trailing backslash \\",
    ],
)
def test_ordinary_markdown_stays_as_it_is(text: str) -> None:
    assert model_markdown(text).strip() == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("![cat](http://x/c.png)", "[cat](http://x/c.png)"),
        ("!![cat](http://x/c.png)", "[cat](http://x/c.png)"),
        ("[![a](b.png)](c)", "[[a](b.png)](c)"),
        ("![cat][1]\n\n[1]: http://x/c.png", "[cat][1]\n\n[1]: http://x/c.png"),
        ("`vec![1]`", f"`vec!{JOINER}[1]`"),
        ("<img src='http://x/c.png'>", "\\<img src='http://x/c.png'>"),
        ("<!-- a -->", "\\<!-- a -->"),
    ],
)
def test_no_image_is_left(text: str, safe: str) -> None:
    assert model_markdown(text) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (":red[x]", "&#58;red[x]"),
        (":blue-background[x]", "&#58;blue-background[x]"),
        (":material/home:", "&#58;material/home:"),
        (":smile:", "&#58;smile:"),
    ],
)
def test_directives_are_shown_not_obeyed(text: str, safe: str) -> None:
    assert model_markdown(text) == safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$5 and $10", "\\$5 and \\$10"),
        ("$AAPL$", "\\$AAPL\\$"),
        ("$5 (5$)", "\\$5 (5\\$)"),
        ("from $HOME_DIR/$USER_NAME", "from \\$HOME_DIR/\\$USER_NAME"),
        ("already \\$5", "already \\$5"),
        ("`$5` is $5", "`$5` is \\$5"),
    ],
)
def test_prices_stay_prices(text: str, shown: str) -> None:
    assert model_markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("5~10 and 10~20", r"5\~10 and 10\~20"),
        ("H~2~O", r"H\~2\~O"),
        ("~x~", r"~x\~"),
        ("~~5~10~~", r"~~5\~10~~"),
        (r"5\~10", r"5\~10"),
        ("- a\n\n    5~10, 10~20", "- a\n\n    5\\~10, 10\\~20"),
        ("so\n    5~10, 10~20", "so\n    5\\~10, 10\\~20"),
        ("https://x.org/a~ or b~", r"https://x.org/a\~ or b\~"),
    ],
)
def test_single_tildes_strike_nothing_out(text: str, shown: str) -> None:
    assert model_markdown(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "~~gone~~ and ~~gone too~~",
        "from ~/a to ~/b, about ~5",
        "`5~10` and ``1~2 ` 3~4``",
        "```sh\nls a~ b~\n```",
        "So:\n\n    x = a~b~c\n    y = a~b~c",
        "\tx = a~b~c",
        "http://x.org:80/~ann/a~b~c?d=~e and www.x.org/~ann/~bob",
        "[home](https://x.org/~ann/a~b~c)",
        "$x_1~y~z$",
    ],
)
def test_other_tildes_stay_as_they_are(text: str) -> None:
    assert model_markdown(text).strip("\n") == text


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        (r"so \(x^2\).", "so $x^2$."),
        (r"\( a + b \)", "$a + b$"),
        (r"\[x = 1\]", "\n$$\nx = 1\n$$\n"),
        ("$$\nx = 1\n$$", "\n$$\nx = 1\n$$\n"),
        ("then $$x$$ is", "then $x$ is"),
        (r"$\frac{a}{b}$ for $5", r"$\frac{a}{b}$ for \$5"),
        ("$x_1$", "$x_1$"),
    ],
)
def test_formulas_become_formulas(text: str, formula: str) -> None:
    assert model_markdown(text) == formula


def test_code_in_a_list_moves_to_the_margin() -> None:
    text = "1. Run:\n   ```sh\n   echo $A\n     b\n   ```\n2. Done"

    assert model_markdown(text) == "1. Run:\n\n```sh\necho $A\n  b\n```\n\n2. Done"


def test_open_fence_is_closed() -> None:
    assert model_markdown("```py\nx = 1") == "\n```py\nx = 1\n```\n"


def test_fence_is_longer_than_those_inside() -> None:
    assert model_markdown("~~~\n````\n~~~") == "\n`````\n````\n`````\n"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("~~~ a`b\n```\n~~~\n![x](u)", "\n```a\n```\n```\n\n[x](u)"),
        ("a ` b\n<!-- ` c", "a ` b\n\\<!-- ` c"),
        ("```\ra\r```\r![x](u)", "\n```\na\n```\n\n[x](u)"),
        ("> ```\n![x](u)", "> ```\n[x](u)"),
    ],
)
def test_no_parser_sees_other_fences(text: str, safe: str) -> None:
    assert model_markdown(text).replace("````", "```") == safe


@given(SPICED)
def test_nothing_outside_our_fences_can_be_an_image(text: str) -> None:
    outside = re.sub(r"(?ms)^(`{3,})[^`\n]*\n.*?^\1$", "", model_markdown(text))

    assert "![" not in outside


@given(st.text(max_size=60))
def test_text_never_grows_beyond_reason(text: str) -> None:
    assert len(model_markdown(text)) <= 40 * len(text) + 20


def test_literal_escapes_all_that_means_something() -> None:
    assert literal("*a* :red[b]\n$c") == r"\*a\* &#58;red\[b\] \$c"


@given(SPICED, st.integers(min_value=1, max_value=20))
def test_pieces_are_the_whole_text(text: str, size: int) -> None:
    assert "".join(pieces(text, size)) == text


@given(SPICED, SPICED)
def test_finished_pieces_stay_when_the_text_grows(text: str, more: str) -> None:
    before = pieces(text + "\n\n", 5)[:-1]

    assert pieces(f"{text}\n\n{more}", 5)[: len(before)] == before


def test_pieces_end_between_paragraphs() -> None:
    assert pieces("One.\n\nTwo.\n\nThree.", 5) == ["One.\n\n", "Two.\n\n", "Three."]


@pytest.mark.parametrize(
    "text",
    [
        "```py\na = 1\n\nb = 2\n\nc = 3\n```",
        "- one\n\n- two\n\n  more of two\n\n1. three",
        "$$\na\n\nb\n$$",
        "> said\n\n> more",
    ],
)
def test_no_piece_ends_within_a_block(text: str) -> None:
    assert pieces(text, 1) == [text]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Look:\n```python\nx = 1", "```python"),
        ("Look:\n~~~\nx = 1\n", "~~~"),
        ("```\nx\n```\ndone", ""),
        ("no code", ""),
    ],
)
def test_code_that_breaks_off_is_known(text: str, line: str) -> None:
    assert open_fence(text) == line


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("| Share | $ |\n|---|---|\n| A | $5 |", "| Share | \\$ |\n|---|---|\n| A | \\$5 |"),
        ("**$AAPL$** at `$5`", "**\\$AAPL\\$** at `$5`"),
        ("$1,000.50-$2,000", "\\$1,000.50-\\$2,000"),
        ("1. a\n   1. b\n      ```\n      $x\n      ```", "1. a\n   1. b\n\n```\n$x\n```\n"),
    ],
)
def test_prices_stay_prices_wherever_they_are(text: str, safe: str) -> None:
    assert model_markdown(text) == safe


@pytest.mark.parametrize(
    "sign", ["\\[", "\\(", "$$", "$x^", "`", "```\n", "![", ":a[", "<a", "a~", "    a~\n"]
)
def test_many_open_signs_take_no_time(sign: str) -> None:
    text = sign * 20_000
    began = time.perf_counter()

    model_markdown(text)
    pieces(text, 1_000)

    assert time.perf_counter() - began < 2

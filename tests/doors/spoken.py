"""What a page itself says, and whether that is English."""

import re
from collections.abc import Iterator
from typing import Final

from streamlit.testing.v1 import AppTest

_ENGLISH: Final = re.compile(
    r"\b(the|of|and|with|this|is|are|run|runs|step|steps|message|answered|answers|after|choose|all"
    r"|show|time|wrote|asked|answer|complete|from|to|your|conversation|settings|more|last|open)\b",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(
    r"<style.*?</style>|<script.*?</script>|<[^>]*>|:material/\w+:|`[^`]*`", re.DOTALL
)


def english(page: AppTest) -> set[str]:
    """Return what a page says in English."""
    return {text for text in visible(page) if _ENGLISH.search(_MARKUP.sub(" ", text))}


def visible(page: AppTest) -> Iterator[str]:
    """Yield texts, labels, options and headings; not what people, models and functions said."""
    others = {one.value for chat in page.chat_message for one in (*chat.markdown, *chat.text)}
    elements = (*page.markdown, *page.caption, *page.header, *page.error, *page.warning)
    yield from (one.value for one in elements if one.value not in others)
    voice = 'id="parley-shell"'  # reads out what the model said
    yield from (one.proto.body for one in page.get("html") if voice not in one.proto.body)
    for widget in (*page.button, *page.toggle, *page.expander, *page.number_input):
        yield widget.label
    for box in (*page.text_input, *page.text_area, *page.chat_input):
        yield from (box.proto.placeholder, box.proto.label if box.type != "chat_input" else "")
    for choice in (*page.selectbox, *page.multiselect):
        yield from (choice.label, *choice.options)
    for group in page.button_group:
        yield from (option.content for option in group.proto.options)
    for table in page.dataframe:
        yield from table.value.columns

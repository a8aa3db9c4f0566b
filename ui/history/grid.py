"""A grid of rows to choose from: AG Grid's community edition, and nothing but text in its cells.

It sends back what was clicked, never its rows. Sorting by a header asks for another query: the
grid itself leaves the rows in the order in which they come.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Generic, TypeVar

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st
from st_aggrid import AgGrid, JsCode, StAggridTheme  # type: ignore[import-untyped]
from st_aggrid.collectors import CustomResponse  # type: ignore[import-untyped]

from conversation.history import Sort
from ui.language import history_texts as texts

Row = TypeVar("Row")

ROW_HEIGHT: Final = 32
HEADER_HEIGHT: Final = 36
BORDERS: Final = 4
SCROLLBAR: Final = 16
MOST_ROWS: Final = 8

_ID: Final = "row id"
_CHOSEN: Final = "row is chosen"
_DRAWN: Final = "drawn as"
_DRAWINGS: Final = count(1)
"""Rows that look the same would not be looked at again, and a click that did not count would stay
marked: after Back, say, while the click before it was still under way."""
_GET_ID: Final = f"p => p.data['{_ID}']"
_SHOW_CHOSEN: Final = f"""
e => e.api.forEachNode(node => {{
    const chosen = node.data['{_CHOSEN}'];
    if (node.isSelected() !== chosen) node.setSelected(chosen);
}})
"""
_ANSWER: Final = f"""
function({{streamlitRerunEventTriggerName, eventData}}) {{
    const sorted = eventData.api.getColumnState().find(column => column.sort);
    const chosen = eventData.api.getSelectedRows()[0];
    return {{
        event: streamlitRerunEventTriggerName,
        chosen: chosen ? chosen['{_ID}'] : null,
        sort: sorted ? [sorted.colId, sorted.sort] : null,
    }};
}}
"""
_IF_CLICKED: Final = """
({streamlitRerunEventTriggerName, eventData}) =>
    ['rowClicked', 'spaceKey', 'uiColumnSorted'].includes(eventData.source)
"""
_AS_IT_COMES: Final = "() => 0"

_CSS: Final = {
    ".ag-row": {"cursor": "pointer"},
    **{
        f".state-{colour}::before": {
            "content": "'●'",
            "margin-right": "6px",
            "color": shade,
        }
        for colour, shade in (
            ("green", "#2a9d6a"),
            ("red", "#e05252"),
            ("orange", "#dd8a1d"),
            ("blue", "#3b8fd4"),
            ("gray", "#8a9794"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the rows' `field`, which it is also sorted by; `kinds` are colours by text."""

    field: str
    header: str
    show: Callable[[Any], str]
    width: int
    number: bool = False
    kinds: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid(Generic[Row]):
    """What a list looks like, and what choosing a row or a header does."""

    key: str
    columns: Sequence[Column]
    identity: Callable[[Row], str]
    choose: Callable[[str], None]
    sort_by: Callable[[str, bool], None]

    def draw(self, rows: Sequence[Row], chosen: str | None, sort: Sort) -> None:
        """Show the rows."""
        shade = st.context.theme.type or "light"
        AgGrid(
            self._frame(rows, chosen),
            gridOptions=self._options(sort),
            height=_height(len(rows)),
            theme=_theme(shade),
            key=f"{self.key}-{shade}",
            callback=self._clicked,
            update_on=["selectionChanged", "sortChanged"],
            data_return_mode="CUSTOM",
            custom_jscode_for_grid_return=JsCode(_ANSWER),
            should_grid_return=JsCode(_IF_CLICKED),
            allow_unsafe_jscode=True,
            custom_css=_CSS,
        )

    def _frame(self, rows: Sequence[Row], chosen: str | None) -> pd.DataFrame:
        names = [_ID, *(column.field for column in self.columns)]
        values = [
            [self.identity(row), *(one.show(getattr(row, one.field)) for one in self.columns)]
            for row in rows
        ]
        frame = pd.DataFrame(values, columns=names, dtype="str")
        frame[_CHOSEN] = frame[_ID] == (chosen or "")
        frame[_DRAWN] = next(_DRAWINGS)
        return frame

    def _options(self, sort: Sort) -> dict[str, Any]:
        return {
            "columnDefs": [_definition(column, sort) for column in self.columns],
            "defaultColDef": {
                "resizable": True,
                "sortable": True,
                "filter": False,
                "suppressHeaderMenuButton": True,
                "comparator": JsCode(_AS_IT_COMES),
                "sortingOrder": ["desc", "asc"],
                "minWidth": 60,
            },
            "rowSelection": {
                "mode": "singleRow",
                "checkboxes": False,
                "enableClickSelection": True,
            },
            "getRowId": JsCode(_GET_ID),
            "onFirstDataRendered": JsCode(_SHOW_CHOSEN),
            "onRowDataUpdated": JsCode(_SHOW_CHOSEN),
            "rowHeight": ROW_HEIGHT,
            "headerHeight": HEADER_HEIGHT,
            "maintainColumnOrder": True,
            "suppressMultiSort": True,
            "suppressCellFocus": False,
            "enableCellTextSelection": False,
            "loadThemeGoogleFonts": False,
            "localeText": texts.GRID,
        }

    def _clicked(self, answer: CustomResponse) -> None:
        """Do what was clicked: a header or a row."""
        event, chosen, sort = (answer.get(name) for name in ("event", "chosen", "sort"))
        if event == "sortChanged" and sort:
            self.sort_by(str(sort[0]), sort[1] == "desc")
        elif event == "selectionChanged" and isinstance(chosen, str):
            self.choose(chosen)


def _theme(shade: str) -> StAggridTheme:
    """Return the page's colours as the grid wants them; its own dark theme is another dark."""
    colours = {
        name: st.get_option(f"theme.{shade}.{option}")
        for name, option in (
            ("backgroundColor", "backgroundColor"),
            ("foregroundColor", "textColor"),
            ("headerBackgroundColor", "secondaryBackgroundColor"),
            ("borderColor", "borderColor"),
            ("accentColor", "primaryColor"),
        )
    }
    return StAggridTheme(base="quartz").withParams(
        **{name: colour for name, colour in colours.items() if colour},
        browserColorScheme=shade,
        fontFamily="Source Sans Pro, sans-serif",
        fontSize=14,
        headerFontWeight=600,
        wrapperBorderRadius=8,
    )


def _definition(column: Column, sort: Sort) -> dict[str, Any]:
    made: dict[str, Any] = {
        "field": column.field,
        "headerName": column.header,
        "width": column.width,
        "tooltipField": column.field,
        "sort": None,
    }
    if column.field == sort.column:
        made["sort"] = "desc" if sort.descending else "asc"
    if column.number:
        made["type"] = "rightAligned"
    if column.kinds is not None:
        made["cellClassRules"] = _class_rules(column.kinds)
    return made


def _class_rules(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return, for each colour, the expression that tells whether a cell has it."""
    return {
        f"state-{colour}": " || ".join(
            f"value === '{value}'" for value, other in kinds.items() if other == colour
        )
        for colour in sorted(set(kinds.values()))
    }


def _height(rows: int) -> int:
    shown = min(max(rows, 1), MOST_ROWS)
    return HEADER_HEIGHT + shown * ROW_HEIGHT + BORDERS + SCROLLBAR

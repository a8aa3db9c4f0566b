"""The list of keys, as a dialog of the browser: it opens without the server, whatever happens."""

from html import escape
from typing import Final

from ui.language import texts

_DIALOG: Final = """
<button type="button" class="parley-keys-open" aria-haspopup="dialog" aria-label="{title}"
 title="{title}">?</button>
<dialog id="parley-keys" aria-labelledby="parley-keys-title">
<h2 id="parley-keys-title">{title}</h2>
<dl>{rows}</dl>
<button type="button" data-close autofocus>{close}</button>
</dialog>
"""


def shortcuts_html() -> str:
    """Return the dialog and the button that opens it."""
    rows = "".join(_row(keys, said) for keys, said in texts.KEYS)
    return _DIALOG.format(title=escape(texts.KEYS_TITLE), close=escape(texts.CLOSE), rows=rows)


def _row(keys: str, said: str) -> str:
    """Return one line of the list; `keys` are joined by `+`, alternatives by a space."""
    ways = " ".join(_keys(way) for way in keys.split())
    return f"<div><dt>{ways}</dt><dd>{escape(said)}</dd></div>"


def _keys(way: str) -> str:
    return "".join(f"<kbd>{escape(key)}</kbd>" for key in way.split("+"))

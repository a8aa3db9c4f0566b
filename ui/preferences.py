"""What somebody has set for themselves: read once a visit, kept when it changes.

It is kept with whoever is logged in; without a login, for all visitors of this installation.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Final, cast

import streamlit as st

from conversation.errors import ParleyError
from conversation.ports import Core, Store
from ui.language import choose

LOCAL: Final = "local"
LANGUAGE: Final = "language"

_KEY: Final = "preferences"

logger: Final = logging.getLogger(__name__)


class Preferences:
    """One person's, as this visit knows them."""

    def __init__(self, store: Store, owner: str) -> None:
        self.owner = owner
        self._store = store
        self._known = self._read()

    def get(self, name: str, default: str = "") -> str:
        """Return what was set, or the default."""
        return self._known.get(name, default)

    def is_on(self, name: str, *, default: bool) -> bool:
        """Tell whether a switch was left on."""
        return self.get(name, "on" if default else "off") == "on"

    def keep(self, name: str, value: str | bool) -> None:
        """Set one, now here and a moment later for good; what can't be kept is set here alone."""
        text = value if isinstance(value, str) else ("on" if value else "off")
        if self._known.get(name) == text:
            return
        self._known[name] = text
        try:
            self._store.prefer(self.owner, {name: text}).add_done_callback(_note_failure)
        except ParleyError as problem:
            logger.warning("a preference could not be kept: %s", problem)

    def _read(self) -> dict[str, str]:
        try:
            return dict(self._store.preferences(self.owner))
        except ParleyError as problem:
            logger.warning("the preferences could not be read: %s", problem)
            return {}


def preferences(core: Core) -> Preferences:
    """Return the visitor's preferences; at their first reading, the page speaks their language."""
    who = owner()
    known = cast("Preferences | None", st.session_state.get(_KEY))
    if known is None or known.owner != who:
        known = Preferences(core.store, who)
        choose(known.get(LANGUAGE) or None)
        st.session_state[_KEY] = known
    return known


def owner() -> str:
    """Return under which name the visitor's preferences are kept."""
    user: Mapping[str, object] = st.user
    if not user.get("is_logged_in"):
        return LOCAL
    return str(user.get("email") or user.get("sub") or LOCAL)


def _note_failure(written: "Future[None]") -> None:
    if problem := written.exception():
        logger.warning("a preference could not be kept: %s", problem)

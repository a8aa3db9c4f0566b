"""Chat, history and the API under /v1 on one port, for `streamlit run app.py` (or `make chat`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from server import beside
from ui.browser import open_browser


@asynccontextmanager
async def lifespan(served: st.App) -> AsyncIterator[None]:
    """Open the page at the start, and let answers end at the end."""
    open_browser()
    async with beside.lifespan(served):
        yield


app = st.App("streamlit-pages.py", routes=beside.api_routes(), lifespan=lifespan)

"""Chat and history as two pages of one program; `app.py` serves them beside the API."""

import streamlit as st

from ui.language import history_texts, texts
from ui.opening import speak

speak()
st.navigation(  # without icons: the browser would fetch them from elsewhere, as the pages' own
    [
        st.Page("streamlit-chat.py", title=texts.CHAT, default=True),
        st.Page("streamlit-history.py", title=history_texts.TITLE, url_path="history"),
    ]
).run()

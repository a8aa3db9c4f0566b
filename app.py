"""Chat and history in one program, for `streamlit run app.py` (or `make chat`)."""

import streamlit as st

st.navigation(  # without icons: the browser would fetch them from elsewhere, as the pages' own
    [
        st.Page("streamlit-chat.py", title="Chat", default=True),
        st.Page("streamlit-history.py", title="History", url_path="history"),
    ]
).run()

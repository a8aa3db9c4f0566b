"""Chat and history in one program, for `streamlit run app.py` (or `make chat`)."""

import streamlit as st

st.navigation(
    [
        st.Page("streamlit-chat.py", title="Chat", icon=":material/forum:", default=True),
        st.Page(
            "streamlit-history.py", title="History", icon=":material/history:", url_path="history"
        ),
    ]
).run()

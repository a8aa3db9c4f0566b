"""The chat page, for `streamlit run streamlit-chat.py` (or `make chat`)."""

from ui.chat.page import show

show()

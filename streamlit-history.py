"""The history page, for `streamlit run streamlit-history.py`."""

from ui.history.page import show

show()

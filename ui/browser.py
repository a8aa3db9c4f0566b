"""Opening the page at the start, as `streamlit run` does for a page that is no `st.App`."""

from streamlit import cli_util, config
from streamlit.web.server import server_util


def open_browser() -> None:
    """Open the page in a browser, unless the program runs without a screen or is told not to."""
    if not config.get_option("server.headless"):
        cli_util.open_browser(server_util.get_url(_host()))


def _host() -> str:
    if config.is_manually_set("browser.serverAddress"):
        return str(config.get_option("browser.serverAddress"))
    address = config.get_option("server.address")
    return server_util.get_display_address(address) if address else "localhost"

"""Install the clients that the API is proved with, once: `make clients`.

What can't be installed, for want of a registry or of Node, is named; tests that need it then say
so themselves.
"""

import sys

from tests.server.clients.environments import HOME, NODE_CLIENTS, PYTHON_CLIENTS, NotInstalled


def main() -> None:
    """Install what is not there."""
    for client in (*PYTHON_CLIENTS, *NODE_CLIENTS):
        if client.ready:
            continue
        sys.stderr.write(f"Installing {HOME.name}/{client.name}\n")
        try:
            client.install()
        except NotInstalled as error:
            sys.stderr.write(f"{client.name} is not there: {error}\n")


if __name__ == "__main__":
    main()

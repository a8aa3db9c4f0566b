"""Execute runs that other processes leave to the queue: `python -m setup.worker`, or `make worker`.

It serves nobody and ends on SIGTERM or Ctrl-C, once what is under way has had its time.
"""

import sys
import threading
from contextlib import suppress

from setup.bootstrap import core
from setup.scripts import exit_code
from setup.settings import WrongSettings, settings


def main() -> None:
    """Execute runs until told to end."""
    if not settings().distributed:
        raise WrongSettings(
            "DATABASE_URL, RUN_QUEUE: a worker takes runs from the queue in a PostgreSQL database."
        )
    with suppress(KeyboardInterrupt, SystemExit):
        executing = core(run_worker="on")
        sys.stdout.write("Parley's worker takes runs from the queue. Ctrl-C ends it.\n")
        sys.stdout.flush()
        threading.Event().wait()
        executing.close()


if __name__ == "__main__":
    sys.exit(exit_code(main))

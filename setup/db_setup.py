"""Create the database of DATABASE_URL, or upgrade it: `python -m setup.db_setup`."""

import sys

from setup.run_queues import prepare
from setup.scripts import exit_code
from setup.settings import ROOT, settings
from storage.schema import upgrade


def main() -> None:
    """Do it, and say in one line what was done; safe to repeat and quick when nothing is to do."""
    wanted = settings()
    print(upgrade(wanted.database_url.get_secret_value(), root=ROOT))
    prepare(wanted)


if __name__ == "__main__":
    sys.exit(exit_code(main))

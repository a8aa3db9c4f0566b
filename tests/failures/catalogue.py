"""Every failure, in the order of docs/failures.md."""

from typing import Final

from tests.failures import answers, databases, functions, messages, programs
from tests.failures.failure import Failure

GROUPS: Final[dict[str, tuple[Failure, ...]]] = {
    "Keys, models and addresses": answers.ACCOUNT,
    "Requests that a provider does not accept": answers.REQUESTS,
    "Limits and faults of providers": answers.LOAD,
    "The network": answers.NETWORK,
    "Answers": answers.ANSWERS,
    "Functions": functions.FUNCTIONS,
    "Messages and clocks": messages.MESSAGES,
    "Programs and the API": programs.PROGRAMS,
    "The database": databases.DATABASES,
}


def played(*, alone: bool) -> list[tuple[Failure, str]]:
    """Return the rows with whom each is played with: those that need a core alone, or the rest."""
    everything = (row for rows in GROUPS.values() for row in rows)
    wanted = (row for row in everything if (row.given is not None) is alone)
    return [(row, provider) for row in wanted for provider in row.on]


def name_of(value: Failure | str) -> str:
    """Return how a test is called that plays it."""
    return value if isinstance(value, str) else value.what

"""Requests made from our own description of the API: all are answered as it says."""

from collections.abc import Iterator
from typing import Any, Final

import openai
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.server.described import Objects, described

EXAMPLES: Final = 8
COMES_LATER: Final = 501
AS_DESCRIBED: Final[tuple[Any, ...]] = (
    status_code_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
)
DESCRIBED: Final = described(EXAMPLES)
BOUNDED: Final = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def objects(client: openai.OpenAI) -> Objects:
    return Objects(client)


@DESCRIBED.parametrize()
@BOUNDED
def test_every_request_is_answered_as_described(
    case: schemathesis.Case[Any], address: str, session: requests.Session, objects: Objects
) -> None:
    objects.put_into(case)

    answer = case.call(base_url=address, session=session)

    sound: list[Any] = [] if answer.status_code == COMES_LATER else [not_a_server_error]
    lenient: list[Any] = [negative_data_rejection] if _may_lack_its_body(case) else []
    case.validate_response(answer, checks=[*sound, *AS_DESCRIBED], excluded_checks=lenient)


def _may_lack_its_body(case: schemathesis.Case[Any]) -> bool:
    """Tell whether a request lacks its body, which then is taken for an empty object."""
    return case.method == "POST" and isinstance(case.body, NotSet)

"""What refusals have in common."""

import httpx2


def refused(answer: httpx2.Response) -> tuple[str | None, str | None, str]:
    """Return what of a refusal varies: its parameter, its code and its text."""
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error["param"], error["code"], error["message"]

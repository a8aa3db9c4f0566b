"""Errors as clients of the Assistants API know them: their texts, and who gets which.

Clients read these texts, some with regular expressions, so each is what OpenAI's server said.
"""

from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from conversation import errors
from server.assistants_api.answers import error_answer
from server.assistants_api.validation import NOT_PARSED, said

_RETRY_AFTER: Final = {"Retry-After": "1"}
_IN_DOUBT: Final = {**_RETRY_AFTER, "x-should-retry": "false"}
"""What OpenAI's clients do not send again by themselves: it may have been carried out."""


class ApiError(Exception):
    """What a route answers instead of an object."""

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        type: str = "invalid_request_error",  # noqa: A002 - the field's name in the API
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.type = type
        self.headers = headers

    def answer(self) -> Response:
        """Return it as a response."""
        return error_answer(
            self.status,
            self.message,
            param=self.param,
            code=self.code,
            kind=self.type,
            headers=self.headers,
        )


def not_found(what: str, wanted: str, param: str | None = None) -> ApiError:
    """Return the error for an id that names nothing; `what` is a word such as `thread`."""
    if what == "file":
        return ApiError(404, f"No such File object: {wanted}", "id")
    if what == "vector store":
        return ApiError(404, f"Vector store with id '{wanted}' not found.")
    return ApiError(404, f"No {what} found with id '{wanted}'.", param)


def locked(thread_id: str, run_id: str) -> ApiError:
    """Return the error for a message that comes while a run is under way."""
    return ApiError(400, f"Can't add messages to {thread_id} while a run {run_id} is active.")


def already_active(thread_id: str, run_id: str) -> ApiError:
    """Return the error for a second run on a thread."""
    return ApiError(400, f"Thread {thread_id} already has an active run {run_id}.")


def translated(error: errors.ParleyError, request: Request) -> ApiError:
    """Return one of our errors as the API says it."""
    match error:
        case errors.NotFound():
            return not_found(error.what, error.wanted, _cursor(error, request))
        case errors.ThreadBusy():
            return _busy(error, request)
        case errors.UnknownModel():
            return ApiError(400, error.message, "model", "model_not_found")
        case errors.NotConfigured():
            return ApiError(400, _whole(error), "model", error.code)
        case errors.BadInput():
            return ApiError(400, _whole(error), error.field, "invalid_value")
        case errors.TriggerRefused() | errors.Superseded():
            return ApiError(400, error.message)
        case errors.Outdated() | errors.StoreUnavailable():
            return _for_now(error)
        case _:
            return ApiError(500, error.message, code=error.code, type="server_error")


def handle_errors(app: FastAPI) -> None:
    """Have an app answer all errors in OpenAI's shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(errors.ParleyError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _for_now(error: errors.Outdated | errors.StoreUnavailable) -> ApiError:
    """Return the error for what may be possible a little later."""
    if isinstance(error, errors.Outdated):
        return ApiError(409, _whole(error), code=error.code, headers=_RETRY_AFTER)
    headers = _IN_DOUBT if error.in_doubt else _RETRY_AFTER
    return ApiError(503, error.message, code=error.code, type="server_error", headers=headers)


def _whole(error: errors.ParleyError) -> str:
    return f"{error.message} {error.hint}".rstrip()


def _cursor(error: errors.NotFound, request: Request) -> str | None:
    """Return which end of a page it was that names nothing, if it was one."""
    ends = (end for end in ("after", "before") if request.query_params.get(end) == error.wanted)
    return next(ends, None)


def _busy(error: errors.ThreadBusy, request: Request) -> ApiError:
    path = request.url.path
    if request.method == "DELETE":
        what = "messages from " if "/messages/" in path else ""
        text = f"Can't delete {what}{error.thread_id} while a run {error.run_id} is active."
        return ApiError(400, text)
    told = locked if path.endswith("/messages") else already_active
    return told(error.thread_id, error.run_id)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for it
    return error.answer()


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.ParleyError)  # noqa: S101 - registered for it
    return translated(error, request).answer()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    problem = said(error.errors())
    return ApiError(400, problem.message, problem.param, problem.code).answer()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    method, path = request.method, request.url.path
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            failure = ApiError(404, f"Invalid URL ({method} {path})")
        case 405:
            text = f"Not allowed to {method} on {path}."
            hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
            failure = ApiError(405, f"{text} {hint}", code="method_not_supported", headers=headers)
        case 400:
            failure = ApiError(400, NOT_PARSED)
        case status:
            failure = ApiError(status, str(error.detail), headers=headers)
    return failure.answer()

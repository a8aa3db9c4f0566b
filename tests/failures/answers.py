"""Failures of providers: what they refuse, and what is wrong with what they send."""

from collections.abc import Callable
from typing import Any, Final

from conversation.errors import (
    BadResponse,
    ConnectionFailed,
    ContextTooLong,
    KeyRejected,
    PromptBlocked,
    ProviderTimeout,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    StreamCut,
    UnknownModel,
)
from conversation.script import State
from tests.failures.failure import Failure, Given, Provoke
from tests.failures.stage import ADDRESSES, COMPATIBLE, GEMINI, OPENAI, Stage
from tests.wire import gemini_server
from tests.wire.server import Break, Reply, broken

_Step = Callable[[Stage], Any]


def once(*steps: _Step) -> Provoke:
    """Have the next requests get these, one each."""
    return lambda stage: stage.server.script(*(step(stage) for step in steps))


def always(step: _Step) -> Provoke:
    """Have every request get this."""
    return lambda stage: stage.server.always(step(stage))


def refused(status: int, message: str = "It is so.", code: str = "", **more: str) -> _Step:
    """Return an HTTP error."""
    return lambda stage: stage.refuse(status, message, code, **more)


def said(text: str = "", **by_provider: dict[str, Any]) -> _Step:
    """Return an answer with parts of each provider's own."""
    return lambda stage: stage.answer(text, **by_provider.get(stage.provider, {}))


def breaking(how: Break | bytes) -> _Step:
    """Return an answer that breaks after its first word."""
    return lambda stage: stage.answer("Well", breaks=how)


def _page(_: Stage) -> Reply:
    return Reply(pieces=(b"<html>Please log in</html>",))


def _not_an_event(_: Stage) -> Reply:
    return Reply(pieces=(b"data: 42\n\n",), kind="text/event-stream")


def _error_event(stage: Stage) -> Any:
    if stage.provider == OPENAI:
        return stage.answer("Well", end="error", code="server_error")
    error = b'data: {"error": {"code": "server_error", "message": "It is so."}}\n\n'
    how = gemini_server.error_in_stream(503, "UNAVAILABLE") if stage.provider == GEMINI else error
    return stage.answer("Well", breaks=how)


def _at(address: str) -> Given:
    """Have the provider at another address."""
    return lambda stage: {ADDRESSES[stage.provider]: address.format(**stage.ports)}


_MISSING_KEY: Final = {OPENAI: "openai_api_key", GEMINI: "google_api_key"}
_QUOTA: Final = {
    OPENAI: {"code": "insufficient_quota"},
    GEMINI: {"quota": "GenerateRequestsPerDayPerProject"},
    COMPATIBLE: {"code": "insufficient_quota"},
}
_QUIET: Final[dict[str, dict[str, Any]]] = {
    OPENAI: {"end": "quiet"},
    GEMINI: {"finish": None},
    COMPATIBLE: {"finish": ""},
}
_FILTERED: Final = {
    OPENAI: {"end": "incomplete", "code": "content_filter"},
    GEMINI: {"finish": "SAFETY"},
    COMPATIBLE: {"finish": "content_filter"},
}
AT_LIMIT: Final = {
    OPENAI: {"end": "incomplete", "code": "max_output_tokens"},
    GEMINI: {"finish": "MAX_TOKENS"},
    COMPATIBLE: {"finish": "length"},
}
_FAILED: Final[dict[str, dict[str, Any]]] = {
    OPENAI: {"end": "failed", "code": "server_error"},
    COMPATIBLE: {"finish": "error"},
}

ACCOUNT: Final = (
    Failure(
        what="No key is set",
        state=None,
        says="is not set up:",
        code="not_configured",
        hint="in .env or in the environment and start again.",
        can="Set it, then send again; or choose another provider",
        on=(OPENAI, GEMINI),
        given=lambda stage: {_MISSING_KEY[stage.provider]: None},
    ),
    Failure(
        what="The key is wrong (401)",
        says="{who} does not accept the API key",
        code="key_rejected",
        hint=KeyRejected.advice,
        provoke=once(refused(401, "Incorrect API key.", "invalid_api_key")),
    ),
    Failure(
        what="The key is wrong, as Gemini says it (400)",
        says="{who} does not accept the API key",
        code="key_rejected",
        hint=KeyRejected.advice,
        on=(GEMINI,),
        provoke=once(refused(400, "API key not valid.", "API_KEY_INVALID")),
    ),
    Failure(
        what="The key may not do this (403)",
        says="{who} does not accept the API key",
        code="key_rejected",
        hint=KeyRejected.advice,
        provoke=once(refused(403, "No access.")),
    ),
    Failure(
        what="The account has no credit, or its day's quota is used up",
        says="The account at {who} has no quota or credit left",
        code="quota_exceeded",
        hint=QuotaExceeded.advice,
        provoke=once(lambda stage: stage.refuse(429, "No quota.", **_QUOTA[stage.provider])),
    ),
    Failure(
        what="The provider does not know the model (404)",
        says="{who} does not know this model",
        code="unknown_model",
        hint=UnknownModel.advice,
        provoke=once(refused(404, "The model is not found.")),
    ),
    Failure(
        what="The address is wrong (404)",
        says="{who} did not accept the request: Nothing here.",
        code="request_rejected",
        hint="Check the provider's address in the settings.",
        provoke=once(refused(404, "Nothing here.")),
    ),
)

REQUESTS: Final = (
    Failure(
        what="The provider does not accept the request (400)",
        says="{who} did not accept the request: Invalid input.",
        code="request_rejected",
        hint=RequestRejected.advice,
        provoke=once(refused(400, "Invalid input.")),
    ),
    Failure(
        what="The request conflicts with another (409)",
        says="{who} did not accept the request",
        code="request_rejected",
        hint=RequestRejected.advice,
        provoke=once(refused(409, "Conflict.")),
    ),
    Failure(
        what="The model takes no functions: a compatible server's model gets them in words",
        state=State.COMPLETED,
        says="I do without.",
        on=(COMPATIBLE,),
        provoke=once(refused(400, "llama does not support tools"), said("I do without.")),
    ),
    Failure(
        what="The model takes no functions: another provider's can't be used",
        says="does not support tools",
        code="request_rejected",
        hint=RequestRejected.advice,
        on=(OPENAI, GEMINI),
        provoke=once(refused(400, "The model does not support tools.")),
    ),
    Failure(
        what="The conversation is too long for the model, and the provider says by how much",
        says="The conversation is too long for this model of {who}, by 904 tokens",
        code="context_too_long",
        hint=ContextTooLong.advice,
        provoke=once(
            refused(
                400,
                "The input token count (5000) exceeds the maximum number of tokens allowed (4096).",
            )
        ),
    ),
    Failure(
        what="It is too long, as llama.cpp says it",
        says="The conversation is too long for this model of {who}, by 904 tokens",
        code="context_too_long",
        hint=ContextTooLong.advice,
        on=(COMPATIBLE,),
        provoke=once(
            refused(
                400,
                "request (5000 tokens) exceeds the available context size (4096 tokens)",
                "exceed_context_size_error",
            )
        ),
    ),
    Failure(
        what="It is too long, as vLLM says it",
        says="The conversation is too long for this model of {who}, by 904 tokens",
        code="context_too_long",
        hint=ContextTooLong.advice,
        on=(COMPATIBLE,),
        provoke=once(
            refused(
                400,
                "This model's maximum context length is 4096 tokens. However, you requested 5000 "
                "tokens (4000 in the messages, 1000 in the completion).",
            )
        ),
    ),
    Failure(
        what="It is too long, as Ollama says it",
        says="The conversation is too long for this model of {who}, by 904 tokens",
        code="context_too_long",
        hint=ContextTooLong.advice,
        on=(COMPATIBLE,),
        provoke=once(refused(400, "prompt too long; exceeded max context length by 904 tokens")),
    ),
    Failure(
        what="It is too long, as OpenAI says it before an answer",
        says="The conversation is too long for this model of {who}",
        code="context_too_long",
        hint=ContextTooLong.advice,
        on=(OPENAI,),
        provoke=once(refused(400, "Too long.", "context_length_exceeded")),
    ),
    Failure(
        what="It is too long, as OpenAI says it in a stream",
        says="The conversation is too long for this model of {who}",
        code="context_too_long",
        hint=ContextTooLong.advice,
        on=(OPENAI,),
        provoke=once(said("", openai={"end": "failed", "code": "context_length_exceeded"})),
    ),
    Failure(
        what="The request is too large (413)",
        says="The conversation is too long for this model of {who}",
        code="context_too_long",
        hint=ContextTooLong.advice,
        provoke=once(refused(413, "Too large.")),
    ),
    Failure(
        what="The provider blocks the prompt",
        says="{who} will not answer this prompt",
        code="prompt_blocked",
        hint=PromptBlocked.advice,
        provoke=once(
            lambda stage: (
                stage.answer(blocked="PROHIBITED_CONTENT")
                if stage.provider == GEMINI
                else stage.refuse(400, "Blocked.", "content_policy_violation")
            )
        ),
    ),
)

LOAD: Final = (
    Failure(
        what="Too many requests (429), and the provider says how soon to come back",
        state=State.COMPLETED,
        says="{who} gets too many requests from this account",
        retried=True,
        provoke=once(refused(429, "Slow down.", retry_after="0.01"), said("Here I am.")),
    ),
    Failure(
        what="Too many requests (429), and it does not pass",
        says="{who} gets too many requests from this account",
        code="rate_limited",
        hint=RateLimited.advice,
        retried=True,
        provoke=always(refused(429, "Slow down.")),
    ),
    Failure(
        what="Too many requests (429), and the provider asks for a wait of more than two minutes",
        says="{who} gets too many requests from this account",
        code="rate_limited",
        hint="Send the message again in 5 minutes: the provider asks for this wait.",
        provoke=once(refused(429, "Slow down.", retry_after="300")),
    ),
    Failure(
        what="The provider has a fault (500)",
        says="{who} has a fault or is overloaded",
        code="provider_unavailable",
        hint=ProviderUnavailable.advice,
        retried=True,
        provoke=always(refused(500, "A fault.")),
    ),
    Failure(
        what="The provider has a fault, which passes",
        state=State.COMPLETED,
        says="{who} has a fault or is overloaded",
        retried=True,
        provoke=once(refused(500, "A fault."), said("Here I am.")),
    ),
    Failure(
        what="The provider is down (503), and asks for a wait of more than two minutes",
        says="{who} has a fault or is overloaded",
        code="provider_unavailable",
        hint="Send the message again in 5 minutes: the provider asks for this wait.",
        provoke=once(refused(503, "Back soon.", retry_after="300")),
    ),
    Failure(
        what="A gateway before the provider shows a page (502)",
        says="{who} has a fault or is overloaded",
        code="provider_unavailable",
        hint=ProviderUnavailable.advice,
        retried=True,
        provoke=always(
            lambda _: Reply(pieces=(b"<html>Bad</html>",), status=502, kind="text/html")
        ),
    ),
    Failure(
        what="The provider is overloaded (503)",
        says="{who} has a fault or is overloaded",
        code="provider_unavailable",
        hint=ProviderUnavailable.advice,
        retried=True,
        provoke=always(refused(503, "Overloaded.")),
    ),
    Failure(
        what="A gateway has waited too long (504)",
        says="{who} did not answer in time",
        code="provider_timeout",
        hint=ProviderTimeout.advice,
        retried=True,
        provoke=always(refused(504, "Time-out.")),
    ),
)

ANSWERS: Final = (
    Failure(
        what="The connection is closed before the answer",
        says="can't be reached, or closed the connection",
        code="connection_failed",
        hint=ConnectionFailed.advice,
        retried=True,
        provoke=always(lambda _: broken(Break.CUT)),
    ),
    Failure(
        what="The connection is reset before the answer",
        says="can't be reached, or closed the connection",
        code="connection_failed",
        hint=ConnectionFailed.advice,
        retried=True,
        provoke=always(lambda _: broken(Break.RESET)),
    ),
    Failure(
        what="The connection is closed in the middle of an answer",
        says="The answer of {who} broke off before its end.",
        code="stream_cut",
        hint=StreamCut.advice,
        partial="Well",
        provoke=once(breaking(Break.CUT)),
    ),
    Failure(
        what="The connection is reset in the middle of an answer",
        says="The answer of {who} broke off before its end.",
        code="stream_cut",
        hint=StreamCut.advice,
        partial="Well",
        provoke=once(breaking(Break.RESET)),
    ),
    Failure(
        what="Nothing comes for longer than PROVIDER_TIMEOUT_SECONDS",
        says="{who} did not answer in time",
        code="provider_timeout",
        hint=ProviderTimeout.advice,
        retried=True,
        given=lambda _: {"provider_timeout_seconds": 0.3},
        provoke=always(lambda _: broken(Break.STALL)),
    ),
    Failure(
        what="Nothing more comes in the middle of an answer",
        says="{who} did not answer in time",
        code="provider_timeout",
        hint=ProviderTimeout.advice,
        partial="Well",
        given=lambda _: {"provider_timeout_seconds": 0.3},
        provoke=once(breaking(Break.STALL)),
    ),
    Failure(
        what="The answer is not JSON",
        says="{who} sent an answer that can't be read",
        code="bad_response",
        hint=BadResponse.advice,
        stream=False,
        provoke=once(_page),
    ),
    Failure(
        what="Something in a streamed answer is not JSON",
        says="{who} sent an answer that can't be read",
        code="bad_response",
        hint=BadResponse.advice,
        partial="Well",
        provoke=once(breaking(b"data: {oh no\n\n")),
    ),
    Failure(
        what="Something in a streamed answer is JSON but no event",
        says="{who} sent an answer that can't be read",
        code="bad_response",
        hint=BadResponse.advice,
        provoke=once(_not_an_event),
    ),
    Failure(
        what="The provider reports a fault in the middle of an answer",
        says="{who} has a fault or is overloaded",
        code="provider_unavailable",
        hint=ProviderUnavailable.advice,
        partial="Well",
        provoke=once(_error_event),
    ),
    Failure(
        what="The provider says that the answer has failed",
        says="{who} has a fault or is overloaded",
        code="provider_unavailable",
        hint=ProviderUnavailable.advice,
        retried=True,
        on=(OPENAI,),
        provoke=always(said("", openai={"end": "failed", "code": "server_error"})),
    ),
    Failure(
        what="The server ends an answer with an error",
        says="The server broke the answer off with an error.",
        code="provider_unavailable",
        hint=ProviderUnavailable.advice,
        retried=True,
        on=(COMPATIBLE,),
        provoke=always(said("", compatible={"finish": "error"})),
    ),
    Failure(
        what="The stream ends without an end of the answer",
        says="The answer of {who} broke off before its end.",
        code="stream_cut",
        hint=StreamCut.advice,
        partial="Well",
        provoke=once(said("Well", **_QUIET)),
    ),
    Failure(
        what="The answer is empty",
        says="The model's answer was empty.",
        code="bad_response",
        hint=BadResponse.advice,
        provoke=once(said("")),
    ),
    Failure(
        what="The model fumbles a call, and once more",
        says="Gemini called a function in a way that can't be read.",
        code="bad_response",
        hint=BadResponse.advice,
        retried=True,
        on=(GEMINI,),
        provoke=always(said("", gemini={"finish": "MALFORMED_FUNCTION_CALL"})),
    ),
    Failure(
        what="The model fumbles a call, and does better when it is asked again",
        state=State.COMPLETED,
        says="Here I am.",
        retried=True,
        on=(GEMINI,),
        provoke=once(
            said("", gemini={"finish": "MALFORMED_FUNCTION_CALL"}),
            said("Here I am."),
        ),
    ),
    Failure(
        what="The model declines",
        state=State.COMPLETED,
        says="The model declined: I can't help with that.",
        on=(OPENAI, COMPATIBLE),
        provoke=once(lambda stage: stage.answer(refusal="I can't help with that.")),
    ),
    Failure(
        what="A content filter ends the answer",
        state=State.INCOMPLETE,
        says="content filter stepped in",
        code="content_filter",
        partial="Well",
        provoke=once(said("Well", **_FILTERED)),
    ),
    Failure(
        what="The answer reaches its limit of tokens",
        state=State.INCOMPLETE,
        says="its limit of tokens was reached",
        code="max_tokens",
        partial="Well",
        provoke=once(said("Well", **AT_LIMIT)),
    ),
)


def _unreached(what: str, address: str, says: str, hint: str, *, retried: bool = True) -> Failure:
    return Failure(
        what=what,
        says=f"can't be reached: {says}",
        code="connection_failed",
        hint=hint,
        given=_at(address),
        retried=retried,
    )


NETWORK: Final = (
    _unreached(
        "The provider's name can't be resolved",
        "http://nobody.invalid/v1",
        "its name can't be resolved.",
        ConnectionFailed.advice,
    ),
    _unreached(
        "Nobody listens at the provider's address",
        "http://127.0.0.1:9/v1",
        "nobody listens at its address.",
        "If it is a server of yours, start it; else check the provider's address in the settings.",
    ),
    _unreached(
        "The address says https, the server speaks http",
        "https://127.0.0.1:{plain}/v1",
        "no encrypted connection",
        "Check whether the provider's address in the settings has to begin with http://.",
    ),
    _unreached(
        "The server's certificate is not one to trust",
        "https://127.0.0.1:{untrusted}/v1",
        "its certificate is not trusted",
        "If you trust it, name a file with the certificate of who issued it in the environment "
        "variable SSL_CERT_FILE and start again.",
        retried=False,
    ),
)

"""Every error Parley raises, named by what happened.

    ParleyError
    |-- BadInput                  a field the caller must mend
    |   `-- EmptyMessage
    |-- NotFound                  an id that names nothing
    |-- ThreadBusy                the thread has an exchange under way
    |-- TriggerRefused            the script does not allow it now
    |-- Superseded                somebody else has moved the run on
    |-- Outdated                  somebody else has changed what was read
    |-- StoreUnavailable          the database can't be written or read now
    |-- ProviderError             the model's provider
    |   |-- NotConfigured         a setting is missing
    |   |-- KeyRejected           401, 403, a wrong API key
    |   |-- UnknownModel          404 for the model
    |   |-- RequestRejected       400 and its kin
    |   |   `-- ContextTooLong    more was said than the model takes
    |   |-- QuotaExceeded         no credit left
    |   |-- RateLimited           429
    |   |-- ProviderUnavailable   5xx, overloaded
    |   |-- ConnectionFailed      no network, refused, DNS, TLS
    |   |-- ProviderTimeout       no answer in time
    |   |-- StreamCut             the answer broke off
    |   |-- BadResponse           an answer that can't be read
    |   `-- PromptBlocked         the provider won't answer this prompt
    `-- RunEnded                  a run that ended without an answer
        |-- RunFailed
        |-- RunCancelled
        |-- RunExpired
        `-- RunIncomplete

`str(error)` is a sentence for people, free of secrets; `hint` says what to do; `code` is stable.
"""

from typing import ClassVar


class ParleyError(Exception):
    """The root of what Parley raises."""

    code: ClassVar[str] = "error"
    advice: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.advice

    @property
    def message(self) -> str:
        """The sentence for people."""
        return str(self)


class BadInput(ParleyError):
    """A value the caller must mend; `field` names it."""

    code = "bad_input"

    def __init__(self, field: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class EmptyMessage(BadInput):
    """A message without text."""

    code = "empty_message"

    def __init__(self) -> None:
        super().__init__("message", "The message is empty.", hint="Type something first.")


class NotFound(ParleyError):
    """An id that names nothing here."""

    code = "not_found"

    def __init__(self, what: str, wanted: str) -> None:
        super().__init__(f"There is no {what} '{wanted}' here.", hint="Check the id.")
        self.what = what
        self.wanted = wanted


class ThreadBusy(ParleyError):
    """The thread has an exchange under way; `run_id` is its run."""

    code = "thread_busy"
    advice = "Wait for the answer or stop it, then send the message again."

    def __init__(self, thread_id: str, run_id: str) -> None:
        super().__init__("An answer is still under way in this conversation.")
        self.thread_id = thread_id
        self.run_id = run_id


class TriggerRefused(ParleyError):
    """The script does not allow `trigger` in `state`."""

    code = "trigger_refused"

    def __init__(self, trigger: str, state: str) -> None:
        super().__init__(f"'{trigger}' is not possible while the run is '{state}'.")
        self.trigger = trigger
        self.state = state


class Superseded(ParleyError):
    """Somebody else has moved the run on; whoever is told this must change nothing more."""

    code = "superseded"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Run '{run_id}' was moved on by somebody else.")
        self.run_id = run_id


class Outdated(ParleyError):
    """Somebody else has changed what was read, and nothing was changed now."""

    code = "outdated"
    advice = "Look at what it is now, then try again."

    def __init__(self, what: str, wanted: str) -> None:
        super().__init__(f"Somebody else has changed {what} '{wanted}' meanwhile.")
        self.what = what
        self.wanted = wanted


class StoreUnavailable(ParleyError):
    """The database can't be read or written now.

    `in_doubt` if it was lost at a commit: what was to be written may be there.
    """

    code = "store_unavailable"
    advice = "Check that the database is reachable and its file and folder can be written."
    in_doubt: bool = False


class ProviderError(ParleyError):
    """The model's provider did not do what was asked; `retryable` if trying again may help.

    `retry_after` are the seconds to wait before that, where the provider says.
    """

    code = "provider_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NotConfigured(ProviderError):
    """A setting the provider needs is missing."""

    code = "not_configured"


class KeyRejected(ProviderError):
    """The provider does not accept the key."""

    code = "key_rejected"
    advice = "Check the provider's API key in the settings."


class UnknownModel(ProviderError):
    """The provider does not know the model."""

    code = "unknown_model"
    advice = "Choose another model, or check its name in the settings."


class RequestRejected(ProviderError):
    """The provider does not accept the request."""

    code = "request_rejected"
    advice = "Change what the provider minds: the message, the model or a setting. Then try again."


class ContextTooLong(RequestRejected):
    """The conversation is longer than the model takes."""

    code = "context_too_long"
    advice = (
        "Try again with the last messages only, choose a model that takes more, or begin a new "
        "conversation."
    )


class QuotaExceeded(ProviderError):
    """The account behind the key has no credit left."""

    code = "quota_exceeded"
    advice = "Check the plan and billing of the provider's account."


class RateLimited(ProviderError):
    """Too many requests."""

    code = "rate_limited"
    advice = "Wait a little, then send the message again."
    retryable = True


class ProviderUnavailable(ProviderError):
    """The provider has a fault or is overloaded."""

    code = "provider_unavailable"
    advice = "This is the provider's fault; send the message again in a little while."
    retryable = True


class ConnectionFailed(ProviderError):
    """The provider can't be reached."""

    code = "connection_failed"
    advice = "Check the network connection and the provider's address in the settings."
    retryable = True


class ProviderTimeout(ProviderError):
    """The provider did not answer in time."""

    code = "provider_timeout"
    advice = "Send the message again, or raise the time-out in the settings."
    retryable = True


class StreamCut(ProviderError):
    """The answer broke off before its end."""

    code = "stream_cut"
    advice = "What had arrived is kept. Send the message again for a whole answer."
    retryable = True


class BadResponse(ProviderError):
    """The provider's answer can't be read."""

    code = "bad_response"
    advice = "Send the message again; if it happens every time, check the provider's address."


class PromptBlocked(ProviderError):
    """The provider will not answer this prompt."""

    code = "prompt_blocked"
    advice = "Put the message in other words."


class RunEnded(ParleyError):
    """A run that ended without a full answer; `partial` is what had arrived, `reason` its code."""

    code = "run_ended"

    def __init__(
        self, message: str, *, hint: str = "", reason: str = "", partial: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.partial = partial


class RunFailed(RunEnded):
    """The run ended in an error; `reason` is the code of that error."""

    code = "run_failed"


class RunCancelled(RunEnded):
    """The run was stopped."""

    code = "run_cancelled"


class RunExpired(RunEnded):
    """The run ran out of time."""

    code = "run_expired"


class RunIncomplete(RunEnded):
    """The answer was cut short."""

    code = "run_incomplete"

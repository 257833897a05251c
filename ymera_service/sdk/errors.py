"""Everything that can go wrong, as one tree; the type alone decides what happens next.

    YmeraError
    ├── RequestError                  the caller has to change something
    │   ├── InvalidRequest            one or more fields are wrong
    │   ├── RequestTooLarge           the message is above the server's limit
    │   ├── ModelNotFound             no provider offers a model that was named
    │   ├── SuiteNotFound             no plugin offers a benchmark suite that was named
    │   ├── ExecutionNotFound         no request of that id is stored
    │   └── NoEligibleModel           the constraints leave no model
    ├── ServerError                   the server can't serve now
    │   ├── Overloaded                too many requests at a time
    │   ├── NoHealthyModel            every eligible model keeps failing
    │   ├── ShuttingDown              the server is stopping
    │   ├── DeadlineExceeded          the caller's deadline passed
    │   ├── Cancelled                 the caller went away
    │   ├── StorageUnavailable        the record could not be made durable
    │   └── InternalError             a defect of Ymera or of a plugin
    └── ProviderError                 a provider failed; see there

Nothing here knows gRPC: the api room maps each leaf to a status.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from ymera_service.sdk.targets import Scope

LONGEST_MESSAGE = 2048
"""Characters. It is logged, stored and sent, and a provider's own words may go on for megabytes."""
LONGEST_WAIT = 365 * 24 * 3600.0
"""Seconds. Who is told to wait for longer, or for no number of seconds, is told nothing of use."""


class YmeraError(Exception):
    """The root. `reason` is for programs, the message for people, `metadata` holds what varies in it."""

    reason: ClassVar[str]

    def __init__(
        self, message: str, *, metadata: dict[str, str] | None = None, retry_after: float | None = None
    ) -> None:
        message = _encodable(message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…")
        super().__init__(message)
        self.message = message
        self.metadata = {key: _encodable(value) for key, value in metadata.items()} if metadata else {}
        self.retry_after = retry_after if retry_after is not None and 0 <= retry_after <= LONGEST_WAIT else None
        """Seconds after which to try again; `None` where waiting is not known to help."""

    def detached(self) -> Self:
        """Returns it without its traceback and causes, which keep alive whatever the frames held, bodies included."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    def redact(self, redact: Callable[[str], str]) -> None:
        """Passes the message and everything else that a provider may have worded through a function."""
        self.message = redact(self.message)
        self.args = (self.message,)
        self.metadata = {key: redact(value) for key, value in self.metadata.items()}


def _encodable(text: str) -> str:
    """Returns a text that can be stored and sent: HTTP headers and JSON escapes may bring lone surrogates."""
    return text if text.isascii() else text.encode(errors="replace").decode()


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as data: what is kept, sent and shown of it. `retry_after` is in seconds."""

    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    @classmethod
    def of(cls, error: YmeraError) -> "Failure":
        """Returns what is kept of an error."""
        return cls(error.reason, error.message, error.metadata, error.retry_after)


class RequestError(YmeraError):
    """The caller has to change something."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that is wrong: its path, such as `prompt.messages[0].parts`, and the remedy."""

    field: str
    description: str


class InvalidRequest(RequestError):
    """One or more fields are wrong; `violations` names each of them."""

    reason = "INVALID_REQUEST"

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"{first.field}: {first.description}{more}", metadata={"field": first.field})
        self.violations = tuple(violations)

    def redact(self, redact: Callable[[str], str]) -> None:
        """See `YmeraError.redact`."""
        super().redact(redact)
        self.violations = tuple(FieldViolation(one.field, redact(one.description)) for one in self.violations)


class RequestTooLarge(RequestError):
    """The message is larger than the server takes."""

    reason = "REQUEST_TOO_LARGE"


class ModelNotFound(RequestError):
    """No provider offers a model that was named."""

    reason = "MODEL_NOT_FOUND"


class SuiteNotFound(RequestError):
    """No plugin offers a benchmark suite that was named."""

    reason = "SUITE_NOT_FOUND"


class ExecutionNotFound(RequestError):
    """No request of that id is stored."""

    reason = "EXECUTION_NOT_FOUND"


class NoEligibleModel(RequestError):
    """The constraints leave no model; the message counts the exclusions by reason."""

    reason = "NO_ELIGIBLE_MODEL"


class ServerError(YmeraError):
    """The server can't serve this now."""


class Overloaded(ServerError):
    """Too many requests are under way and waiting."""

    reason = "OVERLOADED"


class NoHealthyModel(ServerError):
    """Models would be eligible, but the circuit breaker of each is open."""

    reason = "NO_HEALTHY_MODEL"


class ShuttingDown(ServerError):
    """The server is stopping."""

    reason = "SHUTTING_DOWN"


class DeadlineExceeded(ServerError):
    """The caller's deadline passed."""

    reason = "DEADLINE_EXCEEDED"


class Cancelled(ServerError):
    """The caller went away."""

    reason = "CANCELLED"


class StorageUnavailable(ServerError):
    """The record of the execution could not be made durable."""

    reason = "STORAGE_UNAVAILABLE"


class InternalError(ServerError):
    """A defect of Ymera or of a plugin."""

    reason = "INTERNAL"


class ProviderError(YmeraError):
    """A provider failed.

    Four facts of the type decide what follows: `retryable`, whether the same call may succeed a little
    later; `fails_over`, whether another target is tried; `trips_breaker`, whether it counts against a
    circuit breaker; `default_scope`, which one: that of the target, or the one that all targets of its
    account or endpoint share. A provider that knows better gives the error a `scope`.
    """

    retryable: ClassVar[bool] = False
    fails_over: ClassVar[bool] = True
    trips_breaker: ClassVar[bool] = False
    default_scope: ClassVar[Scope] = Scope.TARGET

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        type: str | None = None,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
        scope: Scope | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.scope = scope or self.default_scope
        """What fails together with the target that was called."""
        self.status = status
        """The HTTP status, where there was one."""
        self.type = type and _encodable(str(type))
        """The provider's own type of the error."""
        self.code = code and _encodable(str(code))
        """The provider's own code of the error."""
        self.param = param and _encodable(str(param))
        """The parameter that the provider names."""

    def redact(self, redact: Callable[[str], str]) -> None:
        """See `YmeraError.redact`."""
        super().redact(redact)
        self.type, self.code, self.param = (fact and redact(str(fact)) for fact in (self.type, self.code, self.param))


class AuthenticationFailed(ProviderError):
    """The provider does not accept the key."""

    reason = "PROVIDER_AUTHENTICATION"
    default_scope = Scope.ACCOUNT
    trips_breaker = True


class PermissionDenied(ProviderError):
    """The key may not use this model or feature."""

    reason = "PROVIDER_PERMISSION_DENIED"
    trips_breaker = True


class NotFound(ProviderError):
    """The provider does not know the model or address."""

    reason = "PROVIDER_NOT_FOUND"
    trips_breaker = True


class InvalidProviderRequest(ProviderError):
    """The provider does not accept the request as it is; another may."""

    reason = "PROVIDER_INVALID_REQUEST"


class ContextTooLong(ProviderError):
    """The prompt does not fit into the model's context."""

    reason = "CONTEXT_TOO_LONG"


class ContentFiltered(ProviderError):
    """The provider's filter declined the prompt. Not offered to another provider to get round it."""

    reason = "CONTENT_FILTERED"
    fails_over = False


class RateLimited(ProviderError):
    """The provider asks for fewer requests."""

    reason = "RATE_LIMITED"
    default_scope = Scope.ACCOUNT
    retryable = True


class QuotaExhausted(ProviderError):
    """The account has no credit left."""

    reason = "QUOTA_EXHAUSTED"
    default_scope = Scope.ACCOUNT
    trips_breaker = True


class ProviderOverloaded(ProviderError):
    """The provider is too busy."""

    reason = "PROVIDER_OVERLOADED"
    retryable = True
    trips_breaker = True


class ProviderServerError(ProviderError):
    """The provider failed inside."""

    reason = "PROVIDER_SERVER_ERROR"
    retryable = True
    trips_breaker = True


class ProviderTimeout(ProviderError):
    """The provider did not answer in time."""

    reason = "PROVIDER_TIMEOUT"
    trips_breaker = True


class ConnectionFailed(ProviderError):
    """The provider could not be reached, or hung up before it answered."""

    reason = "PROVIDER_CONNECTION_FAILED"
    default_scope = Scope.ENDPOINT
    retryable = True
    trips_breaker = True


class MalformedResponse(ProviderError):
    """The provider sent something that is not in its format, or too much of it."""

    reason = "PROVIDER_MALFORMED_RESPONSE"
    trips_breaker = True


class StreamInterrupted(ProviderError):
    """The answer broke off before the provider's own end of it."""

    reason = "STREAM_INTERRUPTED"
    retryable = True
    trips_breaker = True

"""All errors, as one tree; the type alone decides how an error is handled. This module is independent of gRPC: the
`api` package maps each leaf to a status.

    YmeraError
    ├── RequestError                  the caller has to change something
    │   ├── InvalidRequest            one or more fields are invalid
    │   ├── Unauthenticated           the caller presents no key, or one that is not known
    │   ├── NotAdministrator          the caller may not do what concerns all callers
    │   ├── KeyNotFound               the vault does not hold the key
    │   ├── CallerRateLimited         the caller has sent as many requests as it may
    │   ├── CallerBudgetSpent         the caller has spent as much as it may
    │   ├── RequestTooLarge           the message is above the server's limit
    │   ├── ModelNotPermitted         the caller may not use a model that the request names
    │   ├── ModelNotFound             no provider offers a model that the request names
    │   ├── SuiteNotFound             no plugin offers a benchmark suite that the request names
    │   ├── ExecutionNotFound         no request with that id is stored
    │   ├── ExperimentNotFound        the server is not configured with an experiment of that name
    │   ├── BenchmarkRunNotFound      no benchmark run with that id is stored
    │   ├── BenchmarkRunUnderWay      a benchmark run is to be resumed that is under way
    │   └── NoEligibleModel           no model meets the constraints
    ├── ServerError                   the server can't serve now
    │   ├── Overloaded                too many requests at the same time
    │   ├── NoHealthyModel            every eligible model keeps failing
    │   ├── ShuttingDown              the server is stopping
    │   ├── DeadlineExceeded          the caller's deadline passed
    │   ├── Cancelled                 the caller cancelled or disconnected
    │   ├── StorageUnavailable        the record could not be made durable
    │   ├── RecordingUnavailable      requests are refused while records can't be written
    │   ├── UsageNotSummed            a report of usage needs sums that are still being made
    │   ├── VaultLocked               providers' keys can't be encrypted or decrypted
    │   ├── OutcomeUnknown            the process ended before the outcome was recorded
    │   └── InternalError             a defect of Ymera or of a plugin
    └── ProviderError                 a provider failed; see its docstring
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Self

from ymera_service.sdk.error_texts import LONGEST_FACT, LONGEST_MESSAGE, LONGEST_WAIT, fact, redacted, shown
from ymera_service.sdk.error_texts import FieldViolation as FieldViolation  # noqa: PLC0414  # belongs to this module for others
from ymera_service.sdk.targets import Scope


class YmeraError(Exception):
    """The root. `reason` is for programs, the message for people, `metadata` holds its variable parts."""

    reason: ClassVar[str]

    def __init__(
        self, message: str, *, metadata: dict[str, str] | None = None, retry_after: float | None = None
    ) -> None:
        message = shown(message, LONGEST_MESSAGE)
        super().__init__(message)
        self.message = message
        self.metadata = {key: shown(value, LONGEST_FACT) for key, value in metadata.items()} if metadata else {}
        self.retry_after = retry_after if retry_after is not None and 0 <= retry_after <= LONGEST_WAIT else None
        """Seconds after which to try again; None if waiting is not known to help."""

    def detached(self) -> Self:
        """Returns the error without its traceback and causes, which would keep objects such as bodies in memory."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    def redact(self, redact: Callable[[str], str]) -> None:
        """Applies a function to the message and to all other texts that may come from a provider, and cuts them."""
        self.message = redacted(self.message, redact, LONGEST_MESSAGE)
        self.args = (self.message,)
        self.metadata = {key: redacted(value, redact, LONGEST_FACT) for key, value in self.metadata.items()}


class RequestError(YmeraError):
    """The caller has to change something."""


class InvalidRequest(RequestError):
    """One or more fields are invalid; `violations` names each of them."""

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


class Unauthenticated(RequestError):
    """The caller presents no key, or one that is not known."""

    reason = "UNAUTHENTICATED"


class NotAdministrator(RequestError):
    """The caller may not do what only administrators may, such as manage providers' keys."""

    reason = "NOT_ADMINISTRATOR"


class KeyNotFound(RequestError):
    """The vault has no key of that name for the provider."""

    reason = "KEY_NOT_FOUND"


class CallerRateLimited(RequestError):
    """The caller has sent as many requests as it may for now."""

    reason = "CALLER_RATE_LIMITED"


class CallerBudgetSpent(RequestError):
    """The caller has spent as much as it may for now, or what the call may cost is not left."""

    reason = "CALLER_BUDGET_SPENT"


class ModelNotPermitted(RequestError):
    """The caller may not use a model that the request names."""

    reason = "MODEL_NOT_PERMITTED"


class RequestTooLarge(RequestError):
    """The message is larger than the server accepts."""

    reason = "REQUEST_TOO_LARGE"


class ModelNotFound(RequestError):
    """No provider offers a model that the request names."""

    reason = "MODEL_NOT_FOUND"


class SuiteNotFound(RequestError):
    """No plugin offers a benchmark suite that the request names."""

    reason = "SUITE_NOT_FOUND"


class ExecutionNotFound(RequestError):
    """No request with that id is stored."""

    reason = "EXECUTION_NOT_FOUND"


class ExperimentNotFound(RequestError):
    """The server is not configured with an experiment of that name."""

    reason = "EXPERIMENT_NOT_FOUND"


class BenchmarkRunNotFound(RequestError):
    """No benchmark run with that id is stored, or it is another caller's."""

    reason = "BENCHMARK_RUN_NOT_FOUND"


class BenchmarkRunUnderWay(RequestError):
    """A benchmark run is to be resumed that is under way, on this server or another one."""

    reason = "BENCHMARK_RUN_UNDER_WAY"


class NoEligibleModel(RequestError):
    """No model meets the constraints; the message counts the exclusions by reason."""

    reason = "NO_ELIGIBLE_MODEL"


class ServerError(YmeraError):
    """The server can't serve this now."""


class Overloaded(ServerError):
    """Too many requests are executing and waiting."""

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
    """The caller cancelled or disconnected."""

    reason = "CANCELLED"


class StorageUnavailable(ServerError):
    """The record of the execution could not be made durable."""

    reason = "STORAGE_UNAVAILABLE"


class RecordingUnavailable(ServerError):
    """Records can't be written now, so no request is begun that would be paid for and lost."""

    reason = "RECORDING_UNAVAILABLE"


class UsageNotSummed(ServerError):
    """A report of usage needs sums that are still being made, as after the first start with an old database."""

    reason = "USAGE_NOT_SUMMED"


class VaultLocked(ServerError):
    """Providers' keys can't be encrypted or decrypted, as the master key is missing or can't be read."""

    reason = "VAULT_LOCKED"


class OutcomeUnknown(ServerError):
    """A request, or that of the same idempotency key, may have been charged: its process ended before its record."""

    reason = "OUTCOME_UNKNOWN"


class InternalError(ServerError):
    """A defect of Ymera or of a plugin."""

    reason = "INTERNAL"


class ProviderError(YmeraError):
    """A provider failed.

    Five attributes of the type decide how it is handled: `retryable`, whether the same call may succeed a little later;
    `fails_over`, whether another target is tried; `trips_breaker`, whether it counts against a circuit breaker;
    `lasting`, whether the next call is likely to fail too, so that a few in a row open it; `default_scope`, whose
    breaker. A provider can set `scope` if it knows better. In any case `retry_after` pauses what is in the scope.
    """

    retryable: ClassVar[bool] = False
    fails_over: ClassVar[bool] = True
    trips_breaker: ClassVar[bool] = False
    lasting: ClassVar[bool] = False
    default_scope: ClassVar[Scope] = Scope.MODEL

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
        """The HTTP status; None if there was no response."""
        self.type = fact(type)
        """The provider's own type of the error."""
        self.code = fact(code)
        """The provider's own code of the error."""
        self.param = fact(param)
        """The parameter that the provider names as invalid."""

    def redact(self, redact: Callable[[str], str]) -> None:
        """See `YmeraError.redact`."""
        super().redact(redact)
        self.type, self.code, self.param = (
            redacted(fact, redact, LONGEST_FACT) if fact else None for fact in (self.type, self.code, self.param)
        )


class AuthenticationFailed(ProviderError):
    """The provider does not accept the key."""

    reason = "PROVIDER_AUTHENTICATION"
    default_scope = Scope.ACCOUNT
    trips_breaker = True
    lasting = True


class PermissionDenied(ProviderError):
    """The key may not use this model or feature."""

    reason = "PROVIDER_PERMISSION_DENIED"
    default_scope = Scope.TARGET
    trips_breaker = True
    lasting = True


class NotFound(ProviderError):
    """The provider does not know the model or address."""

    reason = "PROVIDER_NOT_FOUND"
    trips_breaker = True
    lasting = True


class InvalidProviderRequest(ProviderError):
    """The provider does not accept the request as it is; another provider may."""

    reason = "PROVIDER_INVALID_REQUEST"


class ContextTooLong(ProviderError):
    """The prompt does not fit into the model's context."""

    reason = "CONTEXT_TOO_LONG"


class ContentFiltered(ProviderError):
    """The provider's filter declined the prompt. Not sent to another provider, as that would circumvent the filter."""

    reason = "CONTENT_FILTERED"
    fails_over = False


class RateLimited(ProviderError):
    """The provider's rate limit was reached; the scope is one target, as most vendors limit each model separately."""

    reason = "RATE_LIMITED"
    default_scope = Scope.TARGET
    retryable = True


class QuotaExhausted(ProviderError):
    """The account has no credit left."""

    reason = "QUOTA_EXHAUSTED"
    default_scope = Scope.ACCOUNT
    trips_breaker = True
    lasting = True


class ProviderOverloaded(ProviderError):
    """The provider is too busy."""

    reason = "PROVIDER_OVERLOADED"
    retryable = True
    trips_breaker = True


class ProviderServerError(ProviderError):
    """The provider had an internal error."""

    reason = "PROVIDER_SERVER_ERROR"
    retryable = True
    trips_breaker = True


class ProviderTimeout(ProviderError):
    """The provider did not answer in time."""

    reason = "PROVIDER_TIMEOUT"
    trips_breaker = True
    lasting = True


class ConnectionFailed(ProviderError):
    """The provider could not be reached, or closed the connection before it answered."""

    reason = "PROVIDER_CONNECTION_FAILED"
    default_scope = Scope.ENDPOINT
    retryable = True
    trips_breaker = True
    lasting = True


class MalformedResponse(ProviderError):
    """The provider's response does not follow its format, or is too large."""

    reason = "PROVIDER_MALFORMED_RESPONSE"
    trips_breaker = True


class StreamInterrupted(ProviderError):
    """The answer broke off before the provider ended it."""

    reason = "STREAM_INTERRUPTED"
    retryable = True
    trips_breaker = True

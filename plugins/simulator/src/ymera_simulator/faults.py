"""Failures that are configured."""

from collections.abc import Mapping

from ymera_service.sdk.errors import (
    ConnectionFailed,
    MalformedResponse,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_simulator.luck import draw
from ymera_simulator.settings import FaultMode, FaultSettings


class Faults:
    """Decides which calls fail. The sequence of each model depends only on the seed."""

    def __init__(self, settings: Mapping[str, FaultSettings], seed: int) -> None:
        self._settings = settings
        self._seed = seed
        self._calls: dict[str, int] = {}

    def next(self, model: str) -> FaultSettings | None:
        """Counts a call of a model and returns how it fails, or None if it does not."""
        fault = self._settings.get(model) or self._settings.get("*")
        if fault is None:
            return None
        number = self._calls[model] = self._calls.get(model, 0) + 1
        return fault if draw("fault", self._seed, model, number) < fault.rate else None


def error_before_answer(fault: FaultSettings) -> ProviderError | None:
    """Returns the error that a call raises before its first event, or None."""
    match fault.mode:
        case FaultMode.RESET:
            return ConnectionFailed("the simulated connection was reset")
        case FaultMode.RATE_LIMIT:
            wait = 1.0 if fault.retry_after is None else fault.retry_after
            return RateLimited("the simulated rate limit is reached", status=429, retry_after=wait)
        case FaultMode.SERVER_ERROR:
            return ProviderServerError("the simulated server failed", status=500)
        case FaultMode.OVERLOADED:
            return ProviderOverloaded("the simulated server is busy", status=503, retry_after=fault.retry_after)
        case _:
            return None


def error_within_answer(fault: FaultSettings | None) -> ProviderError | None:
    """Returns the error that a call raises in the middle of its answer, or None."""
    match fault.mode if fault else None:
        case FaultMode.CUT:
            return StreamInterrupted("the simulated answer broke off")
        case FaultMode.MALFORMED:
            return MalformedResponse("the simulated answer is not in its format")
        case _:
            return None

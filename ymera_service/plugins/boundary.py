"""Converts exceptions that a plugin's code raises at run time into the server's errors."""

import asyncio
from collections.abc import Callable

import structlog

from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.errors import ProviderError, ProviderServerError, RequestError

log = structlog.get_logger(__name__)


class Boundary:
    """Converts exceptions that leave a provider's code.

    Args:
        redact: Removes secrets from a text: a provider may echo the key that it was sent.
    """

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        self._redact = redact

    def failure_of(self, error: BaseException, model: str, request_id: str = "") -> ProviderError:
        """Returns the provider error for an exception, without its traceback.

        Any exception that is not one of the sdk's errors, including `SystemExit`, becomes a `ProviderServerError`: it
        ends this call, not the server.

        Raises:
            asyncio.CancelledError, GeneratorExit: The exception itself, if it ends the current task.
            RequestError: The exception itself: what the caller sent can't be expressed in the provider's format.
        """
        if isinstance(error, GeneratorExit):
            raise error
        if being_cancelled():
            # Also if the plugin made something else of the cancellation: it must not outlive the deadline or caller.
            reason = error.args if isinstance(error, asyncio.CancelledError) else ()
            raise asyncio.CancelledError(*reason) from None
        if isinstance(error, ProviderError | RequestError):
            error.redact(self._redact)
            if isinstance(error, RequestError):
                raise error
            return error.detached()
        if isinstance(error, asyncio.CancelledError):
            return ProviderServerError(f"{model} cancelled its own answer")
        log.error("provider raised", model=model, request_id=request_id, exc_info=error)
        return ProviderServerError(f"{model} raised {type(error).__name__}")

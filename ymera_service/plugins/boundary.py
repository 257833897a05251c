"""What a plugin's code raises while it serves, as the server's own errors."""

import asyncio
from collections.abc import Callable

import structlog

from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.errors import ProviderError, ProviderServerError, RequestError

log = structlog.get_logger(__name__)


class Boundary:
    """Reads exceptions that leave a provider's code.

    Args:
        redact: Removes secrets from a text: a provider may echo the key it was sent.
    """

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        self._redact = redact

    def failure_of(self, error: BaseException, model: str, request_id: str = "") -> ProviderError:
        """Returns the failure of the provider that an exception means, without its traceback.

        Everything that is not an error of the taxonomy, `SystemExit` included, is a failure of the provider:
        it ends this call and not the server.

        Raises:
            asyncio.CancelledError, GeneratorExit: The exception itself, where it ends the present task.
            RequestError: The exception itself: what the caller sent can't be expressed in the provider's format.
        """
        if isinstance(error, GeneratorExit):
            raise error
        if being_cancelled():
            # Also if the plugin made something else of the cancellation: it must not outlive the deadline or caller.
            raise asyncio.CancelledError from None
        if isinstance(error, ProviderError | RequestError):
            error.redact(self._redact)
            if isinstance(error, RequestError):
                raise error
            return error.detached()
        if isinstance(error, asyncio.CancelledError):
            return ProviderServerError(f"{model} cancelled its own answer")
        log.error("provider raised", model=model, request_id=request_id, exc_info=error)
        return ProviderServerError(f"{model} failed inside: {type(error).__name__}")

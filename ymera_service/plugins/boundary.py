"""What a plugin's code raises while it serves, as the server's own errors."""

import asyncio

from ymera_service.sdk.errors import ProviderServerError, YmeraError


def being_cancelled() -> bool:
    """Tells whether the present task was asked to stop; otherwise a `CancelledError` is a failure like others."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def failure_of(error: BaseException, provider: str) -> BaseException:
    """Returns what an exception that left a provider's code means.

    A cancellation of the present task and the close of a generator stay what they are. Everything else that
    is not an error of the taxonomy, `SystemExit` included, is a failure of the provider: it ends this call
    and not the server.
    """
    if isinstance(error, YmeraError | GeneratorExit):
        return error
    if isinstance(error, asyncio.CancelledError):
        return error if being_cancelled() else ProviderServerError(f"{provider} cancelled its own answer")
    return ProviderServerError(f"{provider} failed inside: {type(error).__name__}")

"""Starts and closes what plugins offer; a provider that can't start is left out with its reason in Health."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog

from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderServerError
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

log = structlog.get_logger(__name__)

START_SECONDS = 10.0
CLOSE_SECONDS = 5.0
"""How long each provider may take; they are started, and closed, all at once."""


class NotStarted(Provider):
    """Stands where a provider would that could not start; asked for its models, it says why."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    async def models(self) -> Sequence[ModelInfo]:
        """Raises why the provider is left out; Health shows it."""
        raise ProviderServerError(self._reason)

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Raises why the provider is left out."""
        raise ProviderServerError(self._reason)
        yield


@asynccontextmanager
async def started(
    providers: Mapping[str, Provider], redact: Callable[[str], str] = str
) -> AsyncIterator[Mapping[str, Provider]]:
    """Starts providers and gives them; each that failed is replaced by a `NotStarted`. Closes all at the end."""
    try:
        async with asyncio.TaskGroup() as group:
            starting = {name: group.create_task(_start(one, redact)) for name, one in providers.items()}
        yield {name: task.result() for name, task in starting.items()}
    finally:
        async with asyncio.TaskGroup() as group:
            for name, provider in providers.items():
                group.create_task(_close(name, provider))


async def _start(provider: Provider, redact: Callable[[str], str]) -> Provider:
    problem = await _problem_of(provider.start, START_SECONDS)
    if not problem:
        return provider
    reason = redact(f"could not start: {problem}")
    log.warning("provider not started", provider=provider.name, problem=reason)
    return NotStarted(provider.name, reason)


async def _close(name: str, provider: Provider) -> None:
    if problem := await _problem_of(provider.close, CLOSE_SECONDS):
        log.warning("provider not closed", provider=name, problem=problem)


async def _problem_of(step: Callable[[], object], seconds: float) -> str:
    """Returns why a step of a plugin's code failed, whatever it raised; empty if it succeeded."""
    try:
        async with asyncio.timeout(seconds):
            await step()  # type: ignore[misc]  # a plugin's method may not be a coroutine: that is a failure too
    except TimeoutError:
        return f"took longer than {seconds:g} s"
    except BaseException as error:  # as the docstring says
        if isinstance(error, asyncio.CancelledError) and being_cancelled():
            raise
        return f"{type(error).__name__}: {error}"
    return ""

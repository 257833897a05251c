"""One call of a provider: time limits, bookkeeping and the breaker's verdict."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import ExecutionSettings
from ymera_service.execution.events import AttemptStarted, Delta
from ymera_service.execution.patience import LimitReached
from ymera_service.execution.run import Call, Run
from ymera_service.plugins.boundary import being_cancelled
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    ProviderError,
    ProviderServerError,
    ProviderTimeout,
    StreamInterrupted,
    YmeraError,
)
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.telemetry.timing import Phase

log = structlog.get_logger(__name__)

LINGER_SECONDS = 1.0
"""How long a provider may take to close its answer once the end of it was seen."""


class Caller:
    """Calls providers."""

    def __init__(self, catalog: Catalog, settings: ExecutionSettings) -> None:
        self._catalog = catalog
        self._settings = settings

    async def call(self, run: Run, call: Call) -> AsyncGenerator[AttemptStarted | Delta, None]:
        """Yields that the call begins and the answer as it comes, and books the call however it ends.

        Raises:
            ProviderError: The provider failed, or was too slow.
            DeadlineExceeded, ShuttingDown: The execution was stopped from outside.
        """
        error: YmeraError | None = None
        try:
            yield AttemptStarted(call.number, call.model.id, run.last_failure)
            async with aclosing(self._deltas(run, call)) as deltas:
                async for delta in deltas:
                    yield delta
            call.permit.succeeded()
        except ProviderError as failure:
            error = failure
            failure.metadata.setdefault("model", call.model.id)
            call.permit.failed() if failure.trips_breaker else call.permit.released()
            raise
        except BaseException as other:
            error = other if isinstance(other, YmeraError) else None
            call.permit.released()
            raise
        finally:
            now = asyncio.get_running_loop().time()
            run.ended(call, now, error)
            _time(run, call, now)

    async def _deltas(self, run: Run, call: Call) -> AsyncGenerator[Delta, None]:
        clock = asyncio.get_running_loop().time
        request = GenerateRequest(call.model.info.name, run.request.prompt, run.stream)
        context = CallContext(run.request.request_id, call.model.targets[0], run.request.deadline)
        limit = clock() + (self._settings.first_token_seconds if run.stream else self._settings.unary_seconds)
        async with aclosing(self._catalog.provider(call.model.provider).generate(request, context)) as events:
            while (event := await self._next(events, run, call, limit)) is not None:
                delta = _take(call, event, clock())
                if call.finished:
                    limit = clock() + LINGER_SECONDS
                elif delta is not None:
                    limit = clock() + self._settings.idle_seconds
                if delta is not None:
                    yield delta
        if not call.finished:
            raise StreamInterrupted(f"{call.model.id} stopped before the end of its answer")

    async def _next(
        self, events: AsyncGenerator[ProviderEvent, None], run: Run, call: Call, limit: float
    ) -> ProviderEvent | None:
        try:
            return await run.watch.wait(anext(events, None), limit)
        except LimitReached:
            if call.finished:
                return None
            raise ProviderTimeout(self._too_slow(run, call)) from None
        except YmeraError:
            raise
        except asyncio.CancelledError as error:
            if being_cancelled():
                raise
            raise ProviderServerError(f"{call.model.provider} cancelled its own answer") from error
        except Exception as error:
            log.exception("provider raised", model=call.model.id, request_id=run.request.request_id)
            raise ProviderServerError(f"{call.model.provider} failed inside: {type(error).__name__}") from error

    def _too_slow(self, run: Run, call: Call) -> str:
        if not run.stream:
            return f"{call.model.id} did not answer within {self._settings.unary_seconds:g} s"
        if call.first_token_at is None:
            return f"{call.model.id} did not begin to answer within {self._settings.first_token_seconds:g} s"
        return f"{call.model.id} paused for more than {self._settings.idle_seconds:g} s"


def _take(call: Call, event: ProviderEvent, now: float) -> Delta | None:
    """Books an event and returns it where the caller is to see it."""
    match event:
        case TextDelta(choice=0) | ReasoningDelta() | RefusalDelta():
            call.written.append(event.text)
        case ToolCallDelta():
            call.written.append(event.arguments)
        case CitationFound():
            pass
        case Accepted():
            call.accepted_at = now
            return None
        case UsageReported():
            if event.usage.is_credible:
                call.usage = event.usage
            return None
        case Finished():
            call.finished = event
            return None
        case _:
            return None
    if call.first_token_at is None:
        call.first_token_at = now
    return event


def _time(run: Run, call: Call, now: float) -> None:
    accepted = call.accepted_at or now
    first = call.first_token_at or now
    run.timings.add(Phase.CONNECT, accepted - call.began)
    if call.accepted_at is not None:
        run.timings.add(Phase.FIRST_TOKEN, first - accepted)
    if call.first_token_at is not None:
        run.timings.add(Phase.STREAM, now - first)

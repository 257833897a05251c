"""Calls providers: what leaves their code is checked, bounded, and ends the call alone."""

import asyncio
import types
from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

import structlog

from ymera_service.plugins.answers import MAX_ANSWER, size_of
from ymera_service.plugins.containment import GivenUp, contained, driven, keep, place_of
from ymera_service.plugins.current import Plugins
from ymera_service.plugins.replies import CallEvent, events_of, size_of_step
from ymera_service.plugins.status import Registration, Registry
from ymera_service.plugins.wording import trace
from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import MalformedResponse, ProviderError, ProviderServerError, RequestError
from ymera_service.sdk.events import Finished, ProviderEvent, ResponseStarted, UsageReported
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import WorkRequest

log = structlog.get_logger(__name__)

Event = TypeVar("Event")

TURN = 64
"""After this many events the loop gets a turn, as a provider that never waits would otherwise keep it."""


class Boundary:
    """Calls providers, and converts exceptions that leave their code.

    Args:
        redact: Removes secrets from a text: a provider may echo the key that it was sent.
        plugins: Where the misconduct of plugins is counted.
    """

    def __init__(self, redact: Callable[[str], str] = str, plugins: Plugins | None = None) -> None:
        self._redact = redact
        self._plugins = plugins or Plugins(Registry({}, ()))

    @overload
    def calling(
        self, provider: Provider, request: GenerateRequest, context: CallContext
    ) -> "ProviderCall[ProviderEvent]": ...

    @overload
    def calling(
        self, provider: Provider, request: GenerateRequest | WorkRequest, context: CallContext
    ) -> "ProviderCall[CallEvent]": ...

    def calling(
        self, provider: Provider, request: GenerateRequest | WorkRequest, context: CallContext
    ) -> "ProviderCall[Any]":
        """Returns one call of a provider: to be entered, then iterated over. Work has `Replied` among its events."""

        def given_up(place: str) -> None:
            self._plugins.given_up(Registration("provider", context.target.provider), place)

        if isinstance(request, GenerateRequest):
            return ProviderCall(provider.generate(request, context), given_up, redact=self._redact)
        return ProviderCall(events_of(provider, request, context), given_up, size_of_step, redact=self._redact)

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
        if isinstance(error, ProviderError | RequestError) and hasattr(error, "reason"):
            error.redact(self._redact)
            if isinstance(error, RequestError):
                raise error
            return error.detached()
        if isinstance(error, asyncio.CancelledError):
            return ProviderServerError(f"{model} cancelled its own answer")
        log.error("provider raised", model=model, request_id=request_id, exception=trace(error, self._redact))
        return ProviderServerError(f"{model} raised {type(error).__name__}")


class ProviderCall(Generic[Event]):
    """The events of one call, each of them checked. Leaving the block closes the provider's generator."""

    __slots__ = ("_count", "_events", "_finished", "_given_up", "_left", "_lost", "_redact", "_size_of")

    def __init__(
        self,
        events: AsyncGenerator[Event, None],
        given_up: Callable[[str], None],
        size_of: Callable[[object], int] = size_of,
        *,
        redact: Callable[[str], str] = str,
    ) -> None:
        if not isinstance(events, AsyncGenerator):
            raise TypeError(f"generate returned {type(events).__name__}, not an async generator")
        self._events = events
        self._given_up = given_up
        self._size_of = size_of
        self._redact = redact
        self._lost = self._finished = False
        self._left = MAX_ANSWER
        self._count = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lost:
            return
        try:
            await contained(self._events.aclose(), self._lose, self._events, closes=True)
        except GivenUp:
            return
        except RuntimeError:
            keep(self._events)  # it went on although it was closed
            raise

    def __aiter__(self) -> Self:
        return self

    @types.coroutine
    def __anext__(self) -> Generator[Any, Any, Event]:
        """Returns the next event.

        Raises:
            StopAsyncIteration: The provider yields no more.
            MalformedResponse: The event is not valid, or the answer has become too long.
            BaseException: Whatever the provider raises.
        """
        self._count += 1
        if self._count % TURN == 0:
            yield  # a turn of the loop
        step = self._events.__anext__().__await__()
        try:
            waiting = next(step)
        except StopIteration as done:  # as in `contained`, of which this saves a call for every event
            event: Event = done.value
        else:
            event = yield from driven(step, waiting, lambda: self._lose(place_of(self._events)))
        self._left -= self._size_of(event)
        if isinstance(event, ResponseStarted):  # what a vendor may fill with what it was sent, and is stored
            redacted: Any = ResponseStarted(self._redact(event.response_id), self._redact(event.model))
            event = redacted
        if self._finished and not isinstance(event, UsageReported):
            raise MalformedResponse(f"the provider yielded {type(event).__name__} after the end of its answer")
        self._finished = self._finished or isinstance(event, Finished)
        if self._left < 0:
            raise MalformedResponse(f"the answer is longer than {MAX_ANSWER} characters")
        return event

    def _lose(self, place: str) -> None:
        self._lost = True
        self._given_up(place)

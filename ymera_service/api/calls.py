"""What every call gets: a request id, a deadline, one log line, and a typed end whatever happens inside."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any, Generic, NoReturn, TypeVar

import grpc
import structlog
import uuid_utils
from google.protobuf.message import Message

from ymera_service.api.status import DETAILS_KEY, rich_status, status_code
from ymera_service.api.wire import reader
from ymera_service.sdk.errors import InternalError, ShuttingDown, YmeraError
from ymera_service.telemetry.logs import REQUEST_ID
from ymera_service.telemetry.timing import Timings

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Metadata = tuple[tuple[str, str | bytes], ...]

_serialize = methodcaller("SerializeToString")

CORRELATION_KEY = "x-request-id"
_CORRELATION_ID: ContextVar[str] = ContextVar("ymera_correlation_id", default="")


@dataclass(slots=True)
class Call:
    """One call under way. `deadline` is a time of the event loop's clock, a little before the caller's own."""

    method: str
    request_id: str
    began: float
    deadline: float
    correlation_id: str = ""
    timings: Timings = field(default_factory=Timings)
    notes: dict[str, Any] = field(default_factory=dict)
    """What the log line tells besides."""

    def trailing_metadata(self) -> Metadata:
        """Returns what every call ends with."""
        ids = (("x-request-id", self.request_id), ("ymera-timing", self.timings.header()))
        return (*ids, ("x-client-request-id", self.correlation_id)) if self.correlation_id else ids


@dataclass(frozen=True, slots=True)
class Unary(Generic[Request, Response]):
    """A method that gives one response."""

    request: type[Request]
    behaviour: Callable[[Request, Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Streamed(Generic[Request, Response]):
    """A method that gives a stream of responses."""

    request: type[Request]
    behaviour: Callable[[Request, Call], AsyncGenerator[Response, None]]


Method = Unary[Any, Any] | Streamed[Any, Any]


class Calls(grpc.GenericRpcHandler):
    """Runs the methods of our services, and knows which calls are under way."""

    def __init__(self, *, default_deadline_seconds: float, max_message_bytes: int) -> None:
        self._default_deadline = default_deadline_seconds
        self._max_message_bytes = max_message_bytes
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._under_way: set[asyncio.Task[Any]] = set()
        self._stopping = False
        # Bound here and not on import: a logger that is bound once is several times as quick.
        self._log = structlog.get_logger(__name__).bind()
        self._idle = asyncio.Event()
        self._idle.set()

    def add(self, service: str, methods: Mapping[str, Method]) -> None:
        """Takes over the methods of a service, by the names that the contract gives them."""
        for name, method in methods.items():
            path = f"/{service}/{name}"
            self._handlers[path] = self._handler(path, method)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Returns what handles a call. grpc asks this in the call's own task."""
        for key, value in handler_call_details.invocation_metadata:
            if key == CORRELATION_KEY and _is_correlation_id(value):
                _CORRELATION_ID.set(str(value))
        return self._handlers.get(handler_call_details.method)

    async def idle(self) -> None:
        """Returns when no call is under way."""
        await self._idle.wait()

    def cancel(self) -> None:
        """Cancels every call under way, telling its caller that the server is stopping."""
        self._stopping = True
        for task in self._under_way:
            task.cancel()

    def _handler(self, path: str, method: Method) -> "grpc.RpcMethodHandler[Any, Any]":
        read = reader(method.request, self._max_message_bytes)
        if isinstance(method, Unary):
            return grpc.unary_unary_rpc_method_handler(
                self._unary(path, method.behaviour),
                request_deserializer=read,
                response_serializer=_serialize,
            )
        return grpc.unary_stream_rpc_method_handler(
            self._streamed(path, method.behaviour),
            request_deserializer=read,
            response_serializer=_serialize,
        )

    def _unary(self, path: str, behaviour: Callable[[Any, Call], Awaitable[Message]]) -> Any:
        async def serve(request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> Message:
            call = self._begin(path, context)
            try:
                response = await behaviour(_accepted(request), call)
            except Exception as error:  # noqa: BLE001  # the outermost guard: `_typed` logs what it does not know
                failure = self._typed(error, call)
            except asyncio.CancelledError:
                failure = self._cut_off(call)
            else:
                context.set_trailing_metadata(call.trailing_metadata())
                self._report(call, "OK")
                return response
            return await self._abort(context, call, failure)

        return serve

    def _streamed(self, path: str, behaviour: Callable[[Any, Call], AsyncGenerator[Message, None]]) -> Any:
        async def serve(request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> None:
            call = self._begin(path, context)
            try:
                await context.send_initial_metadata((("x-request-id", call.request_id),))
                async with aclosing(behaviour(_accepted(request), call)) as responses:
                    async for response in responses:
                        await context.write(response)
            except grpc.aio.InternalError:
                self._report(call, "CANCELLED")  # The caller had gone when something was written.
                return
            except Exception as error:  # noqa: BLE001  # as above
                failure = self._typed(error, call)
            except asyncio.CancelledError:
                failure = self._cut_off(call)
            else:
                context.set_trailing_metadata(call.trailing_metadata())
                self._report(call, "OK")
                return
            await self._abort(context, call, failure)

        return serve

    def _begin(self, path: str, context: "grpc.aio.ServicerContext[Any, Any]") -> Call:
        self._follow()
        request_id = str(uuid_utils.uuid7())
        REQUEST_ID.set(request_id)
        now = asyncio.get_running_loop().time()
        remaining = context.time_remaining()
        return Call(path, request_id, now, now + self._seconds(remaining), _CORRELATION_ID.get())

    def _follow(self) -> None:
        """Counts the present call as under way until its status is sent, which is when grpc's task for it ends."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        self._idle.clear()
        task.add_done_callback(self._ended)

    def _seconds(self, remaining: float | None) -> float:
        """Returns how long a call may take: a little less than its caller waits, so that a typed error arrives."""
        if remaining is None:
            return self._default_deadline
        return remaining - min(0.1, remaining * 0.1)

    def _cut_off(self, call: Call) -> YmeraError:
        """Returns what a cancelled call ends with; one whose caller has gone just ends."""
        if not self._stopping:
            self._report(call, "CANCELLED")
            raise asyncio.CancelledError
        return ShuttingDown("the server is stopping; try another one", retry_after=1.0)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not self._under_way:
            self._idle.set()

    def _typed(self, error: Exception, call: Call) -> YmeraError:
        if isinstance(error, YmeraError):
            return error
        self._log.error("call failed inside", method=call.method, request_id=call.request_id, exc_info=error)
        return InternalError(f"the server failed inside; request id {call.request_id} finds the cause in its log")

    async def _abort(self, context: "grpc.aio.ServicerContext[Any, Any]", call: Call, error: YmeraError) -> NoReturn:
        self._report(call, status_code(error).name, error)
        status = rich_status(error, call.request_id)
        trailing = (*call.trailing_metadata(), (DETAILS_KEY, status.SerializeToString()))
        await context.abort(status_code(error), status.message, trailing)

    def _report(self, call: Call, status: str, error: YmeraError | None = None) -> None:
        if error is not None:
            call.notes["reason"] = error.reason
            call.notes["error"] = error.message
        if call.correlation_id:
            call.notes["client_request_id"] = call.correlation_id
        milliseconds = round((asyncio.get_running_loop().time() - call.began) * 1000, 3)
        self._log.info("call", method=call.method, status=status, duration_ms=milliseconds, **call.notes)


def _accepted(request: Message | YmeraError) -> Message:
    """Returns a request that could be read; raises what was wrong with one that could not."""
    if isinstance(request, YmeraError):
        raise request
    return request


def _is_correlation_id(value: str | bytes) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 128 and all("!" <= character <= "~" for character in value)

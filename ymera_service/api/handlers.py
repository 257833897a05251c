"""Runs our methods for grpc: what the life cycle of a call in `serving` is to a call of grpc."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.message import Message

from ymera_service.api.status import DETAILS_KEY, rich_status, status_code
from ymera_service.api.wire import reader
from ymera_service.execution.facts import UNREAD
from ymera_service.resilience.memory import ByteBudget
from ymera_service.sdk.errors import Cancelled, YmeraError
from ymera_service.serving.calls import NO_HEADERS, Call, Calls, Headers

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Metadata = tuple[tuple[str, str | bytes], ...]
Write = Callable[[Response], Awaitable[None]]
Context = grpc.aio.ServicerContext[Any, Any]

_serialize = methodcaller("SerializeToString")

REQUEST_KEY = "x-request-id"
CORRELATION_KEY = "x-client-request-id"
TRACE_KEY = "traceparent"
AUTHORIZATION_KEY = "authorization"
_HEADERS: ContextVar[Headers] = ContextVar("ymera_headers", default=NO_HEADERS)


@dataclass(frozen=True, slots=True)
class Unary(Generic[Request, Response]):
    """A method that gives one response; `while_draining` says whether also while the server is stopping."""

    request: type[Request]
    behaviour: Callable[[Request, Call], Awaitable[Response]]
    while_draining: bool = False


@dataclass(frozen=True, slots=True)
class Streamed(Generic[Request, Response]):
    """A method that writes a stream of responses."""

    request: type[Request]
    behaviour: Callable[[Request, Call, Write[Response]], Awaitable[None]]


Method = Unary[Any, Any] | Streamed[Any, Any]


class Handlers(grpc.GenericRpcHandler):
    """The methods of our services, as grpc calls them."""

    def __init__(self, calls: Calls, max_message_bytes: int, budget: ByteBudget) -> None:
        self._calls = calls
        self._max_message_bytes = max_message_bytes
        self._budget = budget
        self._endings: set[asyncio.Task[None]] = set()
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def add(self, service: str, methods: Mapping[str, Method]) -> None:
        """Takes over the methods of a service, by the names that the contract gives them."""
        for name, method in methods.items():
            path = f"/{service}/{name}"
            self._handlers[path] = self._handler(path, method)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Returns what handles a call. grpc asks this in the call's own task."""
        correlation_id = traceparent = authorization = None
        for key, value in handler_call_details.invocation_metadata:
            if key == CORRELATION_KEY:
                correlation_id = value
            elif key == TRACE_KEY:
                traceparent = value
            elif key == AUTHORIZATION_KEY:
                authorization = value
        if correlation_id or traceparent or authorization:
            _HEADERS.set(Headers.of(correlation_id, traceparent, authorization))
        return self._handlers.get(handler_call_details.method)

    def _handler(self, path: str, method: Method) -> "grpc.RpcMethodHandler[Any, Any]":
        read = reader(method.request, self._max_message_bytes, self._budget)
        if isinstance(method, Unary):
            return grpc.unary_unary_rpc_method_handler(
                self._unary(path, method),
                request_deserializer=read,
                response_serializer=_serialize,
            )
        return grpc.unary_stream_rpc_method_handler(
            self._streamed(path, method.behaviour),
            request_deserializer=read,
            response_serializer=_serialize,
        )

    def _unary(self, path: str, method: Unary[Any, Any]) -> Any:
        behaviour: Callable[[Any, Call], Awaitable[Message]] = method.behaviour

        async def serve(request: Any, context: Context) -> Message | None:
            call = self._calls.begin(path, context.time_remaining(), _HEADERS.get(), _host(context))
            try:
                self._calls.accept(call, while_draining=method.while_draining)
                response = await behaviour(_accepted(request), call)
            except BaseException as error:  # noqa: BLE001  # `failure` raises again what is not for the caller
                failure = self._calls.failure(call, error)
            else:
                context.set_trailing_metadata(_trailing(call))
                self._calls.end(call, "OK")
                return response
            self._fail(context, call, failure)
            return None

        return serve

    def _streamed(self, path: str, behaviour: Callable[[Any, Call, Write[Message]], Awaitable[None]]) -> Any:
        async def serve(request: Any, context: Context) -> None:
            call = self._calls.begin(path, context.time_remaining(), _HEADERS.get(), _host(context))
            try:
                self._calls.accept(call)
                await context.send_initial_metadata(((REQUEST_KEY, call.request_id),))
                await behaviour(_accepted(request), call, self._calls.writer(call, context.write))
            except grpc.aio.InternalError:
                self._calls.end(call, "CANCELLED")  # The caller had gone when something was written.
                return
            except BaseException as error:  # noqa: BLE001  # as above
                if UNREAD in error.args:
                    self._cut(context, call)
                failure = self._calls.failure(call, error)
            else:
                context.set_trailing_metadata(_trailing(call))
                self._calls.end(call, "OK")
                return
            self._fail(context, call, failure)

        return serve

    def _cut(self, context: Context, call: Call) -> None:
        """Ends a stream whose caller does not read.

        grpc sends the status after the messages that wait, hence in a task that holds none of the call's memory: its
        own task ends now.
        """
        error = Cancelled(UNREAD)
        status = rich_status(error, call.request_id)
        trailing = (*_trailing(call), (DETAILS_KEY, status.SerializeToString()))

        async def end() -> None:
            with suppress(Exception):  # `abort` always raises
                await context.abort(status_code(error), status.message, trailing)

        ending = asyncio.create_task(end())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    def _fail(self, context: Context, call: Call, error: YmeraError) -> None:
        """Ends a call with the status of an error.

        Not by `context.abort`: grpc keeps the exception that it raises, and by its traceback the whole request,
        until a full collection.
        """
        code = status_code(error)
        self._calls.end(call, code.name, error)
        status = rich_status(error, call.request_id)
        context.set_trailing_metadata((*_trailing(call), (DETAILS_KEY, status.SerializeToString())))
        context.set_code(code)
        context.set_details(status.message)


def _host(context: Context) -> str:
    """Returns the host that a call came from, such as `ipv4:10.0.0.7`: its connections share their limits."""
    peer: str = context.peer()
    return peer.rpartition(":")[0] or peer


def _accepted(request: Message | YmeraError) -> Message:
    """Returns a request that could be read; raises what was wrong with one that could not."""
    if isinstance(request, YmeraError):
        raise request
    return request


def _trailing(call: Call) -> Metadata:
    """Returns the metadata that every call ends with."""
    ids = ((REQUEST_KEY, call.request_id), ("ymera-timing", call.timings.header()))
    own = call.headers.correlation_id
    return (*ids, (CORRELATION_KEY, own)) if own else ids

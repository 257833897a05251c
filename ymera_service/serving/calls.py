"""The life cycle of a call: its id, its deadline, one log line, and a typed end whatever happens inside.

A protocol does this with each call:

    call = calls.begin(method, remaining, headers)
    try:
        calls.accept(call)
        …
    except BaseException as error:
        failure = calls.failure(call, error)      # raises again what ends the task
        calls.end(call, status, failure)
    else:
        calls.end(call, status)
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
import uuid_utils

from ymera_service.access.keys import ANYONE, Caller, Callers
from ymera_service.execution.facts import UNREAD, Execution
from ymera_service.sdk.errors import (
    Cancelled,
    ContentFiltered,
    ContextTooLong,
    DeadlineExceeded,
    InternalError,
    InvalidProviderRequest,
    Overloaded,
    ProviderOverloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ShuttingDown,
    YmeraError,
)
from ymera_service.serving.deadlines import seconds_for
from ymera_service.telemetry.logs import REQUEST_ID
from ymera_service.telemetry.timing import Timings

_CORRELATION_ID = re.compile(r"[!-~]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_NOT_THE_SERVERS_FAULT = (
    RequestError,
    Overloaded,
    ShuttingDown,
    DeadlineExceeded,
    Cancelled,
    InvalidProviderRequest,
    ContextTooLong,
    ContentFiltered,
    RateLimited,
    QuotaExhausted,
    ProviderOverloaded,
)
"""The caller has to change something, or there is not enough capacity: a warning. All else is an error."""


Written = TypeVar("Written")


@dataclass(frozen=True, slots=True)
class Headers:
    """What a caller sends beside its request: ids to correlate by, empty if it sent none or no valid ones, and what
    it identifies itself by, which is a secret."""

    correlation_id: str = ""
    traceparent: str = ""
    authorization: str = field(default="", repr=False)

    @classmethod
    def of(cls, correlation_id: object, traceparent: object, authorization: object = None) -> "Headers":
        """Returns those that are valid; whether an authorization is, is checked by `Calls.accept`."""
        return cls(
            _valid(correlation_id, _CORRELATION_ID),
            _valid(traceparent, _TRACEPARENT),
            authorization if isinstance(authorization, str) else "",
        )


def _valid(value: object, pattern: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


NO_HEADERS = Headers()


@dataclass(slots=True)
class Call:
    """One call of a protocol under way.

    Attributes:
        began: When it arrived, by the event loop's clock.
        deadline: When it has to end, by the same clock: a little before its caller gives up.
        peer: The host that it came from.
        caller: Who calls, as its key says.
        executes: It runs the pipeline, and so ends when the pipeline is stopped.
        writing_since: Since when a message waits for the caller to read, by the same clock; None if none does.
        stopped: The server cancelled it, because it is stopping.
        execution: What was done for it, once that is known.
        notes: What the log line says besides.
    """

    method: str
    request_id: str
    began: float
    deadline: float
    headers: Headers = NO_HEADERS
    peer: str = ""
    caller: Caller = ANYONE
    executes: bool = False
    writing_since: float | None = None
    stopped: bool = False
    timings: Timings = field(default_factory=Timings)
    execution: Execution | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def age(self) -> float:
        """Returns the seconds since it arrived."""
        return asyncio.get_running_loop().time() - self.began


class Calls:
    """The calls that are under way, of every protocol."""

    def __init__(self, default_deadline_seconds: float, callers: Callers | None = None) -> None:
        self._callers = callers or Callers()
        self._default_deadline = default_deadline_seconds
        self._under_way: dict[asyncio.Task[Any], Call] = {}
        self._draining = False
        self._stopping = False
        self._latest = 0.0
        # Bound here and not on import: a logger that is bound once is several times as quick.
        self._log = structlog.get_logger(__name__).bind()
        self._idle: asyncio.Event | None = None
        """Set when no call is under way; made once somebody waits for that."""

    def begin(self, method: str, remaining: float | None, headers: Headers = NO_HEADERS, peer: str = "") -> Call:
        """Begins a call in the present task, which counts as under way until that task ends.

        Args:
            method: Its name for the log.
            remaining: The seconds until the caller gives up; None if it does not say.
            headers: The caller's own ids.
            peer: The host that it came from.
        """
        now = self._latest = asyncio.get_running_loop().time()
        deadline = now + seconds_for(remaining, self._default_deadline)
        call = Call(method, str(uuid_utils.uuid7()), now, deadline, headers, peer)
        REQUEST_ID.set(call.request_id)
        task = asyncio.current_task()
        assert task is not None
        self._under_way[task] = call
        task.add_done_callback(self._ended)
        return call

    def writer(self, call: Call, write: Callable[[Written], Awaitable[None]]) -> Callable[[Written], Awaitable[None]]:
        """Returns `write` for a call's messages, so that `cut_unread` sees how long one waits for its reader."""
        now = asyncio.get_running_loop().time

        async def timed(message: Written) -> None:
            call.writing_since = now()
            await write(message)
            call.writing_since = None

        return timed

    async def cut_unread(self, seconds: float) -> None:
        """Cancels the calls of which a message has waited for this many seconds to be read."""
        latest = asyncio.get_running_loop().time() - seconds
        for task, call in self._under_way.items():
            if call.writing_since is not None and call.writing_since <= latest:
                call.writing_since = None
                task.cancel(UNREAD)

    def accept(self, call: Call, *, while_draining: bool = False) -> None:
        """Identifies the caller of a call; refuses the call if it can't, or if the server is stopping.

        Args:
            call: The present call.
            while_draining: It is also accepted while the server is stopping.

        Raises:
            ShuttingDown: The server is stopping.
            Unauthenticated: Callers have to present a key, and this one's is missing or not known.
        """
        if self._draining and not while_draining:
            raise _shutting_down()
        call.caller = self._callers.identify(call.headers.authorization)

    def failure(self, call: Call, error: BaseException) -> YmeraError:
        """Returns what a call that raised ends with, as a typed error.

        Raises:
            BaseException: The error itself, if the caller has gone or the process is ending.
        """
        if isinstance(error, YmeraError):
            # Its traceback refers to the frame that holds it, and so keeps the request until a full collection.
            return error.detached()
        if isinstance(error, asyncio.CancelledError) and self._stopping:
            return _shutting_down()
        if not isinstance(error, Exception):
            self.end(call, "CANCELLED", Cancelled(UNREAD) if UNREAD in error.args else None)
            raise error
        self._log.error("call failed inside", method=call.method, request_id=call.request_id, exc_info=error)
        return InternalError(f"the server failed inside; request id {call.request_id} finds the cause in its log")

    def end(self, call: Call, status: str, error: YmeraError | None = None) -> None:
        """Writes the call's log line. `status` is the protocol's word for how it ended."""
        if error is None:
            self._log.info("call", **_facts(call, status))
            return
        facts = _facts(call, status) | {"reason": error.reason, "error": error.message}
        if isinstance(error, _NOT_THE_SERVERS_FAULT):
            self._log.warning("call", **facts)
        else:
            self._log.error("call", **facts)

    @property
    def under_way(self) -> int:
        """How many calls are under way."""
        return len(self._under_way)

    @property
    def draining(self) -> bool:
        """Whether new calls are refused."""
        return self._draining

    @property
    def quiet_for(self) -> float:
        """Seconds since the latest call arrived, refused ones included."""
        return asyncio.get_running_loop().time() - self._latest

    async def idle(self) -> None:
        """Returns when no call is under way."""
        while self._under_way:
            self._idle = self._idle or asyncio.Event()
            self._idle.clear()
            await self._idle.wait()

    def refuse(self) -> None:
        """Refuses calls from now on; those under way go on."""
        self._draining = True

    def cancel(self, *, executing: bool) -> None:
        """Cancels calls under way; their callers get `ShuttingDown`.

        Args:
            executing: Also those that run the pipeline. They end in order once it was stopped, with the last
                event of a stream, which would be lost if they were cancelled before it was sent.
        """
        self._draining = self._stopping = True
        for task, call in self._under_way.items():
            if executing or not call.executes:
                call.stopped = True
                task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.pop(task, None)
        if self._idle is not None and not self._under_way:
            self._idle.set()


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is stopping; try another one", retry_after=1.0)


def _facts(call: Call, status: str) -> dict[str, Any]:
    facts = {
        "method": call.method,
        "status": status,
        "duration_ms": round(call.age() * 1000, 3),
        **call.notes,
    }
    if phases := call.timings.milliseconds():
        facts["phases_ms"] = phases
    if call.execution is not None:
        facts |= _execution_facts(call.execution)
    if call.caller.name:
        facts["caller"] = call.caller.name
    if call.headers.correlation_id:
        facts["client_request_id"] = call.headers.correlation_id
    return facts


def _execution_facts(execution: Execution) -> dict[str, Any]:
    answering, consumption = execution.answering, execution.consumption
    first = execution.time_to_first_token
    return {
        "operation": execution.request.operation.value,
        "category": execution.decision.category if execution.decision else "",
        "model": answering.target.model if answering else "",
        "attempts": sum([len(turn.attempts) for turn in execution.turns]),
        "first_token_ms": None if first is None else round(first * 1000, 3),
        "input_tokens": consumption.usage.input_tokens,
        "output_tokens": consumption.usage.output_tokens,
        "cost_micros": consumption.cost_micros,
    }

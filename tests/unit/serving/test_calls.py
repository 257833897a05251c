"""The life cycle of a call of any protocol."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from ymera_service.access.keys import Callers, digest, new_key
from ymera_service.config import CallerSettings
from ymera_service.sdk import errors
from ymera_service.sdk.errors import (
    FieldViolation,
    InternalError,
    InvalidRequest,
    ShuttingDown,
    Unauthenticated,
    YmeraError,
)
from ymera_service.serving.calls import Call, Calls, Headers
from ymera_service.serving.deadlines import seconds_for
from ymera_service.telemetry.timing import Phase

WAIT = 10


async def serve(calls: Calls, work: Callable[[Call], Awaitable[None]], *, executes: bool = False) -> YmeraError | None:
    """Does what a protocol does, in a separate task; returns the typed error that the caller would get."""

    async def handle() -> YmeraError | None:
        call = calls.begin("method", 60.0)
        call.executes = executes
        try:
            calls.accept(call)
            await work(call)
        except BaseException as error:  # noqa: BLE001  # as the outermost guard of a protocol does
            failure = calls.failure(call, error)
            calls.end(call, "FAILED", failure)
            return failure
        calls.end(call, "OK")
        return None

    return await asyncio.create_task(handle())


def raising(error: BaseException) -> Callable[[Call], Awaitable[None]]:
    async def work(call: Call) -> None:
        raise error

    return work


async def forever(call: Call) -> None:
    await asyncio.Event().wait()


def leaves(kind: type[YmeraError]) -> list[type[YmeraError]]:
    own = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return list(itertools.chain.from_iterable(map(leaves, own))) or [kind]


WARNINGS = {
    *leaves(errors.RequestError),
    errors.Overloaded,
    errors.ShuttingDown,
    errors.DeadlineExceeded,
    errors.Cancelled,
    errors.InvalidProviderRequest,
    errors.ContextTooLong,
    errors.ContentFiltered,
    errors.RateLimited,
    errors.QuotaExhausted,
    errors.ProviderOverloaded,
}


@pytest.mark.parametrize("leaf", leaves(YmeraError))
async def test_the_level_of_a_failed_calls_log_line_depends_on_the_failure(leaf: type[YmeraError]) -> None:
    error = InvalidRequest([FieldViolation("a", "b")]) if leaf is InvalidRequest else leaf("what happened")
    with capture_logs() as lines:
        assert await serve(Calls(77), raising(error)) is error
    [line] = lines
    assert (line["event"], line["log_level"]) == ("call", "warning" if leaf in WARNINGS else "error")
    assert (line["reason"], line["error"], line["status"]) == (error.reason, error.message, "FAILED")


async def test_the_log_line_of_a_call_has_the_time_per_phase() -> None:
    async def work(call: Call) -> None:
        call.timings.add(Phase.ROUTE, 0.0025)
        call.notes["models"] = 3

    with capture_logs() as lines:
        assert await serve(Calls(77), work) is None
    [line] = lines
    assert (line["log_level"], line["method"], line["status"], line["models"]) == ("info", "method", "OK", 3)
    assert line["phases_ms"] == {"route": 2.5}
    assert line["duration_ms"] >= 0


async def test_a_defect_is_logged_with_its_cause_and_shows_nothing_to_the_caller() -> None:
    with capture_logs() as lines:
        failure = await serve(Calls(77), raising(ZeroDivisionError("a secret")))
    assert isinstance(failure, InternalError)
    assert "secret" not in failure.message
    assert [line["event"] for line in lines] == ["call failed inside", "call"]
    assert "a secret" in repr(lines[0]["exc_info"])
    assert lines[0]["request_id"] in failure.message


async def test_a_caller_that_disconnects_ends_the_call_without_an_error() -> None:
    calls = Calls(77)
    with capture_logs() as lines:
        task = asyncio.create_task(serve(calls, forever))
        await under_way(calls, 1)
        next(iter(calls._under_way)).cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [(line["status"], line["log_level"]) for line in lines] == [("CANCELLED", "info")]


async def under_way(calls: Calls, count: int) -> None:
    async with asyncio.timeout(WAIT):
        while True:
            if calls.under_way == count:
                return
            await asyncio.sleep(0)


async def test_calls_are_rejected_after_the_server_stops() -> None:
    calls = Calls(77)
    calls.refuse()
    assert isinstance(await asyncio.wait_for(serve(calls, forever), WAIT), ShuttingDown)


async def test_executions_are_cancelled_separately_from_other_calls() -> None:
    calls = Calls(77)
    executing = asyncio.create_task(serve(calls, forever, executes=True))
    other = asyncio.create_task(serve(calls, forever))
    await under_way(calls, 2)
    calls.cancel(executing=False)
    assert isinstance(await asyncio.wait_for(other, WAIT), ShuttingDown)
    assert not executing.done()
    calls.cancel(executing=True)
    assert isinstance(await asyncio.wait_for(executing, WAIT), ShuttingDown)
    await asyncio.wait_for(calls.idle(), WAIT)


@pytest.mark.parametrize(
    ("correlation", "trace", "valid"),
    [
        ("mine-42", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("x" * 129, "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", False),
        ("with space", "00", False),
        (b"bytes", None, False),
        ("", "", False),
    ],
)
def test_ids_that_are_not_valid_are_dropped(correlation: object, trace: object, valid: bool) -> None:
    headers = Headers.of(correlation, trace)
    assert headers == (Headers(str(correlation), str(trace)) if valid else Headers())


@pytest.mark.parametrize(
    ("remaining", "seconds"), [(None, 77.0), (0.1, 0.089), (1.0, 0.89), (10.0, 9.6), (100.0, 98.7), (1000.0, 989.7)]
)
def test_a_call_ends_shortly_before_the_callers_deadline(remaining: float | None, seconds: float) -> None:
    assert seconds_for(remaining, 77.0) == pytest.approx(seconds)


@pytest.fixture(autouse=True)
def fresh_loggers() -> Any:
    """Lets `capture_logs` see loggers that are bound while a test runs."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


async def test_the_log_line_names_the_caller_and_never_shows_the_key() -> None:
    key = new_key()
    calls = Calls(77, Callers([CallerSettings(name="checkout", key_sha256=digest(key))]))

    async def handle() -> Call:
        call = calls.begin("method", 60.0, Headers.of(None, None, f"Bearer {key}"))
        calls.accept(call)
        calls.end(call, "OK")
        return call

    with capture_logs() as lines:
        call = await asyncio.create_task(handle())
    assert (call.caller.name, lines[0]["caller"]) == ("checkout", "checkout")
    assert key not in f"{lines} {call}"


async def test_what_answers_while_draining_still_needs_a_key() -> None:
    calls = Calls(77, Callers([CallerSettings(name="checkout", key_sha256=digest(new_key()))]))
    calls.refuse()

    async def handle() -> None:
        call = calls.begin("method", 60.0)
        with pytest.raises(ShuttingDown):
            calls.accept(call)
        with pytest.raises(Unauthenticated):
            calls.accept(call, while_draining=True)

    await asyncio.create_task(handle())

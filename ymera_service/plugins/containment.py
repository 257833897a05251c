"""Awaits a plugin's coroutine so that one that ignores its cancellation can be given up.

A task can't be ended while the code in it goes on waiting. So the coroutine is driven by hand: each future that it
waits for passes through here, and once it was cancelled, it gets `GRACE_SECONDS` to release what it holds. After
that it is left where it waits, and the cancellation goes on without it. Nothing is added to a coroutine that waits but
one generator, which costs below a microsecond.
"""

import asyncio
import sys
import types
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, TypeVar

from ymera_service.sdk.cancellation import being_cancelled

T = TypeVar("T")

GRACE_SECONDS = 0.1
"""How long a call may take to end once it is cancelled or closed, wherever that is. What is kept before a caller's
deadline covers it, so that the caller still gets a typed end."""

_DEEPEST = 50
"""Coroutines that wait for each other, of which the innermost is looked for."""

_abandoned: list[object] = []
"""Calls that were given up. They are kept, as collecting one would run its code again, and wait for it."""


class GivenUp(Exception):
    """A call did not end in time, and was left where it waits."""


@types.coroutine
def contained(
    call: Awaitable[T],
    on_given_up: Callable[[str], None],
    generator: object = None,
    *,
    closes: bool = False,
) -> Generator[Any, Any, T]:
    """Awaits a call, but not for longer than `GRACE_SECONDS` after its cancellation.

    Args:
        call: A coroutine, or a step of an async generator.
        on_given_up: Called with the place where a call waits that is given up.
        generator: The generator of which the call is a step: a step does not say where it waits.
        closes: The call is an end itself, and has that time even if it is not cancelled.

    Raises:
        asyncio.CancelledError: The current task is cancelled, whatever the call made of that.
        GivenUp: The call `closes`, and took longer.
        BaseException: Whatever the call raises.
    """
    inner: Any = call.__await__()
    try:
        waiting = inner.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # most steps of a stream end here: the event had arrived
    value: T = yield from driven(inner, waiting, lambda: on_given_up(place_of(generator or call)), closes=closes)
    return value


def driven(
    inner: Any, waiting: Any, on_given_up: Callable[[], None], *, closes: bool = False
) -> Generator[Any, Any, Any]:
    """Drives a call that waits to its end; see `contained`."""
    now = asyncio.get_running_loop().time
    limit = now() + GRACE_SECONDS if closes else None
    until, step, sent = limit, inner.send, None
    while True:
        try:
            in_time = True
            if until is None:
                sent = yield waiting
            else:
                in_time = yield from _wait(waiting, until)
            step = inner.send
        except GeneratorExit:
            inner.close()
            raise
        except BaseException as error:  # noqa: BLE001  # it is the call's to handle
            step, sent = inner.throw, error
            if until is limit and being_cancelled():
                until = now() + GRACE_SECONDS
        if not in_time:
            keep((inner, waiting))
            on_given_up()
            raise asyncio.CancelledError if being_cancelled() else GivenUp
        try:
            waiting = step(sent)
        except StopIteration as done:
            if until is not limit and being_cancelled():
                raise asyncio.CancelledError from None  # the call hid it, and went on
            return done.value
        finally:
            sent = None  # an exception refers to this frame
        if until is not limit and not being_cancelled():
            until = limit  # the cancellation was that of the call's own time limit


def keep(call: object) -> None:
    """Keeps a call until the process ends: if it were collected, its code would run again, which it must not."""
    _abandoned.append(call)


@types.coroutine
def _wait(waiting: Any, until: float) -> Generator[Any, Any, bool]:
    """Waits until a future is done, or the next turn of the loop if it is None; returns whether that was in time.

    A future that is done late was in time if nothing could see that sooner, as the loop stood still.
    """
    loop = asyncio.get_running_loop()
    in_time = loop.time() < until
    gate: asyncio.Future[None] = loop.create_future()

    def open_gate(_: object = None) -> None:
        if not gate.done():
            gate.set_result(None)

    timer = loop.call_at(until, open_gate)
    if waiting is None:
        loop.call_soon(open_gate)
    else:
        waiting._asyncio_future_blocking = False  # it is not handed to the task  # noqa: SLF001
        waiting.add_done_callback(open_gate)
    try:
        yield from gate
    except asyncio.CancelledError:
        if waiting is not None:
            waiting.cancel()  # as a task does with the future it waits for
        raise
    finally:
        timer.cancel()
        if waiting is not None:
            waiting.remove_done_callback(open_gate)
    return loop.time() < until or (in_time and waiting is not None and waiting.done())


async def end_tasks() -> Sequence[str]:
    """Cancels all other tasks of the loop, and returns where those wait that go on: the loop can't be closed then."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    left = (await asyncio.wait(tasks, timeout=GRACE_SECONDS))[1] if tasks else ()
    return [place_of(task.get_coro()) for task in left]


def place_of(call: object) -> str:
    """Returns where a suspended call waits, as "file.py:12 in function"; empty if that is not known.

    Functions of the standard library, such as `Event.wait`, are passed over.
    """
    place = ""
    for _ in range(_DEEPEST):
        frame = _first(call, "cr_frame", "ag_frame", "gi_frame")
        if frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] not in sys.stdlib_module_names:
            place = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        call = _first(call, "cr_await", "ag_await", "gi_yieldfrom")
    return place


def _first(call: object, *names: str) -> Any:
    return next((value for name in names if (value := getattr(call, name, None)) is not None), None)

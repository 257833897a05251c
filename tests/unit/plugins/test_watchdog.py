"""The watchdog names the function that holds the loop, and stays silent while the loop merely waits."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from ymera_service.plugins import Plugins, Registry
from ymera_service.plugins.conduct import LOG_SECONDS, RECENT_SECONDS, Conduct
from ymera_service.plugins.watchdog import HELD_SECONDS, Watchdog


def plugins() -> Plugins:
    return Plugins(Registry({}, (), {"tests": "acme"}))


def sleeps() -> None:
    time.sleep(0.4)


def computes() -> None:
    with suppress(TimeoutError):
        re.fullmatch(r"(a|a)*b", "a" * 22)  # holds the interpreter's lock, too


@pytest.mark.parametrize("hold", [sleeps, computes])
async def test_a_function_that_holds_the_loop_is_named_and_counted_once(hold: object) -> None:
    watched = plugins()
    async with Watchdog(watched).running():
        await asyncio.sleep(0.06)
        hold()  # type: ignore[operator]
        await asyncio.sleep(0.06)
    text, recently = watched.conduct.of("acme")
    assert recently
    assert "held the event loop: 1," in text
    assert hold.__name__ in text or "test_a_function" in text  # type: ignore[attr-defined]


async def test_a_loop_that_waits_is_not_reported() -> None:
    watched = plugins()
    async with Watchdog(watched).running():
        await asyncio.sleep(0.4)
    assert watched.conduct.of("acme") == ("", False)


ROUNDS = 50


@pytest.fixture
def busy_cpu() -> Iterator[int]:
    """The number of a CPU on which six processes compute, for a minute at most."""
    cpu = min(os.sched_getaffinity(0))
    program = f"import os, time; os.sched_setaffinity(0, {{{cpu}}})\nwhile time.process_time() < 60: pass"
    others = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(6)]
    try:
        yield cpu
    finally:
        for each in others:
            each.kill()
            each.wait()


@contextmanager
def only_on(cpu: int) -> Iterator[None]:
    """Has the current thread run on one CPU."""
    thread, before = threading.get_native_id(), os.sched_getaffinity(0)
    os.sched_setaffinity(thread, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(thread, before)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process can't say which CPU it runs on")
async def test_a_function_that_waits_for_a_busy_cpu_is_not_blamed(busy_cpu: int) -> None:
    watched = plugins()
    async with Watchdog(watched).running():  # its thread runs on any CPU, so that it is in time
        with only_on(busy_cpu):
            for _ in range(ROUNDS):  # until the others have begun to take turns
                began, used = time.monotonic(), time.thread_time()
                while time.thread_time() - used < HELD_SECONDS / 2:
                    pass
                waited = time.monotonic() - began
                await asyncio.sleep(0.06)
                if waited > 2 * HELD_SECONDS:
                    break
            else:
                pytest.skip("the thread does not have to share its CPU here")
    assert watched.conduct.of("acme") == ("", False)


def test_misconduct_is_recent_for_a_while_and_stays_counted() -> None:
    now = 1000.0
    conduct = Conduct(lambda: now)
    conduct.held("acme", "a.py:1 in f", 0.2)
    conduct.held("acme", "a.py:1 in f", 0.7, begins=False)
    conduct.given_up("acme", "a.py:9 in g")
    text, recently = conduct.of("acme")
    assert recently
    assert "held the event loop: 1, up to 0.7 s, last in a.py:1 in f" in text
    assert "ignored their cancellation: 1, the last one in a.py:9 in g" in text
    now += RECENT_SECONDS
    assert conduct.of("acme") == (text, False)
    assert LOG_SECONDS < RECENT_SECONDS

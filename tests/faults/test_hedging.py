"""A target that is slow now and then: hedging takes it out of the tail, and adds few calls."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING

from partial_failure import WELL, Behaviour, run, simulate
from ymera.v1 import routing_pb2, ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import prompt
from ymera_service.resilience.first_signs import ENOUGH

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]

SLOW_SECONDS = 1.0
REQUESTS, AT_ONCE = 100, 4
WAIT = 10.0


class NowAndThen:
    """Answers every tenth request late, once it has answered some in time."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, exchange: Exchange) -> None:
        self.calls += 1
        if self.calls > ENOUGH and self.calls % 10 == 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SLOW_SECONDS):
                    await exchange.gone()
                    return
        await exchange.answer()


async def latencies(client: Client, requests: int) -> Sequence[float]:
    """The seconds until the first part of each answer; a few requests are made at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> float:
        async with room:
            began = time.monotonic()
            first = 0.0
            async for event in client.stream():
                if event.HasField("text_delta") and not first:
                    first = time.monotonic() - began
            assert first
            return first

    return sorted(await asyncio.gather(*(one() for _ in range(requests))))


async def experience(
    open_server: OpenServer, first: Upstream, second: Upstream, *, hedging: bool
) -> tuple[Sequence[float], int]:
    """The times to the first part, the longest last, and the calls that were made."""
    first.script, before = NowAndThen(), len(second.requests)
    async with open_server(first, second, execution={"hedging": hedging}) as client:
        await latencies(client, ENOUGH)
        found = await latencies(client, REQUESTS)
        await client.idle()
    return found, first.script.calls - ENOUGH + len(second.requests) - before


def late(found: Sequence[float]) -> int:
    """How many answers began late."""
    return sum(seconds >= SLOW_SECONDS / 2 for seconds in found)


async def test_hedging_takes_a_target_that_is_slow_now_and_then_out_of_the_tail(
    open_server: OpenServer, first: Upstream, second: Upstream, observe: Observe
) -> None:
    without, calls = await experience(open_server, first, second, hedging=False)
    assert late(without) > AT_ONCE
    assert calls == REQUESTS
    with_it, calls = await experience(open_server, first, second, hedging=True)
    observe(
        f"p99 {1000 * with_it[-2]:.0f} ms with it, {1000 * without[-2]:.0f} ms without; "
        f"{calls / REQUESTS:.2f} calls per request"
    )
    assert late(with_it) <= AT_ONCE  # as many as one halt of a busy machine makes late
    assert calls <= 1.3 * REQUESTS


def test_a_target_that_becomes_slow_for_good_costs_few_calls_more(observe: Observe) -> None:
    targets = [Behaviour(seconds=1.0, since=10), WELL]
    without, with_it = (run(partial(simulate, targets, seconds=60, hedging=wanted)) for wanted in (False, True))
    observe(f"{with_it}; without hedging: {without}")
    assert with_it.success == without.success == 100
    assert without.amplification == 1
    assert 1 < with_it.amplification <= 1.05  # what is usual is learned anew


async def test_a_call_that_was_overtaken_is_closed_stored_and_explained(
    open_server: OpenServer, first: Upstream, second: Upstream, observe: Observe
) -> None:
    async with open_server(first, second) as client:
        await latencies(client, ENOUGH)
        left = asyncio.Event()

        async def hangs(exchange: Exchange) -> None:
            await exchange.gone()
            left.set()

        first.script = hangs
        request = ymera_pb2.ExecuteStreamRequest(
            prompt=prompt("hello"), preferences=routing_pb2.RoutingPreferences(hedging=True)
        )
        events = [event async for event in client.stub.ExecuteStream(request, timeout=WAIT)]
        await asyncio.wait_for(left.wait(), WAIT)
        past = await client.recorded(events[0].started.request_id)
        await client.idle()
    begun = [event.attempt_started for event in events if event.HasField("attempt_started")]
    assert [(one.number, one.model, one.hedge) for one in begun] == [(1, "first/m", False), (2, "second/m", True)]
    done = events[-1].completed
    assert done.model == "second/m"
    for attempts in (done.attempts, past.attempts):
        slow, quick = attempts
        assert (slow.model, slow.hedge, slow.error.reason) == ("first/m", False, "CANCELLED")
        assert slow.usage.estimated
        assert slow.usage.input_tokens
        assert (quick.model, quick.hedge, quick.HasField("error")) == ("second/m", True, False)
    assert past.usage.estimated
    assert past.usage.cost_micros == slow.usage.cost_micros + quick.usage.cost_micros
    observe("the slow call's connection closed, its cost estimated; the attempts say who was quicker")

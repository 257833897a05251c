"""Waiting for one of the server's own connections is not held against the provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Upstream

OpenServer = Callable[..., AbstractAsyncContextManager["Client"]]

WAIT = 10.0
LIMIT = 0.5
"""Seconds in which a call has to give a sign of an answer."""
STRICT = {"failures": 1, "window": 1}
"""One failure opens a breaker."""


async def open_breakers(client: Client) -> list[str]:
    return [breaker.domain for provider in (await client.health()).providers for breaker in provider.breakers]


async def test_streams_that_wait_for_a_connection_have_all_their_time_then(
    open_server: OpenServer, first: Upstream
) -> None:
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(LIMIT / 2)
        await exchange.answer()

    first.script = slow
    tables = {"transport": {"max_connections_per_host": 1}, "execution": {"first_token_seconds": LIMIT}}
    async with open_server(first, breaker=STRICT, **tables) as client:
        results = await asyncio.gather(*(client.read_stream(seconds=3 * WAIT) for _ in range(6)))
        assert [(result.kind, len(result.attempts)) for result in results] == [("completed", 1)] * 6
        assert await open_breakers(client) == []
        assert first.open == 1


async def test_a_deadline_spent_waiting_for_a_connection_says_nothing_of_the_target(
    open_server: OpenServer, first: Upstream
) -> None:
    hanging = asyncio.Event()

    async def hangs(exchange: Exchange) -> None:
        hanging.set()
        await exchange.gone()

    first.script = hangs
    async with open_server(first, breaker=STRICT, transport={"max_connections_per_host": 1}) as client:
        holder = asyncio.create_task(client.read_stream(seconds=3 * WAIT))
        await asyncio.wait_for(hanging.wait(), WAIT)
        failure = await client.failed(seconds=3 * LIMIT)
        assert failure.reason == "DEADLINE_EXCEEDED"
        assert await open_breakers(client) == []
        holder.cancel()


async def test_there_are_as_many_connections_as_requests(open_server: OpenServer, first: Upstream) -> None:
    """300 is more than any host had before."""
    arrived, go_on = 0, asyncio.Event()

    async def together(exchange: Exchange) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 300:
            go_on.set()
        await go_on.wait()
        await exchange.answer()

    first.script = together
    async with open_server(first) as client:
        results = await asyncio.gather(*(client.read_stream(seconds=3 * WAIT) for _ in range(300)))
        assert {result.kind for result in results} == {"completed"}

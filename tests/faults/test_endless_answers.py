"""Upstreams whose answers do not end: what is read of them is bounded."""

import asyncio
import gzip
from typing import Any

import pytest

from tests.conftest import Observe
from tests.faults.conftest import WAIT, Exchange, Script, Upstream
from tests.faults.outcomes import OpenServer, answer, attempts, outcomes_of, watched

MEBIBYTE = b"x" * 2**20
BOMB = gzip.compress(b'{"choices":[{"message":{"content":"' + 64 * MEBIBYTE + b'"}}]}')


async def never_stops(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
    while True:
        await exchange.send(MEBIBYTE)


async def streams_one_line_without_end(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send(b"6\r\ndata: \r\n")
    while True:
        await exchange.send(b"100000\r\n" + MEBIBYTE + b"\r\n")


async def streams_empty_events_without_end(exchange: Exchange) -> None:
    await exchange.begin()
    while True:
        await exchange.send(b"10000\r\n" + (b"data: {}\n" + b":" * 53 + b"\n\n") * 1024 + b"\r\n")


async def sends_headers_without_end(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await exchange.send(b"x-padding: " + b"x" * 1000 + b"\r\n")


async def sends_a_bomb(exchange: Exchange) -> None:
    await exchange.respond("200 OK", BOMB, "content-type: application/json\r\ncontent-encoding: gzip\r\n")
    await exchange.gone()


async def fails_without_end(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        await exchange.send(MEBIBYTE)


HUGE: list[Script] = [
    never_stops,
    streams_one_line_without_end,
    streams_empty_events_without_end,
    sends_headers_without_end,
    sends_a_bomb,
    fails_without_end,
]


@pytest.mark.parametrize("script", HUGE, ids=lambda script: script.__name__)
async def test_a_body_without_end_is_not_read_to_its_end(
    open_server: OpenServer, first: Upstream, second: Upstream, script: Script, observe: Observe
) -> None:
    first.script, left = watched(script)
    async with open_server(first, second, transport={"max_response_bytes": 2**20}) as client:
        for stream in (False, True):
            text, made = await answer(client, stream=stream)
            observe(f"{'stream' if stream else 'whole'}: {outcomes_of(made)}")
            assert text == "all is well"
            assert attempts(made) == [(first.model, "PROVIDER_MALFORMED_RESPONSE"), (second.model, "")]
            await asyncio.wait_for(left.acquire(), WAIT)


async def test_an_answer_without_end_is_truncated(open_server: OpenServer, first: Upstream) -> None:
    async def talks_for_ever(exchange: Exchange) -> None:
        await exchange.begin()
        while True:
            await exchange.say("and then " * 1000)

    first.script = talks_for_ever
    limits: dict[str, Any] = {"max_response_bytes": 2**20}
    async with open_server(first, transport=limits) as client:
        result = await client.read_stream()
    assert (result.kind, result.end.error.reason) == ("truncated", "PROVIDER_MALFORMED_RESPONSE")
    assert len(result.text) < 2**20

"""A vendor that repeats the key in its error: the key is never shown or stored."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Exchange, Server, Upstream

Serve = Callable[[str], AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0
KEY = "sk-0123456789abcdef"
CONFIG = """
[storage]
url = "sqlite:///{folder}/ymera.db"
[log]
format = "json"
level = "debug"
[plugins]
disabled = ["anthropic", "ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{url}"
models = ["m"]
api_key = "{key}"
"""


async def refuse(exchange: Exchange) -> None:
    error = {"message": f"Incorrect API key provided: {KEY}.", "type": "invalid_request_error", "code": KEY}
    await exchange.respond("401 Unauthorized", json.dumps({"error": error}).encode())


async def garble(exchange: Exchange) -> None:
    await exchange.respond("200 OK", f"you sent {KEY}".encode())


@pytest.mark.parametrize("script", [refuse, garble])
async def test_a_key_that_a_vendor_repeats_is_never_shown(
    serve: Serve,
    connect: Connect,
    first: Upstream,
    tmp_path: Path,
    script: Callable[[Exchange], object],
) -> None:
    first.script = script  # type: ignore[assignment]  # one of the two above
    async with (
        serve(CONFIG.format(folder=tmp_path, url=first.url, key=KEY)) as server,
        connect(server.address) as client,
    ):
        failure = await client.failed()
        result = await client.read_stream()
        stored = await client.recorded(result.request_id)
        shown = [failure.message, str(result.end), result.failure.message if result.failure else "", str(stored)]
        shown += [str(attempt) for attempt in result.attempts] + [str(await client.health())]
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(server.process.wait(), WAIT) == 0
    assert first.requests
    assert KEY not in "".join(shown)
    log = b"".join(server.lines)
    assert b'"event":"call"' in log
    assert KEY.encode() not in log
    assert KEY.encode() not in stored_in(tmp_path)


def stored_in(folder: Path) -> bytes:
    """Returns the bytes of the database, in whichever of its files they are."""
    return b"".join([file.read_bytes() for file in folder.glob("ymera.db*")])

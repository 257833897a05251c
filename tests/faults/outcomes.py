"""What comes of a request, and whether its upstream was left."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from ymera.v1 import routing_pb2

from tests.faults.conftest import Client, Exchange, Script

OpenServer = Callable[..., AbstractAsyncContextManager[Client]]


async def answer(client: Client, *, stream: bool) -> tuple[str, Sequence[routing_pb2.Attempt]]:
    """Requests a whole or streamed answer, and returns the text and the attempts."""
    if stream:
        result = await client.read_stream()
        assert (result.kind, result.failure) == ("completed", None)
        return result.text, result.end.attempts
    whole = await client.execute()
    return whole.messages[0].parts[0].text, whole.attempts


def outcomes_of(made: Sequence[routing_pb2.Attempt]) -> str:
    """The attempts, as the table shows them."""
    return ", then ".join(f"{attempt.model} {attempt.error.reason or 'answered'}" for attempt in made)


def attempts(made: Sequence[routing_pb2.Attempt]) -> list[tuple[str, str]]:
    """Each attempt's model, and why it failed."""
    return [(attempt.model, attempt.error.reason) for attempt in made]


def watched(script: Script) -> tuple[Script, asyncio.Semaphore]:
    """Returns the script, and a semaphore that is released whenever its caller disconnects."""
    left = asyncio.Semaphore(0)

    async def run(exchange: Exchange) -> None:
        try:
            await script(exchange)
        finally:
            left.release()

    return run, left

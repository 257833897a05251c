"""The recorded upstream behaves like one behind a socket."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.errors import ConnectionFailed, StreamInterrupted
from ymera_service.sdk.http import HttpRequest, read
from ymera_service.sdk.testing.recorded import (
    Cut,
    CutOff,
    Exchange,
    RecordedTransport,
    Reset,
    Stall,
    each_byte,
    each_event,
    each_line,
    randomly,
    whole,
)

GET = HttpRequest("GET", "https://acme.example/v1/models?page=1")


@given(body=st.binary(), cut=st.sampled_from([whole, each_byte, each_line, each_event, randomly(3), randomly(4, 2)]))
async def test_splitting_a_body_loses_nothing_and_yields_no_empty_piece(body: bytes, cut: Cut) -> None:
    async with RecordedTransport(Exchange(body, cut=cut)).open(GET) as stream:
        pieces = [piece async for piece in stream]
    assert b"".join(pieces) == body
    assert b"" not in pieces


def test_events_are_split_after_their_blank_line() -> None:
    body = b"data: 1\n\ndata: 2\r\n\r\ndata: 3\n\n"
    assert [piece for piece in each_event(body) if piece] == [b"data: 1\n\n", b"data: 2\r\n\r\n", b"data: 3\n\n"]


async def test_the_first_exchange_that_matches_answers_any_number_of_times() -> None:
    transport = RecordedTransport(
        Exchange(b"live", path="/replies", when=lambda request: b"live" in request.body),
        Exchange(b"still", path="/replies"),
        Exchange(b"models", path="/models", headers={"content-type": "text/plain"}),
    )
    requests = [
        HttpRequest("POST", "https://acme.example/replies", body=b"live"),
        HttpRequest("POST", "https://acme.example/replies"),
        GET,
        GET,
    ]
    answers = []
    for request in requests:
        async with transport.open(request) as stream:
            answers.append(await read(stream))
    assert [answer.body for answer in answers] == [b"live", b"still", b"models", b"models"]
    assert answers[-1].headers == {"content-type": "text/plain"}
    assert transport.requests == requests


async def test_a_request_without_a_recorded_exchange_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="no recorded exchange matches GET https://acme"):
        async with RecordedTransport(Exchange(path="/other")).open(GET):
            pass


async def test_a_reset_comes_before_the_head() -> None:
    with pytest.raises(ConnectionFailed):
        async with RecordedTransport(Exchange(fault=Reset())).open(GET):
            pass


async def test_a_cut_off_comes_after_its_bytes() -> None:
    async with RecordedTransport(Exchange(b"abcdef", cut=each_byte, fault=CutOff(3))).open(GET) as stream:
        pieces = aiter(stream)
        assert [await anext(pieces) for _ in range(3)] == [b"a", b"b", b"c"]
        with pytest.raises(StreamInterrupted):
            await anext(pieces)


@pytest.mark.parametrize(("after", "arrived"), [(None, []), (0, ["head"]), (2, ["head", b"ab"])])
async def test_a_stall_sets_its_event_and_ends_when_it_is_cancelled(after: int | None, arrived: list[object]) -> None:
    transport = RecordedTransport(Exchange(b"abcdef", fault=Stall(after)))
    seen: list[object] = []

    async def listen() -> None:
        async with transport.open(GET) as stream:
            seen.append("head")
            async for piece in stream:
                seen.append(piece)  # noqa: PERF401  # a comprehension would lose what came before the stall

    task = asyncio.create_task(listen())
    async with asyncio.timeout(5):
        await transport.stalled.wait()
    assert (seen, transport.open_streams) == (arrived, 1)
    task.cancel()
    await asyncio.wait([task])
    assert (task.cancelled(), transport.open_streams) == (True, 0)
